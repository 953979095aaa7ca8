"""Worker: what happens inside of a cell's own process. Preloaded once, forked for each cell."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.utils.validation import has_fit_parameter
from threadpoolctl import threadpool_limits

from stance.classifiers import baselines, dummies, model_files, stance_classifier
from stance.core.errors import InputError, show
from stance.data.corpora import X_COLUMNS, to_frame
from stance.evaluation.timing import time_classifier
from stance.running.store import Store
from stance.running.tasks import Task
from stance.running.tuning import tune

# Loaded once, in the process that is forked for each cell; a cell would need seconds to do it.
PRELOADED = (baselines, dummies, model_files, stance_classifier)


def work(task: Task) -> None:
    """Do a task; an exception becomes a stored failure and exit status 1."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the run, which ends its children
    os.environ["OMP_NUM_THREADS"] = "1"  # for what is loaded only now, such as torch
    _die_with_parent()
    try:
        with threadpool_limits(1):
            (predict_cell if task.kind == "cells" else time_cell)(task)
    except Exception as error:
        cause = f"{type(error).__name__}: {show(error, 300)}"
        Store(task.folder).write("failures", task.key, task.record | {"status": "error", "cause": cause})
        os._exit(1)


def predict_cell(task: Task) -> None:
    """Fit, predict, and store predictions: gold and predicted label, actor, group, and scores where there are any."""
    rows = _read_table(task.table)
    frame = to_frame(rows)
    X = frame[list(X_COLUMNS)]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        classifier, tuned = _fitted(task, frame.iloc[task.train])
        predicted = classifier.predict(X.iloc[task.test])
        if any(label is None for label in predicted):
            raise InputError("it abstains; an experiment scores every sentence, and shows what abstaining would buy")
        columns = _probabilities(classifier, X.iloc[task.test])
    said = sorted({f"{w.category.__name__}: {show(w.message, 200)}" for w in caught})
    kept = rows.select(["id", "target", "actor", "group", "label"]).take(pa.array(task.test))
    kept = kept.append_column("prediction", pa.array([str(label) for label in predicted]))
    for name, values in columns.items():
        kept = kept.append_column(name, pa.array(values))
    Store(task.folder).write_cell(task.key, task.record | tuned | {"status": "ok", "warnings": said}, kept)


def time_cell(task: Task) -> None:
    """Read the clocks of a classifier and store them."""
    frame = to_frame(_read_table(task.table))
    X = frame[list(X_COLUMNS)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        train = (X.iloc[task.train], frame["label"].iloc[task.train])
        readings = time_classifier(task.make, train, X.iloc[task.test].reset_index(drop=True))
    Store(task.folder).write("timings", task.key, task.record | readings)


def _fitted(task: Task, train: pd.DataFrame) -> tuple[Any, dict[str, Any]]:
    """Return the fitted classifier, and what the cell's record must say of how its parameters were chosen."""
    if not task.matrix:
        classifier = task.make()
        together = {"groups": train["group"]} if has_fit_parameter(classifier, "groups") else {}
        return classifier.fit(train[list(X_COLUMNS)], train["label"], **together), {}
    return tune(task.make(), task.matrix, train, task.record["labels"])


def _probabilities(classifier: Any, X: pd.DataFrame) -> dict[str, np.ndarray]:  # noqa: ANN401
    if not hasattr(classifier, "predict_proba"):
        return {}
    values = np.asarray(classifier.predict_proba(X), dtype=float)
    return {f"probability_{label}": values[:, i] for i, label in enumerate(classifier.classes_)}


def _read_table(path: Path) -> pa.Table:
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()


def _die_with_parent() -> None:
    """End this process when the run that started it is gone, killed or not."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_exit_after, args=(parent.join,), daemon=True).start()


def _exit_after(wait: Callable[[], None]) -> None:
    wait()
    os._exit(2)
