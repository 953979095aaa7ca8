"""Baselines: what scikit-learn does with the plain text, blind to holder and target."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import ComplementNB
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.svm import LinearSVC

from stance.classifiers.base import TextClassifier
from stance.text.ngrams import Ngrams

NgramRange = tuple[int, int]


class _PlainText(TextClassifier):
    """Base of the learners on TF-IDF n-grams of the plain text."""

    word_ngrams: NgramRange
    char_ngrams: NgramRange | None

    def make_ngrams(self) -> BaseEstimator:
        """Return TF-IDF of words and, where asked for, of characters within words."""
        shortest, longest = self.word_ngrams
        words = Ngrams(ngram_range=(shortest, longest), min_df=1)
        if self.char_ngrams is None:
            return words
        shortest, longest = self.char_ngrams
        chars = Ngrams(analyzer="char_wb", ngram_range=(shortest, longest), min_df=2)
        return FeatureUnion([("words", words), ("chars", chars)])


class ComplementNaiveBayes(_PlainText):
    """Complement naive Bayes on TF-IDF n-grams (Rennie et al. 2003).

    Parameters
    ----------
    scheme : {"stance", "sentiment", "directed"}
    word_ngrams, char_ngrams : (int, int)
        Shortest and longest n-gram; ``char_ngrams=None`` uses words alone.
    alpha : float
        Additive smoothing.
    """

    def __init__(
        self,
        scheme: str = "stance",
        word_ngrams: NgramRange = (1, 2),
        char_ngrams: NgramRange | None = None,
        alpha: float = 1.0,
    ) -> None:
        self.scheme = scheme
        self.word_ngrams = word_ngrams
        self.char_ngrams = char_ngrams
        self.alpha = alpha

    def make_learner(self) -> BaseEstimator:
        """Return scikit-learn's ComplementNB."""
        return ComplementNB(alpha=self.alpha)


class LogisticRegressionClassifier(_PlainText):
    """Multinomial logistic regression on TF-IDF n-grams.

    Parameters
    ----------
    scheme : {"stance", "sentiment", "directed"}
    word_ngrams, char_ngrams : (int, int)
        Shortest and longest n-gram; ``char_ngrams=None`` uses words alone.
    C : float
        Inverse strength of the regularisation.
    class_weight : {"balanced"} or None
    """

    def __init__(
        self,
        scheme: str = "stance",
        word_ngrams: NgramRange = (1, 2),
        char_ngrams: NgramRange | None = None,
        C: float = 10.0,
        class_weight: str | None = None,
    ) -> None:
        self.scheme = scheme
        self.word_ngrams = word_ngrams
        self.char_ngrams = char_ngrams
        self.C = C
        self.class_weight = class_weight

    def make_learner(self) -> BaseEstimator:
        """Return scikit-learn's LogisticRegression."""
        return LogisticRegression(C=self.C, class_weight=self.class_weight, max_iter=1000)


class LinearSVMClassifier(_PlainText):
    """Linear support vector machine on TF-IDF n-grams: the baseline that is hard to beat.

    Parameters
    ----------
    scheme : {"stance", "sentiment", "directed"}
    word_ngrams, char_ngrams : (int, int)
        Shortest and longest n-gram; ``char_ngrams=None`` uses words alone.
    C : float
        Inverse strength of the regularisation.
    class_weight : {"balanced"} or None
    """

    def __init__(
        self,
        scheme: str = "stance",
        word_ngrams: NgramRange = (1, 2),
        char_ngrams: NgramRange | None = None,
        C: float = 1.0,
        class_weight: str | None = None,
    ) -> None:
        self.scheme = scheme
        self.word_ngrams = word_ngrams
        self.char_ngrams = char_ngrams
        self.C = C
        self.class_weight = class_weight

    def make_learner(self) -> BaseEstimator:
        """Return scikit-learn's LinearSVC; its optimum does not depend on the fixed seed."""
        return LinearSVC(C=self.C, class_weight=self.class_weight, random_state=0)


class SGDTextClassifier(_PlainText):
    """Linear model fitted by stochastic gradient descent on TF-IDF n-grams, weights averaged.

    Parameters
    ----------
    scheme : {"stance", "sentiment", "directed"}
    word_ngrams, char_ngrams : (int, int)
        Shortest and longest n-gram; ``char_ngrams=None`` uses words alone.
    loss : str
        A loss of scikit-learn's SGDClassifier.
    alpha : float
        Strength of the regularisation.
    random_state : int
        Seed of the order in which sentences are seen.
    """

    def __init__(
        self,
        scheme: str = "stance",
        word_ngrams: NgramRange = (1, 2),
        char_ngrams: NgramRange | None = None,
        loss: str = "modified_huber",
        alpha: float = 1e-4,
        random_state: int = 0,
    ) -> None:
        self.scheme = scheme
        self.word_ngrams = word_ngrams
        self.char_ngrams = char_ngrams
        self.loss = loss
        self.alpha = alpha
        self.random_state = random_state

    def make_learner(self) -> BaseEstimator:
        """Return scikit-learn's SGDClassifier."""
        return SGDClassifier(loss=self.loss, alpha=self.alpha, average=True, random_state=self.random_state)


class GradientBoostingTextClassifier(_PlainText):
    """Gradient-boosted trees on the leading components of TF-IDF n-grams (latent semantic analysis).

    Parameters
    ----------
    scheme : {"stance", "sentiment", "directed"}
    word_ngrams, char_ngrams : (int, int)
        Shortest and longest n-gram; ``char_ngrams=None`` uses words alone.
    n_components : int
        Components kept; fewer where the data has fewer sentences or terms.
    max_iter : int
        Boosting rounds.
    random_state : int
        Seed of the decomposition.
    """

    def __init__(
        self,
        scheme: str = "stance",
        word_ngrams: NgramRange = (1, 2),
        char_ngrams: NgramRange | None = None,
        n_components: int = 50,
        max_iter: int = 60,
        random_state: int = 0,
    ) -> None:
        self.scheme = scheme
        self.word_ngrams = word_ngrams
        self.char_ngrams = char_ngrams
        self.n_components = n_components
        self.max_iter = max_iter
        self.random_state = random_state

    def make_ngrams(self) -> BaseEstimator:
        """Return TF-IDF followed by a truncated singular value decomposition."""
        return Pipeline([("tfidf", super().make_ngrams()), ("svd", Components(self.n_components, self.random_state))])

    def make_learner(self) -> BaseEstimator:
        """Return scikit-learn's HistGradientBoostingClassifier."""
        return HistGradientBoostingClassifier(
            max_iter=self.max_iter, max_leaf_nodes=15, early_stopping=False, random_state=self.random_state
        )


class Components(TruncatedSVD):  # type: ignore[misc]
    """Truncated SVD that keeps at most as many components as the matrix has rows or columns."""

    n_components: int

    def __init__(self, n_components: int = 50, random_state: int = 0) -> None:
        super().__init__(n_components=n_components, random_state=random_state)

    def fit_transform(self, X: Any, y: object = None) -> np.ndarray:  # noqa: ANN401 - sparse matrix
        """Fit, and return the components, shape (n_texts, n_components)."""
        given = self.n_components
        try:
            self.n_components = max(1, min(given, min(X.shape) - 1))
            components: np.ndarray = super().fit_transform(X, y)
        finally:
            self.n_components = given
        return components
