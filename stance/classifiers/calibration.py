"""Calibration: from decision scores to probabilities that mean what they say."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import StratifiedGroupKFold

N_FOLDS = 3
FOLD_SEED = 0
LOG_TEMPERATURES = (-6.0, 6.0)
Scores = NDArray[np.float64]
Rows = NDArray[np.int64]


def held_out_scores(
    learner: BaseEstimator,
    matrix: Any,  # noqa: ANN401 - sparse matrix
    codes: NDArray[np.int64],
    groups: NDArray[np.int64],
    weights: NDArray[np.float64] | None = None,
) -> Scores | None:
    """Return each row's decision scores by a learner that was fitted without the row's group.

    Parameters
    ----------
    learner : scikit-learn classifier
        Unfitted, with ``decision_function``.
    matrix : sparse matrix, shape (n_sentences, n_features)
    codes : numpy.ndarray of int, shape (n_sentences,)
        The labels, numbered from 0 on.
    groups : numpy.ndarray of int, shape (n_sentences,)
        Rows of a group are held out together.
    weights : numpy.ndarray of float, shape (n_sentences,), optional

    Returns
    -------
    numpy.ndarray, shape (n_sentences, n_classes), or None
        None where a label stands in too few groups to be held out.
    """
    folds = held_out_folds(codes, groups)
    if folds is None:
        return None
    scores = np.zeros((len(codes), int(codes.max()) + 1))
    for train, test in folds:
        weighted = {} if weights is None else {"sample_weight": weights[train]}
        fitted = clone(learner).fit(matrix[train], codes[train], **weighted)
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


def find_temperature(scores: Scores, codes: NDArray[np.int64]) -> float:
    """Return what scores must be divided by for their softmax to be likeliest, given the labels.

    One number for all classes: it makes a classifier more or less sure and changes no label.

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
        return -float(logs[np.arange(len(codes)), codes].mean())

    return float(np.exp(minimize_scalar(loss, bounds=LOG_TEMPERATURES, method="bounded").x))


def probabilities(scores: Scores, temperature: float) -> Scores:
    """Return the softmax of scores at a temperature, shape (n_sentences, n_classes)."""
    found: Scores = softmax(as_columns(scores) / temperature, axis=1)
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
