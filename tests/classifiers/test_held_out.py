"""Held-out sentences: a classifier is told of them where its fit asks, and linear ones calibrate by them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.svm import LinearSVC

from stance.classifiers.calibration import calibrate, uncalibrated
from stance.classifiers.fast import FastStanceClassifier
from stance.classifiers.held_out import MIN_HELD_OUT, fit_rows
from stance.classifiers.stance_classifier import StanceClassifier
from stance.core.errors import InputError
from stance.data.corpora import X_COLUMNS, load_corpus


def rows_of(labels):
    """Return a corpus's frame, a sentence a label."""
    columns = {name: [f"{name} {i}" for i in range(len(labels))] for name in (*X_COLUMNS, "group")}
    return pd.DataFrame(columns | {"label": labels}, index=range(5, 5 + len(labels)))


class Asking:
    """Asks for everything."""

    def fit(self, X, y, sample_weight=None, groups=None, held_out=None):
        self.told = {"y": y, "groups": groups, "held_out": held_out}
        return self


class Modest:
    """Asks for nothing."""

    def fit(self, X, y):
        self.told = {"y": y}
        return self


TRAIN = rows_of(["favor", "none", "favor"])


def test_groups_and_known_labels_of_dev_are_told():
    dev = rows_of(["none", "against", "favor"] * MIN_HELD_OUT)
    told = fit_rows(Asking(), TRAIN, dev).told
    assert told["y"].tolist() == TRAIN["label"].tolist()
    assert told["groups"].tolist() == TRAIN["group"].tolist()
    X, y = told["held_out"]
    assert X.equals(dev[dev["label"] != "against"][list(X_COLUMNS)])
    assert y.tolist() == ["none", "favor"] * MIN_HELD_OUT


@pytest.mark.parametrize(
    "dev",
    [None, rows_of([]), rows_of(["against"] * MIN_HELD_OUT), rows_of(["against", *["none"] * (MIN_HELD_OUT - 1)])],
)
def test_where_dev_has_little_to_ask_nothing_is_held_out(dev):
    assert fit_rows(Asking(), TRAIN, dev).told["held_out"] is None


def test_who_asks_for_nothing_is_told_nothing():
    assert list(fit_rows(Modest(), TRAIN, rows_of(["favor"] * MIN_HELD_OUT)).told) == ["y"]


@pytest.fixture(scope="module")
def parts():
    """Sentences of four_actors and their labels: those to learn from, and those to hold out."""
    frame = load_corpus("four_actors", scheme="sentiment").frame
    drawn = [frame[frame["split"] == split].sample(200, random_state=0) for split in ("train", "dev")]
    return [(rows[list(X_COLUMNS)], rows["label"]) for rows in drawn]


@pytest.mark.parametrize("made", [StanceClassifier, FastStanceClassifier])
@pytest.mark.parametrize("estimator", [None, LinearSVC(random_state=0)])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_linear_model_is_calibrated_by_what_it_is_given(made, estimator, n_classes, parts):
    kept = ["positive", "negative", "neutral"][:n_classes]
    (X, y), (asked, said) = ((X[y.isin(kept)], y[y.isin(kept)]) for X, y in parts)
    clf = made("sentiment", estimator=estimator).fit(X, y, held_out=(asked, said))
    plain = made("sentiment", estimator=estimator, calibrate=False).fit(X, y)
    scores = plain.decision_function(asked)
    assert np.array_equal(clf.decision_function(asked), scores)
    temperature, shares = calibrate(scores, np.unique(said, return_inverse=True)[1])
    assert clf.temperature_ == temperature
    assert np.array_equal(clf.shares_, shares)


def test_sentences_that_are_like_each_other_do_not_make_it_too_sure():
    """Every sentence stands there in two versions, of which one gives the other's label away; new ones say nothing."""
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abcdefghij"), 8)) for _ in range(400)]
    labels = rng.choice(["positive", "negative"], 400)
    texts = [f"{word} {end}" for end in ("said", "told") for word in words[:200]]
    learned, asked = np.tile(labels[:200], 2), ([f"{word} said" for word in words[200:]], labels[200:])
    sure = StanceClassifier("sentiment").fit(texts, learned).predict_proba(asked[0]).max(axis=1).mean()
    honest = StanceClassifier("sentiment").fit(texts, learned, held_out=asked).predict_proba(asked[0]).max(axis=1)
    assert sure > 0.6
    assert honest.mean() == pytest.approx(0.5, abs=0.05)


def test_who_does_not_calibrate_looks_at_the_held_out_and_no_more(parts):
    clf = StanceClassifier("sentiment", calibrate=False).fit(*parts[0], held_out=parts[1])
    assert (clf.temperature_, clf.shares_.tolist()) == (1.0, uncalibrated().shares.tolist())


@pytest.mark.parametrize(
    ("held_out", "said"),
    [
        ("abc", r"held_out is a str; a pair \(X, y\)"),
        ((["Iran"],), r"held_out is a tuple; a pair \(X, y\)"),
        (([], []), "held_out: no sentence"),
        ((["Iran"], ["favor"]), 'held_out: .*"favor"'),
        ((["Iran"], ["neutral"]), 'held_out: .*"neutral"'),
        ((["Iran", "Israel"], ["positive"]), "held_out: "),
        ((pd.DataFrame({"words": ["Iran"]}), ["positive"]), "held_out: .*text"),
    ],
)
@pytest.mark.parametrize("made", [StanceClassifier, FastStanceClassifier])
def test_what_cannot_be_held_out_is_refused_and_the_model_kept(made, held_out, said):
    texts, labels = ["Iran won", "Iran lost"] * 3, ["positive", "negative"] * 3
    clf = made("sentiment").fit(texts, labels)
    before = clf.model_
    with pytest.raises(InputError, match=said) as caught:
        clf.fit(texts, labels, held_out=held_out)
    assert "\n" not in str(caught.value)
    assert clf.model_ is before
