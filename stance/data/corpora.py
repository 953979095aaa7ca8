"""Corpora: one table, whatever the source."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from stance.core.errors import InputError, MissingDataError, show, unknown
from stance.core.files import canonical_json, sha256_text
from stance.core.paths import shipped
from stance.core.schemes import Scheme, get_scheme
from stance.data.fetch import find_file
from stance.data.hub import hub_dataset, is_hub, load_hub
from stance.data.hub_rows import ROW
from stance.data.readers import AUTHOR, get_reader
from stance.data.rows import FRAME, Part, check_splits, join_rows, to_frame
from stance.data.sheets import SHEET, Sheet, named_scheme, read_sheet, sheet_of_file, with_roles

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
        if not self.splits:
            raise InputError(f'{self.name}: has no splits; take its rows, X = frame[X_COLUMNS] and y = frame["label"]')
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
    revision: str | None = None,
) -> Corpus:
    """Load a corpus by name, from a folder with a sheet, from one file of your own, or from the hub's cache.

    Parameters
    ----------
    source : str or path
        A name (``stance corpora list``), a folder that holds a ``sheet.toml``, a CSV, TSV, JSONL or
        Parquet file, or ``hf://org/name`` (``hf://org/name:configuration``): a dataset of the Hugging Face
        Hub, read from the cache that ``stance corpora fetch`` fills.
    scheme : {"stance", "sentiment", "directed"}, optional
        The first scheme of the sheet when left out; needed for a file of your own or a dataset of the hub.
    columns : mapping, optional
        For a file or a dataset: which of its columns holds the ``text``, ``label``, ``target``, ``holder``, ``group``,
        ``id`` or ``split``. What is left out is looked for under its own name. Where a file's splits
        are called train and test (and dev or validation), they make the protocol ``official``.
    label_map : mapping, optional
        For a file or a dataset: from its labels to the scheme's, such as ``{"pro": "favor"}``.
    separator, encoding : str, optional
        For a CSV or TSV: what parts its fields, and its encoding; neither is guessed.
    revision : str, optional
        For a dataset of the hub: its commit, 40 hexadecimal digits.

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
    if is_hub(source):
        return _from_hub(str(source), scheme, own, revision)
    if revision:
        raise InputError(f"{show(Path(source))}: revision is for a dataset of the hub, hf://org/name")
    folder, sheet = _find(source, scheme, own)
    name = scheme or next(iter(sheet.schemes))
    get_scheme(name)
    if name not in sheet.schemes:
        raise unknown(f"{sheet.name}: scheme", name, sheet.schemes)
    parts = _read(folder, sheet, name)
    if Path(source).is_file():
        for path, rows in parts:
            check_splits(path, rows)
        sheet = with_roles(sheet, name, {str(row["split"]) for _, rows in parts for row in rows})
    return _made(sheet, name, parts)


def _from_hub(source: str, scheme: str | None, own: dict[str, Any], revision: str | None) -> Corpus:
    if own["separator"] or own["encoding"] != "utf-8":
        raise InputError(f"{show(source)}: separator and encoding are for a file")
    name = named_scheme(source, scheme)
    one = hub_dataset(source, revision)
    sheet, parts, notes = load_hub(one, name, own["columns"] or {}, own["label_map"] or {})
    return _made(sheet, name, parts, ROW, notes)


def _made(sheet: Sheet, name: str, parts: list[Part], unit: str = "line", told: Sequence[str] = ()) -> Corpus:
    rows, notes = join_rows(sheet, name, parts, unit)
    declared = sheet.labels(name)
    if not sheet.schemes[name].labels and sheet.reader == "table":
        present = {row["label"] for row in rows}
        declared = tuple(label for label in declared if label in present)
    table = pa.Table.from_pylist(rows, schema=FRAME)
    return Corpus(sheet.name, Scheme(name, declared), sheet, table, (*told, *notes))


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
    if is_hub(source):
        raise InputError(f"{show(source)}: a dataset of the hub has no sheet; its page says what it is")
    named = shipped("corpora") / str(source)
    if str(source).isidentifier() and named.is_dir():
        return named, read_sheet(named)
    if Path(source).is_dir():
        return Path(source), read_sheet(Path(source))
    if Path(source).is_file():
        raise InputError(
            f"{show(Path(source))}: is a file, which has no sheet; stance corpora audit tells what it holds"
        )
    known = [sheet.name for sheet in list_corpora()]
    if Path(source).suffix or {"/", os.sep} & set(str(source)):
        raise MissingDataError(f"{show(Path(source))}: no such file or folder")
    raise unknown("corpus", str(source), known)


def _find(source: str | Path, scheme: str | None, own: dict[str, Any]) -> tuple[Path, Sheet]:
    path = Path(source)
    if not path.is_file():
        given = [key for key, value in own.items() if value and value != "utf-8"]
        if given:
            raise InputError(f"{show(path)}: {given[0]} is for a file; a folder's sheet has its own")
        return load_sheet(source)
    return path.parent, sheet_of_file(path, named_scheme(source, scheme), own)


def _with_column(table: pa.Table, name: str, values: pa.ChunkedArray) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), name, values)


def _read(folder: Path, sheet: Sheet, scheme: str) -> list[Part]:
    reader = get_reader(sheet.reader)
    paths = [find_file(folder, sheet, file) for file in sheet.files]
    parts = []
    for path, file in zip(paths, sheet.files, strict=True):
        found = list(reader(path, sheet, file, scheme))
        for row in found:
            row["split"] = row.get("split") or file.split
        parts.append((path, found))
    return parts


__all__ = ["AUTHOR", "FRAME", "X_COLUMNS", "Corpus", "list_corpora", "load_corpus", "load_sheet", "to_frame"]
