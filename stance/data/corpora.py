"""Corpora: one table, whatever the source."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from stance.core.errors import InputError, MissingDataError, show, unknown
from stance.core.files import canonical_json, sha256_text
from stance.core.paths import shipped
from stance.core.schemes import SCHEMES, Scheme, get_scheme
from stance.data.fetch import find_file
from stance.data.readers import AUTHOR, Row, get_reader
from stance.data.rows import FRAME, check_ids, check_rows, file_under_actors, to_frame
from stance.data.sheets import SHEET, Columns, SchemeSheet, Sheet, SheetFile, check_model, read_sheet

if TYPE_CHECKING:
    import datasets
    import pandas as pd

X_COLUMNS = ("text", "holder", "target", "holder_start", "holder_end", "target_start", "target_end")


@dataclass(frozen=True)
class Corpus:
    """Labelled sentences under one scheme.

    Attributes
    ----------
    name : str
        The sheet's name.
    scheme : Scheme
        The scheme with the labels that the sheet declares, a subset of the scheme's own.
    sheet : Sheet
        What the corpus says of itself.
    table : pyarrow.Table
        One row a labelled sentence: ``id, text, holder, target``, their spans (code points, end
        exclusive, null where not named), ``label, actor, group, split``.
    notes : tuple of str
        What reading noticed and a person should know: dropped duplicates, missing splits.
    """

    name: str
    scheme: Scheme
    sheet: Sheet
    table: pa.Table
    notes: tuple[str, ...] = field(default=())

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The table as a DataFrame; spans are nullable integers."""
        return to_frame(self.table)

    @property
    def splits(self) -> list[str]:
        """Names of the splits, in order of appearance; empty where the corpus has none."""
        return [s for s in self.table.column("split").unique().to_pylist() if s is not None]

    @cached_property
    def sha256(self) -> str:
        """Hash of the rows: it changes when, and only when, the labelled content does."""
        return sha256_text(canonical_json([self.name, self.scheme.labels, self.table.to_pydict()]))

    def split(self, name: str) -> tuple[pd.DataFrame, pd.Series[str]]:
        """Return the sentences and labels of one split.

        Parameters
        ----------
        name : str
            A split that the corpus has: see `splits`.

        Returns
        -------
        X : pandas.DataFrame, shape (n_sentences, 7)
            Columns ``text, holder, target`` and the four span columns.
        y : pandas.Series of str, shape (n_sentences,)
            Labels of the scheme.

        Raises
        ------
        InputError
            If there is no such split.

        Examples
        --------
        >>> X, y = load_corpus("four_actors", scheme="stance").split("train")
        >>> sorted(set(y))
        ['against', 'favor', 'none']
        """
        if name not in self.splits:
            raise unknown(f"{self.name}: split", name, self.splits)
        rows = self.frame[self.frame["split"] == name].reset_index(drop=True)
        return rows[list(X_COLUMNS)], rows["label"]

    def to_datasets(self) -> datasets.DatasetDict:
        """Return the corpus for the datasets library: a Dataset a split, labels as ClassLabel.

        Rows without a split are in a Dataset called ``all``.
        """
        import datasets
        from datasets.table import InMemoryTable

        names = list(self.scheme.labels)
        # Labels are coded here: `cast_column` would draw a progress bar for each split.
        codes = pc.index_in(self.table.column("label"), pa.array(names, pa.string())).cast(pa.int64())
        split = self.table.column("split").fill_null("all")
        table = _with_column(_with_column(self.table, "label", codes), "split", split)
        features = datasets.Features.from_arrow_schema(table.schema)
        features["label"] = datasets.ClassLabel(names=names)
        parts = {}
        for name in split.unique().to_pylist():
            rows = table.filter(pc.equal(split, name)).combine_chunks()
            parts[name] = datasets.Dataset(InMemoryTable(rows), datasets.DatasetInfo(features=features))
        return datasets.DatasetDict(parts)


