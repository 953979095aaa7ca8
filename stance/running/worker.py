"""Worker: what happens inside of a cell's own process. Preloaded once, forked for each cell."""

from __future__ import annotations

import multiprocessing
import os
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from threadpoolctl import threadpool_limits

import stance.classifiers.baselines
import stance.classifiers.model_files
import stance.classifiers.stance_classifier
from stance.classifiers.registry import make_classifier
from stance.core.errors import show
from stance.data.corpora import X_COLUMNS, to_frame
from stance.evaluation.timing import time_classifier
from stance.running.store import Store

__all__ = ["Task", "predict_cell", "time_cell", "work"]


@dataclass(frozen=True)
class Task:
    """What a worker is told.

    Attributes
    ----------
    kind : {"cells", "timings"}
    key, title : str
    record : dict
        What is known beforehand and belongs into the stored record.
    folder, table : pathlib.Path
        The results folder, and the Arrow file of the corpus.
    train, test : numpy.ndarray of int
    class_name, params, scheme, seed
        What makes the classifier.
    """

    kind: str
    key: str
    title: str
    record: dict[str, Any]
    folder: Path
    table: Path
    train: np.ndarray
    test: np.ndarray
    class_name: str
    params: dict[str, Any]
    scheme: str
    seed: int | None

    def make(self) -> Any:  # noqa: ANN401 - any classifier
        """Return the unfitted classifier."""
        return make_classifier(self.class_name, self.params, self.scheme, self.seed)


def work(task: Task) -> None:
    """Do a task; an exception becomes a stored failure and exit status 1."""
    _die_with_parent()
    try:
        with threadpool_limits(1):
            (predict_cell if task.kind == "cells" else time_cell)(task)
    except Exception as error:  # noqa: BLE001 - a classifier may raise anything; the others go on
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
        classifier = task.make().fit(X.iloc[task.train], frame["label"].iloc[task.train])
        predicted = classifier.predict(X.iloc[task.test])
        columns = _probabilities(classifier, X.iloc[task.test])
    said = sorted({f"{w.category.__name__}: {show(w.message, 200)}" for w in caught})
    kept = rows.select(["id", "target", "actor", "group", "label"]).take(pa.array(task.test))
    kept = kept.append_column("prediction", pa.array([str(label) for label in predicted]))
    for name, values in columns.items():
        kept = kept.append_column(name, pa.array(values))
    Store(task.folder).write_cell(task.key, task.record | {"status": "ok", "warnings": said}, kept)


def time_cell(task: Task) -> None:
    """Read the clocks of a classifier and store them."""
    frame = to_frame(_read_table(task.table))
    X = frame[list(X_COLUMNS)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        train = (X.iloc[task.train], frame["label"].iloc[task.train])
        readings = time_classifier(task.make, train, X.iloc[task.test].reset_index(drop=True))
    Store(task.folder).write("timings", task.key, task.record | readings)


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
