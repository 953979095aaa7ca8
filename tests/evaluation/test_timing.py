"""Timing: every reading kept, on a clock that the test winds by hand."""

import subprocess
import sys
from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from stance.classifiers.registry import make_classifier
from stance.core.errors import StorageError
from stance.evaluation import timing
from stance.evaluation.timing import model_bytes, peak_memory_bytes, per_second, time_classifier

X = pd.DataFrame({"text": [f"Moscow backs truce {i}." for i in range(10)]})
Y = ["favor", "against"] * 5


class Clock:
    """Classifiers and the clock that they move: no second of it passes."""

    def __init__(self, fit=0.25, call=0.0, sentence=0.001):
        self.now, self.fit_seconds, self.call, self.sentence = 100.0, fit, call, sentence
        self.made, self.asked = 0, []

    def make(self):
        self.made += 1
        return self

    def fit(self, X, y):
        assert len(X) == len(y) == 10
        self.now += self.fit_seconds
        return self

    def predict(self, X):
        self.asked.append(list(X["text"]))
        self.now += self.call + self.sentence * len(X)


@pytest.fixture
def time_with(monkeypatch):
    def run(clock, many=10):
        monkeypatch.setattr(timing, "time", SimpleNamespace(perf_counter=lambda: clock.now))
        monkeypatch.setattr(timing, "model_bytes", lambda fitted: 7)
        monkeypatch.setattr(timing, "MANY", many)
        return time_classifier(clock.make, lambda one: one.fit(X, Y), len(X), X)

    return run


def test_a_fast_classifier_is_read_often(time_with):
    clock = Clock()
    read = time_with(clock)
    assert read["fit_seconds"] == pytest.approx([0.25] * 3)
    assert clock.made == 3
    assert {size: len(seconds) for size, seconds in read["predict_seconds"].items()} == {
        "1": 100,
        "64": 5,
        "all": 5,
    }
    assert read["predict_seconds"]["1"] == pytest.approx([0.001] * 100)
    assert read["predict_seconds"]["64"] == pytest.approx([0.064] * 5)
    assert read["predict_seconds"]["all"] == pytest.approx([0.010] * 5)
    assert read["fit_sentences"] == 10
    assert read["predict_sentences"] == {"1": 1, "64": 64, "all": 10}
    assert read["model_bytes"] == 7


def test_each_size_is_called_once_unread_and_goes_round_the_sentences(time_with):
    clock = Clock()
    time_with(clock)
    sizes = [len(texts) for texts in clock.asked]
    assert sizes == [1] * 101 + [64] * 6 + [10] * 6
    texts = list(X["text"])
    assert [asked[0] for asked in clock.asked[1:101]] == texts * 10
    assert clock.asked[102] == (texts * 7)[:64]
    assert clock.asked[103] == (texts * 14)[64:128]


def test_a_slow_classifier_is_read_until_a_second_is_spent(time_with):
    clock = Clock(fit=1.5, call=0.4)
    read = time_with(clock)
    assert read["fit_seconds"] == pytest.approx([1.5])
    assert clock.made == 1
    assert {size: len(seconds) for size, seconds in read["predict_seconds"].items()} == {
        "1": 3,
        "64": 3,
        "all": 3,
    }


def test_few_sentences_are_repeated_to_many(time_with):
    clock = Clock()
    read = time_with(clock, many=25)
    assert read["predict_sentences"]["all"] == 25
    assert clock.asked[-1] == (list(X["text"]) * 3)[:25]


def test_the_slowest_classifier_is_read_once(time_with):
    read = time_with(Clock(fit=60, call=60))
    assert [len(seconds) for seconds in [read["fit_seconds"], *read["predict_seconds"].values()]] == [
        1,
        1,
        1,
        1,
    ]


def test_a_classifier_of_ours_is_timed():
    make = partial(make_classifier, "linear_svm", {}, "stance", None)
    read = time_classifier(make, lambda one: one.fit(X, Y), len(X), X)
    seconds = [*read["fit_seconds"], *(s for part in read["predict_seconds"].values() for s in part)]
    assert min(seconds) > 0
    assert read["peak_memory_bytes"] > 10_000_000  # the interpreter alone
    assert read["model_bytes"] > 500


GROW = """
import os
if os.fork():  # a program inherits the peak of the process that started it; a fork of it does not
    os.wait()
    raise SystemExit
from stance.evaluation.timing import peak_memory_bytes
before = peak_memory_bytes()
held = bytearray(b"x") * (before + 50_000_000)
del held
print(before, peak_memory_bytes())
"""


def test_peak_memory_is_in_bytes_and_never_falls():
    done = subprocess.run([sys.executable, "-c", GROW], capture_output=True, text=True, check=True)
    before, after = map(int, done.stdout.split())
    assert 10_000_000 < before < 2_000_000_000
    assert before + 50_000_000 <= after < 2.5 * before + 100_000_000
    assert peak_memory_bytes() > 10_000_000


class HoldsGenerator(BaseEstimator):
    """skops answers a generator with a TypeError, not with an error of ours."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.rest_ = (label for label in y)
        return self

    def predict(self, X):
        return ["favor"] * len(X)


class HoldsLambda(HoldsGenerator):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.rest_ = lambda: 0
        return self


@pytest.mark.parametrize("kind", [HoldsGenerator, HoldsLambda, object])
def test_a_classifier_that_cannot_be_saved_has_no_size(kind):
    classifier = kind() if kind is object else kind().fit(X, Y)
    assert model_bytes(classifier) is None


def test_a_full_disk_takes_the_size_alone(monkeypatch):
    def refuse(classifier, path):
        raise StorageError("full")

    monkeypatch.setattr("stance.classifiers.model_files.save_model", refuse)
    assert model_bytes(object()) is None


def test_speed_is_of_the_median_reading():
    assert per_second(64, [9.0, 0.5, 0.25]) == 128
    assert per_second(64, [0.5, 0.25]) == pytest.approx(64 / 0.375)
