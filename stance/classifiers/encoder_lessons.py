"""Lessons of an encoder: what it learns from, and what is held out to choose, calibrate and weigh by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stance.core.errors import InputError
from stance.text.inputs import Sentences, read_sentences

# Rows to learn from, and rows to hold out.
Split = tuple[NDArray[np.int64], NDArray[np.int64]]


class Lesson(NamedTuple):
    """Sentences, what is to be said of them, and how much each counts.

    Attributes
    ----------
    sentences : Sentences
    targets : numpy.ndarray of float, shape (n_sentences, n_classes)
        The probability of each class: 1 and 0 for a label.
    weights : numpy.ndarray of float, shape (n_sentences,)
    """

    sentences: Sentences
    targets: NDArray[Any]
    weights: NDArray[Any]

    @classmethod
    def of_labels(
        cls, sentences: Sentences, codes: NDArray[np.int64], n_classes: int, weights: NDArray[Any] | None = None
    ) -> Lesson:
        """Return what sentences with numbered labels teach; each counts 1 unless said."""
        return cls(sentences, np.eye(n_classes)[codes], np.ones(len(codes)) if weights is None else weights)

    def take(self, rows: NDArray[np.int64]) -> Lesson:
        """Return some of them."""
        return Lesson(self.sentences.take(rows), self.targets[rows], self.weights[rows])

    def followed_by(self, other: Lesson) -> Lesson:
        """Return both, one below the other."""
        one, two = self.sentences, other.sentences
        both = Sentences(one.texts + two.texts, one.holders + two.holders, one.targets + two.targets)
        targets, weights = (np.concatenate(parts) for parts in zip(self[1:], other[1:], strict=True))
        return Lesson(both, targets, weights)


def read_soft_labels(X: object, probabilities: object, classes: Sequence[str]) -> tuple[Lesson, NDArray[Any]]:
    """Return sentences with the probability of each class, checked, and the classes, sorted; each counts 1.

    Raises
    ------
    InputError
        If X breaks a rule (`stance.text.inputs`), the probabilities are none, or a class stands there twice.
    """
    sentences, wanted = read_sentences(X), np.asarray(probabilities, dtype=float)
    if wanted.shape != (len(sentences), len(classes)) or len(set(classes)) != len(classes) or wanted.size < 2:
        raise InputError(
            f"probabilities have shape {wanted.shape}; ({len(sentences)}, {len(classes)}) is wanted, "
            "and two classes or more, each once"
        )
    if not ((wanted >= 0).all() and np.allclose(wanted.sum(axis=1), 1.0, atol=1e-4)):
        raise InputError("probabilities must be 0 or more and add up to 1 in every row")
    order = np.argsort(np.asarray(classes, dtype=str))
    lesson = Lesson(sentences, wanted[:, order], np.ones(len(sentences)))
    return lesson, np.asarray(classes, dtype=str)[order]


def hold_out(groups: NDArray[Any], share: float, n_times: int, seed: int) -> list[Split]:
    """Part rows so many times, each time another share of the groups held out; a group is on one side only.

    What is held out once is held out again only when every group has been. Where the share is less than one group,
    there is one part, which holds out nothing.

    Raises
    ------
    InputError
        If the share leaves nothing to learn from.

    Examples
    --------
    >>> parts = hold_out(np.array([0, 0, 1, 2, 3]), 0.25, 4, seed=0)
    >>> [rest.tolist() for _, rest in parts]
    [[3], [4], [2], [0, 1]]
    """
    names, rows = np.unique(groups, return_inverse=True)
    if share * len(names) < 1:
        return [(np.arange(len(groups)), np.arange(0))]
    n_held_out = int(np.ceil(share * len(names)))
    if n_held_out >= len(names):
        raise InputError(f"validation_share is {share}: of {len(names)} groups none is left to learn from")
    order = np.random.RandomState(seed).permutation(len(names))
    splits = []
    for turn in range(n_times):
        chosen = np.take(order, np.arange(turn * n_held_out, (turn + 1) * n_held_out), mode="wrap")
        held_out = np.isin(rows, chosen)
        splits.append((np.flatnonzero(~held_out), np.flatnonzero(held_out)))
    return splits


def drop_unknown(lesson: Lesson, splits: list[Split]) -> list[Split]:
    """Return the splits without held-out rows of a label that is not learned: nobody can know it.

    Where only one label is learned, nothing is held out.

    Parameters
    ----------
    lesson : Lesson
    splits : list of (rows to learn from, rows held out)
    """
    kept = []
    for learned, held_out in splits:
        known = (lesson.targets[learned] * lesson.weights[learned, None]).any(axis=0)
        asked = known[lesson.targets[held_out].argmax(axis=1)] & (known.sum() > 1)
        kept.append((learned, held_out[asked]))
    return kept