def load_corpus(
    source: str | Path,
    scheme: str | None = None,
    *,
    columns: Mapping[str, str] | None = None,
    label_map: Mapping[str, str] | None = None,
    separator: str | None = None,
    encoding: str = "utf-8",
) -> Corpus:
    """Load a corpus by name, from a folder with a sheet, or from one file of your own.

    Parameters
    ----------
    source : str or path
        A name (``stance corpora list``), a folder that holds a ``sheet.toml``, or a CSV, TSV, JSONL or
        Parquet file.
    scheme : {"stance", "sentiment", "directed"}, optional
        The first scheme of the sheet when left out; needed for a file of your own.
    columns : mapping, optional
        For a file: which of its columns holds the ``text``, ``label``, ``target``, ``holder``, ``group``,
        ``id`` or ``split``. What is left out is looked for under its own name.
    label_map : mapping, optional
        For a file: from its labels to the scheme's, such as ``{"pro": "favor"}``.
    separator, encoding : str, optional
        For a CSV or TSV: what parts its fields, and its encoding; neither is guessed.

    Raises
    ------
    InputError, MissingDataError, RefusedFileError
        If the name is unknown, the text was not fetched, a row breaks a rule, or a file's hash differs.

    Examples
    --------
    >>> corpus = load_corpus("four_actors", scheme="sentiment")
    >>> corpus.scheme.labels
    ('positive', 'negative', 'neutral')
    """
    own = {"columns": columns, "label_map": label_map, "separator": separator, "encoding": encoding}
    folder, sheet = _find(source, scheme, own)
    name = scheme or next(iter(sheet.schemes))
    get_scheme(name)
    if name not in sheet.schemes:
        raise unknown(f"{sheet.name}: scheme", name, sheet.schemes)
    rows, notes = _read(folder, sheet, name)
    declared = sheet.labels(name)
    if not sheet.schemes[name].labels and sheet.reader == "table":
        present = {row["label"] for row in rows}
        declared = tuple(label for label in declared if label in present)
    table = pa.Table.from_pylist(rows, schema=FRAME)
    return Corpus(sheet.name, Scheme(name, declared), sheet, table, tuple(notes))


def list_corpora() -> list[Sheet]:
    """Return the sheets of the shipped corpora, by name."""
    return [read_sheet(path.parent) for path in sorted(shipped("corpora").glob(f"*/{SHEET}"))]


def load_sheet(source: str | Path) -> tuple[Path, Sheet]:
    """Return the folder and the sheet of a named corpus or of a folder.

    Examples
    --------
    >>> load_sheet("newsmtsc")[1].licence
    'MIT'
    """
    named = shipped("corpora") / str(source)
    if str(source).isidentifier() and named.is_dir():
        return named, read_sheet(named)
    if Path(source).is_dir():
        return Path(source), read_sheet(Path(source))
    known = [sheet.name for sheet in list_corpora()]
    if Path(source).suffix or {"/", os.sep} & set(str(source)):
        raise MissingDataError(f"{show(Path(source))}: no such file or folder")
    raise unknown("corpus", str(source), known)


def _find(
    source: str | Path,
    scheme: str | None,
    own: dict[str, Any],
) -> tuple[Path, Sheet]:
    path = Path(source)
    if not path.is_file():
        given = [key for key, value in own.items() if value and value != "utf-8"]
        if given:
            raise InputError(f"{show(path)}: {given[0]} is for a file; a folder's sheet has its own")
        return load_sheet(source)
    if scheme is None:
        raise InputError(f"{show(path)}: say which scheme its labels are of: {', '.join(SCHEMES)}")
    get_scheme(scheme)
    sheet = {
        "name": path.stem,
        "title": path.name,
        "version": "1",
        "files": [SheetFile(path=path.name, separator=own["separator"], encoding=own["encoding"])],
        "columns": check_model(dict(own["columns"] or {}), Columns, "columns"),
        "schemes": {scheme: check_model({"label_map": dict(own["label_map"] or {})}, SchemeSheet, "label_map")},
    }
    return path.parent, check_model(sheet, Sheet, str(source))


def _with_column(table: pa.Table, name: str, values: pa.ChunkedArray) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), name, values)


def _read(folder: Path, sheet: Sheet, scheme: str) -> tuple[list[Row], list[str]]:
    part: SchemeSheet = sheet.schemes[scheme]
    reader = get_reader(sheet.reader)
    paths = [find_file(folder, sheet, file) for file in sheet.files]
    parts: list[list[Row]] = []
    notes: list[str] = []
    for path, file in zip(paths, sheet.files, strict=True):
        found = list(reader(path, sheet, file, scheme))
        for row in found:
            row["split"] = row.get("split") or file.split
        notes += check_rows(path, found, part.label_map, sheet.labels(scheme))
        parts.append(found)
    check_ids(paths, parts)
    rows = [row for found in parts for row in found]
    apart = sum(row["split"] is None for row in rows)
    if 0 < apart < len(rows):
        notes.append(f"{sheet.name}: {apart:,} of {len(rows):,} rows have no split")
    file_under_actors(rows, toward_target=scheme == "sentiment")
    return rows, notes


__all__ = ["AUTHOR", "FRAME", "X_COLUMNS", "Corpus", "list_corpora", "load_corpus", "load_sheet", "to_frame"]
