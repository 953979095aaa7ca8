"""HashedLinear: the linear model of `FastStanceClassifier`, in 32 bits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model._base import LinearClassifierMixin
from sklearn.utils.validation import check_is_fitted

from stance.core.errors import InputError, show


class HashedLinear(LinearClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A linear model with 32-bit weights, one row a class.

    Parameters
    ----------
    estimator : scikit-learn linear classifier, optional
        What learns; without one the weights are given by `keep`.
    min_weight : float
        A column all of whose weights are nearer to 0 than this is forgotten.

    Attributes
    ----------
    coef_ : numpy.ndarray of float32, shape (n_classes, n_columns)
    intercept_ : numpy.ndarray of float32, shape (n_classes,)
    classes_ : numpy.ndarray, shape (n_classes,)
    """

    def __init__(self, estimator: BaseEstimator | None = None, min_weight: float = 0.0) -> None:
        self.estimator = estimator
        self.min_weight = min_weight

    def fit(self, X: Any, y: NDArray[Any], sample_weight: object = None) -> HashedLinear:  # noqa: ANN401
        """Learn from a matrix, shape (n_sentences, n_columns)."""
        learner = clone(self.estimator)
        used = np.unique(X.indices)  # most columns stay empty, and would only be carried along
        if not len(used):
            used = np.zeros(1, X.indices.dtype)  # scikit-learn wants a column; from an empty one nothing is learned
        learner.fit(X[:, used], y, **({} if sample_weight is None else {"sample_weight": sample_weight}))
        if not hasattr(learner, "coef_"):
            raise InputError(
                f"estimator is a {show(type(learner).__name__)}, which has no coef_; a linear one is wanted"
            )
        coef, intercept = np.zeros((len(learner.coef_), X.shape[1])), learner.intercept_
        coef[:, used] = learner.coef_
        if len(coef) == 1:  # of two classes scikit-learn keeps the second alone
            coef, intercept = np.vstack([-coef / 2, coef / 2]), np.array([-intercept[0] / 2, intercept[0] / 2])
        return self.keep(coef, intercept, learner.classes_)

    def keep(self, coef: NDArray[Any], intercept: NDArray[Any], classes: NDArray[Any]) -> HashedLinear:
        """Take over weights that were learned elsewhere."""
        self.coef_ = np.where(np.abs(coef).max(axis=0) >= self.min_weight, coef, 0).astype(np.float32)
        self.intercept_ = np.asarray(intercept, np.float32)
        self.classes_ = np.asarray(classes)
        return self

    def decision_function(self, X: Any) -> NDArray[np.float32]:  # noqa: ANN401 - sparse matrix
        """Return scores, shape (n_sentences, n_classes), or their difference (n_sentences,) for two classes."""
        check_is_fitted(self, "coef_")
        scores: NDArray[np.float32] = X @ self.coef_.T + self.intercept_
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores
