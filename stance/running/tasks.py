"""Tasks: what a worker is told; light, so that a run with nothing to do imports no learner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from stance.core.files import replacing, sha256_text
from stance.core.records import cell_key
from stance.data.corpora import Corpus
from stance.running.matrix import Matrix
from stance.running.plan import Job
from stance.running.provenance import machine
from stance.running.store import Store
from stance.running.teaching import training_sentences


@dataclass(frozen=True)
class Output:
    """One record that a task leaves: a cell or a clock.

    Attributes
    ----------
    key, title : str
    record : dict
        What is known beforehand and belongs into the stored record.
    test : numpy.ndarray of int
        Rows to be predicted.
    """

    key: str
    title: str
    record: dict[str, Any]
    test: np.ndarray


@dataclass(frozen=True)
class Lesson:
    """What a classifier is taught.

    Attributes
    ----------
    class_name, params
        What makes the teacher.
    unlabelled : pathlib.Path
        The Arrow file of the sentences that it labels.
    model : pathlib.Path
        Its model file, which the first that needs it writes.
    """

    class_name: str
    params: dict[str, Any]
    unlabelled: Path
    model: Path


@dataclass(frozen=True)
class Task:
    """What a worker is told: one fit, and what it is asked.

    Attributes
    ----------
    kind : {"cells", "timings"}
    outputs : tuple of Output
        The cells that share the fit, or one clock.
    folder, table : pathlib.Path
        The results folder, and the Arrow file of the corpus.
    labels : list of str
        Those that the corpus declares.
    train : numpy.ndarray of int
    class_name, params, scheme, seed
        What makes the classifier.
    matrix : dict of str to list
        Of parameters that are to be chosen on the training rows.
    dev : numpy.ndarray of int
        Rows that a classifier may hold out (`fit_rows`).
    lesson : Lesson, optional
        Of a classifier that has a teacher.
    """

    kind: str
    outputs: tuple[Output, ...]
    folder: Path
    table: Path
    labels: list[str]
    train: np.ndarray
    class_name: str
    params: dict[str, Any]
    scheme: str
    seed: int | None
    matrix: Matrix = field(default_factory=dict)
    dev: np.ndarray = field(default_factory=lambda: np.arange(0))
    lesson: Lesson | None = None

    @property
    def title(self) -> str:
        """Return the title of the first output."""
        return self.outputs[0].title

    def make(self) -> Any:  # noqa: ANN401 - any classifier
        """Return the unfitted classifier."""
        from stance.classifiers.registry import make_classifier

        return make_classifier(self.class_name, self.params, self.scheme, self.seed)


def cell_tasks(store: Store, plan: Sequence[Job]) -> list[Task]:
    """Return one task a fit: the cells that differ in their test alone share it."""
    sharing: dict[str, list[Job]] = {}
    for job in plan:
        sharing.setdefault(job.fit_key, []).append(job)
    return [_task(store, jobs[0], "cells", map(_cell, jobs)) for jobs in sharing.values()]


def clock_tasks(store: Store, plan: Sequence[Job]) -> list[Task]:
    """Return one task a classifier and corpus: its first cell's sentences, its first seed, this machine.

    A tuned classifier is timed with the parameters that its first cell chose; where that cell failed, not at all.
    """
    first: dict[tuple[str, str, str], Job] = {}
    for job in plan:
        first.setdefault((job.cell.corpus, job.cell.scheme, job.cell.classifier), job)
    tasks = []
    for (corpus, scheme, classifier), job in first.items():
        chosen = _chosen(store, job)
        if chosen is None:
            continue
        key = cell_key({"cell": job.cell.key, "machine": machine()})
        record = {"corpus": corpus, "scheme": scheme, "classifier": classifier}
        clock = Output(key, f"{corpus}/{scheme}/{classifier}", record, job.fold.test)
        tasks.append(_task(store, job, "timings", [clock], chosen))
    return tasks


def write_tables(store: Store, plan: Sequence[Job]) -> None:
    """Write each corpus once, for the workers to map into memory."""
    for corpus in {job.corpus.sha256: job.corpus for job in plan}.values():
        path = _table(store, corpus.sha256)
        if not path.is_file():
            with replacing(path) as temporary, pa.ipc.new_file(str(temporary), corpus.table.schema) as writer:
                writer.write_table(corpus.table)
    for corpora in {_unlabelled(store, job): job.unlabelled for job in plan if job.unlabelled}.items():
        _write_unlabelled(*corpora)


def forget_teachers(tasks: Sequence[Task]) -> None:
    """Remove the model files of teachers, and the locks under which they were written."""
    for model in {task.lesson.model for task in tasks if task.lesson}:
        model.unlink(missing_ok=True)
        model.with_suffix(".lock").unlink(missing_ok=True)


def _write_unlabelled(path: Path, corpora: Sequence[Corpus]) -> None:
    if not path.is_file():
        table = pa.Table.from_pandas(training_sentences(corpora), preserve_index=False)
        with replacing(path) as temporary, pa.ipc.new_file(str(temporary), table.schema) as writer:
            writer.write_table(table)


def _cell(job: Job) -> Output:
    record = {"cell": job.cell.to_dict(), "labels": list(job.corpus.scheme.labels)}
    return Output(job.cell.key, job.cell.title, record, job.fold.test)


def _chosen(store: Store, job: Job) -> dict[str, Any] | None:
    """Return the parameters that a job's cell chose, none where it had no choice; None where it failed."""
    record = store.read("cells", job.cell.key) if job.spec.matrix else {"tuned": {"params": {}}}
    return record["tuned"]["params"] if record else None


def _task(
    store: Store, job: Job, kind: str, outputs: Iterable[Output], chosen: Mapping[str, Any] | None = None
) -> Task:
    """Return a task; with parameters that were chosen already, nothing is left to choose."""
    return Task(
        kind=kind,
        outputs=tuple(outputs),
        folder=store.folder.resolve(),
        table=_table(store, job.corpus.sha256),
        labels=list(job.corpus.scheme.labels),
        train=job.fold.train,
        class_name=job.spec.class_name,
        params={**job.spec.params, **(chosen or {})},
        scheme=job.corpus.scheme.name,
        seed=job.cell.seed,
        matrix=job.spec.matrix if chosen is None else {},
        dev=job.fold.dev,
        lesson=_lesson(store, job) if kind == "cells" else None,
    )


def _lesson(store: Store, job: Job) -> Lesson | None:
    teaching = job.spec.teaching
    if teaching is None:
        return None
    model = store.folder / "work" / f"{job.teacher_key}.stance"
    return Lesson(teaching.class_name, teaching.params, _unlabelled(store, job), model.resolve())


def _unlabelled(store: Store, job: Job) -> Path:
    return _table(store, sha256_text(",".join(one.sha256 for one in job.unlabelled)))


def _table(store: Store, sha256: str) -> Path:
    return (store.folder / "work" / f"{sha256}.arrow").resolve()
