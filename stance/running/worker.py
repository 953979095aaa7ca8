"""Worker: what happens inside of a task's own process. Preloaded once, forked for each task."""

from __future__ import annotations

import fcntl
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
from threadpoolctl import threadpool_limits

from stance.classifiers import baselines, dummies, stance_classifier
from stance.classifiers.distillation import fit_teacher, teach
from stance.classifiers.held_out import fit_rows
from stance.classifiers.registry import make_classifier
from stance.core.errors import InputError, show
from stance.core.schemes import check_labels
from stance.data.corpora import X_COLUMNS, to_frame
from stance.data.rows import folded
from stance.evaluation.timing import time_classifier
from stance.running.store import Store
from stance.running.tasks import Lesson, Output, Task
from stance.running.tuning import tune
from stance.text.inputs import read_sentences

# Made once, in the process that is forked for each task: the modules, and the lexicons in which mentions are
# looked up, which take as long as fitting a linear SVM on two thousand sentences.
PRELOADED = (baselines, dummies, stance_classifier)
read_sentences(pa.table({"text": ["Moscow"], "target": ["russia"]}))


def work(task: Task) -> None:
    """Do a task; an exception becomes a stored failure of each cell that it concerns, and exit status 1."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the run, which ends its children
    os.environ["OMP_NUM_THREADS"] = "1"  # for what is loaded only now, such as torch
    _die_with_parent()
    try:
        with threadpool_limits(1):
            errors = predict_cells(task) if task.kind == "cells" else time_cell(task)
    except Exception as error:
        errors = {output.key: error for output in task.outputs}
    for output in task.outputs:
        if output.key in errors:
            _write_failure(task, output, errors[output.key])
    if errors:
        os._exit(1)


def predict_cells(task: Task) -> dict[str, Exception]:
    """Fit once; predict and store each cell. Return, by the cell's key, what kept one from being stored.

    A cell holds gold and predicted label, actor, group, and scores where there are any: the same as if it had
    been fitted alone.
    """
    rows = _read_table(task.table)
    frame = to_frame(rows)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        classifier, tuned = _fitted(task, frame)
    errors: dict[str, Exception] = {}
    for output in task.outputs:
        try:
            record, predictions = _predicted(task, classifier, output, rows, frame, caught)
            Store(task.folder).write_cell(output.key, output.record | tuned | record, predictions)
        except Exception as error:  # another test may still be predicted
            errors[output.key] = error
    return errors


def _predicted(
    task: Task,
    classifier: Any,  # noqa: ANN401 - any classifier
    output: Output,
    rows: pa.Table,
    frame: pd.DataFrame,
    warned: list[warnings.WarningMessage],
) -> tuple[dict[str, Any], pa.Table]:
    """Return what a cell's record says of its predictions, and the predictions."""
    X = frame[list(X_COLUMNS)].iloc[output.test]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        predicted = classifier.predict(X)
        if any(label is None for label in predicted):
            raise InputError("it abstains; an experiment scores every sentence, and shows what abstaining would buy")
        check_labels(predicted, task.labels)
        columns = _probabilities(classifier, X)
    said = sorted({f"{w.category.__name__}: {show(w.message, 200)}" for w in [*warned, *caught]})
    kept = rows.select(["id", "target", "actor", "group", "label"]).take(pa.array(output.test))
    kept = kept.append_column("prediction", pa.array([str(label) for label in predicted]))
    for name, values in columns.items():
        kept = kept.append_column(name, pa.array(values))
    return {"status": "ok", "warnings": said}, kept


def time_cell(task: Task) -> dict[str, Exception]:
    """Read the clocks of a classifier and store them; what goes wrong is raised."""
    (clock,) = task.outputs
    frame = to_frame(_read_table(task.table))
    train, dev = frame.iloc[task.train], frame.iloc[task.dev]
    X = frame[list(X_COLUMNS)].iloc[clock.test].reset_index(drop=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        readings = time_classifier(task.make, lambda one: fit_rows(one, train, dev), len(train), X)
    Store(task.folder).write("timings", clock.key, clock.record | readings)
    return {}


def _write_failure(task: Task, output: Output, error: Exception) -> None:
    cause = f"{type(error).__name__}: {show(error, 300)}"
    Store(task.folder).write("failures", output.key, output.record | {"status": "error", "cause": cause})


def _fitted(task: Task, frame: pd.DataFrame) -> tuple[Any, dict[str, Any]]:
    """Return the fitted classifier, and what the cell's record must say of how its parameters were chosen."""
    train, dev = frame.iloc[task.train], frame.iloc[task.dev]
    if task.lesson:
        return _taught(task, task.lesson, frame), {}
    if not task.matrix:
        return fit_rows(task.make(), train, dev), {}
    return tune(task.make(), task.matrix, train, task.labels, dev)


def _taught(task: Task, lesson: Lesson, frame: pd.DataFrame) -> Any:  # noqa: ANN401
    """Return the classifier that was taught; of sentences that are not its own to learn, it is told nothing."""
    others = set(map(folded, frame["text"].drop(frame.index[task.train])))
    unlabelled = _read_table(lesson.unlabelled).to_pandas()
    unlabelled = unlabelled[[folded(text) not in others for text in unlabelled["text"]]]
    train = frame.iloc[task.train]
    with lesson.model.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of those that want the same teacher, one trains it
        fit_teacher(make_classifier(lesson.class_name, lesson.params, task.scheme, task.seed), train, lesson.model)
    return teach(task.make(), lesson.model, train, unlabelled)


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
