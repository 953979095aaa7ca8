"""The pool of an encoder and a linear model: each sees what the other overlooks, and both are asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from stance.classifiers.base import number_groups
from stance.classifiers.calibration import as_columns
from stance.classifiers.encoder_lessons import Lesson, Split
from stance.classifiers.stance_classifier import StanceClassifier
from stance.text.inputs import Sentences

Scores = NDArray[np.float64]
# The encoder always has a word: where held-out labels speak for neither model, its labels stand.
LEAST_OF_ENCODER, MOST = 0.0025, 1e4


@dataclass(eq=False)
class Pool:
    """The linear model beside an encoder, and how much the word of either counts.

    Attributes
    ----------
    linear : StanceClassifier
        Fitted.
    weights : numpy.ndarray of float, shape (2,)
        What the encoder's logits and the linear model's decision scores are multiplied by.
    """

    linear: StanceClassifier
    weights: Scores

    def join(self, logits: NDArray[Any], sentences: Sentences, classes: NDArray[Any]) -> NDArray[np.float32]:
        """Return the logits of both, shape (n_sentences, n_classes), given those of the encoder."""
        joint: Scores = self.weights[0] * logits + self.weights[1] * ask_linear(self.linear, sentences, classes)
        return joint.astype(np.float32)


def make_pool(
    linear: StanceClassifier, lesson: Lesson, splits: list[Split], logits: NDArray[Any], classes: NDArray[Any]
) -> Pool:
    """Return the pool of a linear model, fitted here, and of an encoder that learned the same.

    Parameters
    ----------
    linear : StanceClassifier
        Unfitted.
    lesson : Lesson
    splits : list of (rows to learn from, rows held out)
        How the encoder learned the lesson.
    logits : numpy.ndarray of float, shape (n_held_out, n_classes)
        The encoder's, of the rows held out, part below part.
    classes : numpy.ndarray of str, shape (n_classes,)
        Sorted.
    """
    scores = []
    for learned, held_out in splits:
        if not len(held_out):
            continue
        fit_linear(linear, lesson.take(learned), classes)
        scores.append(ask_linear(linear, lesson.sentences.take(held_out), classes))
    if len(splits) > 1:
        fit_linear(linear, lesson.take(np.unique(np.concatenate([learned for learned, _ in splits]))), classes)
    rest = np.concatenate([held_out for _, held_out in splits])
    counts, codes = lesson.weights[rest], lesson.targets[rest].argmax(axis=1)
    return Pool(linear, find_weights(logits, np.concatenate(scores), codes, counts if counts.any() else None))


def fit_linear(linear: StanceClassifier, lesson: Lesson, classes: NDArray[Any]) -> None:
    """Fit a linear model on sentences that were read before."""
    labels, groups = classes[lesson.targets.argmax(axis=1)], number_groups(lesson.sentences.texts)
    linear.model_ = linear.learn(linear.mark(lesson.sentences), labels, groups, lesson.weights)
    linear.classes_ = np.unique(labels)


def ask_linear(linear: StanceClassifier, sentences: Sentences, classes: NDArray[Any]) -> Scores:
    """Return its decision scores, shape (n_sentences, n_classes); of a class that it has not met, the lowest."""
    found = as_columns(linear.answer("decision_function", linear.mark(sentences)))
    scores = np.repeat(found.min(axis=1, keepdims=True), len(classes), axis=1)
    scores[:, np.searchsorted(classes, linear.classes_)] = found
    return scores


def find_weights(
    logits: Scores, scores: Scores, codes: NDArray[np.int64], counts: NDArray[np.float64] | None = None
) -> Scores:
    """Return what two models' scores are multiplied by for the softmax of their sum to make labels likeliest.

    A logarithmic opinion pool, which is calibrated by the way. The weight of the second is 0 or more, that of the first
    more than 0.

    Parameters
    ----------
    logits, scores : numpy.ndarray of float, shape (n_sentences, n_classes)
        Of sentences that neither model has learned.
    codes : numpy.ndarray of int, shape (n_sentences,)
        Their labels, numbered from 0 on.
    counts : numpy.ndarray of float, shape (n_sentences,), optional
        How much each counts.

    Returns
    -------
    numpy.ndarray of float, shape (2,)

    References
    ----------
    Hinton 2002. Training Products of Experts by Minimizing Contrastive Divergence. Neural Computation 14. (The pool is
    a product of two experts, each to a power.)

    Examples
    --------
    >>> right, silent = np.array([[2.0, 0.0], [0.0, 2.0], [2.0, 0.0]]), np.zeros((3, 2))
    >>> find_weights(right, silent, np.array([0, 1, 1])).round(2)  # right two times of three
    array([0.35, 0.5 ])
    """
    rows = np.arange(len(codes))
    wanted = np.stack([logits[rows, codes], scores[rows, codes]], axis=1)

    def loss(weights: Scores) -> tuple[float, Scores]:
        pooled = weights[0] * logits + weights[1] * scores
        shares = softmax(pooled, axis=1)
        expected = np.stack([(shares * one).sum(axis=1) for one in (logits, scores)], axis=1)
        likely = log_softmax(pooled, axis=1)[rows, codes]
        return -float(np.average(likely, weights=counts)), np.average(expected - wanted, axis=0, weights=counts)

    bounds = [(LEAST_OF_ENCODER, MOST), (0.0, MOST)]
    found: Scores = minimize(loss, [0.5, 0.5], jac=True, method="L-BFGS-B", bounds=bounds).x
    return found
