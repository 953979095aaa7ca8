"""The peers at their best: fitted on the corpus's training sentences, each asked in the fastest way that it has."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from stance.classifiers.peer_learners import spaced_words, write_lines
from stance.classifiers.registry import make_classifier
from tests.benchmarks.interleaved import fastest

TRIED = 20_000


@dataclass(frozen=True)
class Rival:
    """A fitted peer.

    Attributes
    ----------
    predict : callable
        Labels all the sentences; whatever could be prepared has been.
    macro_f1 : float
        By cross-validation.
    way : str
        How it is asked.
    """

    predict: object
    macro_f1: float
    way: str


def need(module):
    """Return a peer's module; skip the test where it is not installed."""
    return pytest.importorskip(module, reason=f"{module} is not installed: make peers")


def scikit_learn(material):
    """Return TF-IDF of words and word pairs with a linear SVM, on the list of texts."""
    X, y = material.train
    fitted = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LinearSVC(random_state=0)).fit(X["text"].tolist(), y)
    return Rival(lambda: fitted.predict(material.listed), material.macro_f1(fitted), "on a list")


def fasttext(material):
    """Return fastText (10 numbers a word, word pairs), its lines cut into words beforehand."""
    need("fasttext")
    fitted = make_classifier("fasttext", scheme=material.scheme).fit(*material.train)
    lines = [spaced_words(text) + "\n" for text in material.listed]
    opened = fitted.model_.opened

    def all_at_once(some=lines):
        return opened.multilinePredict(some, 1, 0.0, "strict")

    def one_by_one(some=lines):
        return [opened.predict(line, 1, 0.0, "strict") for line in some]

    ways = {"one call": all_at_once, "a call a sentence": one_by_one}
    way = fastest({name: (lambda call=call: call(lines[:TRIED])) for name, call in ways.items()})
    return Rival(ways[way], material.macro_f1(fitted), way)


def vowpal_wabbit(material, folder):
    """Return Vowpal Wabbit (one against all, word pairs), its lines in its format beforehand."""
    vowpalwabbit = need("vowpalwabbit")
    fitted = make_classifier("vowpal_wabbit", scheme=material.scheme).fit(*material.train)
    model, out = folder / "model.vw", folder / "said.txt"
    model.write_bytes(fitted.model_)
    lines = [f"| {spaced_words(text)}" for text in material.listed]
    write_lines(folder / "all.txt", lines)
    write_lines(folder / "some.txt", lines[:TRIED])
    opened = vowpalwabbit.Workspace(arg_list=["-i", str(model), "-t", "--quiet"])

    def driver(given: Path):
        arguments = ["-i", model, "-t", "-d", given, "-p", out, "--quiet"]
        vowpalwabbit.Workspace(arg_list=[str(one) for one in arguments]).finish()

    def python(some):
        return [opened.predict(line) for line in some]

    way = fastest({"its driver": lambda: driver(folder / "some.txt"), "Python": lambda: python(lines[:TRIED])})
    ways = {"its driver": lambda: driver(folder / "all.txt"), "Python": lambda: python(lines)}
    return Rival(ways[way], material.macro_f1(fitted), way)


def cross_validated(classifier, X, y, groups):
    """Return macro-F1 by five folds that part no group; no test is read."""
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    said = cross_val_predict(clone(classifier), X, y, groups=groups, cv=folds)
    return float(f1_score(y, said, average="macro"))
