"""Agreement: the compiled pass gives the scores of scikit-learn's way, on a million sentences that differ."""

import numpy as np
import pyarrow as pa

from stance.classifiers.fast import FastStanceClassifier
from tests.benchmarks.conftest import FULL

N_SENTENCES = 1_000_000
AT_ONCE = 50_000
LARGEST_DIFFERENCE = 1e-5


def test_a_million_sentences(material, collected, benchmark):
    n = N_SENTENCES if len(material.listed) >= FULL else len(material.listed)
    X, y = material.train
    fitted = FastStanceClassifier(scheme=material.scheme, n_jobs=1).fit(X["text"].tolist(), y)
    ngrams, learner = fitted.model_
    rng = np.random.default_rng(0)
    differences, n_other_labels, unlike = [], 0, set()

    def compare():
        nonlocal n_other_labels
        for start in range(0, n, AT_ONCE):
            firsts, seconds = rng.integers(0, len(material.listed), (2, min(AT_ONCE, n - start)))
            # Half of one sentence and half of another.
            pairs = ((material.listed[a], material.listed[b]) for a, b in zip(firsts, seconds, strict=True))
            texts = [f"{one[: len(one) // 2]} {other[len(other) // 2 :]}" for one, other in pairs]
            unlike.update(map(hash, texts))
            compiled = fitted.decision_function(pa.array(texts))
            theirs = learner.decision_function(ngrams.transform(texts))
            differences.append(np.abs(compiled - theirs).max())
            best = np.sort(theirs, axis=1)
            told_apart = best[:, -1] - best[:, -2] > LARGEST_DIFFERENCE
            n_other_labels += int((compiled.argmax(axis=1) != theirs.argmax(axis=1))[told_apart].sum())

    benchmark.pedantic(compare, rounds=1)
    note = f"{n:,} sentences, {len(unlike):,} different ones, against the matrix times the weights"
    collected.add("labels unlike scikit-learn's", n_other_labels, "labels", at_most=0, note=note)
    collected.add("largest difference of a score", max(differences), "", at_most=LARGEST_DIFFERENCE, note=note)
