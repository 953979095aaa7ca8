"""Classifiers that fail, each in its own way; imported by worker processes."""

import os
import signal
import time

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
