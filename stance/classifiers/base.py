"""The base of every classifier: inputs checked, labels kept; most have a scikit-learn pipeline underneath."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import Pipeline
from sklearn.utils import Tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from stance.core.errors import InputError, show
from stance.core.schemes import get_scheme
from stance.text.folding import fold
from stance.text.inputs import Sentences, read_labels, read_sentences

# So many sentences' features are held in memory at a time, some 60 MB in the richest classifier.
BATCH_SENTENCES = 4096


def number_groups(texts: Sequence[str], groups: object = None) -> np.ndarray:
    """Return each sentence's group, numbered; sentences of the same words are one where none are given.

    Examples
    --------
    >>> number_groups(["Moscow: no!", "Tehran", "moscow no"])
    array([0, 1, 0])
    """
    given = np.empty(len(texts), dtype=object)
    if groups is None:
        given[:] = [fold(text) or text for text in texts]
    else:
        given = np.asarray(groups, dtype=object)
    if given.shape != (len(texts),):
        raise InputError(f"groups has shape {given.shape}, X has {len(texts)} sentences")
    codes: np.ndarray = pd.factorize(given, use_na_sentinel=False)[0]
    return codes


def _has(method: str) -> Any:  # noqa: ANN401 - what available_if wants
    def check(self: TextClassifier) -> bool:
        model = getattr(self, "model_", None)
        return hasattr(self.make_learner() if model is None else model[-1], method)

    return check


class Training(NamedTuple):
    """What a classifier learns from, as `SentenceClassifier.learn` takes it.

    Attributes
    ----------
    sentences : Sentences
        Or what a subclass reads instead.
    labels : numpy.ndarray of str, shape (n_sentences,)
    groups : numpy.ndarray of int, shape (n_sentences,)
    weights : numpy.ndarray of float, shape (n_sentences,), or None
    """

    sentences: Any
    labels: np.ndarray
    groups: np.ndarray
    weights: np.ndarray | None


class SentenceClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A scikit-learn classifier of sentences: what is checked before it learns or answers.

    A subclass stores its parameters in ``__init__`` (``scheme`` among them) and defines `learn`, which sets
    ``model_``, and `answer`, which asks it.

    Attributes
    ----------
    classes_ : numpy.ndarray of str, shape (n_classes,)
        The labels seen in fitting, sorted.
    model_ : object
        What was learned.
    packages : tuple of str
        Beside the package's own requirements, what predictions depend on.
    """

    scheme: str
    model_: Any
    packages: ClassVar[tuple[str, ...]] = ()

    def learn(self, sentences: Sentences, labels: np.ndarray, groups: np.ndarray, weights: np.ndarray | None) -> object:
        """Return the fitted model.

        Parameters
        ----------
        sentences : Sentences
        labels : numpy.ndarray of str, shape (n_sentences,)
            Of the scheme, two or more different ones.
        groups : numpy.ndarray of int, shape (n_sentences,)
            Sentences that belong together.
        weights : numpy.ndarray of float, shape (n_sentences,), or None
        """
        raise NotImplementedError

    def answer(self, method: str, sentences: Sentences) -> np.ndarray:
        """Return what a prediction method says of one sentence or more."""
        raise NotImplementedError

    def mark(self, sentences: Sentences) -> Sentences:
        """Return the sentences with the mentions that the classifier works with: those given, unless it finds more."""
        return sentences

    def read(self, X: object) -> Any:  # noqa: ANN401 - Sentences, or what a subclass reads instead
        """Read X, checked."""
        return self.mark(read_sentences(X))

    def make_groups(self, sentences: Any, groups: object) -> np.ndarray:  # noqa: ANN401
        """Return each sentence's group, numbered; by default sentences of the same words are one."""
        return number_groups(sentences.texts, groups)

    def fit(self, X: object, y: object, sample_weight: object = None, groups: object = None) -> Self:
        """Learn from labelled sentences.

        Parameters
        ----------
        X : table with a ``text`` column, or 1-D sequence of str, shape (n_sentences,)
        y : 1-D sequence of str, shape (n_sentences,)
            Labels of the scheme.
        sample_weight : array-like of float, shape (n_sentences,), optional
        groups : 1-D sequence, shape (n_sentences,), optional
            Sentences that belong together, such as those of an article; used where probabilities are
            calibrated. By default sentences of the same words do.

        Raises
        ------
        InputError
            If X or y breaks a rule (`stance.text.inputs`), or y holds one class only.
        """
        given = self.read_training(X, y, sample_weight, groups)
        self.model_ = self.learn(*given)
        self.classes_ = np.unique(given.labels.astype(str))
        return self

    def read_training(self, X: object, y: object, sample_weight: object, groups: object) -> Training:
        """Return what `fit` is given, checked: what `learn` takes."""
        sentences = self.read(X)
        labels = read_labels(y, len(sentences), get_scheme(self.scheme).labels)
        classes = np.unique(labels.astype(str))
        if len(classes) < 2:
            held = f'only "{show(classes[0])}"' if len(classes) else "no label"
            raise InputError(f"y holds {held}; at least two classes are needed to learn")
        weights = None if sample_weight is None else self._weights(sample_weight, labels)
        return Training(sentences, labels, self.make_groups(sentences, groups), weights)

    def predict(self, X: object) -> np.ndarray:
        """Return a label for each sentence, shape (n_sentences,)."""
        return self._ask("predict", X).astype(object, copy=False)

    def _ask(self, method: str, X: object) -> np.ndarray:
        check_is_fitted(self, "model_")
        sentences = self.read(X)
        if not len(sentences):
            n_columns = len(self.classes_)
            flat = method == "predict" or (method == "decision_function" and n_columns == 2)
            return np.empty(0 if flat else (0, n_columns), dtype=object if method == "predict" else float)
        return self.answer(method, sentences)

    @staticmethod
    def _weights(sample_weight: object, labels: np.ndarray) -> np.ndarray:
        weights = np.asarray(sample_weight, dtype=float)
        if weights.shape != labels.shape:
            raise InputError(f"sample_weight has shape {weights.shape}, y has {labels.shape}")
        if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.any()):
            raise InputError("sample_weight must be finite, none below 0, not all 0")
        return weights

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags


