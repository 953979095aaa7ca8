"""What a thread does with a batch: check it, find its actors where asked for, label it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from stance.core.errors import InputError, show
from stance.scoring.actor_rows import find_mentions
from stance.scoring.answers import ABSTAINED, EMPTY, STATUSES, ask
from stance.scoring.batches import Batch, RawBatch, check_batch
from stance.scoring.columns import Columns
from stance.scoring.sources import Part


@dataclass(frozen=True)
class Labelled:
    """The scores of a batch.

    Attributes
    ----------
    part : Part
    n_read : int
        Rows read.
    scores : pyarrow.Table
        More or fewer rows than were read where actors are found.
    """

    part: Part
    n_read: int
    scores: pa.Table


@dataclass(frozen=True)
class Worker:
    """What every thread knows of the job.

    Attributes
    ----------
    classifier : fitted classifier
    least : float
        The probability below which no label is given.
    columns : Columns
    schema : pyarrow.Schema
        Of the scores.
    actors, truncate : bool
    """

    classifier: Any
    least: float
    columns: Columns
    schema: pa.Schema
    actors: bool = False
    truncate: bool = False

    def label(self, raw: RawBatch) -> Labelled:
        """Return the scores of a batch.

        Raises
        ------
        InputError
            Naming the file and the rows.
        """
        batch = check_batch(raw, self.columns, truncate=self.truncate)
        try:
            scores = self._scores(*(_by_actor(batch) if self.actors else (batch, {})))
        except (InputError, pa.ArrowInvalid) as error:
            rows = f"rows {raw.first_row + 1:,} to {raw.first_row + len(raw.table):,}"
            raise InputError(f"{show(raw.part.source.path)}: {rows}: {show(error, 300)}") from None
        return Labelled(raw.part, len(raw.table), scores)

    def _scores(self, batch: Batch, between: dict[str, pa.Array]) -> pa.Table:
        at, n_rows = batch.scored, len(batch.status)
        sentences = batch.sentences if len(at) == n_rows else batch.sentences.take(pa.array(at))
        said, sure = ask(self.classifier, sentences)
        status = batch.status.copy()
        status[at[sure < self.least]] = ABSTAINED
        codes, confidence = np.zeros(n_rows, np.int32), np.full(n_rows, np.nan, np.float32)
        codes[at], confidence[at] = said, sure
        unlabelled = (status == ABSTAINED) | (status >= EMPTY)
        columns = {
            "source": _coded(np.zeros(n_rows, np.int32), (batch.raw.part.source.name,)),
            "id": batch.ids.cast(self.schema.field("id").type),
            **between,
            "label": _coded(codes, [str(label) for label in self.classifier.classes_], unlabelled),
            "confidence": pa.array(confidence, mask=np.isnan(confidence)),
            "status": _coded(status.astype(np.int32), STATUSES),
        }
        return pa.table(columns, schema=self.schema)


def _by_actor(batch: Batch) -> tuple[Batch, dict[str, pa.Array]]:
    """Return one row for each sentence and actor, and the columns that say which; rows without a text stay."""
    texts = batch.sentences["text"]
    mentions = find_mentions(texts.take(pa.array(batch.scored)))
    empty = np.flatnonzero(batch.status >= EMPTY)
    rows = np.concatenate([batch.scored[mentions["row"].to_numpy()], empty])
    order = np.argsort(rows, kind="stable")
    which = np.concatenate([np.arange(len(mentions)), np.full(len(empty), -1)])[order]
    rows = rows[order]
    taken = mentions.take(pa.array(which, mask=which < 0)).combine_chunks()
    between = {
        "actor": _whole(taken["actor"]),
        "target_start": _whole(taken["start"]),
        "target_end": _whole(taken["end"]),
    }
    sentences = {"text": texts.take(pa.array(rows)), "target": between["actor"].cast(pa.string())}
    spans = {name: between[name] for name in ("target_start", "target_end")}
    found = Batch(batch.raw, batch.ids.take(pa.array(rows)), pa.table(sentences | spans), batch.status[rows])
    return found, between


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks else pa.array([], column.type)


def _coded(codes: np.ndarray, names: Any, missing: np.ndarray | None = None) -> pa.DictionaryArray:  # noqa: ANN401
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=missing), pa.array(names, pa.string()))
