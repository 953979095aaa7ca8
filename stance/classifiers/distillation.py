"""Distillation: a fast student learns what a slow teacher says of sentences that nobody labelled."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupShuffleSplit

from stance.classifiers.base import fit_rows
from stance.classifiers.calibration import as_columns, find_temperature
from stance.classifiers.model_files import load_model, save_model
from stance.core.errors import InputError, show
from stance.data.corpora import AUTHOR, X_COLUMNS
from stance.text.inputs import NOT_MENTIONED

HELD_OUT_SHARE = 0.1
SPLIT_SEED = 0
MIN_PROBABILITY = 0.02  # a label that the teacher all but rules out is not worth a row
Student = TypeVar("Student")
Labelled = tuple[pd.DataFrame, Any]


def distil(
    student: Student,
    teacher: Any,  # noqa: ANN401 - any classifier with probabilities
    unlabelled: pd.DataFrame,
    labelled: Labelled | None = None,
    weight: float = 1.0,
    held_out: Labelled | None = None,
) -> Student:
    """Fit a student on a teacher's probabilities, and on labelled sentences where there are any.

    A student that learns from probabilities (``fit_soft``) is given those of the unlabelled sentences, and for each
    labelled one the mean of its label and what the teacher says. For another one, each unlabelled sentence
    stands once for each label, weighted by its probability: the student is fitted to the teacher's whole
    distribution (Hinton et al. 2015).

    Parameters
    ----------
    student : classifier
        Unfitted, with ``fit_soft``, or with a ``fit`` that takes ``sample_weight``. It is fitted in place.
    teacher : fitted classifier with ``predict_proba``
    unlabelled : pandas.DataFrame, shape (n_sentences, n_columns)
        With ``text`` and, where known, ``holder``, ``target`` and their spans.
    labelled : (X, y), optional
        Sentences that people labelled; each weighs 1.
    weight : float
        What an unlabelled sentence weighs where the student has no ``fit_soft``.
    held_out : (X, y), optional
        Labelled sentences that neither has learned, to calibrate the student's probabilities by.

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
    teach = _teach_softly if hasattr(student, "fit_soft") else _teach_by_rows
    teach(student, teacher, unlabelled, labelled, weight, held_out)
    return student


def fit_teacher(teacher: Any, train: pd.DataFrame, model: Path) -> None:  # noqa: ANN401 - any classifier
    """Fit a teacher on nine groups of ten, and write its model file, unless it is there.

    Parameters
    ----------
    teacher : classifier
        Unfitted.
    train : pandas.DataFrame, shape (n_sentences, n_columns)
        Rows of a corpus's frame, ``label`` and ``group`` included.
    model : pathlib.Path
    """
    if not model.is_file():
        learned, _ = _part(train)
        save_model(fit_rows(teacher, learned), model)


def teach(student: Student, model: Path, train: pd.DataFrame, unlabelled: pd.DataFrame) -> Student:
    """Fit a student on training rows and on what a teacher, fitted on the same rows, says of others.

    The groups that the teacher did not learn are kept from the student as well, and its probabilities are
    calibrated on them. Where both are encoders, the student starts from the teacher's layers.

    Parameters
    ----------
    student : classifier
        Unfitted.
    model : pathlib.Path
        The teacher's model file, by `fit_teacher`.
    train, unlabelled : pandas.DataFrame, shape (n_sentences, n_columns)
        The training rows as `fit_teacher` had them, and sentences for the teacher.
    """
    learned, kept = _part(train)
    kept = kept[kept["label"].isin(set(learned["label"]))]  # nobody can know another one
    teacher = load_model(model)
    given = student.get_params(deep=False)  # type: ignore[attr-defined]
    if "start_from" in given and given["start_from"] is None and isinstance(teacher, type(student)):
        student.set_params(start_from=str(model))  # type: ignore[attr-defined]
    return distil(
        student,
        teacher,
        _like(train, unlabelled),
        (learned[list(X_COLUMNS)], learned["label"]),
        held_out=(kept[list(X_COLUMNS)], kept["label"]) if len(kept) else None,
    )


def _teach_softly(
    student: Any,  # noqa: ANN401 - any classifier with fit_soft
    teacher: Any,  # noqa: ANN401
    unlabelled: pd.DataFrame,
    labelled: Labelled | None,
    weight: float,
    held_out: Labelled | None,
) -> None:
    classes = np.asarray(teacher.classes_, dtype=object)
    tables, wanted = [_sentences(unlabelled)], [np.asarray(teacher.predict_proba(unlabelled), dtype=float)]
    if labelled is not None:
        X, y = labelled
        said = (np.asarray(y, dtype=object)[:, None] == classes).astype(float)
        if not said.any(axis=1).all():
            raise InputError("the labelled sentences have a label that the teacher does not know")
        tables, wanted = [_sentences(X), *tables], [(said + teacher.predict_proba(X)) / 2, *wanted]
    student.fit_soft(pd.concat(tables, ignore_index=True), np.concatenate(wanted), classes.tolist(), held_out)


def _teach_by_rows(
    student: Any,  # noqa: ANN401 - any classifier whose fit takes weights
    teacher: Any,  # noqa: ANN401
    unlabelled: pd.DataFrame,
    labelled: Labelled | None,
    weight: float,
    held_out: Labelled | None,
) -> None:
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
    student.fit(table, np.concatenate(labels), sample_weight=np.concatenate(weights))
    if held_out is not None and getattr(student, "calibrate", False) and hasattr(student, "decision_function"):
        codes = np.searchsorted(student.classes_, np.asarray(held_out[1], dtype=str))
        student.temperature_ = find_temperature(as_columns(student.decision_function(held_out[0])), codes)


def _sentences(table: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that a classifier reads, those that lack filled with nulls."""
    columns = {
        name: table[name] if name in table.columns else pd.Series(pd.NA, index=table.index, dtype="object")
        for name in X_COLUMNS
    }
    return pd.DataFrame({name: column.astype("object") for name, column in columns.items()})


def _part(train: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows to learn from, and those of a tenth of the groups: none where there are fewer than ten."""
    groups = train["group"].to_numpy()
    if len(np.unique(groups.astype(str))) * HELD_OUT_SHARE < 1:
        return train, train.iloc[:0]
    split = GroupShuffleSplit(1, test_size=HELD_OUT_SHARE, random_state=SPLIT_SEED)
    learned, kept = next(split.split(train, groups=groups))
    return train.iloc[learned], train.iloc[kept]


def _like(train: pd.DataFrame, unlabelled: pd.DataFrame) -> pd.DataFrame:
    """Return the unlabelled sentences without holders, each target once, where the training rows have none."""
    if not set(train["holder"].dropna()) <= NOT_MENTIONED:
        return unlabelled
    return unlabelled.assign(holder=AUTHOR, holder_start=None, holder_end=None).drop_duplicates(ignore_index=True)
