"""Distillation: a fast student learns what a slow teacher says of sentences that nobody labelled."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import pandas as pd

from stance.core.errors import InputError, show
from stance.data.corpora import X_COLUMNS

MIN_PROBABILITY = 0.02  # a label that the teacher all but rules out is not worth a row
Student = TypeVar("Student")


def distil(
    student: Student,
    teacher: Any,  # noqa: ANN401 - any classifier with probabilities
    unlabelled: pd.DataFrame,
    labelled: tuple[pd.DataFrame, Any] | None = None,
    weight: float = 1.0,
) -> Student:
    """Fit a student on a teacher's probabilities, and on labelled sentences where there are any.

    Each unlabelled sentence is learned once for each label, weighted by the probability that the teacher
    gives it: the student is fitted to the teacher's whole distribution (Hinton et al. 2015).

    Parameters
    ----------
    student : classifier
        Unfitted; its ``fit`` takes ``sample_weight``. It is fitted in place.
    teacher : fitted classifier with ``predict_proba``
    unlabelled : pandas.DataFrame, shape (n_sentences, n_columns)
        With ``text`` and, where known, ``holder``, ``target`` and their spans.
    labelled : (X, y), optional
        Sentences that people labelled; each weighs 1.
    weight : float
        What an unlabelled sentence weighs.

    Returns
    -------
    classifier
        The student.

    Raises
    ------
    InputError
        If the teacher gives no probabilities, schemes or labels differ, or there is nothing to learn from.

    References
    ----------
    Hinton, Vinyals and Dean 2015. Distilling the Knowledge in a Neural Network. arXiv:1503.02531.
    """
    if not hasattr(teacher, "predict_proba"):
        raise InputError(f"the teacher, {type(teacher).__name__}, gives no probabilities; take one that does")
    schemes = [getattr(one, "scheme", None) for one in (student, teacher)]
    if schemes[0] != schemes[1]:
        raise InputError(f'the student\'s scheme is "{show(schemes[0])}", the teacher\'s "{show(schemes[1])}"')
    if not len(unlabelled):
        raise InputError("there is no unlabelled sentence to learn from")
    if not weight > 0:
        raise InputError(f"weight is {weight}; give one above 0")
    found = np.asarray(teacher.predict_proba(unlabelled), dtype=float)
    rows, columns = np.nonzero(found >= MIN_PROBABILITY)
    tables = [_sentences(unlabelled).iloc[rows]]
    labels = [np.asarray(teacher.classes_, dtype=object)[columns]]
    weights = [weight * found[rows, columns]]
    if labelled is not None:
        X, y = labelled
        tables, labels = [_sentences(X), *tables], [np.asarray(y, dtype=object), *labels]
        weights = [np.ones(len(X)), *weights]
    table = pd.concat(tables, ignore_index=True)
    fit: Any = student.fit  # type: ignore[attr-defined]
    fit(table, np.concatenate(labels), sample_weight=np.concatenate(weights))
    return student


def _sentences(table: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that a classifier reads, those that lack filled with nulls."""
    columns = {
        name: table[name] if name in table.columns else pd.Series(pd.NA, index=table.index, dtype="object")
        for name in X_COLUMNS
    }
    return pd.DataFrame({name: column.astype("object") for name, column in columns.items()})
