"""Files of sentences in, labels out."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from stance.classifiers.model_files import load_model
from stance.core.errors import InputError, show, unknown
from stance.core.files import refuse_overwriting, replacing
from stance.data.rows import to_frame
from stance.data.tables import LINE, read_table, require_columns, require_texts, with_offsets
from stance.reporting.escaping import csv_cell
from stance.scoring.answers import OK, STATUSES, find_least, find_status
from stance.scoring.columns import SPANS

if TYPE_CHECKING:
    import pandas as pd

BATCH_SENTENCES = 2048
ADDED = ("prediction", "confidence", "status")
ROLES = ("text", "holder", "target")
SEPARATORS = {".csv": ",", ".tsv": "\t"}
WRITTEN = (*SEPARATORS, ".jsonl", ".parquet")


def predict_file(
    model: str | Path,
    source: str | Path,
    output: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    separator: str | None = None,
    encoding: str = "utf-8",
    abstain_below: float | None = None,
    progress: bool | None = None,
) -> int:
    """Label the sentences of a file; keep its rows and columns.

    Parameters
    ----------
    model : path
        A model file that `stance.save_model` wrote.
    source : path
        CSV, TSV, JSONL or Parquet with a ``text`` column and, where known, ``holder``, ``target`` and
        their spans.
    output : path
        CSV, TSV, JSONL or Parquet; written whole or not at all. To the source's columns it adds
        ``prediction``, ``confidence`` (the probability of the label; empty where the model gives none)
        and ``status``: ``ok``, or ``abstained`` (too unsure), ``empty_text`` or ``missing_text``, whose row
        has no label. In CSV and TSV a cell that a spreadsheet would compute is quoted by ``'``.
    columns : mapping, optional
        Which of the source's columns holds the ``text``, the ``holder`` or the ``target``, if not those
        of these names.
    separator, encoding : str, optional
        Of a CSV or TSV source; neither is guessed.
    abstain_below : float, optional
        Give no label to a sentence whose probability is below this; by default as the model was made.
    progress : bool, optional
        Whether to draw a progress bar; by default where stderr is a terminal.

    Returns
    -------
    int
        Rows written.

    Raises
    ------
    InputError, MissingDataError, RefusedFileError, StorageError
        Before anything is written.
    """
    path = Path(output)
    if path.suffix not in WRITTEN:
        raise InputError(f"{show(path)}: write to one of {', '.join(WRITTEN)}")
    refuse_overwriting(path, source, model)
    classifier = load_model(model)
    least = find_least(classifier, abstain_below, model)
    table = read_table(source, separator=separator, encoding=encoding)
    sentences = _sentences(table, source, columns)
    taken = [name for name in ADDED if name in table.column_names]
    if taken:
        raise InputError(f"{show(source)}: has a column {taken[0]} already; rename it")
    table = table.drop_columns([LINE])
    labelled = _predict(classifier, sentences, least, progress)
    for name, values in zip(ADDED, labelled, strict=True):
        table = table.append_column(name, values)
    with replacing(path) as temporary:
        _write(table, temporary, path.suffix)
    return int(table.num_rows)


def read_unlabelled(source: str | Path, *, separator: str | None = None, encoding: str = "utf-8") -> pd.DataFrame:
    """Read the sentences of a CSV, TSV, JSONL or Parquet file, without those that are empty or missing.

    Returns
    -------
    pandas.DataFrame, shape (n_sentences, n_columns)
        ``text`` and, where the file has them, ``holder``, ``target`` and their spans.

    Raises
    ------
    InputError, MissingDataError
        If the file cannot be read as a table with a column ``text``.
    """
    table = read_table(source, separator=separator, encoding=encoding)
    sentences = _sentences(table, source)
    frame: pd.DataFrame = to_frame(sentences)
    worded: pd.DataFrame = frame[find_status(sentences.column("text")) == OK]
    return worded.reset_index(drop=True)


def _predict(
    classifier: Any,  # noqa: ANN401
    sentences: pa.Table,
    least: float,
    progress: bool | None,
) -> tuple[pa.Array, pa.Array, pa.Array]:
    found = find_status(sentences.column("text"))
    status = [STATUSES[code] for code in found]
    rows = np.flatnonzero(found == OK)
    labels: list[str | None] = [None] * len(status)
    confidence: list[float | None] = [None] * len(status)
    hidden = None if progress is None else not progress
    with tqdm(total=len(rows), unit=" sentences", unit_scale=True, disable=hidden) as bar:
        for start in range(0, len(rows), BATCH_SENTENCES):
            batch = rows[start : start + BATCH_SENTENCES]
            said, sure = _label(classifier, sentences.take(pa.array(batch)))
            for row, label, probability in zip(batch, said, sure, strict=True):
                labels[row], confidence[row] = label, probability
                if probability is not None and probability < least:
                    labels[row], status[row] = None, "abstained"
            bar.update(len(batch))
    return pa.array(labels, pa.string()), pa.array(confidence, pa.float64()), pa.array(status, pa.string())


def _sentences(table: pa.Table, source: str | Path, columns: Mapping[str, str] | None = None) -> pa.Table:
    """Return the columns that a classifier reads, by the names that it knows; spans are integers."""
    given = dict(columns or {})
    if strays := set(given) - set(ROLES):
        raise unknown("columns: role", min(strays), ROLES)
    named = {name: given.get(name, name) for name in (*ROLES, *SPANS)}
    require_columns(table, source, [named["text"], *given.values()])
    require_texts(table, source, [named["text"]])
    kept = {name: column for name, column in named.items() if column in table.column_names}
    table = with_offsets(table, source, SPANS)
    return pa.table({name: table.column(column) for name, column in kept.items()})


def _label(classifier: Any, sentences: pa.Table) -> tuple[Sequence[str], Sequence[float | None]]:  # noqa: ANN401
    if not hasattr(classifier, "predict_proba"):
        return [str(label) for label in classifier.predict(sentences)], [None] * len(sentences)
    probabilities = classifier.predict_proba(sentences)
    best = probabilities.argmax(axis=1)
    return [str(label) for label in classifier.classes_[best]], [float(p) for p in probabilities.max(axis=1)]


def _write(table: pa.Table, path: Path, suffix: str) -> None:
    if suffix == ".parquet":
        pq.write_table(table, path, compression="zstd", write_page_checksum=True)
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        if suffix == ".jsonl":
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in table.to_pylist())
            return
        writer = csv.writer(file, delimiter=SEPARATORS[suffix], lineterminator="\n")
        writer.writerow(csv_cell(name) for name in table.column_names)
        for row in table.to_pylist():
            writer.writerow("" if value is None else csv_cell(value) for value in row.values())
