"""Plan: the list of cells of an experiment, each with a key that knows all it depends on."""

from __future__ import annotations

import functools
import importlib
import inspect
import platform
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from stance.classifiers.registry import CLASSIFIERS, get_class, make_classifier, speaks, uses_seed
from stance.core.errors import InputError
from stance.core.files import sha256_file, sha256_text
from stance.core.paths import PACKAGE, shipped
from stance.core.records import Cell, cell_key
from stance.data.corpora import Corpus
from stance.data.splits import Fold, default_protocol, make_folds
from stance.data.transfer import PROTOCOL as TRANSFER
from stance.data.transfer import make_transfer
from stance.running.experiments import ClassifierSpec, Experiment

# What of our code can change a prediction, and whose versions can; of a classifier's `packages`, those as well.
CODE_ROOMS = ("text", "classifiers")
WORD_LISTS = ("actors.toml", "targets.toml", "words.toml")
LIBRARIES = ("scikit-learn", "numpy", "scipy", "vaderSentiment")
TUNING = ("running/tuning.py", "evaluation/metrics.py")
TEACHING = ("running/teaching.py",)
Loader = Callable[[tuple[str, ...], str], list[Corpus]]


@dataclass(frozen=True)
class Job:
    """A cell with what its worker needs.

    Attributes
    ----------
    cell : Cell
    corpus : Corpus
    fold : Fold
    spec : ClassifierSpec
    fit_key : str
        The same for cells that are fitted alike and differ in their test alone.
    unlabelled : tuple of Corpus
        What the classifier is taught about, where it has a teacher.
    teacher_key : str
        The same for teachers that are fitted alike; empty where there is none.
    """

    cell: Cell
    corpus: Corpus
    fold: Fold
    spec: ClassifierSpec
    fit_key: str
    unlabelled: tuple[Corpus, ...] = ()
    teacher_key: str = ""


def make_plan(experiment: Experiment) -> list[Job]:
    """Return the jobs of an experiment, in the order of its file.

    Raises
    ------
    InputError
        If two corpora of one name and scheme collide, a protocol does not fit a corpus, or nothing is left to run:
        a classifier that does not speak a corpus's scheme is left out there.
    """
    jobs: list[Job] = []
    seen: set[tuple[str, str, str]] = set()
    load = functools.cache(experiment.unlabelled)
    for corpus, protocol, folds in _parts(experiment):
        if (corpus.name, corpus.scheme.name, protocol) in seen:
            raise InputError(f"{experiment.name}: corpus {corpus.name}, scheme {corpus.scheme.name}, stands twice")
        seen.add((corpus.name, corpus.scheme.name, protocol))
        for fold in folds:
            jobs += _jobs(experiment, corpus, protocol, fold, load)
    if not jobs:
        raise InputError(f"{experiment.name}: none of its classifiers learns a scheme of its corpora")
    return jobs


def _parts(experiment: Experiment) -> Iterator[tuple[Corpus, str, list[Fold]]]:
    for corpus, protocols in experiment.corpora():
        for protocol in protocols or [default_protocol(corpus)]:
            yield corpus, protocol, make_folds(corpus, protocol)
    for train, test, actors_only in experiment.transfers():
        joined, folds = make_transfer(train, test, actors_only=actors_only)
        yield joined, TRANSFER, folds


def code_sha256(class_name: str = "") -> str:
    """Return a hash of the code that predictions depend on, a user's own module included."""
    own = "" if class_name in CLASSIFIERS or not class_name else _module_sha256(class_name)
    return sha256_text(_package_sha256() + own)


def versions(packages: Iterable[str] = ()) -> dict[str, str]:
    """Return the versions that predictions depend on; of a package that is not installed, nothing.

    Examples
    --------
    >>> sorted(versions(["no-such-package"]))
    ['no-such-package', 'numpy', 'python', 'scikit-learn', 'scipy', 'vaderSentiment']
    """
    found = {name: _version(name) for name in (*LIBRARIES, *packages)}
    return found | {"python": ".".join(platform.python_version_tuple()[:2])}


@functools.cache
def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _jobs(experiment: Experiment, corpus: Corpus, protocol: str, fold: Fold, load: Loader) -> list[Job]:
    jobs = []
    for spec in experiment.classifiers:
        learners = [make_classifier(spec.class_name, spec.params)]
        if not speaks(learners[0], corpus.scheme.name):
            continue
        unlabelled: tuple[Corpus, ...] = ()
        if spec.teaching:
            learners.append(make_classifier(spec.teaching.class_name, spec.teaching.params))
            unlabelled = tuple(load(spec.teaching.unlabelled, corpus.scheme.name))
        for seed in experiment.file.seeds if any(map(uses_seed, learners)) else [None]:
            fit = _ingredients(corpus, fold, spec.class_name, spec.params, seed)
            fit |= _tuning(spec) if spec.matrix else {}
            teacher_key = ""
            if spec.teaching:
                teacher = _ingredients(corpus, fold, spec.teaching.class_name, spec.teaching.params, seed)
                teacher_key = cell_key(teacher | _hashes("teaching", TEACHING))
                fit |= {"teacher": teacher_key, "unlabelled": [one.sha256 for one in unlabelled]}
            key = cell_key(fit | {"test": _rows_sha256(fold.test)})
            cell = Cell(corpus.name, corpus.scheme.name, protocol, fold.name, spec.name, seed, key)
            fit_key = cell_key(fit | {"scheme": corpus.scheme.name})
            jobs.append(Job(cell, corpus, fold, spec, fit_key, unlabelled, teacher_key))
    return jobs


def _ingredients(
    corpus: Corpus, fold: Fold, class_name: str, params: dict[str, Any], seed: int | None
) -> dict[str, Any]:
    """Return all that can change a fitted classifier."""
    return {
        "corpus": corpus.sha256,
        "train": _rows_sha256(fold.train),
        "dev": _rows_sha256(fold.dev),
        "class": CLASSIFIERS.get(class_name, class_name),
        "params": params,
        "seed": seed,
        "code": code_sha256(class_name),
        "versions": versions(getattr(get_class(class_name), "packages", ())),
    }


def _tuning(spec: ClassifierSpec) -> dict[str, Any]:
    return {"matrix": spec.matrix} | _hashes("tuning", TUNING)


def _hashes(name: str, files: tuple[str, ...]) -> dict[str, list[str]]:
    return {name: [sha256_file(PACKAGE / file) for file in files]}


def _rows_sha256(rows: np.ndarray) -> str:
    return sha256_text(",".join(map(str, rows.tolist())))


@functools.cache
def _package_sha256() -> str:
    files = sorted(path for room in CODE_ROOMS for path in (PACKAGE / room).glob("*.py"))
    files += [shipped("corpora") / name for name in WORD_LISTS]
    return sha256_text("".join(sha256_file(path) for path in files))


def _module_sha256(class_name: str) -> str:
    found = get_class(class_name)
    source = inspect.getsourcefile(importlib.import_module(found.__module__))
    return sha256_file(Path(source)) if source else ""
