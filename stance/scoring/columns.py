"""The columns to be read: found in the files, checked to be of the right types and alike in all files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from stance.core.errors import Problem, TableError, show, suggest
from stance.data.parquet_tables import plain_type
from stance.scoring.sources import Source

SPANS = ("holder_start", "holder_end", "target_start", "target_end")


@dataclass(frozen=True)
class Columns:
    """The columns to read, by what they are to the classifier; None where the files have none.

    Attributes
    ----------
    text, id, holder, target : str or None
    spans : tuple of str
        Those of `SPANS` that the files have.
    """

    text: str = "text"
    id: str | None = None
    holder: str | None = None
    target: str | None = None
    spans: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """All names, each once."""
        named = (self.text, self.id, self.holder, self.target, *self.spans)
        return list(dict.fromkeys(name for name in named if name))


def find_columns(sources: Sequence[Source], wanted: Columns, *, spans: bool = True) -> Columns:
    """Return the columns that the files have, after a check that all files have them alike.

    Parameters
    ----------
    sources : sequence of Source
    wanted : Columns
        ``holder`` and ``target`` that are None are read where the files have columns of these names.
    spans : bool
        Whether to read ``holder``, ``target`` and spans at all.

    Raises
    ------
    TableError
        If a column is missing, of another type than it should be, or not alike in all files.
    """
    first = sources[0]
    names = first.schema.names
    columns = Columns(wanted.text, wanted.id)
    if spans:
        roles: dict[str, Any] = {
            role: getattr(wanted, role) or (role if role in names else None) for role in ("holder", "target")
        }
        columns = replace(columns, **roles, spans=tuple(name for name in SPANS if name in names))
    optional = [name for name in ("holder", "target", *SPANS) if spans and name not in names]
    for source in sources:
        problems = [p for name in columns.names if (p := _column_problem(source, name, columns, first))]
        strays = [name for name in optional if name in source.schema.names]
        problems += [Problem(f"is missing in {show(first.path)}, but not here", column=name) for name in strays]
        if problems:
            raise TableError(source.path, problems)
    return columns


def find_id_type(source: Source, columns: Columns) -> pa.DataType:
    """Return the type of ids in the scores: string or int64."""
    if columns.id is not None and _id_kind(source.schema, columns.id) == "texts":
        return pa.string()
    return pa.int64()


def _column_problem(source: Source, name: str, columns: Columns, first: Source) -> Problem | None:
    held = source.schema.names.count(name)
    if held != 1:
        listed = show(", ".join(source.schema.names), 300)
        rule = (
            "stands twice; rename one" if held else f"is missing{suggest(name, source.schema.names)}; found: {listed}"
        )
        return Problem(rule, column=name)
    kind = source.schema.field(name).type
    plain = plain_type(kind)
    if name in columns.spans:
        whole = plain is not None and any(
            f(plain) for f in (pa.types.is_integer, pa.types.is_floating, pa.types.is_null)
        )
        return None if whole else Problem(f"holds {show(kind)} where whole numbers belong", column=name)
    if name == columns.id:
        here, there = _id_kind(source.schema, name), _id_kind(first.schema, name)
        if here is None:
            return Problem(f"holds {show(kind)}; ids are texts or whole numbers", column=name)
        return None if here == there else Problem(f"holds {here}, in {show(first.path)} {there}", column=name)
    if plain is not None and (pa.types.is_string(plain) or pa.types.is_null(plain)):
        return None
    return Problem(f"holds {show(kind)} where text belongs; write it as strings", column=name)


def _id_kind(schema: pa.Schema, name: str) -> str | None:
    plain = plain_type(schema.field(name).type)
    if plain is not None and pa.types.is_string(plain):
        return "texts"
    return "whole numbers" if plain is not None and pa.types.is_integer(plain) else None
