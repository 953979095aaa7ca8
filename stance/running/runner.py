"""Runner: an experiment in, predictions and clocks on disk out, resuming where it was left."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
from tqdm import tqdm

import stance
from stance.core.errors import InputError
from stance.core.files import canonical_json, replacing, sha256_text, update_text
from stance.core.paths import PACKAGE
from stance.core.records import Provenance, cell_key
from stance.running.experiments import Experiment, read_experiment
from stance.running.isolation import Outcome, run_tasks
from stance.running.leaks import check_leaks
from stance.running.plan import Job, code_sha256, make_plan, versions
from stance.running.results import MANIFEST, PROVENANCE, Results, load_results, write_scores
from stance.running.store import Store
from stance.running.tasks import Task

SHOWN_LIBRARIES = ("scikit-learn", "numpy", "scipy", "pandas", "pyarrow", "datasets")


def run(
    experiment: str | Path | Mapping[str, Any],
    results: str | Path | None = None,
    *,
    jobs: int | None = None,
    progress: bool | None = None,
    allow_leak: bool = False,
) -> Results:
    """Run an experiment, or what is left of it.

    Each cell is fitted in a process of its own and written, whole, when it is done; a cell that is
    there is not computed again. Clocks are read afterwards, one classifier at a time. Whatever its
    parts were run in, the scores are the same bytes.

    Parameters
    ----------
    experiment : path or mapping
        An experiment file, the name of a shipped one, or a mapping with the same keys.
    results : path, optional
        The results folder; ``results/<experiment>`` beside the file when left out.
    jobs : int, optional
        Cells at once; all cores when left out.
    progress : bool, optional
        Whether to draw a progress bar; by default where stderr is a terminal.
    allow_leak : bool
        Whether to run a corpus of your own although its test holds sentences of its training data.

    Returns
    -------
    Results
        With the finished cells; `Results.failures` lists those that failed.

    Raises
    ------
    InputError, MissingDataError
        Before anything is written, if the experiment or a corpus breaks a rule, or its test leaks.
    BusyError
        If another run is at work in the folder.
    StorageError
        If the folder cannot be written.
    """
    checked = read_experiment(experiment)
    if jobs is not None and jobs < 1:
        raise InputError(f"jobs: {jobs} is less than 1")
    plan = make_plan(checked)
    leaks = check_leaks(plan, allow=allow_leak)
    store = Store(Path(results) if results is not None else default_folder(checked))
    cores = jobs or os.cpu_count() or 1
    with store.held():
        tables = _write_tables(store, plan)
        cells = [_cell_task(store, tables, job) for job in plan]
        failures = _do(store, cells, checked, cores, progress, "cells")
        clocks = _clock_tasks(store, tables, plan) if checked.file.timing else []
        failures += _do(store, clocks, checked, 1, progress, "timing")
        _write_manifest(store, checked, plan, clocks, {"leaks": [asdict(leak) for leak in leaks], "failures": failures})
        done = load_results(store.folder)
        write_scores(done)
    return done


def default_folder(experiment: Experiment) -> Path:
    """Return where results go when nobody says: beside the file, or here if that is not the user's."""
    home = experiment.folder
    inside = PACKAGE / "shipped"
    return (Path() if inside in home.resolve().parents else home) / "results" / experiment.name


def _do(
    store: Store, tasks: Sequence[Task], experiment: Experiment, jobs: int, progress: bool | None, what: str
) -> list[dict[str, Any]]:
    pending = [task for task in tasks if store.read(task.kind, task.key) is None]
    failures = []
    limits = (experiment.file.time_limit_seconds, experiment.file.memory_limit_mb)
    hidden = None if progress is None else not progress
    with tqdm(total=len(tasks), initial=len(tasks) - len(pending), desc=what, unit="", disable=hidden) as bar:
        for outcome in run_tasks(pending, jobs, *limits):
            bar.set_postfix_str(outcome.task.title[-48:], refresh=False)
            bar.update()
            if outcome.status == "ok":
                store.forget_failure(outcome.task.key)
            else:
                failures.append(_failure(store, outcome))
    return failures


def _failure(store: Store, outcome: Outcome) -> dict[str, Any]:
    key = outcome.task.key
    said = store.read("failures", key) if outcome.status == "error" else None
    cause = said["cause"] if said else outcome.cause
    failure = {"title": outcome.task.title, "status": outcome.status, "cause": cause}
    store.write("failures", key, failure | {"kind": outcome.task.kind})
    return failure


def _write_tables(store: Store, plan: Sequence[Job]) -> dict[str, Path]:
    """Write each corpus once, for the workers to map into memory."""
    tables = {}
    for job in plan:
        key = job.corpus.sha256
        path = (store.folder / "work" / f"{key}.arrow").resolve()
        if key not in tables and not path.is_file():
            schema = job.corpus.table.schema
            with replacing(path) as temporary, pa.ipc.new_file(str(temporary), schema) as writer:
                writer.write_table(job.corpus.table)
        tables[key] = path
    return tables


