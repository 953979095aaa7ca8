"""The contract, part 5: scikit-learn's tools, copies and files."""

from __future__ import annotations

import tempfile
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_predict
from sklearn.pipeline import Pipeline

from stance.classifiers.contract_task import Make, Task, answers, expect, expect_same, fitted, make_task
from stance.classifiers.model_files import load_model, save_model
from stance.core.errors import InputError

FOLDS = StratifiedKFold(2)


def check_copy_for_another_process(make: Make) -> None:
    """Answer exactly alike in a copy such as another process gets, fitted or not."""
    classifier, task = fitted(make)
    copy, unfitted = (ForkingPickler.loads(bytes(ForkingPickler.dumps(one))) for one in (classifier, make()))
    found = answers(copy, task.frame)
    for name, values in answers(classifier, task.frame).items():
        expect(np.array_equal(found[name], values), f"a copy answers otherwise: {name}")
    expect(repr(unfitted) == repr(make()), "an unfitted copy is not alike")


def check_model_file(make: Make) -> None:
    """Answer alike after a model file, of two labels too; a class of your own is refused by name."""
    classifier, task = fitted(make)
    _check_saved(classifier, task)
    rows = [i for i, label in enumerate(task.y) if label in sorted(set(task.y))[:2]]
    _check_saved(make().fit(task.frame.iloc[rows], [task.y[i] for i in rows]), task)


def _check_saved(classifier: Any, task: Task) -> None:  # noqa: ANN401 - a classifier
    name = type(classifier).__name__
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.stance"
        try:
            save_model(classifier, path)
        except InputError as error:
            ours = type(classifier).__module__.startswith("stance.")
            expect(not ours and name in str(error) and not path.exists(), f"{name} cannot be saved: {error}")
            return
        loaded = load_model(path)
    for method, values in answers(classifier, task.frame).items():
        expect(np.array_equal(getattr(loaded, method)(task.frame), values), f"{method} differs after loading")


def check_pipeline(make: Make) -> None:
    """Work as the last step of a scikit-learn Pipeline."""
    classifier, task = fitted(make)
    pipeline = Pipeline([("classifier", make())]).fit(task.frame, task.y)
    expect_same(answers(pipeline, task.frame), answers(classifier, task.frame), "a Pipeline answers alike")


def check_grid_search(make: Make) -> None:
    """Let GridSearchCV tune it: tables and lists are split by rows."""
    task = make_task(make)
    for X in (task.frame, task.texts):
        search = GridSearchCV(make(), {}, cv=FOLDS, error_score="raise").fit(X, task.y)
        expect(0 <= search.best_score_ <= 1, "GridSearchCV scores it")
        expect(len(search.predict(X)) == len(task.y), "GridSearchCV asks it")


def check_calibration(make: Make) -> None:
    """Let CalibratedClassifierCV make probabilities, where there are scores or probabilities."""
    task = make_task(make)
    if not any(hasattr(make(), name) for name in ("predict_proba", "decision_function")):
        return
    found = CalibratedClassifierCV(make(), cv=FOLDS).fit(task.frame, task.y).predict_proba(task.frame)
    expect(found.shape == (len(task.y), len(set(task.y))) and np.isfinite(found).all(), "it can be calibrated")


def check_cross_validation(make: Make) -> None:
    """Give `cross_val_predict` the labels of the fold that has not seen a sentence."""
    task = make_task(make)
    found = cross_val_predict(make(), task.frame, task.y, cv=FOLDS)
    for train, test in FOLDS.split(task.frame, task.y):
        y = [task.y[i] for i in train]
        wanted = make().fit(task.frame.iloc[train], y).predict(task.frame.iloc[test])
        expect(np.array_equal(found[test], wanted), "cross_val_predict answers alike")
