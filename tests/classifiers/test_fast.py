"""FastStanceClassifier: the compiled pass against scikit-learn on the same matrix; descent; files."""

import copy
import pickle
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.svm import LinearSVC

import stance
from stance.classifiers import descent, fast, fast_training
from stance.classifiers.fast import FastStanceClassifier
from stance.classifiers.hashed_linear import HashedLinear
from stance.classifiers.stance_classifier import StanceClassifier
from stance.core.errors import InputError
from stance.data.corpora import load_corpus
from stance.text import hashed_ngrams, kernels, part_kernels
from stance.text.hashed_ngrams import HashedNgrams

# Compiled once, by one process.
pytestmark = pytest.mark.xdist_group("compiled")


@pytest.fixture(scope="module")
def corpus():
    return load_corpus("four_actors", scheme="sentiment")


@pytest.fixture(scope="module")
def fitted(corpus):
    return FastStanceClassifier(scheme="sentiment", n_bits=16, calibrate=False).fit(*corpus.split("train"))


@pytest.fixture(scope="module")
def regression(corpus):
    """The same by scikit-learn's logistic regression."""
    learner = LogisticRegression(C=3.0, class_weight="balanced", max_iter=1000)
    return FastStanceClassifier("sentiment", estimator=learner, n_bits=16, calibrate=False).fit(*corpus.split("train"))


def asked_from(n_sentences, clf):
    """Return the classifier that takes the compiled way from so many sentences on."""
    return copy.copy(clf).set_params(compiled_from=n_sentences)


@pytest.fixture
def _not_loaded(monkeypatch):
    """Let the classifier think that the compiled loop has scored nothing yet."""
    monkeypatch.setattr(fast, "_is_loaded", lambda: False)


def test_scores_are_those_of_scikit_learn_on_the_same_features(corpus, regression, monkeypatch):
    X, y = corpus.split("train")
    ngrams = HashedNgrams(n_bits=16, gist=True)
    theirs = clone(regression.estimator).fit(ngrams.fit_transform(X), y)
    X_test, _ = corpus.split("test")
    wanted = theirs.decision_function(ngrams.transform(X_test))
    # The optimum is found to four digits; the two ways of asking for one model agree to five.
    np.testing.assert_allclose(regression.decision_function(X_test), wanted, atol=5e-3)
    monkeypatch.setattr("stance.text.hashed_ngrams.COMPILED_FROM", 10**9)
    ngrams, learner = regression.model_
    by_matrix = ngrams.transform(X_test) @ learner.coef_.T + learner.intercept_
    np.testing.assert_allclose(asked_from(1, regression).decision_function(X_test), by_matrix, atol=1e-5)


def test_any_linear_learner_of_scikit_learn_goes_the_compiled_way(corpus):
    X, y = corpus.split("train")
    X_test, _ = corpus.split("test")
    learner = LinearSVC(C=0.1, random_state=0)
    clf = FastStanceClassifier("sentiment", estimator=learner, n_bits=16, calibrate=False).fit(X, y)
    ngrams = HashedNgrams(n_bits=16, gist=True)
    theirs = (
        LinearSVC(C=0.1, random_state=0).fit(ngrams.fit_transform(X), y).decision_function(ngrams.transform(X_test))
    )
    ours = asked_from(1, clf).decision_function(X_test)
    np.testing.assert_allclose(ours, theirs, atol=1e-3)
    sure = np.ptp(np.sort(theirs, axis=1)[:, -2:], axis=1) > 2e-3
    assert sure.mean() > 0.95
    assert (clf.predict(X_test)[sure] == clf.classes_[theirs.argmax(axis=1)][sure]).all()


def test_a_learner_that_is_not_linear_is_refused():
    with pytest.raises(InputError, match="DummyClassifier, which has no coef_; a linear one is wanted"):
        FastStanceClassifier(estimator=DummyClassifier()).fit(["a", "b"], ["favor", "against"])


@pytest.mark.usefixtures("_not_loaded")
@pytest.mark.parametrize("learner", ["descent", "regression"])
def test_both_ways_of_predicting_give_the_same_bits(learner, fitted, regression, corpus, monkeypatch):
    clf = fitted if learner == "descent" else regression
    X, _ = corpus.split("test")
    large = asked_from(1, clf).decision_function(X)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "stance.text.compiled_ngrams", None)  # the plain way asks nothing of it
        np.testing.assert_array_equal(clf.decision_function(X), large)
        assert (clf.predict(X) == clf.classes_[large.argmax(axis=1)]).all()


def test_once_loaded_the_loops_answer_of_one_sentence(fitted, monkeypatch):
    asked_from(1, fitted).predict(["Oman objects."])
    monkeypatch.setattr(HashedNgrams, "plain_scores", None)
    assert len(fitted.predict(["Oman objects."])) == 1


