"""Classifiers that fail, each in its own way; imported by worker processes."""

import os
import signal
import sys
import time
import warnings
from pathlib import Path

from stance.classifiers.dummies import MajorityClassifier


class Raises(MajorityClassifier):
    def fit(self, X, y, sample_weight=None):
        raise RuntimeError("no\nluck")


class Segfaults(MajorityClassifier):
    def fit(self, X, y, sample_weight=None):
        os.kill(os.getpid(), signal.SIGSEGV)


class Exits(MajorityClassifier):
    def fit(self, X, y, sample_weight=None):
        os._exit(7)


class Quits(MajorityClassifier):
    def fit(self, X, y, sample_weight=None):
        sys.exit(0)


class Misspells(MajorityClassifier):
    def predict(self, X):
        return ["favour"] * len(X)


class Hangs(MajorityClassifier):
    def fit(self, X, y, sample_weight=None):
        time.sleep(600)


class Hoards(MajorityClassifier):
    def fit(self, X, y, sample_weight=None):
        self.hoard = []
        while True:
            self.hoard.append(b"x" * 20_000_000)
            time.sleep(0.01)


class Slow(MajorityClassifier):
    def fit(self, X, y, sample_weight=None):
        time.sleep(0.15)
        return super().fit(X, y, sample_weight)


class Counts(MajorityClassifier):
    """Does not fail, but writes a line for each fit."""

    def __init__(self, scheme="stance", log=""):
        super().__init__(scheme)
        self.log = log

    def fit(self, X, y, sample_weight=None):
        with Path(self.log).open("a") as file:
            file.write("fit\n")
        return super().fit(X, y, sample_weight)


class Warns(MajorityClassifier):
    def fit(self, X, y, sample_weight=None):
        warnings.warn("fitted", stacklevel=1)
        return super().fit(X, y, sample_weight)

    def predict(self, X):
        if X["text"].str.contains("Second").any():
            warnings.warn("second", stacklevel=1)
        return super().predict(X)


class Picky(MajorityClassifier):
    def __init__(self, scheme="stance", refused=""):
        super().__init__(scheme)
        self.refused = refused

    def predict(self, X):
        if X["text"].str.startswith(self.refused.title()).any():
            raise ValueError(f"not {self.refused}")
        return super().predict(X)
