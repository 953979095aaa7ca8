"""Compiled segments against scikit-learn: the same labels and scores, whatever the sentence and the switches."""

import copy
import functools
import pickle
import random
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.naive_bayes import BernoulliNB
from sklearn.svm import LinearSVC

from stance.classifiers import compiled_segments, segment_blocks
from stance.classifiers.base import TextClassifier
from stance.classifiers.compiled_segments import compile_segments
from stance.classifiers.model_files import load_model, save_model
from stance.classifiers.stance_classifier import StanceClassifier
from stance.core.errors import InputError
from stance.core.schemes import DIRECTED, STANCE
from stance.data.corpora import X_COLUMNS, load_corpus
from stance.text.inputs import Sentences, read_sentences

# Compiled once, by one process.
pytestmark = pytest.mark.xdist_group("compiled")

TOLERANCE = 1e-5
SWITCHES = ("char_ngrams", "gist", "polarity", "negation", "segments", "windows", "other_actors")
N_TRAIN = 300


@functools.cache
def corpus(scheme="stance"):
    frame = load_corpus("four_actors", scheme=scheme).frame
    return frame[list(X_COLUMNS)], frame["label"].to_numpy()


@functools.cache
def fit(labels=STANCE.labels, estimator=None, **switches):
    """Return a classifier fitted on every so many-th sentence of the corpus, labelled at random."""
    X = corpus()[0]
    y = np.random.default_rng(0).choice(labels, N_TRAIN)
    scheme = "directed" if set(labels) - set(STANCE.labels) else "stance"
    classifier = StanceClassifier(scheme, estimator, calibrate=False, **switches)
    return classifier.fit(X.iloc[:: len(X) // N_TRAIN][:N_TRAIN], y)


def scores_of(classifier, sentences):
    """Return the scores by scikit-learn and by the loops, each of shape (n_sentences, n_scores), and which are rare."""
    wanted = TextClassifier.answer(classifier, "decision_function", sentences)
    found, rare = classifier._compile().score(sentences, negation=classifier.negation)
    return wanted.reshape(found.shape), found, rare


def check(classifier, sentences):
    """Hold the loops to scikit-learn; return which sentences they left to it."""
    wanted, found, rare = scores_of(classifier, sentences)
    assert np.abs(wanted - found)[~rare].max(initial=0) < TOLERANCE
    return rare


def check_labels(classifier, X):
    """Hold every method to scikit-learn, end to end."""
    methods = [name for name in ("predict", "predict_proba", "decision_function") if hasattr(classifier, name)]
    wanted = {name: getattr(classifier, name)(X) for name in methods}
    compiled = copy.copy(classifier).set_params(compiled_from=1)
    found = {name: getattr(compiled, name)(X) for name in methods}
    for name in methods[1:]:
        assert found[name].shape == wanted[name].shape
        assert found[name].dtype == wanted[name].dtype
        assert np.abs(found[name] - wanted[name]).max() < TOLERANCE
    scores = wanted["decision_function"]
    in_order = np.sort(scores, axis=1) if scores.ndim == 2 else np.column_stack([-scores, scores])
    sure = np.abs(in_order[:, -1] - in_order[:, -2]) > TOLERANCE
    assert sure.mean() > 0.99
    assert np.array_equal(found["predict"][sure], wanted["predict"][sure])


# The corpus.


@pytest.mark.parametrize("scheme", ["stance", "sentiment"])
def test_every_sentence_of_the_corpus_is_scored_alike(scheme):
    X, y = corpus(scheme)
    classifier = StanceClassifier(scheme, calibrate=False).fit(X[::4], y[::4])
    assert check(classifier, read_sentences(X)).mean() < 0.001


@pytest.mark.parametrize("switch", SWITCHES)
def test_each_switch_off(switch):
    classifier = fit(**{switch: False})
    assert check(classifier, read_sentences(corpus()[0])).mean() < 0.001
    check_labels(classifier, corpus()[0][::10])


def test_everything_off():
    check_labels(fit(**dict.fromkeys(SWITCHES, False)), corpus()[0][::10])


@pytest.mark.parametrize("labels", [STANCE.labels[:2], STANCE.labels, DIRECTED.labels])
@pytest.mark.parametrize("estimator", [None, LinearSVC(), RidgeClassifier(), SGDClassifier(loss="log_loss")])
def test_two_three_and_five_classes_by_any_linear_learner(labels, estimator):
    classifier = fit(labels, estimator)
    assert len(classifier.classes_) == len(labels)
    check_labels(classifier, corpus()[0][::10])


@pytest.mark.parametrize("missing", [["holder"], ["target"], ["holder", "target"]])
def test_missing_mentions(missing):
    gone = [name for name in X_COLUMNS if name.split("_")[0] in missing]
    check_labels(fit(), corpus()[0].drop(columns=gone)[::10])


class OneOfMine(LogisticRegression):
    """A learner that scikit-learn does not know."""


@pytest.mark.parametrize("params", [{"mask_mentions": False}, {"estimator": BernoulliNB()}, {"estimator": OneOfMine()}])
def test_what_has_no_compiled_form_is_left_to_scikit_learn(params):
    classifier = fit(**params)
    assert classifier._compile() is None
    X = corpus()[0][::20]
    wanted = classifier.predict_proba(X)
    compiled = copy.copy(classifier).set_params(compiled_from=1)
    assert np.array_equal(compiled.predict_proba(X), wanted)


# Any text, any span.

SAID = """
Tehran Kremlin Trump's don't DON’T isn’t'not rock'n'roll ' ’ '' but But BUT that's who’d which whıle becauſe if iffy
, ; : — – ( ) " “ ” ? ! . … € 😀 # #Peace #MakeDealsNow #IRANDeal2020 _ 7 no not never good bad praised denied vetoed
condemned hardly ÉTAT état straße ŒUVRE Москва हिंदी İstanbul ΣΟΦΟΣ 한국 e\u0301 \u0301 ﬁ 中文
\u212a \u212b \ud800 \x00 \ufeff
"""
PIECES = SAID.split()
BLANKS = ["", " ", " ", " ", "\n", "\u00a0", "\u2028", "\x1c", "\u200b"]
LETTERS = st.characters(categories=["L", "M", "N", "P", "S", "Z", "C"])
ANY_TEXT = st.lists(
    st.tuples(st.sampled_from(PIECES) | st.text(LETTERS, max_size=4), st.sampled_from(BLANKS)), max_size=14
).map(lambda pieces: "".join(piece for pair in pieces for piece in pair))


@st.composite
def marked_sentences(draw):
    text = draw(ANY_TEXT)
    ends = st.integers(0, len(text))
    spans = [sorted([draw(ends), draw(ends)]) for _ in range(2)]
    spans = [tuple(span) if span[0] < span[1] and draw(st.booleans()) else None for span in spans]
    return text, *spans, draw(st.booleans())


@given(st.lists(marked_sentences(), min_size=1, max_size=8))
@settings(max_examples=80, deadline=None)
def test_any_text_with_any_spans(rows):
    check(fit(), Sentences(*map(list, zip(*rows, strict=True))))


def test_sentences_that_name_another_actor_than_the_target():
    X, y = corpus("sentiment")
    classifier = StanceClassifier("sentiment", calibrate=False).fit(X, y)
    assert {"target_side__while", "other_side__while"} <= set(classifier.model_[0].get_feature_names_out())
    sentences = classifier.read(X)
    assert 0.2 < np.mean(sentences.stand_ins) < 0.8
    assert not check(classifier, sentences).any()
    alone = StanceClassifier("sentiment", calibrate=False, other_actors=False).fit(X, y)
    assert not alone.read(X).stand_ins
    check_labels(alone, X[:50])


def test_any_bytes():
    draw = random.Random(0)
    texts = [draw.randbytes(draw.randrange(80)).decode("utf-8", "replace") for _ in range(300)]
    texts += [draw.randbytes(4 * draw.randrange(40)).decode("utf-32", "replace") for _ in range(300)]
    texts += ["".join(chr(draw.randrange(0x3000)) for _ in range(draw.randrange(60))) for _ in range(600)]
    texts += ["".join(chr(draw.randrange(0x250)) for _ in range(draw.randrange(60))) for _ in range(600)]
    spans = [(start, start + 1 + draw.randrange(len(t) - start)) for t in texts if t for start in [len(t) // 3]]
    texts = [text for text in texts if text]
    rare = check(fit(), Sentences(texts, [None, *spans[1:]], [None] * len(texts)))
    assert 0.05 < rare.mean() < 0.95


def test_empty_and_very_long_texts():
    long = ("Tehran, for once, praised the Kremlin's plan but “not” its bombs; " * 1600)[:100_000]
    texts = ["", " ", "'", "\n", long, "a" * 100_000, "," * 1000]
    holders = [None, None, (0, 1), None, (0, 6), (0, 99_999), (3, 4)]
    targets = [None, None, None, (0, 1), (99_990, 99_999), None, (0, 1)]
    assert not check(fit(), Sentences(texts, holders, targets)).any()


def test_curly_quotes_and_dashes_are_not_rare_and_what_python_alone_folds_is():
    def rare(text):
        return check(fit(), Sentences([text], [None], [None]))[0]

    assert not any(
        map(rare, ["It’s “fine” — or – no…", "Réunion à Genève 😀", "Москва за мир", "#IranDeal Now", "中文"])
    )
    assert all(map(rare, ["ΣΟΦΟΣ", "İstanbul", "cafe\u0301 au lait", "한\u1161", "\U00020000 x", "\u212b now"]))
    assert not check(fit(), Sentences(["İstanbul is not asked"], [(0, 8)], [None])).any()


def test_spans_that_no_reader_would_give_are_left_to_python():
    texts = ["Iran backs it."] * 3
    sentences = Sentences(texts, [(0, 0), (2, 99), (4, 2)], [None] * 3)
    assert fit()._compile().score(sentences, negation=True)[1].all()


# Batches, threads, copies.


def test_scores_depend_neither_on_threads_nor_on_batches(monkeypatch):
    classifier, sentences = fit(), read_sentences(corpus()[0])
    whole = classifier._compile().score(sentences, negation=True)[0]
    monkeypatch.setattr(compiled_segments, "count_threads", lambda n_jobs: n_jobs or 1)
    for n_sentences in (1000, 7, len(sentences)):
        monkeypatch.setattr(compiled_segments, "CHUNK_SENTENCES", n_sentences)
        for n_jobs in (1, 2, 5):
            found = classifier._compile().score(sentences, negation=True, n_jobs=n_jobs)[0]
            assert np.array_equal(found, whole)


def test_few_sentences_wait_for_no_compiler(monkeypatch):
    classifier, asked = fit(), []
    monkeypatch.setattr(StanceClassifier, "_compile", lambda self: asked.append(1))
    X = pd.concat([corpus()[0][:200]] * 10)
    classifier.predict(X[: classifier.compiled_from - 1])
    assert not asked
    classifier.predict(X[: classifier.compiled_from])
    assert asked


def test_small_batches_load_no_compiler():
    code = """
import sys
from stance.classifiers.stance_classifier import StanceClassifier

StanceClassifier().fit(["we back it", "we scold it"] * 3, ["favor", "against"] * 3).predict(["they back it"])
assert "numba" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_copies_and_model_files_hold_no_tables_and_score_alike(tmp_path):
    classifier, sentences = fit(), read_sentences(corpus()[0][:50])
    before = len(pickle.dumps(classifier))
    wanted = classifier._compile().score(sentences, negation=True)[0]
    assert len(pickle.dumps(classifier)) == before
    save_model(classifier, tmp_path / "model.stance")
    for other in (pickle.loads(pickle.dumps(classifier)), load_model(tmp_path / "model.stance")):
        assert other._compile() is not classifier._compile()
        assert np.array_equal(other._compile().score(sentences, negation=True)[0], wanted)


def test_a_model_fitted_anew_is_compiled_anew():
    X = corpus()[0][:60]
    classifier = StanceClassifier(calibrate=False).fit(X, ["favor", "against"] * 30)
    first = classifier._compile()
    assert classifier._compile() is first
    classifier.fit(X, ["none", "against"] * 30)
    assert classifier._compile() is not first
    check(classifier, read_sentences(X))


@pytest.mark.parametrize("part", ["coef_", "intercept_"])
def test_weights_changed_by_hand_are_heeded(part):
    classifier, sentences = pickle.loads(pickle.dumps(fit())), read_sentences(corpus()[0][:50])
    before = scores_of(classifier, sentences)[1]
    getattr(classifier.model_[-1], part)[0] += 0.5
    wanted, found, _ = scores_of(classifier, sentences)
    assert np.abs(wanted - found).max() < TOLERANCE
    assert np.abs(before - found).max() > 0.1


def test_two_ngrams_of_one_hash_are_not_compiled(monkeypatch):
    X = corpus()[0][:60]
    classifier = StanceClassifier(calibrate=False).fit(X, ["favor", "against"] * 30)
    monkeypatch.setattr(segment_blocks, "hash_terms", lambda codes, ends, *_: np.ones(len(ends), np.uint64))
    assert compile_segments(classifier.model_) is None


@pytest.mark.parametrize("n_jobs", [0, -2, 1.5, "2", True])
def test_a_number_of_threads_that_is_none_is_refused(n_jobs):
    with pytest.raises(InputError, match=f"n_jobs={n_jobs}: a number of threads"):
        StanceClassifier(n_jobs=n_jobs).fit(["we back it", "we scold it"], ["favor", "against"])


@pytest.mark.parametrize("compiled_from", [None, 1.5, "2", True])
def test_a_number_of_sentences_that_is_none_is_refused(compiled_from):
    with pytest.raises(InputError, match=f"compiled_from is {compiled_from!r}; a whole number is wanted"):
        StanceClassifier(compiled_from=compiled_from).fit(["we back it", "we scold it"], ["favor", "against"])


# Public corpora, where they are present.


@pytest.mark.public
@pytest.mark.parametrize(
    ("name", "scheme", "every", "rare"),
    [("newsmtsc", "sentiment", 4, 0.001), ("dse", "directed", 16, 0.001), ("pstance", "stance", 16, 0.02)],
)
def test_public_corpora_are_scored_alike(name, scheme, every, rare, public):
    frame = public(name, scheme).frame
    train = frame.iloc[:: len(frame) // 500]
    classifier = StanceClassifier(scheme, calibrate=False).fit(train[list(X_COLUMNS)], train["label"])
    assert check(classifier, read_sentences(frame[list(X_COLUMNS)][::every])).mean() < rare
