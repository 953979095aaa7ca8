"""Leaderboard: one row a classifier, from the predictions on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from stance.core.records import Cell, Timing
from stance.evaluation.intervals import count_by_group, group_interval
from stance.evaluation.metrics import confusion_cells, score
from stance.evaluation.timing import per_second
from stance.running.results import Results

POOLED = ("grouped-kfold", "leave-one-actor-out")  # protocols whose folds are parts of one test


@dataclass(frozen=True)
class Value:
    """A score with its 95 % interval, groups resampled."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Row:
    """What a table says of one classifier.

    Attributes
    ----------
    classifier : str
    seeds : int
        How many seeds the scores are the mean of; 1 where none is used.
    scores : dict of str to Value
        By metric; a metric that the scheme does not define is left out.
    by_actor : dict of str to float
        Macro-F1 on the sentences filed under each actor; an actor without a prediction is left out.
    confusion : numpy.ndarray, shape (n_labels, n_labels)
        Gold by predicted, the mean over the seeds.
    timing : Timing or None
    """

    classifier: str
    seeds: int
    scores: dict[str, Value]
    by_actor: dict[str, float]
    confusion: np.ndarray
    timing: Timing | None

    @property
    def fit_per_second(self) -> float | None:
        """Training sentences per second of one fit."""
        return per_second(self.timing.fit_sentences, self.timing.fit_seconds) if self.timing else None

    @property
    def predict_per_second(self) -> float | None:
        """Sentences per second when all are given at once."""
        return self._speed("all")

    @property
    def predict_per_second_by_64(self) -> float | None:
        """Sentences per second in batches of 64."""
        return self._speed("64")

    def latency_ms(self, percent: float) -> float | None:
        """Return a percentile of the milliseconds that one sentence takes."""
        return float(np.percentile(self.timing.predict_seconds["1"], percent)) * 1000 if self.timing else None

    def _speed(self, batch: str) -> float | None:
        if self.timing is None:
            return None
        return per_second(self.timing.predict_sentences[batch], self.timing.predict_seconds[batch])


@dataclass(frozen=True)
class Board:
    """One table: a corpus, a scheme, a protocol, a test.

    Attributes
    ----------
    corpus, scheme, protocol, test : str
        `test` is the test's name, or ``all folds``.
    labels, actors : tuple of str
    n_sentences, n_groups : int
        Of the test.
    actor_sentences : dict of str to int
        Test sentences filed under each actor.
    rows : tuple of Row
        Best macro-F1 first.
    """

    corpus: str
    scheme: str
    protocol: str
    test: str
    labels: tuple[str, ...]
    actors: tuple[str, ...]
    n_sentences: int
    n_groups: int
    actor_sentences: dict[str, int]
    rows: tuple[Row, ...] = field(default=())

    @property
    def title(self) -> str:
        """Return ``corpus · scheme · protocol · test``."""
        return " · ".join((self.corpus, self.scheme, self.protocol, self.test))


def make_boards(results: Results) -> list[Board]:
    """Return the tables of a run, in the order in which it was planned."""
    grouped: dict[tuple[str, str, str, str], list[Cell]] = {}
    for cell in results.cells:
        test = "all folds" if cell.protocol in POOLED else cell.fold
        grouped.setdefault((cell.corpus, cell.scheme, cell.protocol, test), []).append(cell)
    return [_board(results, *place, cells) for place, cells in grouped.items()]


def _board(results: Results, corpus: str, scheme: str, protocol: str, test: str, cells: list[Cell]) -> Board:
    labels = results.scheme(corpus, scheme).labels
    by_classifier: dict[str, dict[int | None, list[pd.DataFrame]]] = {}
    for cell in cells:
        by_seed = by_classifier.setdefault(cell.classifier, {})
        by_seed.setdefault(cell.seed, []).append(results.predictions(cell))
    pooled = {
        name: [pd.concat(frames, ignore_index=True) for frames in by_seed.values()]
        for name, by_seed in by_classifier.items()
    }
    example = max((frames[0] for frames in pooled.values()), key=len)
    counts = example["actor"].value_counts()
    actors = tuple(sorted(counts.index))
    timings = {t.classifier: t for t in results.timings if (t.corpus, t.scheme) == (corpus, scheme)}
    rows = [_row(name, frames, labels, actors, results.metrics, timings.get(name)) for name, frames in pooled.items()]
    rows.sort(key=lambda row: -row.scores["macro_f1"].value)
    return Board(
        corpus=corpus,
        scheme=scheme,
        protocol=protocol,
        test=test,
        labels=labels,
        actors=actors,
        n_sentences=len(example),
        n_groups=example["group"].nunique(),
        actor_sentences={actor: int(counts[actor]) for actor in actors},
        rows=tuple(rows),
    )


def _row(
    name: str,
    frames: Sequence[pd.DataFrame],
    labels: tuple[str, ...],
    actors: tuple[str, ...],
    metrics: Sequence[str],
    timing: Timing | None,
) -> Row:
    n = len(labels)
    cells = [confusion_cells(f["label"], f["prediction"], labels) for f in frames]
    # All seeds' groups: a seed whose cell failed on one fold knows fewer.
    groups = np.unique(np.concatenate([frame["group"].astype(str) for frame in frames]))
    order = dict(zip(groups, range(len(groups)), strict=True))
    by_group = []
    for frame, places in zip(frames, cells, strict=True):
        by_group.append(count_by_group(places, frame["group"].map(order).to_numpy(), len(groups), n))
    total = np.mean([one.sum(axis=0) for one in by_group], axis=0).reshape(n, n)
    scores = {}
    for metric in dict.fromkeys(["macro_f1", "accuracy", *metrics]):
        values = [score(metric, one.sum(axis=0).reshape(n, n), labels) for one in by_group]
        known = [float(value) for value in values if value is not None]
        if known:
            scores[metric] = Value(float(np.mean(known)), *group_interval(by_group, metric, labels))
    return Row(name, len(frames), scores, _by_actor(frames, cells, labels, actors), total, timing)


def _by_actor(
    frames: Sequence[pd.DataFrame],
    cells: Sequence[np.ndarray],
    labels: tuple[str, ...],
    actors: tuple[str, ...],
) -> dict[str, float]:
    n = len(labels)
    found = {}
    for actor in actors:
        of_actor = [places[(frame["actor"] == actor).to_numpy()] for frame, places in zip(frames, cells, strict=True)]
        # Where a fold failed there is nothing to score: undefined, not 0.
        counts = [np.bincount(one, minlength=n * n).reshape(n, n).astype(float) for one in of_actor if len(one)]
        if counts:
            found[actor] = float(np.mean([score("macro_f1", one, labels) for one in counts]))
    return found
