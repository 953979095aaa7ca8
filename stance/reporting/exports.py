"""Exports: the scores as CSV for spreadsheets and as LaTeX tables for papers."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from stance.reporting.columns import Table, notes, score_table, speed_tables
from stance.reporting.escaping import csv_cell, tex, visible
from stance.reporting.leaderboard import Board, Row

CSV_HEAD = (
    *("corpus", "scheme", "protocol", "test", "classifier", "seeds", "metric", "value", "low", "high"),
    *("n_sentences", "n_groups", "fit_sentences_per_second", "predict_sentences_per_second"),
    *("predict_sentences_per_second_by_64", "p50_ms", "p95_ms", "p99_ms", "peak_memory_bytes", "model_bytes"),
    *("behind_first", "behind_low", "behind_high", "behind_p_value"),
)


def render_csv(boards: Sequence[Board]) -> str:
    """Return one row a board, classifier and metric, with interval, speed and distance to the first; full precision.

    A text that a spreadsheet would compute is preceded by ``'``.

    Examples
    --------
    >>> import numpy as np
    >>> from stance.reporting.leaderboard import Value
    >>> row = Row("=svm", 1, {"macro_f1": Value(0.5, 0.4, 0.6)}, {}, np.eye(2), None)
    >>> board = Board("mine", "stance", "official", "test", ("favor", "none"), (), 2, 2, {}, (row,))
    >>> print(render_csv([board]).splitlines()[1])
    mine,stance,official,test,'=svm,1,macro_f1,0.5,0.4,0.6,2,2,,,,,,,,,,,,
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(CSV_HEAD)
    for board in boards:
        for row in board.rows:
            place = [board.corpus, board.scheme, board.protocol, board.test, row.classifier]
            for metric, held in row.scores.items():
                scored = [row.seeds, metric, held.value, held.low, held.high]
                counts = [round(float(row.confusion.sum())), board.n_groups]
                writer.writerow([*map(csv_cell, place), *scored, *counts, *_speed(row), *_behind(row, metric)])
    return file.getvalue()


def render_tex(boards: Sequence[Board]) -> str:
    r"""Return booktabs tables, one a board and one a corpus and scheme for the speed.

    Examples
    --------
    >>> print(render_tex([]), end="")
    % Tables for LaTeX with \usepackage{booktabs} and \usepackage[T1]{fontenc}.
    """
    parts = ["% Tables for LaTeX with \\usepackage{booktabs} and \\usepackage[T1]{fontenc}."]
    parts += [_tabular(score_table(board), f"{board.title}. {' '.join(notes(board))}") for board in boards]
    for place, table in speed_tables(boards).items():
        parts.append(_tabular(table, f"{' · '.join(place)}: speed on one thread."))
    return "\n\n".join(parts) + "\n"


def _tabular(table: Table, caption: str) -> str:
    heads = ["classifier", *(column.head for column in table.columns)]
    lines = [
        "\\begin{table}",
        "\\centering\\small",
        f"\\caption{{{tex(visible(caption))}}}",
        f"\\begin{{tabular}}{{l{'r' * len(table.columns)}}}",
        "\\toprule",
        " & ".join(map(tex, heads)) + " \\\\",
        "\\midrule",
        *(" & ".join(map(tex, row)) + " \\\\" for row in table.rows),
        "\\bottomrule",
        "\\end{tabular}",
        "\\end{table}",
    ]
    return "\n".join(lines)


def _behind(row: Row, metric: str) -> list[float | None]:
    if row.behind is None or metric != "macro_f1":
        return [None] * 4
    return [row.behind.value, row.behind.low, row.behind.high, row.behind.p_value]


def _speed(row: Row) -> list[float | int | None]:
    if row.timing is None:
        return [None] * 8
    latencies = [row.latency_ms(percent) for percent in (50, 95, 99)]
    speeds = [row.fit_per_second, row.predict_per_second, row.predict_per_second_by_64]
    return [*speeds, *latencies, row.timing.peak_memory_bytes, row.timing.model_bytes]
