"""Descent: a linear model learns from the rows of a matrix; what the compiled loop does, in NumPy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

# A gradient below it teaches nothing, and its square would be lost.
TINY: Final = np.float32(1e-12)


def learn_rows(  # noqa: PLR0913, PLR0917 - what the compiled loop takes
    ends: NDArray[Any],
    columns: NDArray[Any],
    values: NDArray[np.float32],
    order: NDArray[Any],
    codes: NDArray[np.int64],
    sentence_weights: NDArray[np.float32],
    rate: np.float32,
    weights: NDArray[np.float32],
    intercept: NDArray[np.float32],
) -> None:
    """Learn from rows of a matrix in an order, one after the other: AdaGrad on the logistic loss of all classes.

    Parameters
    ----------
    ends, columns, values : numpy.ndarray
        The matrix by rows, as scipy's ``indptr``, ``indices`` and ``data``; a column may stand in a row twice.
    order : numpy.ndarray of int
        The rows to learn from.
    codes : numpy.ndarray of int, shape (n_rows,)
        The class of each row.
    sentence_weights : numpy.ndarray of float32, shape (n_rows,)
    rate : float
        The length of a step.
    weights : numpy.ndarray of float32, shape (n_columns, n_weights)
        A column's weight for each class, zeros, and last the sum of its squared gradients; changed in place.
    intercept : numpy.ndarray of float32, shape (n_classes + 1,)
        The same of a column that every row has; changed in place.

    References
    ----------
    Duchi, Hazan and Singer 2011. Adaptive Subgradient Methods for Online Learning. JMLR 12.
    """
    n_classes = len(intercept) - 1
    for row in order:
        here = slice(ends[row], ends[row + 1])
        found, value = columns[here], values[here]
        scores = (value @ weights.take(found, axis=0))[:n_classes] + intercept[:n_classes]
        powers = np.exp(scores - scores.max())
        error = powers / powers.sum()
        error[codes[row]] -= 1
        error *= sentence_weights[row]
        square = error @ error
        if square < TINY:
            continue
        intercept[-1] += square
        intercept[:-1] -= rate / np.sqrt(intercept[-1]) * error
        for once in _turns(found):
            by, learned = value[once], weights.take(found[once], axis=0)
            learned[:, -1] += square * by * by
            learned[:, :n_classes] -= (rate * by / np.sqrt(learned[:, -1]))[:, None] * error
            weights[found[once]] = learned


def _turns(columns: NDArray[Any]) -> Iterator[slice | NDArray[np.intp]]:
    """Yield places where each column stands once at most: what stands in a row twice takes two steps."""
    if (columns[1:] > columns[:-1]).all():
        yield slice(None)
        return
    left = np.arange(len(columns))
    while len(left):
        _, first = np.unique(columns[left], return_index=True)
        yield left[first]
        left = np.delete(left, first)
