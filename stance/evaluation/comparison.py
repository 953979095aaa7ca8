"""Comparison: whether two classifiers differ on the same sentences by more than chance."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from stance.evaluation.intervals import BATCH, interval_of, must_score, resampled_scores

N_PERMUTATIONS = 1999
ALPHA = 0.05  # below it, a difference is called one
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Difference:
    """By how much a classifier's score is above another's.

    Attributes
    ----------
    value, low, high : float
        The difference and its 95 % interval, groups resampled, both classifiers on the same draws.
    p_value : float
        Of the paired test.
    """

    value: float
    low: float
    high: float
    p_value: float


def paired_difference(
    ours: Sequence[NDArray[np.float64]],
    base: Sequence[NDArray[np.float64]],
    metric: str,
    labels: Sequence[str],
    seed: int = 0,
) -> Difference:
    """Return by how much a score is above another's on the same sentences, and whether chance would do as much.

    If the two were equally good, it would be chance which of them gave which answers on a group of sentences that
    belong together. So the answers on each group are swapped or not, at random, 1,999 times; the p-value is the share
    of swaps, the real one included, after which the scores lie at least as far apart.

    Parameters
    ----------
    ours, base : sequence of numpy.ndarray, each shape (n_groups, n_labels ** 2)
        Confusion cells per group, one array a seed, as `stance.evaluation.intervals.count_by_group` counts them; the
        k-th seeds of the two are a pair, and one without seeds is the other half of each.
    metric : str
        One that is not by target.
    labels : sequence of str
    seed : int
        Of the resampling and the swaps.

    References
    ----------
    Yeh 2000. More accurate tests for the statistical significance of result differences. COLING.
    Phipson and Smyth 2010. Permutation p-values should never be zero. SAGMB 9(1).

    Examples
    --------
    >>> good, bad = np.tile([1.0, 0, 0, 1], (20, 1)), np.tile([0, 1.0, 1, 0], (20, 1))
    >>> paired_difference([good], [bad], "accuracy", ["favor", "against"])
    Difference(value=1.0, low=1.0, high=1.0, p_value=0.0005)
    """
    drawn = resampled_scores(ours, metric, labels, seed) - resampled_scores(base, metric, labels, seed)
    found, swapped = _apart(ours, base, metric, labels, seed)
    p_value = (1 + int((np.abs(swapped) >= abs(found) - _ROUNDING).sum())) / (1 + N_PERMUTATIONS)
    return Difference(found, *interval_of(drawn), p_value)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values of several tests, corrected for their number.

    References
    ----------
    Holm 1979. A simple sequentially rejective multiple test procedure. Scand. J. Statist. 6.

    Examples
    --------
    >>> holm([0.01, 0.5, 0.02])
    [0.03, 0.5, 0.04]
    """
    order = np.argsort(p_values, kind="stable")
    raised = np.asarray(p_values, float)[order] * np.arange(len(order), 0, -1)
    corrected = np.empty(len(order))
    corrected[order] = np.minimum(np.maximum.accumulate(raised), 1.0)
    return [float(value) for value in corrected]


def _apart(
    ours: Sequence[NDArray[np.float64]],
    base: Sequence[NDArray[np.float64]],
    metric: str,
    labels: Sequence[str],
    seed: int,
) -> tuple[float, NDArray[np.float64]]:
    """Return how far the mean scores are apart, and how far after each swap."""

    def apart(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        return must_score(metric, a, labels) - must_score(metric, b, labels)

    swaps = _swaps(len(ours[0]), seed)
    pairs = list(zip(ours, base, strict=True) if len(ours) == len(base) else product(ours, base))
    found = np.mean([apart(a.sum(axis=0), b.sum(axis=0)) for a, b in pairs])
    swapped = np.empty(len(swaps))
    for start in range(0, len(swaps), BATCH):
        batch = swaps[start : start + BATCH].astype(float)
        moved = [(a, b, batch @ (b - a)) for a, b in pairs]
        swapped[start : start + BATCH] = np.mean(
            [apart(a.sum(axis=0) + m, b.sum(axis=0) - m) for a, b, m in moved], axis=0
        )
    return float(found), swapped


@functools.lru_cache(maxsize=4)
def _swaps(n_groups: int, seed: int) -> NDArray[np.bool_]:
    """Return which groups each permutation swaps, shape (n_permutations, n_groups); the same for all pairs."""
    rng = np.random.default_rng(seed)
    return np.stack([rng.random(n_groups) < 0.5 for _ in range(N_PERMUTATIONS)])  # row by row: an eighth of the room
