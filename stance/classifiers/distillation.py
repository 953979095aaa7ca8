"""Distillation: a fast student learns what a slow teacher says of sentences that nobody labelled."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import GroupShuffleSplit

from stance.classifiers.calibrated import CalibratedTextClassifier
from stance.classifiers.calibration import Calibration, calibrate, uncalibrated
from stance.classifiers.held_out import fit_rows
from stance.classifiers.model_files import load_model, save_model
from stance.core.errors import InputError, show
from stance.data.corpora import AUTHOR, X_COLUMNS
from stance.text.inputs import NOT_MENTIONED

HELD_OUT_SHARE = 0.1
SPLIT_SEED = 0
MIN_PROBABILITY = 0.02  # a label that the teacher all but rules out is not worth a row
PLAIN: Final = {"calibrate": False, "abstain_below": 0.0}
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

    Of an unlabelled sentence the student learns the teacher's probabilities, of a labelled one the mean of its label
    and what the teacher says of it. A student that has no ``fit_soft`` is given each sentence once for each label,
    weighted by its probability: it is fitted to the whole distribution (Hinton et al. 2015).

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
        Labelled sentences that the teacher has not learned, to calibrate the student's probabilities by. A student
        without ``fit_soft`` learns them as well, once that is done.

    Returns
    -------
    classifier
        The student.

    Raises
    ------
    InputError
        If the teacher gives no probabilities, schemes differ, a label is new to the teacher, or there is nothing to
        learn from.

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
    classes = np.asarray(teacher.classes_, dtype=object)
    if hasattr(student, "fit_soft"):
        lesson = _read_lesson(teacher, unlabelled, weight, labelled)
        student.fit_soft(lesson.table, lesson.wanted, classes.tolist(), held_out)
        return student
    lesson = _read_lesson(teacher, unlabelled, weight, labelled, held_out)
    calibrates = isinstance(student, CalibratedTextClassifier) and student.calibrate
    if held_out is None or not (calibrates and hasattr(student, "decision_function")):
        _fit_rows(student, lesson, classes)
        return student
    first = 0 if labelled is None else len(labelled[0])
    learned = np.delete(np.arange(len(lesson.table)), slice(first, first + len(held_out[0])))
    calibration = _calibrate(clone(student), lesson.take(learned), classes, held_out)
    _fit_uncalibrated(student, lesson, classes)
    student.temperature_, student.shares_ = calibration  # type: ignore[attr-defined]
    return student


def _fit_uncalibrated(student: Any, lesson: _Lesson, classes: np.ndarray) -> None:  # noqa: ANN401
    settings = {name: getattr(student, name) for name in PLAIN}
    try:
        _fit_rows(student.set_params(**PLAIN), lesson, classes)
    finally:
        student.set_params(**settings)


def _calibrate(student: Any, lesson: _Lesson, classes: np.ndarray, held_out: Labelled) -> Calibration:  # noqa: ANN401
    """Return the calibration of a student, fitted here, on held-out sentences of the labels that it learned."""
    _fit_uncalibrated(student, lesson, classes)
    X, labels = held_out[0], np.asarray(held_out[1], dtype=str)
    known = np.isin(labels, student.classes_)
    if not known.any():
        return uncalibrated()
    return calibrate(student.decision_function(X)[known], np.searchsorted(student.classes_, labels[known]))


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

    The student's probabilities are calibrated on groups that the teacher did not learn (see `distil`). Where both are
    encoders, the student starts from the teacher's layers.

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


class _Lesson(NamedTuple):
    """Sentences to learn, the probability of each label, and what each sentence weighs."""

    table: pd.DataFrame
    wanted: np.ndarray
    weights: np.ndarray

    def take(self, rows: np.ndarray) -> _Lesson:
        return _Lesson(self.table.iloc[rows].reset_index(drop=True), self.wanted[rows], self.weights[rows])


def _read_lesson(
    teacher: Any,  # noqa: ANN401 - any classifier with probabilities
    unlabelled: pd.DataFrame,
    weight: float,
    *labelled: Labelled | None,
) -> _Lesson:
    """Return labelled sentences, in their order, and behind them the unlabelled ones."""
    classes = np.asarray(teacher.classes_, dtype=object)
    tables, wanted = [], []
    for X, y in filter(None, labelled):
        labels = np.asarray(y, dtype=object)
        if len(labels) != len(X):
            raise InputError(f"{len(X)} labelled sentences have {len(labels)} labels")
        unknown = sorted(set(labels) - set(classes), key=str)
        if unknown:
            raise InputError(
                f'the labelled sentences have the label "{show(unknown[0])}", which the teacher does not know; '
                "take one that learned it"
            )
        tables.append(_sentences(X))
        wanted.append(((labels[:, None] == classes) + np.asarray(teacher.predict_proba(X), dtype=float)) / 2)
    weights = np.repeat([1.0, weight], [sum(map(len, tables)), len(unlabelled)])
    tables.append(_sentences(unlabelled))
    wanted.append(np.asarray(teacher.predict_proba(unlabelled), dtype=float))
    return _Lesson(pd.concat(tables, ignore_index=True), np.concatenate(wanted), weights)


def _fit_rows(student: Any, lesson: _Lesson, classes: np.ndarray) -> None:  # noqa: ANN401 - any that takes weights
    """Fit a student to probabilities: each sentence stands once for each label, weighted by its probability."""
    rows, columns = np.nonzero(lesson.wanted >= MIN_PROBABILITY)
    repeated = lesson.take(rows)
    student.fit(repeated.table, classes[columns], sample_weight=repeated.weights * lesson.wanted[rows, columns])


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
