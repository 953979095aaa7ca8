"""Dummies: classifiers that do not read, the floor under every score."""

from __future__ import annotations

import unicodedata
from hashlib import blake2b

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.preprocessing import FunctionTransformer

from stance.classifiers.base import TextClassifier


def draw_texts(texts: list[str], seed: int = 0) -> np.ndarray:
    """Return a number in [0, 1) for each text, shape (n_texts, 1), that depends on text and seed alone."""
    composed = (unicodedata.normalize("NFC", text).encode("utf-8", "surrogatepass") for text in texts)
    digests = (blake2b(text, digest_size=6, key=b"%d" % seed) for text in composed)
    numbers = [int.from_bytes(digest.digest(), "big") / 2**48 for digest in digests]
    return np.array(numbers, dtype=float).reshape(-1, 1)


class MajorityClassifier(TextClassifier):
    """Predict the most frequent label of the training data: the floor under every other score.

    Parameters
    ----------
    scheme : {"stance", "sentiment", "directed"}

    Examples
    --------
    >>> floor = MajorityClassifier().fit(["a", "b", "c"], ["favor", "none", "favor"])
    >>> floor.predict(["d"])
    array(['favor'], dtype=object)
    """

    def __init__(self, scheme: str = "stance") -> None:
        self.scheme = scheme

    def make_ngrams(self) -> BaseEstimator:
        """Return a step that looks at nothing of use."""
        return FunctionTransformer(draw_texts)

    def make_learner(self) -> BaseEstimator:
        """Return scikit-learn's DummyClassifier."""
        return DummyClassifier(strategy="most_frequent")


class StratifiedClassifier(TextClassifier):
    """Draw labels with the training data's shares.

    The draw depends on the sentence and the seed alone, so that neither order nor batches change it.

    Parameters
    ----------
    scheme : {"stance", "sentiment", "directed"}
    random_state : int
        Seed of the draws.
    """

    def __init__(self, scheme: str = "stance", random_state: int = 0) -> None:
        self.scheme = scheme
        self.random_state = random_state

    def make_ngrams(self) -> BaseEstimator:
        """Return the draw of each sentence."""
        return FunctionTransformer(draw_texts, kw_args={"seed": self.random_state})

    def make_learner(self) -> BaseEstimator:
        """Return the learner of the shares."""
        return DrawnLabels()


class DrawnLabels(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Turn draws in [0, 1) into labels by the shares of the training labels."""

    def fit(self, X: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None = None) -> DrawnLabels:
        """Learn the shares."""
        self.classes_, codes = np.unique(y.astype(str), return_inverse=True)
        counts = np.bincount(codes, weights=sample_weight)
        self.ends_ = np.cumsum(counts / counts.sum())
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return 1 for the drawn class, 0 for the others, shape (n_sentences, n_classes)."""
        codes = np.minimum(np.searchsorted(self.ends_, X[:, 0], side="right"), len(self.classes_) - 1)
        return np.eye(len(self.classes_))[codes]

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the drawn labels, shape (n_sentences,)."""
        labels: np.ndarray = self.classes_[self.predict_proba(X).argmax(axis=1)]
        return labels
