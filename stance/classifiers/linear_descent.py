"""LinearDescent: a linear classifier of many sparse features, learned in seconds where an optimum takes minutes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.special import softmax
from sklearn.base import BaseEstimator
from sklearn.linear_model._base import LinearClassifierMixin
from sklearn.utils.class_weight import compute_sample_weight

from stance.classifiers.descent import Descent
from stance.core.errors import InputError, show

ROWS_A_BATCH = 1024
MIN_EPOCHS, MAX_EPOCHS = 10, 100
ROWS_SEEN = 6000  # at least, repetitions included


class LinearDescent(LinearClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Learn the logistic loss of all classes by averaged AdaGrad; the classes weigh alike.

    Stopping after a few epochs does what a penalty does, in a tenth of the time.

    Parameters
    ----------
    epochs : int, optional
        How often the rows are gone through; by default ten times, more often where they are fewer than 600.
    learning_rate : float
        The length of the steps.
    stretch : bool
        Take longer steps along columns that tell the classes apart (`measure_columns`).

    Attributes
    ----------
    coef_ : numpy.ndarray of float, shape (n_classes, n_features), or (1, n_features) for two classes
    intercept_ : numpy.ndarray of float, shape (n_classes,) or (1,)
    classes_ : numpy.ndarray, shape (n_classes,)

    References
    ----------
    Duchi, Hazan and Singer 2011. Adaptive Subgradient Methods for Online Learning. JMLR 12.

    Wang and Manning 2012. Baselines and Bigrams: Simple, Good Sentiment and Topic Classification. ACL. (There each
    column is as long as naive Bayes finds it telling.)

    Examples
    --------
    >>> LinearDescent().fit(csr_matrix([[1.0, 0.0], [0.0, 1.0]]), ["a", "b"]).predict(csr_matrix([[0.0, 2.0]]))
    array(['b'], dtype='<U1')
    """

    def __init__(self, epochs: int | None = None, learning_rate: float = 0.02, stretch: bool = False) -> None:
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.stretch = stretch

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> LinearDescent:  # noqa: ANN401
        """Learn from a matrix, shape (n_rows, n_features), and labels, shape (n_rows,).

        Raises
        ------
        InputError
            If there is one class only, or a parameter is not above 0.
        """
        check_steps(MIN_EPOCHS if self.epochs is None else self.epochs, self.learning_rate)
        codes, classes = pd.factorize(np.asarray(y), sort=True)
        if len(classes) < 2:
            raise InputError("y holds one class only; at least two are needed to learn")
        balanced = weigh_classes_alike(codes, sample_weight)
        matrix = csr_matrix(X, dtype=np.float32)
        lengths = measure_columns(matrix, codes, balanced) if self.stretch else None
        if lengths is not None:
            matrix = matrix.multiply(lengths).tocsr()
        descent = Descent(matrix.shape[1], len(classes), self.learning_rate)
        batches = [matrix[start : start + ROWS_A_BATCH] for start in range(0, matrix.shape[0], ROWS_A_BATCH)]
        descent.run(batches, codes, balanced, self.epochs or count_epochs(len(codes)))
        coef, intercept = (part.astype(float) for part in descent.average())
        if lengths is not None:
            coef *= lengths
        if len(classes) == 2:  # as scikit-learn has it: the second against the first
            coef, intercept = coef[1:] - coef[:1], intercept[1:] - intercept[:1]
        self.coef_: NDArray[np.float64] = coef
        self.intercept_: NDArray[np.float64] = intercept
        self.classes_ = classes
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:  # noqa: ANN401
        """Return probabilities, shape (n_rows, n_classes)."""
        scores = self.decision_function(X)
        if scores.ndim == 1:
            scores = np.column_stack([np.zeros(len(scores)), scores])
        shares: NDArray[np.float64] = softmax(scores, axis=1)
        return shares


def weigh_classes_alike(codes: NDArray[np.int64], weights: Any = None) -> NDArray[np.float64]:  # noqa: ANN401
    """Return the weight of each row, shape (n_rows,): each class counts alike, and only ratios of `weights` matter.

    Examples
    --------
    >>> weigh_classes_alike(np.array([0, 0, 1]), [9, 9, 9])
    array([0.75, 0.75, 1.5 ])
    """
    balanced: NDArray[np.float64] = compute_sample_weight("balanced", codes)
    return balanced if weights is None else balanced * (np.asarray(weights, float) / np.mean(weights))


def measure_columns(matrix: csr_matrix, codes: NDArray[np.int64], weights: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return how long each column is to be made, shape (n_columns,): the root of how well it tells one class.

    That is how far its mean in a class lies from the mean of all classes, in units of its root mean square: much the
    same as its correlation with the class. The mean square of the lengths is 1.

    Examples
    --------
    >>> matrix = csr_matrix([[1.0, 1.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])  # the first says nothing
    >>> measure_columns(matrix, np.array([0, 0, 1, 1]), np.ones(4)).round(2)
    array([0.  , 1.41], dtype=float32)
    """
    of_class = np.where(codes[:, None] == np.arange(codes.max() + 1), weights[:, None], 0.0)
    means = (matrix.T @ of_class) / np.maximum(of_class.sum(axis=0), np.finfo(float).tiny)
    squares = matrix.power(2).T @ weights / weights.sum()
    farthest = np.abs(means - means.mean(axis=1, keepdims=True)).max(axis=1)
    told = np.sqrt(farthest / np.sqrt(np.maximum(squares, np.finfo(float).tiny)))
    length = np.sqrt(np.mean(told**2))
    lengths: NDArray[np.float32] = (told / length if length else np.ones_like(told)).astype(np.float32)
    return lengths


def count_epochs(n_rows: int) -> int:
    """Return how often rows are gone through by default.

    Examples
    --------
    >>> count_epochs(8000), count_epochs(200), count_epochs(4)
    (10, 30, 100)
    """
    return min(max(MIN_EPOCHS, ROWS_SEEN // n_rows), MAX_EPOCHS)


def check_steps(epochs: object, learning_rate: object) -> None:
    """Raise InputError unless there is an epoch or more, and the steps have a length.

    Examples
    --------
    >>> check_steps(0, 0.1)
    Traceback (most recent call last):
        ...
    stance.core.errors.InputError: epochs is 0; a whole number from 1 on is wanted
    """
    if isinstance(epochs, bool) or not isinstance(epochs, (int, np.integer)) or epochs < 1:
        raise InputError(f"epochs is {show(repr(epochs))}; a whole number from 1 on is wanted")
    if isinstance(learning_rate, bool) or not isinstance(learning_rate, (int, float)) or not 0 < learning_rate < np.inf:
        raise InputError(f"learning_rate is {show(repr(learning_rate))}; a number above 0 is wanted")
