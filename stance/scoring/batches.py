"""The rows of a part, a batch at a time: decoded, checked, fit for a classifier."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stance.core.errors import Problem, TableError
from stance.data.parquet_tables import decode_column, name_row_group, open_parquet
from stance.scoring.answers import EMPTY, OK, TRUNCATED, find_status
from stance.scoring.columns import Columns
from stance.scoring.sources import Part

BATCH_ROWS = 16_384
BATCH_BYTES = 8 << 20
READ_ROWS = 256
BUFFER_BYTES = 1 << 20
MAX_CHARS = 100_000


@dataclass(frozen=True)
class RawBatch:
    """Rows as they were read.

    Attributes
    ----------
    part : Part
    first_row : int
        The first row's place in its file, from 0.
    table : pyarrow.Table
    """

    part: Part
    first_row: int
    table: pa.Table

    @property
    def row_numbers(self) -> np.ndarray:
        """The place of each row in its file, from 0, shape (n_rows,)."""
        return np.arange(self.first_row, self.first_row + len(self.table))


@dataclass(frozen=True)
class Batch:
    """Rows that were checked.

    Attributes
    ----------
    raw : RawBatch
    ids : pyarrow.Array, shape (n_rows,)
        Of the column of ids, or the place of each row in its file, from 0.
    sentences : pyarrow.Table, shape (n_rows, n_columns)
        ``text`` and, where known, ``holder``, ``target`` (string) and their spans (int64).
    status : numpy.ndarray of int8, shape (n_rows,)
        By `stance.scoring.answers.STATUSES`.
    """

    raw: RawBatch
    ids: pa.Array
    sentences: pa.Table
    status: np.ndarray

    @property
    def scored(self) -> np.ndarray:
        """The rows that have a text, shape (n_scored,)."""
        return np.flatnonzero(self.status < EMPTY)


def read_part(part: Part, columns: Columns) -> Iterator[RawBatch]:
    """Yield the rows of a part, few enough at a time that memory stays bounded; at least one batch.

    Batches end where rows or bytes reach their bound, whatever the row groups are.

    Raises
    ------
    RefusedFileError
        If the file is damaged.
    """
    groups = range(part.first_group, part.stop_group)
    first, rows, n_bytes = part.first_row, 0, 0
    held: list[pa.RecordBatch] = []
    with open_parquet(part.source.path, BUFFER_BYTES) as file:
        schema = pa.schema([file.schema_arrow.field(name) for name in columns.names])
        n_rows = _rows_at_once(file, part, columns.text)
        options = {"batch_size": n_rows, "row_groups": groups, "columns": columns.names, "use_threads": False}
        for read in file.iter_batches(**options):
            held.append(read)
            rows, n_bytes = rows + read.num_rows, n_bytes + read.nbytes
            if rows >= BATCH_ROWS or n_bytes >= BATCH_BYTES:
                yield RawBatch(part, first, _joined(held, schema))
                first, rows, n_bytes, held = first + rows, 0, 0, []
    if held or first == part.first_row:
        yield RawBatch(part, first, _joined(held, schema))


def check_batch(raw: RawBatch, columns: Columns, *, truncate: bool = False) -> Batch:
    """Return the rows decoded, after a look at texts and spans.

    A NUL in a text becomes a space. With `truncate` a text of more than `MAX_CHARS` characters is cut, and loses the
    spans that lie behind the cut.

    Raises
    ------
    TableError
        Naming the rows that hold a text that is too long or no UTF-8, or a span outside of its text.
    """
    kept = {name: _decode(raw, name) for name in columns.names}
    texts = _without_nuls(_as_text(kept[columns.text]))
    status = find_status(texts)
    long = _find_long(texts)
    if long is not None and not truncate:
        _refuse(
            raw,
            columns.text,
            long,
            [
                f"has {n:,} characters, over the {MAX_CHARS:,} allowed; cut it, or say --long-text truncate"
                for n in pc.utf8_length(texts.filter(pa.array(long))).to_pylist()
            ],
        )
    if long is not None:
        texts = pc.utf8_slice_codeunits(texts, 0, MAX_CHARS)
        status[long & (status == OK)] = TRUNCATED
    sentences = {"text": texts}
    for role, name in (("holder", columns.holder), ("target", columns.target)):
        if name:
            sentences[role] = _as_text(kept[name])
    sentences |= _spans(raw, {name: _as_whole(raw, name, kept[name]) for name in columns.spans}, texts, status)
    ids = kept[columns.id] if columns.id else pa.array(raw.row_numbers)
    return Batch(raw, ids, pa.table(sentences), status)


def _rows_at_once(file: Any, part: Part, text: str) -> int:  # noqa: ANN401 - pyarrow.parquet.ParquetFile
    """Return how many rows to decode at once: fewer where the texts are long."""
    meta = file.metadata
    longest = 1.0
    for group in (meta.row_group(i) for i in range(part.first_group, part.stop_group) if meta.row_group(i).num_rows):
        sizes = [
            group.column(i).total_uncompressed_size
            for i in range(group.num_columns)
            if group.column(i).path_in_schema == text
        ]
        longest = max([longest, *(size / group.num_rows for size in sizes)])
    return int(min(READ_ROWS, max(16, BATCH_BYTES / longest)))


def _joined(held: list[pa.RecordBatch], schema: pa.Schema) -> pa.Table:
    """Return the rows as a table of one chunk a column."""
    columns = [
        pa.concat_arrays([one.column(name) for one in held] or [pa.array([], schema.field(name).type)])
        for name in schema.names
    ]
    return pa.table(columns, schema=schema)


def _decode(raw: RawBatch, name: str) -> pa.Array:
    """Return a column in its plain type; refuse bytes that are no text."""
    field = raw.table.schema.field(name)
    column = raw.table.column(name)
    array, problems = decode_column(field, column.chunk(0), raw.first_row + 1)
    if problems:
        groups = raw.part.source.starts
        raise TableError(raw.part.source.path, [name_row_group(one, groups) for one in problems], "row")
    return array


def _as_text(array: pa.Array) -> pa.Array:
    return array.cast(pa.string()) if pa.types.is_null(array.type) else array


def _as_whole(raw: RawBatch, name: str, array: pa.Array) -> pa.Array:
    """Return offsets as int64; a column of offsets with gaps may come as floats."""
    if pa.types.is_floating(array.type):
        array = pc.if_else(pc.is_nan(array), None, array)
        odd = pc.fill_null(pc.not_equal(array, pc.floor(array)), False).to_numpy(zero_copy_only=False)
        if odd.any():
            _refuse(
                raw, name, odd, [f"{value} is no whole number" for value in array.filter(pa.array(odd)).to_pylist()]
            )
    return array.cast(pa.int64())


def _without_nuls(texts: pa.Array) -> pa.Array:
    data = texts.buffers()[2]
    if data is None or np.frombuffer(data, np.uint8).all():
        return texts
    return pc.replace_substring(texts, "\0", " ")


def _find_long(texts: pa.Array) -> np.ndarray | None:
    """Return which texts are too long, None where none is: bytes bound characters from above."""
    if (pc.max(pc.binary_length(texts)).as_py() or 0) <= MAX_CHARS:
        return None
    long: np.ndarray = pc.fill_null(pc.greater(pc.utf8_length(texts), MAX_CHARS), False).to_numpy(zero_copy_only=False)
    return long if long.any() else None


def _spans(raw: RawBatch, offsets: Mapping[str, pa.Array], texts: pa.Array, status: np.ndarray) -> dict[str, pa.Array]:
    """Return the spans; refuse one outside of its text, drop what was cut."""
    if not offsets:
        return {}
    kept = dict(offsets)
    n_chars = pc.fill_null(pc.utf8_length(texts), 0).to_numpy()
    for role in ("holder", "target"):
        start, end = kept.get(f"{role}_start"), kept.get(f"{role}_end")
        if start is None or end is None:
            continue
        known = pc.and_(start.is_valid(), end.is_valid()).to_numpy(zero_copy_only=False) & (status < EMPTY)
        a, b = (pc.fill_null(array, -1).to_numpy() for array in (start, end))
        outside = known & ((a < 0) | (a >= b) | (b > n_chars))
        cut = outside & (status == TRUNCATED)
        wrong = outside & ~cut
        if wrong.any():
            said = [
                f"{i}..{j} is not a span inside of a text of {n}"
                for i, j, n in zip(a[wrong], b[wrong], n_chars[wrong], strict=True)
            ]
            _refuse(raw, f"{role}_start", wrong, said)
        if cut.any():
            for name in (f"{role}_start", f"{role}_end"):
                kept[name] = pc.if_else(pa.array(cut), None, kept[name])
    return kept


def _refuse(raw: RawBatch, column: str, bad: np.ndarray, rules: list[str]) -> None:
    problems = [Problem(rule, int(row) + 1, column) for row, rule in zip(raw.row_numbers[bad], rules, strict=True)]
    raise TableError(raw.part.source.path, problems, "row")
