"""Shared fits: cells that differ in their test alone are fitted once, and are what they would be alone."""

from dataclasses import replace

import pytest

from stance.running.experiments import read_experiment
from stance.running.plan import _ingredients, make_plan
from stance.running.runner import run
from stance.running.store import Store
from stance.running.tasks import cell_tasks, write_tables
from stance.running.worker import predict_cells
from tests.conftest import write_csv

SHEET = """
name = "twice_tested"
title = "Tested twice"
version = "1"
[schemes.stance]
train = ["train"]
tests = ["first", "second"]
"""
FILE = '[[files]]\npath = "{0}.csv"\nsplit = "{0}"\n'


@pytest.fixture
def spec(tmp_path, sentences):
    """An experiment on a corpus of two tests, as a function of its classifiers."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    parts = {"train": sentences[::2], "first": sentences[1::4], "second": sentences[3::4]}
    for name, rows in parts.items():
        write_csv(folder / f"{name}.csv", [row | {"text": f"{name.title()}: {row['text']}"} for row in rows])
    (folder / "sheet.toml").write_text(SHEET + "".join(map(FILE.format, parts)))
    return lambda **classifiers: {"corpora": [{"path": str(folder)}], "classifiers": classifiers, "timing": False}


@pytest.fixture
def counted(tmp_path, spec):
    """An experiment whose classifier writes a line for each fit, and a function that counts them."""
    log = tmp_path / "fits.txt"
    log.touch()
    return spec(counts={"class": "faulty:Counts", "log": str(log)}), lambda: len(log.read_text().splitlines())


def test_a_shared_fit_is_made_once_and_again_once_when_a_cell_is_missing(counted, tmp_path):
    experiment, n_fits = counted
    results = run(experiment, tmp_path / "r", progress=False)
    assert [cell.fold for cell in results.cells] == ["first", "second"]
    assert n_fits() == 1
    scores = (tmp_path / "r" / "scores.jsonl").read_bytes()
    kept, lost = (Store(tmp_path / "r").path("cells", cell.key) for cell in results.cells)
    before, changed = lost.read_bytes(), kept.stat().st_mtime_ns
    lost.unlink()
    run(experiment, tmp_path / "r", progress=False)
    assert n_fits() == 2
    assert (lost.read_bytes(), kept.stat().st_mtime_ns) == (before, changed)
    assert (tmp_path / "r" / "scores.jsonl").read_bytes() == scores
    run(experiment, tmp_path / "r", progress=False)
    assert n_fits() == 2


def tasks_of(experiment, folder):
    store, plan = Store(folder), make_plan(read_experiment(experiment))
    write_tables(store, plan)
    return cell_tasks(store, plan)


def test_cells_of_a_shared_fit_are_those_of_separate_fits(spec, tmp_path):
    tuned = {"class": "linear_svm", "matrix": {"C": [0.1, 1.0]}}
    experiment = spec(stratified={}, logistic_regression={}, tuned=tuned, warns={"class": "faulty:Warns"})
    shared, alone = (tasks_of(experiment, tmp_path / name) for name in ("shared", "alone"))
    assert [len(task.outputs) for task in shared] == [2, 2, 2, 2]
    for task in shared:
        assert predict_cells(task) == {}
    for task in alone:
        for output in task.outputs:
            assert predict_cells(replace(task, outputs=(output,))) == {}
    files = {path.name: path.read_bytes() for path in (tmp_path / "shared" / "cells").iterdir()}
    assert files == {path.name: path.read_bytes() for path in (tmp_path / "alone" / "cells").iterdir()}
    assert len(files) == 2 * 2 * len(shared)
    first, second = (Store(tmp_path / "shared").read("cells", output.key) for output in shared[-1].outputs)
    assert first["warnings"] == ["UserWarning: fitted"]
    assert second["warnings"] == ["UserWarning: fitted", "UserWarning: second"]


def test_only_what_is_fitted_alike_shares_a_fit(spec, tmp_path):
    experiment = spec(linear_svm={}, weak={"class": "linear_svm", "C": 0.1}, stratified={})
    tasks = tasks_of(experiment | {"seeds": [0, 1]}, tmp_path / "r")
    assert [(task.title.split("/", 4)[-1], len(task.outputs)) for task in tasks] == [
        ("linear_svm", 2),
        ("weak", 2),
        ("stratified seed 0", 2),
        ("stratified seed 1", 2),
    ]


def test_a_fit_that_fails_fails_each_of_its_cells(spec, tmp_path):
    experiment = spec(raises={"class": "faulty:Raises"}, exits={"class": "faulty:Exits"}, majority={})
    results = run(experiment, tmp_path / "r", progress=False)
    failed = {(f["title"].split("/", 3)[-1], f["status"]) for f in results.failures}
    assert failed == {
        ("first/raises", "error"),
        ("second/raises", "error"),
        ("first/exits", "crashed"),
        ("second/exits", "crashed"),
    }
    assert [cell.classifier for cell in results.cells] == ["majority", "majority"]
    assert len(list((tmp_path / "r" / "failures").iterdir())) == 4


@pytest.mark.parametrize("name", ["first", "second"])
def test_a_test_that_cannot_be_predicted_leaves_the_other_alone(spec, tmp_path, name):
    results = run(spec(picky={"class": "faulty:Picky", "refused": name}), tmp_path / "r", progress=False)
    assert [cell.fold for cell in results.cells] == [{"first": "second", "second": "first"}[name]]
    (failure,) = results.failures
    assert failure["cause"] == f"ValueError: not {name}"
    assert f"/{name}/" in failure["title"]


def test_the_dev_of_a_fold_reaches_the_worker_and_is_part_of_the_key(tmp_path, sentences):
    rows = [row | {"split": ("train", "dev", "test")[i % 3]} for i, row in enumerate(sentences)]
    source = write_csv(tmp_path / "own.csv", rows)
    asked = {"corpora": [{"path": str(source), "scheme": "stance"}], "classifiers": {"linear_svm": {}}}
    plan = make_plan(read_experiment(asked))
    (task,) = cell_tasks(Store(tmp_path / "r"), plan)
    assert task.dev.tolist() == list(range(1, len(rows), 3))
    folds = asked | {"protocols": ["grouped-kfold"]}
    assert all(not len(task.dev) for task in cell_tasks(Store(tmp_path / "r"), make_plan(read_experiment(folds))))
    (job,) = plan
    fewer = replace(job.fold, dev=job.fold.dev[1:])
    assert _ingredients(job.corpus, job.fold, "fast", {}, None) != _ingredients(job.corpus, fewer, "fast", {}, None)
