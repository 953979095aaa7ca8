"""Runner: an experiment in, predictions and clocks on disk out, resuming where it was left."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from stance.core.errors import InputError
from stance.core.files import canonical_json, update_text
from stance.core.paths import PACKAGE
from stance.running.experiments import Experiment, read_experiment
from stance.running.isolation import Outcome, run_tasks
from stance.running.leaks import check_leaks
from stance.running.plan import Job, make_plan
from stance.running.provenance import make_provenance
from stance.running.results import MANIFEST, PROVENANCE, Results, load_results, write_scores
from stance.running.store import Store
from stance.running.tasks import Output, Task, cell_tasks, clock_tasks, forget_teachers, write_tables

SAVING = ["stance.classifiers.skops_io"]  # what every clock needs, which weighs the model file


def run(
    experiment: str | Path | Mapping[str, Any],
    results: str | Path | None = None,
    *,
    jobs: int | None = None,
    progress: bool | None = None,
    allow_leak: bool = False,
) -> Results:
    """Run an experiment, or what is left of it.

    Each fit is made in a process of its own; cells that differ in their test alone share it, and its
    limits of time and memory. Each cell is written, whole, when it is done; a cell that is there is not
    computed again. Clocks are read afterwards, one classifier at a time. Whatever its parts were run in,
    the scores are the same bytes.

    Parameters
    ----------
    experiment : path or mapping
        An experiment file, the name of a shipped one, or a mapping with the same keys.
    results : path, optional
        The results folder; ``results/<experiment>`` beside the file when left out.
    jobs : int, optional
        Fits at once; all cores when left out.
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
        write_tables(store, plan)
        tasks = cell_tasks(store, plan)
        failures = _do(store, tasks, checked, cores, progress, "cells")
        if not failures:
            forget_teachers(tasks)
        clocks = clock_tasks(store, plan) if checked.file.timing else []
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
    pending = [left for task in tasks if (left := _left_of(store, task)).outputs]
    n_all, n_left = (sum(len(task.outputs) for task in some) for some in (tasks, pending))
    failures = []
    limits = (experiment.file.time_limit_seconds, experiment.file.memory_limit_mb)
    preload = SAVING if experiment.file.timing else []
    hidden = None if progress is None else not progress
    with tqdm(total=n_all, initial=n_all - n_left, desc=what, unit="", disable=hidden) as bar:
        for outcome in run_tasks(pending, jobs, *limits, preload):
            bar.set_postfix_str(outcome.task.title[-48:], refresh=False)
            bar.update(len(outcome.task.outputs))
            failures += _settle(store, outcome)
    return failures


def _left_of(store: Store, task: Task) -> Task:
    """Return the task with those of its outputs that are not there yet."""
    return replace(task, outputs=tuple(one for one in task.outputs if store.read(task.kind, one.key) is None))


def _settle(store: Store, outcome: Outcome) -> list[dict[str, Any]]:
    """Forget what failed earlier and is done now; record and return what failed now."""
    failures = []
    if outcome.status == "ok":  # what a classifier ends by sys.exit(0) has no result for all that
        outcome = replace(outcome, status="crashed", cause="it ended without a result")
    for output in outcome.task.outputs:
        if store.read(outcome.task.kind, output.key) is not None:
            store.forget_failure(output.key)
        else:
            failures.append(_failure(store, outcome, output))
    return failures


def _failure(store: Store, outcome: Outcome, output: Output) -> dict[str, Any]:
    said = store.read("failures", output.key) if outcome.status == "error" else None
    cause = said["cause"] if said else outcome.cause
    failure = {"title": output.title, "status": outcome.status, "cause": cause}
    store.write("failures", output.key, failure | {"kind": outcome.task.kind})
    return failure


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
        "timings": [one.key for task in clocks for one in task.outputs if store.read("timings", one.key)],
        **found,
    }
    hashes = {f"{name}/{scheme}": corpus.sha256 for (name, scheme), corpus in corpora.items()}
    provenance = asdict(make_provenance(experiment, hashes))
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
