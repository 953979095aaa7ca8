"""Write the measured parts of README.md: `make readme`, after `make` and the public experiment."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from stance.reporting.leaderboard import ALL_TARGETS, Board, make_boards
from stance.reporting.tables import render_table
from stance.running.results import load_results

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "experiments" / "results"


def main() -> None:
    """Put the tables of the last runs, the plot and the installed size into their places."""
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, shown in (("actors", 1), ("public", None)):
        if not (RESULTS / name / "results.json").is_file():
            continue
        boards = _brief(make_boards(load_results(RESULTS / name)))[:shown]
        tables = "\n\n".join(render_table(board, speed=shown == 1).strip("\n") for board in boards)
        page = _between(page, name, f"\n\n```text\n{tables}\n```\n\n")
    page = _between(page, "size", f"{_core_megabytes():,} MB")
    (ROOT / "README.md").write_text(page, encoding="utf-8")
    shutil.copyfile(RESULTS / "actors" / "accuracy_throughput.png", ROOT / "docs" / "accuracy_throughput.png")


def _brief(boards: list[Board]) -> list[Board]:
    """Return the boards without those of single targets, where one of all targets is there."""
    joined = {board.corpus for board in boards if board.test == ALL_TARGETS}
    return [board for board in boards if board.corpus not in joined or board.test == ALL_TARGETS]


def _between(page: str, mark: str, text: str) -> str:
    changed, count = re.subn(rf"(<!-- {mark} -->).*?(<!-- /{mark} -->)", rf"\g<1>{text}\g<2>", page, flags=re.S)
    if count != 1:
        raise SystemExit(f"README.md: the marks {mark} stand {count} times, not once")
    return changed


def _core_megabytes() -> int:
    """Return the size of the locked requirements, installed, without what tests and linters add."""
    held = Path(sys.prefix) / "core-size"  # written by make before it adds what tests need
    return round(int(held.read_text(encoding="utf-8").split()[0]) / 1024)


if __name__ == "__main__":
    main()
