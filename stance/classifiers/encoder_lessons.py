"""Lessons of an encoder: what it learns from, and what is held out to choose, calibrate and weigh by."""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray

from stance.core.errors import InputError
from stance.text.inputs import Sentences, read_labels, read_sentences


class Lesson(NamedTuple):
    """Sentences with their labels.

    Attributes
    ----------
    sentences : Sentences
    labels : numpy.ndarray of str, shape (n_sentences,)
    weights : numpy.ndarray of float, shape (n_sentences,), or None
    """

    sentences: Sentences
    labels: NDArray[Any]
    weights: NDArray[Any] | None

    def targets(self, classes: NDArray[Any]) -> NDArray[Any]:
        """Return the probability of each class, shape (n_sentences, n_classes): 1 for the label, 0 for the others."""
        wanted: NDArray[Any] = (self.labels[:, None] == classes).astype(float)
        return wanted


def read_held_out(held_out: tuple[object, object], classes: NDArray[Any]) -> Lesson:
    """Return sentences and labels that were given to be held out, checked.

    Raises
    ------
    InputError
        If X or y breaks a rule (`stance.text.inputs`), a label is none of the classes, or there is no sentence.
    """
    sentences = read_sentences(held_out[0])
    labels = read_labels(held_out[1], len(sentences), classes.tolist())
    if not len(sentences):
        raise InputError("held_out holds no sentence; give some, or leave it out")
    return Lesson(sentences, labels.astype(str), None)


def check_split(learned: NDArray[Any], n_held_out: int) -> None:
    """Raise InputError where a linear model could not learn from what is learned, or be weighed by what is held out.

    Parameters
    ----------
    learned : numpy.ndarray of float, shape (n_learned, n_classes)
        How much each sentence counts, in the column of its class.
    n_held_out : int
    """
    if not n_held_out:
        raise InputError("with_linear: nothing is held out to weigh the two by; raise validation_share")
    if learned.any(axis=0).sum() < 2:
        raise InputError(
            "with_linear: all sentences that are not held out have one label; change validation_share or the groups"
        )
