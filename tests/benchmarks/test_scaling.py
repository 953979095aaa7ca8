"""Scaling: a sentence takes as long among ten million as among ten thousand."""

import numpy as np
import pyarrow as pa

from stance.classifiers.fast import FastStanceClassifier
from tests.benchmarks.conftest import FULL
from tests.benchmarks.interleaved import race

SMALL, LARGE = 10_000, 10_000_000
SIZES = (1_000, SMALL, 100_000, 1_000_000, LARGE)
ROUNDS = 3


def test_ten_million_sentences(material, collected, benchmark):
    n = len(material.column)
    largest = LARGE if n >= FULL else max(SMALL, n)
    X, y = material.train
    fitted = FastStanceClassifier(scheme=material.scheme, gist=False, n_jobs=1).fit(X["text"].tolist(), y)
    column = material.column.take(pa.array(np.arange(largest) % n))
    few = column.slice(0, SMALL)
    curve = []
    for size in [size for size in SIZES if size <= largest]:
        part = column.slice(0, size)
        known = benchmark if size == largest else None
        ratio = race(lambda part=part: fitted.predict(part), lambda: fitted.predict(few), ROUNDS, known)
        times = (ratio.ours_seconds / size) / (ratio.peer_seconds / SMALL)
        curve.append({"sentences": size, "seconds": ratio.ours_seconds, "times_a_sentence_of_ten_thousand": times})
    collected.curves["predict"] = curve
    times = curve[-1]["times_a_sentence_of_ten_thousand"]
    collected.add("seconds a sentence, 10^7 / 10^4", times, at_most=1.1, note=f"the most: {largest:,} sentences")
