"""Read JSONL, and a small JSON array: one object a row, one kind of value a column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

import pyarrow as pa

from stance.core.errors import Problem, TableError, show
from stance.data.json_objects import NAMES, RefusedJsonError, after_blank, object_of_line, objects_of_array
from stance.data.streams import line_breaks, text_blocks
from stance.data.table_builder import CHUNK_ROWS, TEXT, TEXTS, TableBuilder

MAX_ARRAY_CHARS = 100_000_000
MAX_EXACT = 2**53
WORDS, NUMBER, BOOLEAN, LIST = "a text", "a number", "a boolean", "a list of texts"

Record = tuple[int, dict[str, Any]]


def read_jsonl(builder: TableBuilder, encoding: str) -> None:
    r"""Fill `builder` with the objects of its file, the columns in the order in which keys appear.

    Integers and decimals may share a column: both are numbers of JSON. A JSON array is read up to its
    first broken element, JSONL to its end.

    Parameters
    ----------
    builder : TableBuilder
        Whose path is read.
    encoding : str
        As `known_encoding` names it.

    Raises
    ------
    TableError
        If the file is empty.

    Examples
    --------
    >>> from pathlib import Path
    >>> builder = TableBuilder(Path(__file__))
    >>> read_jsonl(builder, "utf-8")
    >>> builder.problems[1].describe()
    'line 3: "from __future__ import annotations" is not JSON (Expecting value, character 1); ...'
    """
    columns = _Columns(builder)
    records = _records(builder, encoding)
    while chunk := list(islice(records, CHUNK_ROWS)):
        columns.add(chunk)
    if not columns.held and not builder.problems:
        raise TableError(builder.path, [Problem("file is empty: it holds no object with a key")])


class _Columns:
    """The columns met so far: which kind of value each holds, and since which line."""

    def __init__(self, builder: TableBuilder) -> None:
        self.builder = builder
        self.held: dict[str, tuple[str, int] | None] = {}
        self.broken: set[str] = set()

    def add(self, records: list[Record]) -> None:
        """Append the records to the table, a key that a record lacks being null."""
        lines = [line for line, _ in records]
        names = dict.fromkeys(chain.from_iterable(row for _, row in records))
        self.builder.names([name for name in names if name not in self.held], lines[0])
        arrays = {name: self._array(name, [row.get(name) for _, row in records], lines) for name in names}
        self.builder.add(arrays, lines)

    def _array(self, name: str, values: list[Any], lines: list[int]) -> pa.Array:
        kinds = _kinds(values)
        held = self.held.setdefault(name, None)
        if not kinds or name in self.broken:
            return pa.nulls(len(values))
        if (held is None or kinds != {held[0]}) and not self._holds_one_kind(name, values, lines):
            self.broken.add(name)
            return pa.nulls(len(values))
        if NUMBER in kinds:
            return self._numbers(name, values, lines)
        if BOOLEAN in kinds:
            return pa.array(values, pa.bool_())
        return self.builder.texts(name, values, lines, TEXTS if LIST in kinds else TEXT)

    def _holds_one_kind(self, name: str, values: list[Any], lines: list[int]) -> bool:
        """Return whether the column keeps its kind; report the first value that does not."""
        for value, line in zip(values, lines, strict=True):
            if value is None:
                continue
            kind = _kind(value)
            held, since = self.held[name] = self.held[name] or (kind, line)
            if kind not in {WORDS, NUMBER, BOOLEAN, LIST}:
                rule = f"is {kind}; a value is a text, a number, a boolean, null or a list of texts"
            elif kind != held:
                rule = f"is {kind}, but the column held {held} in line {since}; write one kind throughout"
            else:
                continue
            self.builder.problems.append(Problem(rule, line, name, show(value)))
            return False
        return True

    def _numbers(self, name: str, values: list[Any], lines: list[int]) -> pa.Array:
        if float not in set(map(type, values)):
            return pa.array(values, pa.int64())
        for value, line in zip(values, lines, strict=True):
            if type(value) is int and abs(value) > MAX_EXACT:
                rule = "is an integer over 2**53 in a column of decimals, where it would be rounded"
                self.builder.problems.append(Problem(rule, line, name, str(value)))
                return pa.nulls(len(values))
        return pa.array(values, pa.float64())


def _kinds(values: list[Any]) -> set[str]:
    types = set(map(type, values)) - {type(None)}
    if list in types:
        return {_kind(value) for value in values if value is not None}
    return {NAMES[kind] for kind in types}


def _kind(value: object) -> str:
    if type(value) is list:
        return LIST if all(type(item) is str for item in value) else "a list that holds more than texts"
    return NAMES[type(value)]


def _records(builder: TableBuilder, encoding: str) -> Iterator[Record]:
    """Yield the objects of the file and the lines where they start; anything else is a problem."""
    texts = chain.from_iterable(text_blocks(builder.path, encoding, builder.problems))
    filled = ((line, text) for line, text in enumerate(texts, 1) if after_blank(text) < len(text))
    first = next(filled, None)
    if first is None:
        return
    if first[1].startswith("[", after_blank(first[1])):
        yield from _array_records(builder, first[0], chain(first[1:], texts))
        return
    for line, text in chain([first], filled):
        try:
            row = object_of_line(text)
        except RefusedJsonError as error:
            builder.problems.append(Problem(f"{error}; one object a line", line, value=text[:100].strip()))
        else:
            yield line, row


def _array_records(builder: TableBuilder, line: int, texts: Iterable[str]) -> Iterator[Record]:
    """Yield the objects of a JSON array that begins on `line`, and their own lines."""
    text = _joined(texts)
    if len(text) > MAX_ARRAY_CHARS:
        rule = f"file is a JSON array of over {MAX_ARRAY_CHARS:,} characters; write JSONL (jq -c '.[]')"
        builder.problems.append(Problem(rule, line))
        return
    seen = 0
    try:
        for begin, row in objects_of_array(text):
            line, seen = line + line_breaks(text[seen:begin]), begin
            yield line, row
    except RefusedJsonError as error:
        line += line_breaks(text[seen : error.place])
        value = text[error.place : error.place + 100].strip()
        builder.problems.append(Problem(str(error), line, value=value or None))


def _joined(texts: Iterable[str]) -> str:
    """Return the texts as one, or somewhat more of them than an array may hold."""
    parts, size = [], 0
    for text in texts:
        parts.append(text)
        size += len(text)
        if size > MAX_ARRAY_CHARS:
            break
    return "".join(parts)
