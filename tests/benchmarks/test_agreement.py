"""Agreement: the compiled pass gives the scores of scikit-learn's way, on a million sentences, and on real news."""

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from stance.classifiers.fast import FastStanceClassifier
from stance.data.corpora import X_COLUMNS
from stance.data.splits import make_folds
from tests.benchmarks.conftest import FULL

TESTS = [("newsmtsc", "sentiment", "official", "devtest_rw"), ("dse", "directed", "official-clean", "test")]
MOST_POINTS = 0.5
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


@pytest.mark.parametrize(("name", "scheme", "protocol", "test"), TESTS)
def test_macro_f1_against_the_linear_svm_on_the_same_features(
    name, scheme, protocol, test, public, collected, benchmark
):
    corpus = public(name, scheme)
    fold = next(fold for fold in make_folds(corpus, protocol) if fold.name == test)
    train, asked = (corpus.frame.iloc[rows] for rows in (fold.train, fold.test))
    svm, how = LinearSVC(C=0.1, random_state=0), {"calibrate": False, "compiled_from": 1}
    found = {}

    def learn(label, classifier):
        labels = classifier.fit(train[list(X_COLUMNS)], train["label"]).predict(asked[list(X_COLUMNS)])
        found[label] = 100 * f1_score(asked["label"], labels, average="macro")

    def learn_all():
        learn("svm", make_pipeline(FastStanceClassifier(scheme).make_ngrams(), svm))
        learn("the same learner", FastStanceClassifier(scheme, estimator=svm, **how))
        learn("own learner", FastStanceClassifier(scheme, **how))

    benchmark.pedantic(learn_all, rounds=1)
    for label, most in (("the same learner", MOST_POINTS), ("own learner", None)):
        lacking = found["svm"] - found[label]
        scores = {"macro_f1": found[label] / 100, "peer_macro_f1": found["svm"] / 100}
        what = f"points of macro-F1 behind the linear SVM, {label}, {name}"
        collected.add(what, abs(lacking) if most else lacking, "points", at_most=most, **scores)
