"""Leaderboard: one row a classifier, from the predictions on disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from stance.core.records import Cell, Timing
from stance.evaluation.comparison import Difference, holm, paired_difference
from stance.evaluation.confidence import accuracy_at, expected_calibration_error
from stance.evaluation.intervals import count_by_group, group_interval, score_cells
from stance.evaluation.metrics import BY_TARGET, confusion_cells, score
from stance.evaluation.timing import per_second
from stance.running.results import Results

ALL_TARGETS = "all targets"
COVERAGES = (1.0, 0.8, 0.6, 0.4)  # shares of the sentences, the surest first
# Protocols whose folds are parts of one test.
POOLED = ("grouped-kfold", "leave-one-actor-out", "leave-one-target-out")


@dataclass(frozen=True)
class Value:
    """A score with its 95 % interval, groups resampled."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Confidence:
    """What the probabilities of a classifier are worth; means over the seeds.

    Attributes
    ----------
    calibration_error : float
        `stance.evaluation.confidence.expected_calibration_error`.
    accuracy_at : dict of float to float
        Accuracy on the surest share of the sentences, by that share.
    """

    calibration_error: float
    accuracy_at: dict[float, float]


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
    confidence : Confidence or None
        None for a classifier without probabilities.
    counts : tuple of numpy.ndarray, each shape (n_groups, n_labels ** 2)
        Confusion cells per group, one array a seed.
    behind : Difference or None
        Its macro-F1 less the first row's, the p-value corrected for the number of rows (Holm); None for the first, and
        for one that was not scored on all sentences.
    """

    classifier: str
    seeds: int
    scores: dict[str, Value]
    by_actor: dict[str, float]
    confusion: np.ndarray
    timing: Timing | None
    confidence: Confidence | None = None
    counts: tuple[np.ndarray, ...] = ()
    behind: Difference | None = None

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
        `test` is the test's name, ``all folds``, or ``all targets`` where each has a model of its own.
    labels, actors : tuple of str
    n_sentences, n_groups : int
        Of the test.
    actor_sentences : dict of str to int
        Test sentences filed under each actor.
    rows : tuple of Row
        Best macro-F1 first.
    notes : tuple of str
        What the run found out about this split.
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
    notes: tuple[str, ...] = field(default=())

    @property
    def title(self) -> str:
        """Return ``corpus · scheme · protocol · test``."""
        return " · ".join((self.corpus, self.scheme, self.protocol, self.test))


def make_boards(results: Results) -> list[Board]:
    """Return the tables of a run, in the order in which it was planned."""
    grouped: dict[tuple[str, str, str, str], list[Cell]] = {}
    for cell in results.cells:
        for test in _tests(results, cell):
            grouped.setdefault((cell.corpus, cell.scheme, cell.protocol, test), []).append(cell)
    # The targets together are a board of their own only where there are several.
    several = [place for place, cells in grouped.items() if place[3] != ALL_TARGETS or len({c.fold for c in cells}) > 1]
    return [_board(results, *place, grouped[place]) for place in several]


def _tests(results: Results, cell: Cell) -> list[str]:
    """Return the boards that a cell is part of."""
    if cell.protocol in POOLED:
        return ["all folds"]
    return [ALL_TARGETS, cell.fold] if _per_target(results, cell) else [cell.fold]


def _per_target(results: Results, cell: Cell) -> bool:
    official = cell.protocol in ("official", "official-clean")
    return official and results.corpus(cell.corpus, cell.scheme).get("train_per") == "target"


def _notes(results: Results, cells: Sequence[Cell], test: str) -> Iterator[str]:
    folds = {(cell.corpus, cell.scheme, cell.protocol, cell.fold) for cell in cells}
    found = [one for one in results.leaks if tuple(one[k] for k in ("corpus", "scheme", "protocol", "fold")) in folds]
    leaked, sentences = (sum(one[key] for one in found) for key in ("leaked", "sentences"))
    if leaked:
        yield f"leaky split: {leaked:,} of {sentences:,} test sentences stand in train."
    if _per_target(results, cells[0]):
        yield "One model a target, trained on that target's sentences alone."
    if test == ALL_TARGETS:
        yield "F-avg: on the test sentences of all targets pooled; F-avg by target: the mean of the targets' F-avg."


def _board(results: Results, corpus: str, scheme: str, protocol: str, test: str, cells: list[Cell]) -> Board:
    labels = results.scheme(corpus, scheme).labels
    metrics = [metric for metric in results.metrics_of(corpus, scheme) if metric not in BY_TARGET]
    metrics += BY_TARGET if test == ALL_TARGETS else ()
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
    rows = [_row(name, frames, labels, actors, metrics, timings.get(name)) for name, frames in pooled.items()]
    rows.sort(key=lambda row: -row.scores["macro_f1"].value)
    rows = _compare(rows, labels, len(example))
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
        notes=tuple(_notes(results, cells, test)),
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
    by_group = _count(frames, cells, n)
    total = np.mean([one.sum(axis=0) for one in by_group], axis=0).reshape(n, n)
    scores = {}
    for metric in dict.fromkeys(["macro_f1", "accuracy", *metrics]):
        counts = _count(frames, cells, n, by_target=True) if metric in BY_TARGET else by_group
        values = [score_cells(metric, one.sum(axis=0), labels) for one in counts]
        known = [float(value) for value in values if value is not None]
        if known:
            scores[metric] = Value(float(np.mean(known)), *group_interval(counts, metric, labels))
    by_actor = _by_actor(frames, cells, labels, actors)
    return Row(name, len(frames), scores, by_actor, total, timing, _confidence(frames, labels), tuple(by_group))


def _compare(rows: list[Row], labels: tuple[str, ...], n_sentences: int) -> list[Row]:
    """Return the rows, each with how far it is behind the first."""
    whole = [i for i, row in enumerate(rows) if all(one.sum() == n_sentences for one in row.counts)]
    if not whole or whole[0] != 0:
        return rows
    behind = [paired_difference(rows[i].counts, rows[0].counts, "macro_f1", labels) for i in whole[1:]]
    corrected = holm([one.p_value for one in behind])
    found = {i: replace(one, p_value=p) for i, one, p in zip(whole[1:], behind, corrected, strict=True)}
    return [replace(row, behind=found.get(i)) for i, row in enumerate(rows)]


def _confidence(frames: Sequence[pd.DataFrame], labels: tuple[str, ...]) -> Confidence | None:
    columns = [f"probability_{label}" for label in labels]
    errors, kept = [], []
    for frame in frames:
        if not len(frame) or not set(columns) & set(frame.columns):
            return None
        # A label that the training data lacks has no probability.
        table = frame.reindex(columns=columns, fill_value=0.0).fillna(0.0).to_numpy()
        said = frame["prediction"].map({label: i for i, label in enumerate(labels)}).to_numpy()
        sure = table[np.arange(len(frame)), said]
        hits = (frame["label"] == frame["prediction"]).to_numpy()
        errors.append(expected_calibration_error(hits, sure))
        kept.append([accuracy_at(share, hits, sure) for share in COVERAGES])
    means = np.mean(kept, axis=0)
    return Confidence(float(np.mean(errors)), {c: float(m) for c, m in zip(COVERAGES, means, strict=True)})


def _count(
    frames: Sequence[pd.DataFrame], cells: Sequence[np.ndarray], n_labels: int, *, by_target: bool = False
) -> list[np.ndarray]:
    """Count confusion cells per group, one array a seed; with `by_target`, those of each target apart."""
    groups, targets = (_numbered(frames, "group"), _numbered(frames, "target") if by_target else {})
    counts = []
    for frame, places in zip(frames, cells, strict=True):
        of_target = np.asarray(frame["target"].map(targets) if by_target else np.zeros(len(frame)), np.int64)
        drawn = np.asarray(frame["group"].map(groups), np.int64)
        counts.append(
            count_by_group(places + of_target * n_labels * n_labels, drawn, len(groups), n_labels, max(1, len(targets)))
        )
    return counts


def _numbered(frames: Sequence[pd.DataFrame], column: str) -> dict[str, int]:
    # Those of all seeds: a seed whose cell failed on one fold knows fewer.
    values = np.unique(np.concatenate([frame[column].astype(str) for frame in frames]))
    return dict(zip(values, range(len(values)), strict=True))


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