def test_columns_of_arrow_give_what_lists_give(fitted, corpus):
    texts = corpus.split("train")[0]["text"].tolist() * 2
    wanted = fitted.predict(texts)
    for column in (pa.array(texts), pd.Series(texts, dtype="str"), pa.table({"text": texts})):
        assert (fitted.predict(column) == wanted).all()


def test_each_loop_is_compiled_once_whoever_owns_the_bytes(fitted, corpus):
    texts = corpus.split("train")[0]["text"].tolist() * 2
    loops = kernels.score_texts, kernels.hash_texts, kernels.count_texts, part_kernels.find_parts
    compiled = []
    for column in (texts, pa.array(texts), pc.utf8_lower(pa.array(texts))):  # the last may be written to
        fitted.predict(column)
        HashedNgrams(n_bits=10).fit_transform(column)
        compiled.append([len(loop.signatures) for loop in loops])
    assert compiled[0] == compiled[1] == compiled[2]


def test_descent_learns_as_well_as_the_optimum(corpus, fitted, regression):
    X, y = corpus.split("dev")
    scores = [f1_score(y, clf.predict(X), average="macro") for clf in (fitted, regression)]
    assert scores[0] > scores[1] - 0.03


@pytest.mark.usefixtures("_not_loaded")
def test_few_sentences_learn_without_a_compiler_what_they_learn_with_one(corpus, monkeypatch):
    X, y = (part[:300] for part in corpus.split("train"))
    fitted = []
    for compiled_from in (301, 0):
        for module in (fast_training, hashed_ngrams):
            monkeypatch.setattr(module, "COMPILED_FROM", compiled_from)
        monkeypatch.setattr(descent, "COMPILED_ROWS", compiled_from)
        fitted.append(FastStanceClassifier("sentiment", n_bits=12, compiled_from=compiled_from).fit(X, y))
    plain, compiled = fitted
    np.testing.assert_allclose(plain.model_[1].coef_, compiled.model_[1].coef_, atol=1e-3)
    assert plain.temperature_ == pytest.approx(compiled.temperature_, rel=0.01)
    assert (plain.predict(X) == compiled.predict(X)).mean() > 0.99


def test_descent_is_the_same_every_time_and_calibrates(corpus):
    X, y = corpus.split("train")
    one, two = (FastStanceClassifier("sentiment", n_bits=12, epochs=2).fit(X, y) for _ in range(2))
    assert (one.model_[1].coef_ == two.model_[1].coef_).all()
    assert one.temperature_ == two.temperature_ != 1.0


def test_chunks_are_learned_one_after_the_other(corpus):
    X, y = corpus.split("train")
    chunks = FastStanceClassifier("sentiment", n_bits=14)
    for _ in range(3):
        for start in range(0, len(X), 400):
            rows = slice(start, start + 400)
            chunks.partial_fit(X.iloc[rows], y[rows], classes=["positive", "negative", "neutral"])
    assert chunks.classes_.tolist() == ["negative", "neutral", "positive"]
    assert f1_score(y, chunks.predict(X), average="macro") > 0.9
    again = pickle.loads(pickle.dumps(chunks))
    assert (again.predict(X) == chunks.predict(X)).all()


def test_partial_fit_wants_to_know_the_labels():
    clf = FastStanceClassifier("sentiment", n_bits=8)
    with pytest.raises(InputError, match="wants all labels"):
        clf.partial_fit(["a"], ["positive"])
    clf.partial_fit(["a"], ["positive"], classes=["positive", "negative"])
    with pytest.raises(InputError, match='"neutral", which was not among the classes'):
        clf.partial_fit(["a"], ["neutral"])


def test_a_refused_chunk_changes_nothing():
    clf = FastStanceClassifier("sentiment", n_bits=8)
    with pytest.raises(InputError, match="y has 2 labels"):
        clf.partial_fit(["a"], ["positive"] * 2, classes=["positive", "negative"])
    with pytest.raises(InputError, match="not among the classes"):
        clf.partial_fit(["a"], ["neutral"], classes=["positive", "negative"])
    assert not hasattr(clf, "classes_")
    clf.partial_fit(["good", "bad"], ["positive", "negative"], classes=["positive", "negative"])
    before = clf.decision_function(["good"])
    with pytest.raises(InputError, match="others than at the first call"):
        clf.partial_fit(["fine"], ["neutral"], classes=["positive", "neutral"])
    assert (clf.decision_function(["good"]) == before).all()


