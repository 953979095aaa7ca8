"""Experiments on invented sentences, with classifiers that fail."""

import sys
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _faulty_on_path(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    yield
    sys.modules.pop("faulty", None)


@pytest.fixture
def experiment(own_csv):
    """A small experiment, as a function of its classifiers."""

    def make(classifiers=None, **keys):
        return {
            "corpora": [{"path": str(own_csv), "scheme": "stance"}],
            "classifiers": classifiers or {"majority": {}, "linear_svm": {}, "stratified": {}},
            "timing": False,
        } | keys

    return make
