"""Confidence: whether a probability means what it says, and what abstaining where it is low would buy."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stance.core.errors import InputError

N_BINS = 10


def expected_calibration_error(hits: ArrayLike, confidences: ArrayLike, n_bins: int = N_BINS) -> float:
    """Return how far confidence and accuracy lie apart, on average over sentences.

    Sentences are put into `n_bins` bins of equal width by the probability of their predicted label; the
    distance between a bin's mean probability and its share of right labels is weighted by its size.

    Parameters
    ----------
    hits : array-like of bool, shape (n_sentences,)
        Whether each predicted label is right.
    confidences : array-like of float in [0, 1], shape (n_sentences,)
        The probability that the classifier gives its predicted label.
    n_bins : int

    Returns
    -------
    float in [0, 1]
        0 is perfect. On few sentences it is above 0 by chance alone.

    Raises
    ------
    InputError
        If the two are not of one length above 0, or a confidence is no probability.

    References
    ----------
    Guo, Pleiss, Sun and Weinberger 2017. On Calibration of Modern Neural Networks. ICML.

    Examples
    --------
    >>> expected_calibration_error([True, True, False, False], [0.75, 0.75, 0.75, 0.75])
    0.25
    """
    right, sure = _read(hits, confidences)
    bins = np.clip(np.ceil(sure * n_bins).astype(int) - 1, 0, n_bins - 1)
    gaps = np.bincount(bins, weights=right - sure, minlength=n_bins)
    return float(np.abs(gaps).sum() / len(sure))


def accuracy_at(coverage: float, hits: ArrayLike, confidences: ArrayLike) -> float:
    """Return the accuracy on the share of sentences that the classifier is surest of.

    What a user gets who lets the classifier abstain on the rest (selective prediction). Sentences as
    sure as the last one that is kept count with their mean, so that their order does not matter.

    References
    ----------
    El-Yaniv and Wiener 2010. On the Foundations of Noise-free Selective Classification. JMLR.

    Examples
    --------
    >>> accuracy_at(0.5, [True, True, False, False], [0.9, 0.8, 0.7, 0.6])
    1.0
    """
    right, sure = _read(hits, confidences)
    if not 0 < coverage <= 1:
        raise InputError(f"coverage is {coverage}, not above 0 and at most 1")
    kept = max(1, int(np.ceil(coverage * len(sure) - 1e-9)))
    last = np.sort(sure)[::-1][kept - 1]
    surer, tied = sure > last, sure == last
    return float((right[surer].sum() + (kept - surer.sum()) * right[tied].mean()) / kept)


def _read(hits: ArrayLike, confidences: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    right, sure = np.asarray(hits, dtype=float), np.asarray(confidences, dtype=float)
    if right.shape != sure.shape or right.ndim != 1 or not right.size:
        raise InputError(
            f"hits has shape {right.shape}, confidences {sure.shape}; two of one length above 0 are wanted"
        )
    if not (np.isfinite(sure).all() and (sure >= 0).all() and (sure <= 1 + 1e-6).all()):
        raise InputError("confidences must be probabilities, from 0 to 1")
    return right, sure
