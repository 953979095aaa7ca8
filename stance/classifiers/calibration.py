"""Calibration: from decision scores to probabilities that mean what they say."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import StratifiedGroupKFold

N_FOLDS = 3
FOLD_SEED = 0
LOG_TEMPERATURES = (-6.0, 6.0)
MULTIPLES: Final = (0.5, 1.0, 2.0)
LEAST_PROBABILITY: Final = 1e-12
Scores = NDArray[np.float64]
Rows = NDArray[np.int64]


class Calibration(NamedTuple):
    """How decision scores become probabilities: a mean of softmaxes, at half a temperature, at it and at twice it.

    One temperature makes all answers surer, or all less sure. A classifier whose rare classes count as much as common
    ones is too sure of some answers and not sure enough of others; the mean is honest about both. The likeliest label
    is that of the highest score.

    Attributes
    ----------
    temperature : float
        Above 0.
    shares : numpy.ndarray of float, shape (3,)
        The weights in the mean, of `MULTIPLES` of the temperature; they add up to 1.

    References
    ----------
    Zhang, Kailkhura and Han 2020. Mix-n-Match: Ensemble and Compositional Methods for Uncertainty Calibration in Deep
    Learning. ICML. (The mean there has a softmax at temperature 1 and a uniform distribution beside the one.)
    """

    temperature: float
    shares: NDArray[np.float64]


def uncalibrated() -> Calibration:
    """Return the softmax of the scores as they are."""
    return Calibration(1.0, np.array([0.0, 1.0, 0.0]))


def calibrate(scores: Scores, codes: NDArray[np.int64], weights: NDArray[np.float64] | None = None) -> Calibration:
    """Return a calibration that makes held-out labels likely: the likeliest temperature, then the likeliest shares.

    Parameters
    ----------
    scores : numpy.ndarray of float, shape (n_sentences, n_classes) or (n_sentences,)
        Decision scores of sentences that were not learned.
    codes : numpy.ndarray of int, shape (n_sentences,)
        Their labels, numbered from 0 on.
    weights : numpy.ndarray of float, shape (n_sentences,), optional
        How much each counts.

    Examples
    --------
    >>> scores = np.array([[9.0, 0.0]] * 4)
    >>> found = calibrate(scores, np.array([0, 0, 0, 1]))  # sure of what it gets right three times of four
    >>> round(float(probabilities(scores, *found)[0, 0]), 2)
    0.75
    """
    columns = as_columns(scores)
    temperature = find_temperature(columns, codes, weights)
    return Calibration(temperature, _find_shares(columns, codes, weights, temperature))


def held_out_scores(
    learner: BaseEstimator,
    matrix: Any,  # noqa: ANN401 - sparse matrix
    labels: NDArray[Any],
    groups: NDArray[np.int64],
    weights: NDArray[np.float64] | None = None,
) -> Scores | None:
    """Return each row's decision scores by a learner that was fitted without the row's group.

    Parameters
    ----------
    learner : scikit-learn classifier
        Unfitted, with ``decision_function``.
    matrix : sparse matrix, shape (n_sentences, n_features)
    labels : numpy.ndarray, shape (n_sentences,)
    groups : numpy.ndarray of int, shape (n_sentences,)
        Rows of a group are held out together.
    weights : numpy.ndarray of float, shape (n_sentences,), optional

    Returns
    -------
    numpy.ndarray, shape (n_sentences, n_classes), or None
        The classes sorted; None where a label stands in too few groups to be held out.
    """
    classes, codes = np.unique(labels, return_inverse=True)
    folds = held_out_folds(codes, groups)
    if folds is None:
        return None
    scores = np.zeros((len(codes), len(classes)))
    for train, test in folds:
        weighted = {} if weights is None else {"sample_weight": weights[train]}
        fitted = clone(learner).fit(matrix[train], labels[train], **weighted)
        scores[test] = as_columns(fitted.decision_function(matrix[test]))
    return scores


def held_out_folds(codes: NDArray[np.int64], groups: NDArray[np.int64]) -> list[tuple[Rows, Rows]] | None:
    """Return the rows to learn from and those held out, three times; None where a label stands in too few groups."""
    n_classes = int(codes.max()) + 1
    fewest = min(len(np.unique(groups[codes == code])) for code in range(n_classes))
    if fewest < N_FOLDS:
        return None
    folds = list(StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=FOLD_SEED).split(codes, codes, groups))
    return folds if all(len(np.unique(codes[train])) == n_classes for train, _ in folds) else None


def find_temperature(scores: Scores, codes: NDArray[np.int64], weights: NDArray[np.float64] | None = None) -> float:
    """Return what scores must be divided by for their softmax to be likeliest, given the labels.

    One number for all classes: it makes a classifier more or less sure.

    References
    ----------
    Guo, Pleiss, Sun and Weinberger 2017. On Calibration of Modern Neural Networks. ICML.

    Examples
    --------
    >>> scores = np.array([[2.0, 0.0], [2.0, 0.0], [2.0, 0.0], [0.0, 2.0]])
    >>> right = find_temperature(scores, np.array([0, 0, 0, 0]))  # three of four: three times as likely
    >>> round(float(softmax(scores[0] / right)[0]), 3)
    0.75
    """

    def loss(log_temperature: float) -> float:
        logs = log_softmax(scores / np.exp(log_temperature), axis=1)
        return -float(np.average(logs[np.arange(len(codes)), codes], weights=weights))

    return float(np.exp(minimize_scalar(loss, bounds=LOG_TEMPERATURES, method="bounded").x))


def _find_shares(
    scores: Scores, codes: NDArray[np.int64], weights: NDArray[np.float64] | None, temperature: float
) -> NDArray[np.float64]:
    rows = np.arange(len(codes))
    each = np.stack([softmax(scores / (temperature * one), axis=1)[rows, codes] for one in MULTIPLES], axis=1)
    each = np.maximum(each, LEAST_PROBABILITY)

    def loss(shares: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        mixed = np.maximum(each @ shares, LEAST_PROBABILITY)
        slopes = np.average(each / mixed[:, None], axis=0, weights=weights)
        return -float(np.average(np.log(mixed), weights=weights)), -slopes

    # A concave likelihood over a triangle: one optimum.
    found = minimize(
        loss,
        uncalibrated().shares * 0.7 + 0.1,
        jac=True,
        method="SLSQP",
        bounds=[(0, 1)] * len(MULTIPLES),
        constraints={"type": "eq", "fun": lambda shares: shares.sum() - 1, "jac": np.ones_like},
        options={"ftol": 1e-9},
    )
    shares: NDArray[np.float64] = np.clip(found.x, 0, 1)
    shares /= shares.sum()
    return shares


def probabilities(scores: Scores, temperature: float, shares: NDArray[np.float64]) -> Scores:
    """Return the probabilities of a `Calibration`, shape (n_sentences, n_classes)."""
    columns = as_columns(scores)
    found: Scores = np.zeros_like(columns)
    for multiple, share in zip(MULTIPLES, shares, strict=True):
        if share > 0:
            found += share * softmax(columns / (temperature * multiple), axis=1)
    return found


def as_columns(scores: Scores) -> Scores:
    """Return decision scores with a column for each class; of two classes scikit-learn gives but one.

    Examples
    --------
    >>> as_columns(np.array([1.0, -2.0]))
    array([[-0.5,  0.5],
           [ 1. , -1. ]])
    """
    return np.column_stack([-scores / 2, scores / 2]) if scores.ndim == 1 else scores
