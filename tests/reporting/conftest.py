"""A results folder made by hand: small, invented, written as the runner writes."""

import json

import numpy as np
import pyarrow as pa
import pytest

from stance.running.results import load_results
from stance.running.store import Store

LABELS = ("favor", "against", "none")
TIMING = {
    "fit_seconds": [0.2, 0.1, 0.3],
    "fit_sentences": 1000,
    "predict_seconds": {"1": [0.001, 0.002, 0.003], "64": [0.01], "all": [0.05]},
    "predict_sentences": {"1": 1, "64": 64, "all": 300},
    "peak_memory_bytes": 123_456_789,
    "model_bytes": 45_678,
}
PROVENANCE = {
    "stance_version": "0.1.0",
    "code_sha256": "c" * 64,
    "python_version": "3.11.7",
    "platform": "Linux",
    "cpu": "An invented processor",
    "cores": 2,
    "memory_bytes": 8_000_000_000,
    "libraries": {"numpy": "2.4.6"},
    "experiment_sha256": "e" * 64,
    "corpora_sha256": {},
}


def predictions(seed, actors=("iran", "trump"), n=120, labels=LABELS, skill=0.7, *, sure=None):
    """Return predictions; with `sure`, the probability of each predicted label."""
    rng = np.random.default_rng(seed)
    gold = np.random.default_rng(99).choice(labels, n)
    said = np.where(rng.random(n) < skill, gold, rng.choice(labels, n))
    probabilities = {} if sure is None else _probabilities(said, labels, sure)
    return pa.table(
        {
            "id": [f"s{i}" for i in range(n)],
            "target": ["ceasefire"] * n,
            "actor": [actors[i % len(actors)] for i in range(n)],
            "group": [f"g{i // 6}" for i in range(n)],
            "label": gold.astype(str).tolist(),
            "prediction": said.astype(str).tolist(),
        }
        | probabilities
    )


def _probabilities(said, labels, sure):
    other = (1 - sure) / (len(labels) - 1)
    return {f"probability_{label}": np.where(said == label, sure, other) for label in labels}


def tuned_from(params):
    return {key: [value] for key, value in params.items()}


@pytest.fixture
def make_results(tmp_path):
    """Return a function that writes a folder and reads it: one cell a (classifier, fold, seed, table)."""

    def make(cells, *, name="mine", timed=True, failures=(), warn=None, protocol="official", tuned=None, **corpus):
        store = Store(tmp_path / "results")
        store.folder.mkdir(exist_ok=True)
        labels = corpus.pop("labels", LABELS)
        metrics = corpus.pop("metrics", ["macro_f1", "f_avg", "accuracy"])
        sheet = {
            "name": "toy",
            "title": "A toy",
            "scheme": "stance",
            "labels": labels,
            "licence": "CC0-1.0",
            "citation": "Nobody. 2026. A toy.",
            "sha256": "a" * 64,
            "n_sentences": 400,
            "tests": ["test"],
            "metric": "macro_f1",
            "notes": [],
            "terms": "Do as you like.",
            "version": "1.0",
        } | corpus
        leaks = corpus.pop("leaks", ())
        held, warnings = [], {}
        for number, (classifier, fold, seed, table) in enumerate(cells):
            key = f"{number:064x}"
            place = {"corpus": sheet["name"], "scheme": "stance", "protocol": protocol, "fold": fold}
            cell = place | {"classifier": classifier, "seed": seed, "key": key}
            store.write_cell(key, {"cell": cell, "labels": labels}, table)
            held.append(cell)
            warnings |= {key: [warn]} if warn else {}
        names = list(dict.fromkeys(cell["classifier"] for cell in held))
        timings = []
        for number, classifier in enumerate(names if timed else []):
            speed = TIMING | {"predict_seconds": TIMING["predict_seconds"] | {"all": [0.05 * (number + 1)]}}
            record = {"corpus": sheet["name"], "scheme": "stance", "classifier": classifier} | speed
            store.write("timings", f"{number:064x}", record)
            timings.append(f"{number:064x}")
        manifest = {
            "name": name,
            "metrics": metrics,
            "corpora": [sheet],
            "classifiers": [{"name": one, "class": one, "params": {"C": 0.3}} for one in names],
            "cells": held,
            "warnings": warnings,
            "timings": timings,
            "leaks": list(leaks),
            "failures": list(failures),
        }
        if tuned:
            one = {"params": tuned, "score": 0.61251, "n_folds": 5}
            manifest["tuned"] = {cell["key"]: one for cell in held if cell["classifier"] == "tuned"}
            manifest["classifiers"] = [one | {"matrix": tuned_from(tuned)} for one in manifest["classifiers"]]
        (store.folder / "results.json").write_text(json.dumps(manifest))
        (store.folder / "provenance.json").write_text(json.dumps(PROVENANCE))
        return load_results(store.folder)

    return make


@pytest.fixture
def results(make_results):
    failure = {
        "title": "toy/stance/official/test/encoder",
        "status": "out_of_memory",
        "cause": "over 2,000 MB",
    }
    cells = [("svm", "test", None, predictions(0)), ("majority", "test", None, predictions(1, skill=0.1))]
    cells += [("sgd", "test", seed, predictions(seed + 2, skill=0.5)) for seed in (0, 1)]
    return make_results(cells, failures=[failure], warn="ConvergenceWarning: it did not converge")
