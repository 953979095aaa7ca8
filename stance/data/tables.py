"""Strict readers: a CSV, TSV, JSONL or Parquet file in, an Arrow table out, or each broken rule by line."""

from __future__ import annotations

import math
import re
import stat
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from stance.core.errors import InputError, MissingDataError, Problem, TableError, show, suggest
from stance.data.csv_tables import read_csv
from stance.data.jsonl_tables import read_jsonl
from stance.data.parquet_tables import read_parquet
from stance.data.streams import PACKED, known_encoding
from stance.data.table_builder import LINE, NULS, TableBuilder, separator_hint

__all__ = ["LINE", "NULS", "read_table", "require_columns", "require_texts", "with_offsets"]

SEPARATORS = {".csv": ",", ".tsv": "\t"}
JSON = (".jsonl", ".ndjson", ".json")
PARQUET = ".parquet"
# pandas writes a column of integers with gaps as 7.0.
_WHOLE = re.compile(r"(?:[0-9]{1,18}(?:\.0+)?)?")
ARCHIVES = (".zip", ".tar", ".tgz", ".7z", ".rar", ".bz2", ".xz")


def read_table(
    path: str | Path,
    *,
    separator: str | None = None,
    encoding: str = "utf-8",
    make_ids: bool = False,
    max_chars: int = 100_000,
    strict: bool = False,
) -> pa.Table:
    r"""Read a CSV, TSV, JSONL or Parquet file, plain or packed as ``.gz`` or ``.zst``.

    Nothing is guessed and nothing is dropped but blank lines: each field of a CSV is a text (``007``,
    ``None`` and ``NA`` stay what they are), a record is whole or an error. Text is not normalised here.

    Parameters
    ----------
    path : str or Path
        Its suffix says what it is: ``.csv``, ``.tsv``, ``.jsonl``, ``.ndjson``, ``.json`` (JSONL, or an
        array of objects up to 100 MB) or ``.parquet``, with ``.gz`` or ``.zst`` after it if packed.
    separator : str, optional
        One character, for CSV and TSV alone; ``\t`` may be spelled out.
    encoding : str, default "utf-8"
        Of a text file. A byte order mark of UTF-8 is dropped.
    make_ids : bool, default False
        Whether to add a column ``id`` where there is none and to fill the empty ones: ``line-7``.
    max_chars : int, default 100,000
        The longest text allowed, in Unicode code points.
    strict : bool, default False
        Whether a NUL character in a text is an error. If not, it becomes a space; how many did is in
        ``table.schema.metadata[NULS]``.

    Returns
    -------
    pyarrow.Table
        The columns of the file, and last `LINE` (int64): the line of the file, from 1, in which the
        row starts; of Parquet, the number of the row. Texts are ``string``. To be dropped by the caller.

    Raises
    ------
    TableError
        Every broken rule of the file, with line, column, value and remedy.
    InputError
        If the path is not of a known kind.
    MissingDataError
        If there is no such file.
    RefusedFileError
        If the file is damaged, or unpacks to more than 200 times its size or 10 GB.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "us.csv"
    ...     _ = file.write_text('id,label\n007,"none"\n\n008,favor\n')
    ...     read_table(file).to_pylist()
    [{'id': '007', 'label': 'none', '__line__': 2}, {'id': '008', 'label': 'favor', '__line__': 4}]
    >>> read_table("us.xlsx")
    Traceback (most recent call last):
        ...
    stance.core.errors.InputError: us.xlsx: a file of kind ".xlsx" is not read; ... .csv, .tsv, .jsonl, ...
    """
    file = Path(path)
    kind = _kind(file)
    encoding = known_encoding(encoding)
    separator = _separator(separator, kind)
    if max_chars < 1:
        raise InputError(f"max_chars is {max_chars}; it is at least 1")
    _check_is_file(file)
    builder = TableBuilder(file, max_chars, strict)
    if kind == PARQUET:
        read_parquet(builder)
    elif kind in JSON:
        read_jsonl(builder, encoding)
    else:
        read_csv(builder, separator, encoding)
    table = builder.finish()
    return _with_ids(table) if make_ids else table


def require_columns(table: pa.Table, path: str | Path, wanted: Sequence[str]) -> None:
    """Check that a table has the columns wanted.

    Raises
    ------
    TableError
        Naming each column that is missing, the nearest name found, and all that were found; or the
        separator to give, if the whole header was read as one name.

    Examples
    --------
    >>> require_columns(pa.table({"id": ["1"], "Label": ["favor"]}), "us.csv", ["id", "label"])
    Traceback (most recent call last):
        ...
    stance.core.errors.TableError: us.csv: column "label": is missing (did you mean "Label"?); found: ...
    """
    found = [name for name in table.column_names if name != LINE]
    hint = separator_hint(found)
    listed = f"found: {show(', '.join(found), 300)}{hint}"
    missing = [name for name in wanted if name not in found]
    if missing:
        rules = [f"is missing{'' if hint else suggest(name, found)}; {listed}" for name in missing]
        raise TableError(path, [Problem(rule, column=name) for rule, name in zip(rules, missing, strict=True)])


