"""Read CSV and TSV: every field a text, every broken record named by the line where it starts."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from itertools import accumulate, chain, compress, islice

from stance.core.errors import Problem, TableError
from stance.data.streams import MAX_LINE_CHARS, line_breaks, text_blocks
from stance.data.table_builder import CHUNK_ROWS, TableBuilder, separator_hint

Rows = list[list[str]]
Broken = tuple[int, int, str]


def read_csv(builder: TableBuilder, separator: str, encoding: str) -> None:
    r"""Fill `builder` with the records of its file.

    Parameters
    ----------
    builder : TableBuilder
        Whose path is read.
    separator : str
        One character.
    encoding : str
        As `known_encoding` names it.

    Raises
    ------
    TableError
        If the file is empty or has no row under its header.

    Examples
    --------
    >>> from pathlib import Path
    >>> builder = TableBuilder(Path(__file__))
    >>> read_csv(builder, "\t", "utf-8")
    >>> builder.finish()["__line__"][0].as_py()
    3
    """
    # The limit belongs to the whole process: it is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE_CHARS))
    header: list[str] | None = None
    any_rows = False
    for rows, lines in _chunks(builder, separator, encoding):
        if header is None:
            header = rows.pop(0)
            builder.names(header, lines.pop(0))
        any_rows = any_rows or bool(rows)
        even, at = _even(builder, header, rows, lines)
        if even:
            fields = zip(header, zip(*even, strict=True), strict=True)
            builder.add({name: builder.texts(name, values, at) for name, values in fields}, at)
    if not any_rows and not builder.problems:
        rule = "file is empty" if header is None else f"header but no rows{separator_hint(header)}"
        raise TableError(builder.path, [Problem(rule)])


def _chunks(builder: TableBuilder, separator: str, encoding: str) -> Iterator[tuple[Rows, list[int]]]:
    """Yield records that are not blank, with the lines where they start, a few hundred at a time."""
    blocks = text_blocks(builder.path, encoding, builder.problems)
    reader = csv.reader(chain.from_iterable(blocks), delimiter=separator, strict=True)
    rows: Rows = []
    starts = [1]
    broken: list[Broken] = []
    hint: str | None = None
    more = True
    while more:
        known = len(rows)
        try:
            # A list that is extended keeps what it got before a record broke.
            rows.extend(islice(reader, CHUNK_ROWS - known))
            more = len(rows) == CHUNK_ROWS
            starts.extend(_next_starts(rows[known:], starts[-1], reader.line_num + 1))
        except csv.Error as error:
            starts.extend(_next_starts(rows[known:], starts[-1], None))
            broken.append((starts[-1], reader.line_num, str(error)))
            # A record of one line is broken alone; after a longer one, all quotes may be out of step.
            more = reader.line_num == starts[-1]
            starts[-1] = reader.line_num + 1
        if len(rows) == CHUNK_ROWS or not more:
            if any(rows):
                hint = separator_hint(next(filter(None, rows))) if hint is None else hint  # of the header alone
                yield list(filter(None, rows)), list(compress(starts, rows))
            rows, starts = [], starts[-1:]
    if broken:
        lines = chain.from_iterable(text_blocks(builder.path, encoding, []))
        builder.problems.extend(_unpaired(broken, lines, separator, hint or ""))


def _next_starts(rows: Rows, start: int, end: int | None) -> Iterable[int]:
    """Return the line after each record, the first of which starts at `start`."""
    if end == start + len(rows):
        return range(start + 1, end + 1)
    spans = (1 + sum(map(line_breaks, row)) for row in rows)
    return islice(accumulate(spans, initial=start), 1, None)


def _even(builder: TableBuilder, header: list[str], rows: Rows, lines: list[int]) -> tuple[Rows, list[int]]:
    """Return the records that have a field for each column; the others are problems."""
    width = len(header)
    if set(map(len, rows)) <= {width}:
        return rows, lines
    for row, line in zip(rows, lines, strict=True):
        if len(row) != width:
            builder.problems.append(_uneven(header, row, line))
    even = [i for i, row in enumerate(rows) if len(row) == width]
    return [rows[i] for i in even], [lines[i] for i in even]


def _uneven(header: list[str], row: list[str], line: int) -> Problem:
    counts = f"the line has {len(row)} field{'s' * (len(row) != 1)}, the header {len(header)}"
    if len(row) < len(header):
        return Problem(f"is missing: {counts}; add the field, empty if need be", line, header[len(row)])
    hint = separator_hint(header) or "; quote a text that holds the separator"
    return Problem(f"is one field too many: {counts}{hint}", line, value=row[len(header)][:100])


def _unpaired(broken: list[Broken], lines: Iterator[str], separator: str, hint: str) -> Iterator[Problem]:
    """Yield the problem of each record whose quotes do not pair, at the line of the quote that opens it."""
    mark = re.escape(separator)
    # Whole fields, each with the separator after it: what they leave begins with the field that broke.
    fields = re.compile(rf'(?:(?:"(?:[^"]++|"")*+"|[^"{mark}\r\n][^{mark}\r\n]*+|){mark})*+')
    done = 0
    for start, end, error in broken:
        record = "".join(islice(lines, start - done - 1, end - done))
        done = end
        found = fields.match(record)
        place = found.end() if found else 0
        line = start + line_breaks(record[:place])
        value = re.split(r"[\r\n]", record[place : place + 100], maxsplit=1)[0]
        yield Problem(_quote_rule(error, line, end, hint), line, value=value)


def _quote_rule(error: str, line: int, end: int, hint: str) -> str:
    if error.startswith("unexpected end"):
        return "opens a quote that is never closed; close it, or double the quotes in a text"
    if error.startswith("field larger"):
        return f"opens a field of over {MAX_LINE_CHARS:,} characters; close its quote"
    at = "" if line == end else f" (in line {end})"
    return f"opens a quote that closes before its field ends{at}{hint or '; double the quotes in a text'}"