def _cell_task(store: Store, tables: Mapping[str, Path], job: Job) -> Task:
    record = {"cell": job.cell.to_dict(), "labels": list(job.corpus.scheme.labels)}
    return _task(store, tables, job, "cells", job.cell.key, job.cell.title, record)


def _clock_tasks(store: Store, tables: Mapping[str, Path], plan: Sequence[Job]) -> list[Task]:
    """Return one task a classifier and corpus: its first cell's sentences, its first seed, this machine.

    A tuned classifier is timed with the parameters that its first cell chose; where that cell failed, not at all.
    """
    first: dict[tuple[str, str, str], Job] = {}
    for job in plan:
        first.setdefault((job.cell.corpus, job.cell.scheme, job.cell.classifier), job)
    tasks = []
    for (corpus, scheme, classifier), job in first.items():
        key = cell_key({"cell": job.cell.key, "machine": _machine()})
        record = {"corpus": corpus, "scheme": scheme, "classifier": classifier}
        task = _task(store, tables, job, "timings", key, f"{corpus}/{scheme}/{classifier}", record)
        chosen = _chosen(store, job)
        if chosen is not None:
            tasks.append(replace(task, params=task.params | chosen, matrix={}))
    return tasks


def _chosen(store: Store, job: Job) -> dict[str, Any] | None:
    """Return the parameters that a job's cell chose, none where it had no choice; None where it failed."""
    record = store.read("cells", job.cell.key) if job.spec.matrix else {"tuned": {"params": {}}}
    return record["tuned"]["params"] if record else None


def _task(
    store: Store, tables: Mapping[str, Path], job: Job, kind: str, key: str, title: str, record: dict[str, Any]
) -> Task:
    return Task(
        kind=kind,
        key=key,
        title=title,
        record=record,
        folder=store.folder.resolve(),
        table=tables[job.corpus.sha256],
        train=job.fold.train,
        test=job.fold.test,
        class_name=job.spec.class_name,
        params=job.spec.params,
        scheme=job.corpus.scheme.name,
        seed=job.cell.seed,
        matrix=job.spec.matrix,
    )


def _write_manifest(
    store: Store, experiment: Experiment, plan: Sequence[Job], clocks: Sequence[Task], found: dict[str, Any]
) -> None:
    records = [(job.cell, store.read("cells", job.cell.key)) for job in plan]
    corpora = {(job.cell.corpus, job.cell.scheme): job.corpus for job in plan}
    manifest = {
        "name": experiment.name,
        "metrics": experiment.file.metrics,
        "corpora": [_describe(corpus) for corpus in corpora.values()],
        "classifiers": [spec.to_dict() for spec in experiment.classifiers],
        "cells": [cell.to_dict() for cell, record in records if record],
        "warnings": {cell.key: record["warnings"] for cell, record in records if record and record["warnings"]},
        "tuned": {cell.key: record["tuned"] for cell, record in records if record and "tuned" in record},
        "timings": [task.key for task in clocks if store.read("timings", task.key)],
        **found,
    }
    hashes = {f"{name}/{scheme}": corpus.sha256 for (name, scheme), corpus in corpora.items()}
    provenance = asdict(_provenance(experiment, hashes))
    update_text(store.folder / PROVENANCE, canonical_json(provenance) + "\n")
    update_text(store.folder / MANIFEST, canonical_json(manifest) + "\n")


def _describe(corpus: Any) -> dict[str, Any]:  # noqa: ANN401 - a Corpus
    part = corpus.sheet.schemes[corpus.scheme.name]
    return {
        "name": corpus.name,
        "title": corpus.sheet.title,
        "scheme": corpus.scheme.name,
        "labels": list(corpus.scheme.labels),
        "licence": corpus.sheet.licence,
        "terms": corpus.sheet.terms,
        "citation": corpus.sheet.citation.strip(),
        "version": corpus.sheet.version,
        "sha256": corpus.sha256,
        "n_sentences": corpus.table.num_rows,
        "tests": part.tests,
        "train_per": part.train_per,
        "metric": part.metric,
        "notes": list(corpus.notes),
    }


def _provenance(experiment: Experiment, hashes: dict[str, str]) -> Provenance:
    return Provenance(
        stance_version=stance.__version__,
        code_sha256=code_sha256(),
        python_version=platform.python_version(),
        platform=platform.platform(terse=True),
        cpu=_cpu(),
        cores=os.cpu_count() or 1,
        memory_bytes=psutil.virtual_memory().total,
        libraries={name: version(name) for name in SHOWN_LIBRARIES},
        experiment_sha256=sha256_text(canonical_json(experiment.file.model_dump(mode="json"))),
        corpora_sha256=hashes,
    )


def _machine() -> dict[str, Any]:
    return {"cpu": _cpu(), "cores": os.cpu_count(), "versions": versions()}


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