def require_texts(table: pa.Table, path: str | Path, columns: Sequence[str]) -> None:
    """Check that columns hold texts, or nothing but nulls.

    Raises
    ------
    TableError
        Naming each column that holds something else, and what.

    Examples
    --------
    >>> require_texts(pa.table({"text": [1, 2]}), "us.jsonl", ["text"])
    Traceback (most recent call last):
        ...
    stance.core.errors.TableError: us.jsonl: column "text": holds int64 where text belongs; write ...
    """
    kinds = {name: table.schema.field(name).type for name in columns}
    problems = [
        Problem(f"holds {show(kind)} where text belongs; write it as strings", column=name)
        for name, kind in kinds.items()
        if not pa.types.is_string(kind) and not pa.types.is_null(kind)
    ]
    if problems:
        raise TableError(path, problems)


def with_offsets(table: pa.Table, path: str | Path, columns: Sequence[str]) -> pa.Table:
    """Return a table whose columns of offsets, where it has them, are int64; an empty cell is null.

    Raises
    ------
    TableError
        Naming each cell that holds something other than a whole number.

    Examples
    --------
    >>> with_offsets(pa.table({"target_start": ["3", "", "7.0"]}), "us.csv", ["target_start"]).to_pydict()
    {'target_start': [3, None, 7]}
    """
    problems: list[Problem] = []
    for name in columns:
        if name not in table.column_names or pa.types.is_integer(table.schema.field(name).type):
            continue
        cells = table.column(name).to_pylist()
        lines = table.column(LINE).to_pylist() if LINE in table.column_names else range(1, len(cells) + 1)
        wrong = [i for i, cell in enumerate(cells) if not _WHOLE.fullmatch(_spelled(cell))]
        problems += [Problem("is not a whole number", lines[i], name, str(cells[i])) for i in wrong]
        if not wrong:
            values = [int(said.partition(".")[0]) if (said := _spelled(cell)) else None for cell in cells]
            table = table.set_column(table.schema.get_field_index(name), name, pa.array(values, pa.int64()))
    if problems:
        raise TableError(path, sorted(problems, key=lambda problem: problem.line or 0))
    return table


def _spelled(cell: object) -> str:
    return "" if cell is None or (isinstance(cell, float) and math.isnan(cell)) else str(cell).strip()


def _kind(path: Path) -> str:
    """Return the suffix that says how to read the file, without that of its packing."""
    known = [*SEPARATORS, *JSON, PARQUET]
    suffix = path.suffix.lower()
    kind = Path(path.stem).suffix.lower() if suffix in PACKED else suffix
    if kind in known:
        return kind
    said = f'a file of kind "{show(kind)}" is not read' if kind else "the name does not say what kind of file it is"
    if kind in ARCHIVES or suffix in ARCHIVES:
        said = f'an archive or packing "{show(kind)}" is not read: unpack it and give the file inside'
    raise InputError(f"{show(path, 300)}: {said}; known: {', '.join(known)}, each also packed as .gz or .zst")


def _separator(separator: str | None, kind: str) -> str:
    if separator is None:
        return SEPARATORS.get(kind, ",")
    if kind not in SEPARATORS:
        raise InputError(f"a separator is for .csv and .tsv, not for {kind}; leave --sep out")
    single = "\t" if separator == "\\t" else separator
    if len(single) != 1 or single in '"\r\n\0':
        raise InputError(f'separator "{show(separator)}" is not one character other than a quote or a line end')
    return single


def _check_is_file(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        cause = getattr(error, "strerror", None) or error
        raise MissingDataError(f"{show(path, 300)}: is not there or not to be reached ({cause})") from error
    if not stat.S_ISREG(mode):
        kind = "a folder; give a file in it" if stat.S_ISDIR(mode) else "not a regular file; save it to one first"
        raise InputError(f"{show(path, 300)}: is {kind}")


def _with_ids(table: pa.Table) -> pa.Table:
    """Return the table with an ``id`` in each row: those that it has, the others made from the line."""
    made = pc.binary_join_element_wise("line", table[LINE].cast(pa.string()), "-")
    if "id" not in table.column_names:
        return table.add_column(0, "id", made)
    held = table["id"].cast(pa.string())
    empty = pc.fill_null(pc.equal(held, ""), True)
    return table.set_column(table.column_names.index("id"), "id", pc.if_else(empty, made, held))