@pytest.mark.parametrize("make", [FastStanceClassifier, StanceClassifier])
def test_the_scale_of_the_weights_does_not_matter(corpus, make):
    X, y = corpus.split("dev")
    weights = np.random.default_rng(3).uniform(0.5, 2, len(X))
    one, two = (make("sentiment").fit(X, y, sample_weight=weights * scale) for scale in (1, 1024))
    np.testing.assert_allclose(one.decision_function(X), two.decision_function(X), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(one.predict_proba(X), two.predict_proba(X), atol=1e-5)


def test_fit_forgets_the_chunks_before_it(corpus):
    X, y = corpus.split("train")
    clf = FastStanceClassifier("sentiment", n_bits=10, calibrate=False).partial_fit(X, y, classes=sorted(set(y)))
    clf.fit(X, y)
    again = FastStanceClassifier("sentiment", n_bits=10, calibrate=False).partial_fit(X, y, classes=sorted(set(y)))
    clf.partial_fit(X, y, classes=sorted(set(y)))
    assert (clf.model_[1].coef_ == again.model_[1].coef_).all()


def test_masked_it_cannot_tell_who_is_spoken_of(corpus):
    X, y = corpus.split("train")
    clf = FastStanceClassifier("sentiment", n_bits=14, calibrate=False).fit(X, y)
    texts = ["Iran broke its word.", "Oman broke its word."]
    spans = pd.DataFrame({"text": texts, "target_start": 0, "target_end": 4})
    assert len({*clf.predict(spans)}) == 1
    assert np.ptp(clf.decision_function(spans), axis=0).max() == 0


@pytest.mark.parametrize("min_weight", [0.0, 0.3])
def test_a_pruned_model_is_smaller_on_disk(corpus, tmp_path, min_weight):
    X, y = corpus.split("train")
    clf = FastStanceClassifier("sentiment", calibrate=False, min_weight=min_weight).fit(X, y)
    path = tmp_path / "fast.stance"
    stance.save_model(clf, path)
    assert path.stat().st_size < (8 << 20 if min_weight == 0 else 300_000)
    loaded = stance.load_model(path)
    assert (loaded.predict(X) == clf.predict(X)).all()


@pytest.mark.parametrize("estimator", [None, LinearSVC(C=0.1)])
def test_two_classes(corpus, estimator, tmp_path):
    X, y = corpus.split("train")
    kept = y != "neutral"
    clf = FastStanceClassifier("sentiment", estimator=estimator, n_bits=12).fit(X[kept], y[kept])
    scores, shares = clf.decision_function(X), clf.predict_proba(X)
    assert scores.shape == (len(X),)
    assert ((scores > 0) == (clf.predict(X) == clf.classes_[1])).all()
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-6)
    stance.save_model(clf, tmp_path / "two.stance")
    assert (stance.load_model(tmp_path / "two.stance").decision_function(X) == scores).all()


def test_five_classes_and_weights():
    texts = ["a a", "b b", "c c", "d d", "e e"] * 4
    labels = ["none", "favor", "against", "favor_back", "against_back"] * 4
    clf = FastStanceClassifier("directed", n_bits=10, epochs=20).fit(texts, labels, sample_weight=[1] * 20)
    assert (clf.predict(texts * 100) == labels * 100).all()


@pytest.mark.parametrize(("gist", "said"), [(True, ["favor", "against"]), (False, ["against", "against"])])
def test_a_word_that_was_not_learned_says_what_others_of_its_meaning_say(gist, said):
    texts = ["He welcomed it.", "He hailed it.", "He condemned it.", "He slammed it."]
    clf = FastStanceClassifier(gist=gist, calibrate=False).fit(texts, ["favor", "favor", "against", "against"])
    assert clf.predict(["She endorsed this.", "She denounced this."]).tolist() == said


def test_bad_parameters():
    for parameters, words in (({"epochs": None}, "epochs is None"), ({"learning_rate": -1.0}, "learning_rate is -1.0")):
        for learn in (FastStanceClassifier(**parameters).fit, FastStanceClassifier(**parameters).partial_fit):
            with pytest.raises(InputError, match=words):
                learn(["a", "b"], ["favor", "against"])
    with pytest.raises(InputError, match="abstain_below"):
        FastStanceClassifier(calibrate=False, abstain_below=0.5).fit(["a", "b"], ["favor", "against"])


def test_the_linear_model_alone_is_a_scikit_learn_classifier(corpus):
    X, y = corpus.split("train")
    matrix = HashedNgrams(n_bits=10).fit_transform(X)
    learner = clone(HashedLinear(LogisticRegression(max_iter=1000))).fit(matrix, y)
    assert learner.coef_.dtype == np.float32
    assert learner.score(matrix, y) > 0.8


def test_hashed_ngrams_are_explained_by_name(fitted, corpus):
    X, _ = corpus.split("test")
    found = stance.explain(fitted, X.iloc[:5])
    sums = found.groupby("sentence")["contribution"].sum()
    scores = fitted.decision_function(X.iloc[:5]).max(axis=1)
    np.testing.assert_allclose(sums, scores, atol=1e-4)
    words = found[(found["kind"] == "word") & (found["segment"] == "sentence")]
    assert (words["feature"] != "").all()
    assert set(found["kind"]) == {"word", "gist", "intercept"}
    assert not found["segment"].str.endswith("_gist").any()
    assert (found["kind"] == "intercept").sum() == 5
    (shown,) = stance.highlight(fitted, X.iloc[:1])
    assert any(word.contribution for word in shown.words)
