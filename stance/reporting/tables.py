"""Tables: the boards as plain text of at most 80 columns, for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from stance.core.errors import show
from stance.reporting.columns import SPEED_NOTE, Column, Table, notes, score_table, speed_table, speed_tables
from stance.reporting.escaping import cut, printable, width
from stance.reporting.leaderboard import Board, make_boards
from stance.reporting.sections import TUNED_TITLE, failures, tuned, warnings
from stance.running.results import Results

MAX_COLUMNS = 80
MIN_NAME = 12


def render_table(board: Board, *, speed: bool = True) -> str:
    """Return a board as plain text of at most 80 columns: scores, speed, and what they are.

    Parameters
    ----------
    board : Board
    speed : bool
        Whether the speed, which depends on corpus and scheme alone, is part of it.

    Examples
    --------
    >>> import numpy as np
    >>> from stance.reporting.leaderboard import Row, Value
    >>> row = Row("svm", 1, {"macro_f1": Value(0.5, 0.4, 0.6)}, {}, np.eye(2), None)
    >>> board = Board("mine", "stance", "official", "test", ("favor", "none"), (), 2, 2, {}, (row,))
    >>> print(render_table(board))
    mine · stance · official · test
    <BLANKLINE>
                macro         95 %  accu-
    classifier     F1     interval   racy
    svm         0.500  0.400–0.600      –
    <BLANKLINE>
    official: trained on the corpus's training split, tested on the test that its sheet names.
    2 test sentences in 2 groups; labels: favor, none.
    Interval: 95 % bootstrap over groups (2,000 resamples of whole groups).
    One seed each.
    """
    parts = [*_wrapped(board.title), "", *_lines(score_table(board)), ""]
    timed = speed_table([board]) if speed else None
    if timed:
        parts += [*_lines(timed), ""]
    for note in [*notes(board), *([SPEED_NOTE] if timed else [])]:
        parts += _wrapped(note, "  ")
    return "\n".join(parts)


def render_terminal(results: Results) -> str:
    """Return all that a run found as plain text of at most 80 columns.

    Boards, the speed once a corpus and scheme, what tuning chose (inner macro-F1 behind it), what failed, what
    classifiers warned of, the corpora's notes.
    """
    boards = make_boards(results)
    blocks = [render_table(board, speed=False) for board in boards]
    for place, table in speed_tables(boards).items():
        title = _wrapped(" · ".join((*place, "speed")))
        blocks.append("\n".join([*title, "", *_lines(table), "", *_wrapped(SPEED_NOTE, "  ")]))
    failed = [f"{title}: {status}: {cause}" for title, status, cause in failures(results)]
    said = [f"{who}: {text}" for who, text in warnings(results)]
    chosen = [f"{'/'.join(place)}: {params} ({value})" for *place, params, value in tuned(results)]
    corpora = [f"{corpus['name']}: {note}" for corpus in results.corpora for note in corpus.get("notes", [])]
    heads = {TUNED_TITLE: chosen, "Failed": failed, "Warnings": said, "Notes": list(dict.fromkeys(corpora))}
    for head, lines in heads.items():
        if lines:
            wrapped = [part for line in lines for part in _wrapped(line, "  ")]
            blocks.append("\n".join([f"{head} ({len(lines):,})", "", *wrapped]))
    if not boards:
        blocks.insert(0, f"{show(results.name)}: no cell finished")
    return "\n\n\n".join(blocks) + "\n"


def _lines(table: Table) -> list[str]:
    """Lay a table out; columns that do not fit beside the names go into a block below."""
    names = [printable(name) for name in table.names]
    columns = list(table.columns)
    wanted = max(map(width, ["classifier", *names]))
    gap = 2 if wanted + sum(_size(c) + 2 for c in columns) <= MAX_COLUMNS else 1
    lines: list[str] = []
    while columns:
        taken, room = 0, MAX_COLUMNS - MIN_NAME
        while taken < len(columns) and (size := _size(columns[taken]) + gap) <= room:
            room -= size
            taken += 1
        block, columns = columns[:taken], columns[taken:]
        lines += ([""] if lines else []) + _block(names, block, min(wanted, MIN_NAME + room), gap)
    return lines


def _block(names: Sequence[str], columns: Sequence[Column], first: int, gap: int) -> list[str]:
    heads = [("\n" + column.short).split("\n")[-2:] for column in columns]
    rows = [("", [head[0] for head in heads]), ("classifier", [head[1] for head in heads])]
    rows += [(name, [column.cells[i] for column in columns]) for i, name in enumerate(names)]
    lines = [
        _left(name, first) + "".join(" " * gap + _right(c, _size(col)) for c, col in zip(cells, columns, strict=True))
        for name, cells in rows
    ]
    return [line.rstrip() for line in lines]


def _size(column: Column) -> int:
    return max(map(width, [*column.short.split("\n"), *column.cells]))


def _left(text: str, columns: int) -> str:
    shown = cut(text, columns)
    return shown + " " * (columns - width(shown))


def _right(text: str, columns: int) -> str:
    return " " * (columns - width(text)) + text


def _wrapped(text: str, indent: str = "") -> list[str]:
    # A wide character is given a second place by a NUL, which no printable text holds.
    spaced = "".join(c + "\0" * (width(c) - 1) for c in printable(text))
    return [line.replace("\0", "") for line in textwrap.wrap(spaced, MAX_COLUMNS - 1, subsequent_indent=indent)]
