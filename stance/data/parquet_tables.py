"""Read Parquet: checksums verified, texts decoded to plain strings, damage refused."""

from __future__ import annotations

import tempfile
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from stance.core.errors import Problem, RefusedFileError, StanceError, StorageError, TableError, show
from stance.data.streams import PACKED, byte_blocks
from stance.data.table_builder import TEXT, TEXTS, TableBuilder

BATCH_ROWS = 1024


def read_parquet(builder: TableBuilder) -> None:
    """Fill `builder` with the rows of its file, numbered from 1.

    Parameters
    ----------
    builder : TableBuilder
        Whose path is read.

    Raises
    ------
    RefusedFileError
        If the file is damaged.
    TableError
        If a column is nested (a list of texts is not) or binary.

    Examples
    --------
    >>> read_parquet(TableBuilder(Path(__file__)))
    Traceback (most recent call last):
        ...
    stance.core.errors.RefusedFileError: ...tables.py: is damaged or no Parquet file (...); get it anew
    """
    with open_parquet(builder.path) as file:
        schema = file.schema_arrow
        builder.names(schema.names)
        builder.problems.extend(_odd_columns(schema))
        if builder.problems:
            raise TableError(builder.path, builder.problems)
        groups = [0, *accumulate(file.metadata.row_group(i).num_rows for i in range(file.num_row_groups))]
        first = 1
        for batch in file.iter_batches(batch_size=BATCH_ROWS):
            _add(builder, batch, first, groups)
            first += batch.num_rows


@contextmanager
def open_parquet(path: Path, buffer_bytes: int = 0) -> Iterator[Any]:
    """Yield a Parquet file whose checksums are verified; what fails while it is open is damage, or the disk.

    Parameters
    ----------
    path : Path
    buffer_bytes : int
        Read a column that many bytes at a time; 0 reads the whole of it in each row group.

    Raises
    ------
    RefusedFileError
        If the file is damaged.
    StorageError
        If the disk fails.

    Examples
    --------
    >>> with open_parquet(Path(__file__)) as file:
    ...     file.metadata
    Traceback (most recent call last):
        ...
    stance.core.errors.RefusedFileError: ...tables.py: is damaged or no Parquet file (...); get it anew
    """
    options = {"page_checksum_verification": True, "buffer_size": buffer_bytes, "pre_buffer": False}
    try:
        with _seekable(path) as source, pq.ParquetFile(source, **options) as file:
            yield file
    except StanceError:
        raise
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise StorageError(f"{show(path, 300)}: cannot be read: {error.strerror}") from error
        cause = f"is damaged or no Parquet file ({show(str(error).partition(chr(10))[0], 200)})"
        raise RefusedFileError(f"{show(path, 300)}: {cause}; get it anew") from error


@contextmanager
def _seekable(path: Path) -> Iterator[IO[bytes]]:
    """Yield the file's bytes, those of a packed file from a temporary one that vanishes."""
    if path.suffix.lower() not in PACKED:
        with path.open("rb") as source:
            yield source
        return
    with tempfile.TemporaryFile() as unpacked:
        for block in byte_blocks(path):
            unpacked.write(block)
        unpacked.seek(0)
        yield unpacked


def plain_type(kind: pa.DataType) -> pa.DataType | None:
    """Return the type that a column is read as, or None if it is refused.

    Examples
    --------
    >>> plain_type(pa.dictionary(pa.int8(), pa.large_string())), plain_type(pa.binary())
    (DataType(string), None)
    """
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if _is_text(kind):
        return TEXT
    listed = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    if listed and _is_text(kind.value_type):
        return TEXTS
    single = pa.types.is_primitive(kind) or pa.types.is_null(kind) or pa.types.is_decimal(kind)
    return kind if single else None


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _odd_columns(schema: pa.Schema) -> list[Problem]:
    rule = "is of type {}, which is not read; write it as a string or leave it out"
    odd = [field for field in schema if plain_type(field.type) is None]
    return [Problem(rule.format(show(field.type)), column=field.name) for field in odd]


def _add(builder: TableBuilder, batch: pa.RecordBatch, first: int, groups: list[int]) -> None:
    """Add a batch; what the builder says of lines is of rows here."""
    known = len(builder.problems)
    columns = {}
    for field, array in zip(batch.schema, batch.columns, strict=True):
        columns[field.name], problems = decode_column(field, array, first)
        builder.problems.extend(problems)
    builder.add(columns, pa.array(range(first, first + batch.num_rows), pa.int64()))
    builder.problems[known:] = [name_row_group(problem, groups) for problem in builder.problems[known:]]


def decode_column(field: pa.Field, array: pa.Array, first: int) -> tuple[pa.Array, list[Problem]]:
    """Return a column of plain type, and the rows whose bytes are no UTF-8; `first` numbers the first row.

    Examples
    --------
    >>> decode_column(pa.field("text", pa.large_string()), pa.array(["truce"], pa.large_string()), 1)[1]
    []
    """
    kind = plain_type(field.type)
    try:
        plain = array.cast(kind)
    except pa.ArrowInvalid as error:
        return pa.nulls(len(array), kind), [Problem(f"cannot be read as {kind} ({error})", first, field.name)]
    try:
        plain.validate(full=True)
    except pa.ArrowInvalid:
        rule = "holds bytes that are not UTF-8; write it anew from the source"
        bad = [i for i in range(len(plain)) if not _is_utf8(plain[i])]
        return pa.nulls(len(array), kind), [Problem(rule, first + i, field.name) for i in bad]
    return plain, []


def _is_utf8(scalar: pa.Scalar) -> bool:
    try:
        scalar.as_py()
    except UnicodeDecodeError:
        return False
    return True


def name_row_group(problem: Problem, groups: list[int]) -> Problem:
    """Return a problem of a row, counted from 1, that names its row group; `groups` are the rows before each.

    Examples
    --------
    >>> name_row_group(Problem("is odd", 7), [0, 5, 10]).rule
    'is odd (row group 1, row 7)'
    """
    row = problem.line or 1
    rule = f"{problem.rule} (row group {bisect_right(groups, row - 1) - 1}, row {row:,})"
    return replace(problem, line=None, rule=rule)
