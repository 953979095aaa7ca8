"""Metrics: named as the literature means them, each computed from confusion matrices."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stance.core.errors import InputError, unknown
from stance.core.schemes import STANCE, check_labels

Confusion = NDArray[np.float64]


def confusion(y_true: ArrayLike, y_pred: ArrayLike, labels: Sequence[str]) -> Confusion:
    """Count pairs of gold and predicted labels.

    Parameters
    ----------
    y_true, y_pred : array-like of str, shape (n_sentences,)
        Any label outside of `labels` is an InputError.
    labels : sequence of str
        The declared labels, in the order of rows (gold) and columns (predicted).

    Returns
    -------
    numpy.ndarray, shape (n_labels, n_labels)

    Examples
    --------
    >>> confusion(["favor", "none"], ["favor", "favor"], ["favor", "none"])
    array([[1., 0.],
           [1., 0.]])
    """
    cells = confusion_cells(y_true, y_pred, labels)
    n = len(labels)
    return np.bincount(cells, minlength=n * n).reshape(n, n).astype(float)


def confusion_cells(y_true: ArrayLike, y_pred: ArrayLike, labels: Sequence[str]) -> NDArray[np.int64]:
    """Return, for each sentence, which cell of the flattened confusion matrix it falls into."""
    gold, said = np.asarray(y_true, dtype=object), np.asarray(y_pred, dtype=object)
    if gold.shape != said.shape or gold.ndim != 1:
        shapes = f"y_true has shape {gold.shape}, y_pred {said.shape}"
        raise InputError(f"{shapes}; two sequences of one length are wanted")
    check_labels(gold, labels)
    check_labels(said, labels)
    place, n = {label: i for i, label in enumerate(labels)}, len(labels)
    return np.array([place[g] * n + place[s] for g, s in zip(gold, said, strict=True)], dtype=np.int64)


def f1_by_label(counts: Confusion) -> Confusion:
    """Return the F1 of each label from confusion matrices, shape (..., n_labels); 0 where undefined.

    F1 = 2 TP / (gold + predicted); a label that is neither in the gold nor predicted counts 0, as
    scikit-learn does with ``zero_division=0``.

    Examples
    --------
    >>> f1_by_label(np.array([[1.0, 0.0], [1.0, 0.0]]))
    array([0.66666667, 0.        ])
    """
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    total = counts.sum(axis=-1) + counts.sum(axis=-2)
    f1: Confusion = np.divide(2 * hits, total, out=np.zeros_like(hits, dtype=float), where=total > 0)
    return f1


def macro_f1(y_true: ArrayLike, y_pred: ArrayLike, labels: Sequence[str]) -> float:
    """Average the F1 of all declared labels.

    Examples
    --------
    >>> macro_f1(["favor", "against", "none"], ["favor", "none", "none"], ["favor", "against", "none"])
    0.5555555555555555
    """
    return float(f1_by_label(confusion(y_true, y_pred, labels)).mean())


def f_avg(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Average the F1 of ``favor`` and of ``against``: the SemEval-2016 stance score.

    Parameters
    ----------
    y_true, y_pred : array-like of str, shape (n_sentences,)
        Labels of the stance scheme, all targets pooled. Any other label is an InputError.

    References
    ----------
    Mohammad et al. 2016. SemEval-2016 Task 6: Detecting Stance in Tweets.

    Examples
    --------
    >>> f_avg(["favor", "against", "none"], ["favor", "none", "favor"])
    0.3333333333333333
    """
    # `none` is left out of the average only: predicting `favor` on it still costs precision.
    return float(_f_avg(confusion(y_true, y_pred, STANCE.labels), STANCE.labels))


def f_avg_by_target(y_true: ArrayLike, y_pred: ArrayLike, targets: ArrayLike) -> float:
    """Average `f_avg` over the targets, each counting the same: the P-Stance score.

    Examples
    --------
    >>> f_avg_by_target(["favor", "against"], ["favor", "favor"], ["trump", "biden"])
    0.25
    """
    gold, said = np.asarray(y_true, dtype=object), np.asarray(y_pred, dtype=object)
    of = np.asarray(targets, dtype=object).astype(str)
    if not gold.shape == said.shape == of.shape or not gold.size:
        shapes = f"y_true has shape {gold.shape}, y_pred {said.shape}, targets {of.shape}"
        raise InputError(f"{shapes}; three of one length above 0 are wanted")
    return float(np.mean([f_avg(gold[of == target], said[of == target]) for target in np.unique(of)]))


def accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Return the share of sentences whose label is right.

    Examples
    --------
    >>> accuracy(["favor", "none"], ["favor", "favor"])
    0.5
    """
    gold, said = np.asarray(y_true, dtype=object), np.asarray(y_pred, dtype=object)
    if gold.shape != said.shape or not gold.size:
        shapes = f"y_true has shape {gold.shape}, y_pred {said.shape}"
        raise InputError(f"{shapes}; two of one length above 0 are wanted")
    return float((gold == said).mean())


def score(metric: str, counts: Confusion, labels: Sequence[str]) -> Confusion | None:
    """Score confusion matrices, or return None where the scheme does not define the metric.

    Parameters
    ----------
    metric : {"macro_f1", "micro_f1", "f_avg", "f_avg_by_target", "accuracy"}
    counts : numpy.ndarray, shape (..., n_labels, n_labels)
        For a metric of `BY_TARGET`, shape (..., n_targets, n_labels, n_labels).
    labels : sequence of str
        The declared labels.

    Returns
    -------
    numpy.ndarray, shape (...), or None
    """
    if metric not in METRICS:
        raise unknown("metric", metric, METRICS)
    if metric in ("f_avg", "f_avg_by_target") and not {"favor", "against"} <= set(labels):
        return None
    return METRICS[metric](counts, labels)


def _macro_f1(counts: Confusion, labels: Sequence[str]) -> Confusion:
    means: Confusion = f1_by_label(counts).mean(axis=-1)
    return means


def _f_avg(counts: Confusion, labels: Sequence[str]) -> Confusion:
    of_two = [list(labels).index(label) for label in ("favor", "against")]
    means: Confusion = f1_by_label(counts)[..., of_two].mean(axis=-1)
    return means


def _f_avg_by_target(counts: Confusion, labels: Sequence[str]) -> Confusion:
    held = counts.sum(axis=(-2, -1)) > 0  # a resample may have drawn no sentence of a target
    means: Confusion = (_f_avg(counts, labels) * held).sum(axis=-1) / np.maximum(1, held.sum(axis=-1))
    return means


def _accuracy(counts: Confusion, labels: Sequence[str]) -> Confusion:
    hits = np.trace(counts, axis1=-2, axis2=-1)
    total = counts.sum(axis=(-2, -1))
    nothing = np.full_like(np.asarray(hits, dtype=float), np.nan)
    share: Confusion = np.divide(hits, total, out=nothing, where=total > 0)
    return share


# Every sentence has one gold and one predicted label, so micro-averaged F1 over all labels is accuracy.
METRICS: dict[str, Callable[[Confusion, Sequence[str]], Confusion]] = {
    "macro_f1": _macro_f1,
    "micro_f1": _accuracy,
    "f_avg": _f_avg,
    "f_avg_by_target": _f_avg_by_target,
    "accuracy": _accuracy,
}
BY_TARGET = ("f_avg_by_target",)  # need a confusion matrix for each target
