"""Write the measured parts of README.md and docs/accuracy.md: `make readme`, after the experiments they show."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from stance.reporting.leaderboard import ALL_TARGETS, Board, Row, make_boards
from stance.reporting.tables import render_table
from stance.running.results import Results, load_results

ROOT = Path(__file__).parent.parent
ACCURACY = ROOT / "docs" / "accuracy.md"
RESULTS = ROOT / "experiments" / "results"


def main() -> None:
    """Put the tables of the last runs, the plot and the installed size into their places; what was not run stays."""
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, shown in (("actors", 1), ("public", None)):
        page = _fill(page, name, lambda results, n=shown: _tables(results, n))
    page = _between(page, "size", f"{_core_megabytes():,} MB")
    (ROOT / "README.md").write_text(page, encoding="utf-8")
    page = ACCURACY.read_text(encoding="utf-8")
    for name in ("accuracy", "distilled", "transfer"):
        page = _fill(page, name, _scores)
    page = _fill(page, "ablation", _ablation)
    page = _fill(page, "seeds", _seeds)
    ACCURACY.write_text(page, encoding="utf-8")
    if (RESULTS / "actors").is_dir():
        shutil.copyfile(RESULTS / "actors" / "accuracy_throughput.png", ROOT / "docs" / "accuracy_throughput.png")


def _fill(page: str, name: str, write: Callable[[Results], str]) -> str:
    if not (RESULTS / name / "results.json").is_file():
        return page
    return _between(page, name, f"\n\n{write(load_results(RESULTS / name))}\n\n")


def _tables(results: Results, shown: int | None) -> str:
    boards = _brief(make_boards(results))[:shown]
    tables = "\n\n".join(render_table(board, speed=shown == 1).strip("\n") for board in boards)
    return f"```text\n{tables}\n```"


def _scores(results: Results) -> str:
    """Return, for each test, macro-F1 and how far it is behind the first, accuracy, calibration error and speed."""
    parts = []
    for board in _brief(make_boards(results)):
        timed = any(row.timing for row in board.rows)
        head = ["classifier", "macro-F1", "95 % interval", "behind the first", "p"]
        head += ["accuracy", "calibration error", *["sentences/s"] * timed]
        rows = [
            [
                row.classifier,
                f"{row.scores['macro_f1'].value:.3f}",
                f"{row.scores['macro_f1'].low:.3f}–{row.scores['macro_f1'].high:.3f}",
                *_behind(row),
                f"{row.scores['accuracy'].value:.3f}",
                f"{row.confidence.calibration_error:.3f}" if row.confidence else "–",
                *[f"{row.predict_per_second:,.0f}" if row.predict_per_second else "–"] * timed,
            ]
            for row in board.rows
        ]
        parts.append(f"**{board.title}** ({board.n_sentences:,} sentences)\n\n{_markdown([head, *rows])}")
    return "\n\n".join(parts)


def _seeds(results: Results) -> str:
    """Return macro-F1 on each test seed by seed, with mean and standard deviation, and then the table of the means."""
    scores: dict[tuple[str, str], list[float]] = {}
    for one in results.scores():
        if one.part == "all" and one.metric == "macro_f1" and one.cell.seed is not None and one.value is not None:
            scores.setdefault((one.cell.classifier, one.cell.fold), []).append(one.value)
    n_seeds = max(map(len, scores.values()))
    rows = [["", "test", *(f"seed {k}" for k in range(n_seeds)), "mean", "standard deviation"]]
    for place, values in scores.items():
        spread = [f"{np.mean(values):.3f}", f"{np.std(values, ddof=1):.3f}"]
        rows.append([*place, *(f"{value:.3f}" for value in values), *spread])
    return f"{_markdown(rows)}\n\n{_scores(results)}"


def _behind(row: Row) -> list[str]:
    """Return how many points a row is behind the first, with its interval, and the corrected p-value."""
    if row.behind is None:
        return ["–", "–"]
    points = [f"{100 * value:.1f}" for value in (-row.behind.value, -row.behind.high, -row.behind.low)]
    return [f"{points[0]} ({points[1]} to {points[2]})", f"{row.behind.p_value:.3f}"]


def _ablation(results: Results) -> str:
    """Return macro-F1 of the whole classifier on each corpus, and what it loses without each part."""
    boards = make_boards(results)
    scores = {b.title: {row.classifier: row.scores["macro_f1"].value for row in b.rows} for b in boards}
    names = [one["name"] for one in results.classifiers]
    whole = names[0]
    rows = [["", *(f"{board.corpus}, {board.scheme}" for board in boards)]]
    rows.append([whole, *(f"{of_board[whole]:.3f}" for of_board in scores.values())])
    for name in names[1:]:
        changes = [100 * (of_board[name] - of_board[whole]) for of_board in scores.values()]
        rows.append([name.replace("_", " "), *(f"{round(change, 1) + 0.0:+.1f}" for change in changes)])
    return _markdown(rows)


def _markdown(rows: list[list[str]]) -> str:
    sides = [":--", *("--:" for _ in rows[0][1:])]
    return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], sides, *rows[1:]))


def _brief(boards: list[Board]) -> list[Board]:
    """Return the boards without those of single targets, where one of all targets is there."""
    joined = {board.corpus for board in boards if board.test == ALL_TARGETS}
    return [board for board in boards if board.corpus not in joined or board.test == ALL_TARGETS]


def _between(page: str, mark: str, text: str) -> str:
    changed, count = re.subn(rf"(<!-- {mark} -->).*?(<!-- /{mark} -->)", rf"\g<1>{text}\g<2>", page, flags=re.S)
    if count != 1:
        raise SystemExit(f"the marks {mark} stand {count} times, not once")
    return changed


def _core_megabytes() -> int:
    """Return the size of the locked requirements, installed, without what tests and linters add."""
    held = Path(sys.prefix) / "core-size"  # written by make before it adds what tests need
    return round(int(held.read_text(encoding="utf-8").split()[0]) / 1024)


if __name__ == "__main__":
    main()