class TextClassifier(SentenceClassifier):
    """A classifier of sentences made of a scikit-learn pipeline; subclasses say what they see and what learns.

    A subclass stores its parameters in ``__init__`` (``scheme`` among them) and defines `make_features`
    (from `Sentences` to what the first step takes), `make_ngrams` (that step) and `make_learner`.

    Attributes
    ----------
    classes_ : numpy.ndarray of str, shape (n_classes,)
        The labels seen in fitting, sorted.
    model_ : sklearn.pipeline.Pipeline
        Two steps: ``ngrams`` and ``learner``.
    """

    def make_features(self, sentences: Sentences) -> Any:  # noqa: ANN401 - list or DataFrame
        """Return what the n-gram step takes: the texts, unless a subclass sees more."""
        return sentences.texts

    def make_ngrams(self) -> BaseEstimator:
        """Return the unfitted transformer from features to a matrix."""
        raise NotImplementedError

    def make_learner(self) -> BaseEstimator:
        """Return the unfitted learner."""
        raise NotImplementedError

    def learn(
        self, sentences: Sentences, labels: np.ndarray, groups: np.ndarray, weights: np.ndarray | None
    ) -> Pipeline:
        """Return the fitted pipeline."""
        ngrams, learner = self.make_ngrams(), self.make_learner()
        matrix = ngrams.fit_transform(self.make_features(sentences), labels)
        learner.fit(matrix, labels, **({} if weights is None else {"sample_weight": weights}))
        self.after_fit(learner, matrix, labels, groups, weights)
        return Pipeline([("ngrams", ngrams), ("learner", learner)])

    def after_fit(
        self,
        learner: BaseEstimator,
        matrix: Any,  # noqa: ANN401 - sparse matrix
        labels: np.ndarray,
        groups: np.ndarray,
        weights: np.ndarray | None,
    ) -> None:
        """Do what remains to be done when the learner has learned: nothing, unless a subclass says so.

        Parameters
        ----------
        learner : scikit-learn classifier
            Fitted on `matrix`, shape (n_sentences, n_features); the rest is what `learn` was given.
        """

    def answer(self, method: str, sentences: Sentences) -> np.ndarray:
        """Return what the pipeline's method says, asked batch by batch."""
        ask = getattr(self.model_, method)
        return np.concatenate([ask(self.make_features(batch)) for batch in sentences.batches(BATCH_SENTENCES)])

    @available_if(_has("predict_proba"))  # type: ignore[untyped-decorator]
    def predict_proba(self, X: object) -> np.ndarray:
        """Return probabilities, shape (n_sentences, n_classes), in the order of `classes_`."""
        return self._ask("predict_proba", X)

    @available_if(_has("decision_function"))  # type: ignore[untyped-decorator]
    def decision_function(self, X: object) -> np.ndarray:
        """Return scores, shape (n_sentences, n_classes), or (n_sentences,) for two classes."""
        return self._ask("decision_function", X)
