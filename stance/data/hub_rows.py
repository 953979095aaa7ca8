"""The rows of one split of a hub dataset: class labels by name, everything else as text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.types as kinds

from stance.core.errors import Problem, TableError, show
from stance.data.readers import Row, made_rows
from stance.data.sheets import Columns
from stance.data.table_builder import LINE, TEXT, TableBuilder
from stance.data.tables import require_columns

if TYPE_CHECKING:
    import datasets

ROW = "row"
NAMED_ONLY = ("id", "split")  # a dataset's own ids often start anew in each split


def read_split(place: Path, split: str, dataset: datasets.Dataset, columns: Columns) -> list[Row]:
    """Return the rows of one split, numbered from 1.

    A column that `columns` leaves out is looked for under its own name, but for ``id`` and ``split``.

    Parameters
    ----------
    place : path
        The dataset and the split, as messages name them.
    split : str
        What made ids begin with.
    dataset : datasets.Dataset
    columns : Columns

    Raises
    ------
    TableError
        If a column is missing or is not of texts, numbers or class labels, or a text is too long.
    """
    given = columns.model_dump(exclude_none=True)
    found = dataset.column_names
    schema = dataset.features.arrow_schema
    require_columns(schema.empty_table(), place, list(given.values()))
    own = {key: key for key in Columns.model_fields if key in found and key not in NAMED_ONLY}
    named = own | given
    _check_types(place, schema, named)
    if not dataset.num_rows:
        return []
    table = dataset.select_columns(sorted(set(named.values()))).with_format("arrow")[:]
    builder = TableBuilder(place, unit=ROW)
    plain = {key: _plain(table.column(name), dataset.features[name]) for key, name in named.items()}
    builder.add(plain, range(1, table.num_rows + 1))
    values = builder.finish().to_pydict()
    return list(made_rows(values, values.pop(LINE), split))


def _check_types(place: Path, schema: pa.Schema, named: Mapping[str, str]) -> None:
    problems = []
    for key, name in named.items():
        kind = schema.field(name).type
        text = kinds.is_string(kind) or kinds.is_large_string(kind) or kinds.is_string_view(kind) or kinds.is_null(kind)
        number = key != "text" and (kinds.is_primitive(kind) or kinds.is_decimal(kind))
        if not text and not number:
            remedy = f"name a column of texts for {key} in columns"
            problems.append(Problem(f"holds {show(kind)} where text belongs; {remedy}", column=name))
    if problems:
        raise TableError(place, problems)


def _plain(column: pa.ChunkedArray, feature: Any) -> pa.Array:  # noqa: ANN401 - the library's, untyped
    """Return a column in one piece: a class label as its name, none for the code -1; texts as plain strings."""
    names = getattr(feature, "names", None)
    if names is not None:
        codes = column.to_pylist()
        return pa.array([None if code is None or code < 0 else names[code] for code in codes], TEXT)
    whole = column.combine_chunks()
    return whole.cast(TEXT) if kinds.is_large_string(whole.type) or kinds.is_string_view(whole.type) else whole
