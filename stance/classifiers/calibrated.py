"""A text classifier whose probabilities mean what they say, and which may abstain."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.metaestimators import available_if

from stance.classifiers.base import TextClassifier
from stance.classifiers.calibration import calibrate, held_out_scores, probabilities, uncalibrated
from stance.classifiers.held_out import read_held_out
from stance.core.errors import InputError, show
from stance.core.threads import count_threads


def _has_probabilities(self: CalibratedTextClassifier) -> bool:
    learner = self.model_[-1] if hasattr(self, "model_") else self.make_learner()
    return hasattr(learner, "predict_proba") or (self.calibrate and hasattr(learner, "decision_function"))


class CalibratedTextClassifier(TextClassifier):
    """A `TextClassifier` with a `Calibration` found on held-out groups.

    A subclass has the parameters ``calibrate``, ``abstain_below``, ``compiled_from`` and ``n_jobs``.

    Attributes
    ----------
    temperature_ : float
        What decision scores are divided by to become probabilities; 1 where ``calibrate`` is off, or a label
        stands in fewer than three groups.
    shares_ : numpy.ndarray of float, shape (3,)
        The weights of half that temperature, of it and of twice it in the probabilities.
    """

    calibrate: bool
    abstain_below: float
    compiled_from: int
    n_jobs: int | None

    def fit(
        self,
        X: object,
        y: object,
        sample_weight: object = None,
        groups: object = None,
        held_out: tuple[object, object] | None = None,
    ) -> Self:
        """Learn from labelled sentences.

        Parameters
        ----------
        X : table with a ``text`` column, or 1-D sequence of str, shape (n_sentences,)
        y : 1-D sequence of str, shape (n_sentences,)
            Labels of the scheme.
        sample_weight : array-like of float, shape (n_sentences,), optional
        groups : 1-D sequence, shape (n_sentences,), optional
            Sentences that belong together, such as those of an article, and are held out together to calibrate the
            probabilities. By default sentences of the same words do.
        held_out : (X, y), optional
            Labelled sentences that the probabilities are calibrated by, in place of held-out groups of those that are
            learned: better where those are more alike among themselves than new ones will be. Of the labels of `y`;
            a few hundred or more.

        Raises
        ------
        InputError
            If X or y breaks a rule (`stance.text.inputs`), y holds one class only, or `held_out` another one.
        """
        if held_out is None:
            return super().fit(X, y, sample_weight, groups)
        given = self.read_training(X, y, sample_weight, groups)
        classes = np.unique(given.labels.astype(str))
        sentences, codes = read_held_out(held_out, classes, self.read)
        one_group = np.zeros_like(given.groups)  # of which none can be held out
        self.model_ = self.learn(*given._replace(groups=one_group))
        self.classes_ = classes
        if self.calibrate and hasattr(self, "decision_function"):
            self.temperature_, self.shares_ = calibrate(self.answer("decision_function", sentences), codes)
        return self

    def after_fit(
        self,
        learner: BaseEstimator,
        matrix: Any,  # noqa: ANN401 - sparse matrix
        labels: np.ndarray,
        groups: np.ndarray,
        weights: np.ndarray | None,
    ) -> None:
        """Calibrate the probabilities on scores of held-out groups."""
        scored = self.calibrate and hasattr(learner, "decision_function")
        self.check_settings(has_probabilities=scored or hasattr(learner, "predict_proba"))
        self.temperature_, self.shares_ = uncalibrated()
        if scored:
            scores = held_out_scores(self.make_learner(), matrix, labels, groups, weights)
            if scores is not None:
                codes = np.unique(labels, return_inverse=True)[1]
                self.temperature_, self.shares_ = calibrate(scores, codes, weights)

    def check_settings(self, *, has_probabilities: bool) -> None:
        """Raise InputError where one of the parameters that it has in common with others is out of range."""
        count_threads(self.n_jobs)
        if isinstance(self.compiled_from, bool) or not isinstance(self.compiled_from, (int, np.integer)):
            raise InputError(f"compiled_from is {show(repr(self.compiled_from))}; a whole number is wanted")
        is_number = isinstance(self.abstain_below, (int, float))
        if not (is_number and 0 <= self.abstain_below <= 1) or (self.abstain_below and not has_probabilities):
            raise InputError(
                f"abstain_below={show(self.abstain_below)}: a probability from 0 to 1 is wanted, and calibrate on"
            )

    def predict(self, X: object) -> np.ndarray:
        """Return a label for each sentence, shape (n_sentences,); None where the classifier abstains."""
        if not self.abstain_below:
            return super().predict(X)
        found = self.predict_proba(X)
        labels: np.ndarray = self.classes_[found.argmax(axis=1)].astype(object)
        labels[found.max(axis=1) < self.abstain_below] = None
        return labels

    @available_if(_has_probabilities)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: object) -> np.ndarray:
        """Return probabilities, shape (n_sentences, n_classes), in the order of `classes_`."""
        if not (self.calibrate and hasattr(self, "decision_function")):
            return self._ask("predict_proba", X)
        return probabilities(self._ask("decision_function", X), self.temperature_, self.shares_)
