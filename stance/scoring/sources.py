"""The Parquet files to be scored: found, checked before any work, cut into parts."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path

import pyarrow as pa

from stance.core.errors import InputError, MissingDataError, StorageError, show
from stance.core.files import canonical_json, sha256_text
from stance.data.parquet_tables import open_parquet

SUFFIXES = (".parquet", ".pq")
PART_ROWS = 1 << 20


@dataclass(frozen=True)
class Source:
    """A Parquet file as it was when the work was planned.

    Attributes
    ----------
    path : Path
    name : str
        Of the file; of one found in a folder, its path within the folder.
    n_bytes, mtime_ns : int
        Its size and the time of its last change.
    groups : tuple of int
        The rows of each row group.
    schema : pyarrow.Schema
    """

    path: Path
    name: str
    n_bytes: int
    mtime_ns: int
    groups: tuple[int, ...]
    schema: pa.Schema

    @property
    def starts(self) -> list[int]:
        """Rows before each row group."""
        return [0, *accumulate(self.groups)]

    def check_unchanged(self) -> None:
        """Raise InputError if the file is not the one that was planned."""
        now = _stat(self.path)
        if (now.st_size, now.st_mtime_ns) != (self.n_bytes, self.mtime_ns):
            rule = "was changed while it was scored; run the same command again when it is at rest"
            raise InputError(f"{show(self.path)}: {rule}")


@dataclass(frozen=True)
class Part:
    """Some row groups of one file, which become one file of scores.

    Attributes
    ----------
    number : int
        Of all parts, from 0.
    source : Source
    first_group, stop_group : int
        Its row groups, end exclusive.
    """

    number: int
    source: Source
    first_group: int
    stop_group: int

    @property
    def first_row(self) -> int:
        """The part's first row in its file, from 0."""
        return self.source.starts[self.first_group]

    @property
    def n_rows(self) -> int:
        """Rows to read."""
        return sum(self.source.groups[self.first_group : self.stop_group])

    @property
    def file(self) -> str:
        """The name of the file of scores: another one if the source is another one."""
        source = self.source
        made_of = [source.name, source.n_bytes, source.mtime_ns, self.first_group, self.stop_group]
        return f"part-{self.number:06}-{sha256_text(canonical_json(made_of))[:16]}.parquet"


def find_sources(paths: Sequence[str | Path]) -> list[Source]:
    """Return the Parquet files of some paths: files, and folders with those in them, sorted by name.

    Names that start with ``.`` or ``_`` are skipped in folders.

    Raises
    ------
    InputError
        If a folder holds anything else, no Parquet file at all, or a link back to a folder above; if two files
        have one name.
    MissingDataError
        If a path is not there.
    RefusedFileError
        If a file is damaged.
    """
    found: list[Source] = []
    for path in map(Path, paths):
        if not path.is_dir():
            found.append(_open(path, path.name))
            continue
        files = list(_walk(path, ()))
        if not files:
            raise InputError(f"{show(path)}: holds no Parquet file ({', '.join(SUFFIXES)})")
        found += [_open(file, file.relative_to(path).as_posix()) for file in files]
    if not found:
        raise InputError("no file to score; give a Parquet file, or a folder of them")
    # One schema for all that are equal: a hundred thousand of them would fill the memory.
    schemas: dict[pa.Schema, pa.Schema] = {}
    found = [replace(source, schema=schemas.setdefault(source.schema, source.schema)) for source in found]
    seen: dict[str, Path] = {}
    for source in found:
        other = seen.setdefault(source.name, source.path)
        if other is not source.path:
            remedy = "give the folder above both, or rename one"
            raise InputError(f'{show(source.path)}: has the name "{show(source.name)}" of {show(other)}; {remedy}')
    return found


def plan_parts(sources: Sequence[Source]) -> list[Part]:
    """Return the parts: a file each, or some row groups of a file of more than `PART_ROWS` rows."""
    parts: list[Part] = []
    for source in sources:
        first = rows = 0
        for group, n_rows in enumerate(source.groups):
            if rows and rows + n_rows > PART_ROWS:
                parts.append(Part(len(parts), source, first, group))
                first, rows = group, 0
            rows += n_rows
        parts.append(Part(len(parts), source, first, len(source.groups)))
    return parts


def _walk(folder: Path, above: tuple[Path, ...]) -> Iterator[Path]:
    real = folder.resolve()
    if real in above:
        raise InputError(f"{show(folder)}: is a link back to a folder above it; remove it")
    try:
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith((".", "_")))
    except OSError as error:
        raise StorageError(f"{show(folder)}: cannot be read: {error.strerror}") from error
    for path in paths:
        if path.is_dir():
            yield from _walk(path, (*above, real))
        elif path.suffix.lower() in SUFFIXES:
            yield path
        else:
            raise InputError(f"{show(path)}: is no Parquet file by its name; move it, or name the files to score")


def _open(path: Path, name: str) -> Source:
    state = _stat(path)
    with open_parquet(path) as file:
        groups = tuple(file.metadata.row_group(i).num_rows for i in range(file.num_row_groups))
        return Source(path, name, state.st_size, state.st_mtime_ns, groups, file.schema_arrow)


def _stat(path: Path) -> os.stat_result:
    try:
        state = path.stat()
    except (OSError, ValueError) as error:
        cause = getattr(error, "strerror", None) or error
        raise MissingDataError(f"{show(path)}: is not there or not to be reached ({cause})") from error
    if stat.S_ISFIFO(state.st_mode) or stat.S_ISCHR(state.st_mode):
        raise InputError(f"{show(path)}: is not a regular file; save it to one first")
    return state
