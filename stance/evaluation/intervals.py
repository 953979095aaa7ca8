"""Intervals: how far a score might move with other groups of sentences."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stance.core.errors import InputError, show
from stance.evaluation.metrics import BY_TARGET, score

N_RESAMPLES = 2000
LEVEL = 0.95
BATCH = 200


def count_by_group(
    cells: NDArray[np.int64], groups: NDArray[np.int64], n_groups: int, n_labels: int, n_targets: int = 1
) -> NDArray[np.float64]:
    """Count confusion cells per group, shape (n_groups, n_targets * n_labels ** 2).

    With several targets, target t's cells are numbered from ``t * n_labels ** 2``.
    """
    size = n_targets * n_labels * n_labels
    flat = np.bincount(groups * size + cells, minlength=n_groups * size)
    return flat.reshape(n_groups, size).astype(float)


def score_cells(metric: str, counts: NDArray[np.float64], labels: Sequence[str]) -> NDArray[np.float64] | None:
    """Score counted confusion cells, shape (..., n_targets * n_labels ** 2), as `score` does matrices.

    Examples
    --------
    >>> float(score_cells("accuracy", np.array([3.0, 1, 0, 0]), ["favor", "against"]))
    0.75
    """
    parts = (-1,) if metric in BY_TARGET else ()
    return score(metric, counts.reshape(*counts.shape[:-1], *parts, len(labels), len(labels)), labels)


def must_score(metric: str, counts: NDArray[np.float64], labels: Sequence[str]) -> NDArray[np.float64]:
    """Score confusion cells as `score_cells` does; raise InputError where the labels do not define the metric."""
    found = score_cells(metric, counts, labels)
    if found is None:
        raise InputError(f"{metric} is not defined for the labels {', '.join(map(show, labels))}")
    return found


def group_interval(
    counts: Sequence[NDArray[np.float64]], metric: str, labels: Sequence[str], seed: int = 0
) -> tuple[float, float]:
    """Return the 95 % percentile-bootstrap interval of a score, whole groups resampled.

    Sentences of one article or event rise and fall together; resampling groups keeps that. The score of
    a resample is computed from the sum of its groups' confusion matrices, so that 2,000 resamples cost
    one matrix product.

    Parameters
    ----------
    counts : sequence of numpy.ndarray, each shape (n_groups, n_labels ** 2)
        Confusion cells per group, one array a seed; the score is the mean over the seeds. For a metric by
        target, shape (n_groups, n_targets * n_labels ** 2).
    metric : str
        A metric that `stance.evaluation.metrics.score` knows and the labels define.
    labels : sequence of str
    seed : int
        Of the resampling alone.

    References
    ----------
    Field and Welsh 2007. Bootstrapping clustered data. JRSS-B 69(3).

    Examples
    --------
    >>> perfect = np.array([[1.0, 0, 0, 2], [0, 0, 0, 1], [3, 0, 0, 1]])
    >>> group_interval([perfect], "accuracy", ["favor", "against"])
    (1.0, 1.0)
    """
    return interval_of(resampled_scores(counts, metric, labels, seed))


def resampled_scores(
    counts: Sequence[NDArray[np.float64]], metric: str, labels: Sequence[str], seed: int = 0
) -> NDArray[np.float64]:
    """Return the score on each resample of the groups, shape (n_resamples,); parameters as for `group_interval`."""
    drawn = _draws(len(counts[0]), seed)
    values = []
    for start in range(0, N_RESAMPLES, BATCH):
        weights = drawn[start : start + BATCH].astype(float)
        values.append(np.mean([must_score(metric, weights @ one, labels) for one in counts], axis=0))
    return np.concatenate(values)


def interval_of(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return what the middle 95 % of some values lie between.

    Examples
    --------
    >>> interval_of(np.full(3, 0.5))
    (0.5, 0.5)
    """
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)


@functools.lru_cache(maxsize=4)
def _draws(n_groups: int, seed: int) -> NDArray[np.uint16]:
    """Return how often each resample draws each group, shape (n_resamples, n_groups).

    The same for every classifier and metric of one test, so that their intervals are comparable.
    """
    rng = np.random.default_rng(seed)
    chances = np.full(n_groups, 1 / n_groups)
    return np.stack([rng.multinomial(n_groups, chances).astype(np.uint16) for _ in range(N_RESAMPLES)])
