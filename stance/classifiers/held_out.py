"""Held-out sentences: those that a classifier is given to choose and calibrate by, and does not learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.validation import has_fit_parameter

from stance.core.errors import InputError
from stance.data.corpora import X_COLUMNS
from stance.text.inputs import read_labels

MIN_HELD_OUT = 200  # of fewer rows a temperature says more about the rows than about the classifier


def fit_rows(classifier: Any, rows: pd.DataFrame, dev: pd.DataFrame | None = None) -> Any:  # noqa: ANN401 - any scikit-learn classifier
    """Fit a classifier on rows of a corpus's frame; return it.

    It is told their groups and given the rows to choose and calibrate by where its ``fit`` asks for ``groups`` and
    ``held_out``. Of labels that it has not learned nothing is asked, and fewer than 200 rows tell too little.

    Parameters
    ----------
    classifier : scikit-learn classifier
    rows : pandas.DataFrame, shape (n_sentences, n_columns)
        ``label`` and ``group`` included.
    dev : pandas.DataFrame, shape (n_held_out, n_columns), optional
        The same of other rows.
    """
    known = pd.DataFrame() if dev is None else dev[dev["label"].isin(set(rows["label"]))]
    told: dict[str, Any] = {}
    if has_fit_parameter(classifier, "groups"):
        told["groups"] = rows["group"]
    if len(known) >= MIN_HELD_OUT and has_fit_parameter(classifier, "held_out"):
        told["held_out"] = known[list(X_COLUMNS)], known["label"]
    return classifier.fit(rows[list(X_COLUMNS)], rows["label"], **told)


def read_held_out(
    held_out: tuple[object, object], classes: NDArray[Any], read: Callable[[Any], Any]
) -> tuple[Any, NDArray[np.int64]]:
    """Return sentences that were given to be held out, as `read` gives them, and the numbers of their labels; checked.

    Parameters
    ----------
    held_out : (X, y)
    classes : numpy.ndarray of str, shape (n_classes,)
        Sorted.
    read : callable
        From X to checked sentences.

    Raises
    ------
    InputError
        If they are no pair, X or y breaks a rule (`stance.text.inputs`), a label is none of the classes, or there is no
        sentence.
    """
    if not (isinstance(held_out, (tuple, list)) and len(held_out) == 2):
        raise InputError(f"held_out is a {type(held_out).__name__}; a pair (X, y) of sentences and labels is wanted")
    try:
        sentences = read(held_out[0])
        labels = read_labels(held_out[1], len(sentences), classes.tolist())
    except InputError as error:
        raise type(error)(f"held_out: {error}") from None
    if not len(labels):
        raise InputError("held_out: no sentence; give some, or leave it out")
    return sentences, np.searchsorted(classes, labels.astype(str))
