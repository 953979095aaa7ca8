"""Calibration: scikit-learn's temperature, more honest by its multiples, found on held-out groups; no label changes."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.svm import LinearSVC

from stance.__main__ import main
from stance.classifiers.calibration import (
    FOLD_SEED,
    MULTIPLES,
    N_FOLDS,
    calibrate,
    find_temperature,
    held_out_scores,
    probabilities,
    uncalibrated,
)
from stance.classifiers.model_files import save_model
from stance.classifiers.stance_classifier import StanceClassifier
from stance.core.errors import InputError
from stance.data.corpora import load_corpus
from stance.evaluation.confidence import expected_calibration_error

pytestmark = pytest.mark.xdist_group("calibration")  # one process makes what the module shares


def problem(n_classes, seed=0, n=400):
    """Return noisy rows in groups of four, as a sparse matrix, with labels."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(n_classes, size=n)
    signal = np.eye(n_classes)[codes] + rng.normal(scale=1.5, size=(n, n_classes))
    return sp.csr_matrix(np.hstack([signal, rng.normal(size=(n, 30))])), codes, np.arange(n) // 4


@pytest.mark.parametrize("n_classes", [2, 3, 5])
@pytest.mark.parametrize("learner", [LogisticRegression(C=50), LinearSVC(C=5), RidgeClassifier()])
def test_at_one_temperature_probabilities_are_scikit_learns(n_classes, learner):
    matrix, codes, groups = problem(n_classes)
    splitter = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=FOLD_SEED)
    folds = list(splitter.split(codes, codes, groups))
    reference = CalibratedClassifierCV(learner, method="temperature", cv=folds, ensemble=False).fit(matrix, codes)
    scores = held_out_scores(learner, matrix, codes, groups)
    fitted = learner.fit(matrix, codes)
    one = uncalibrated()._replace(temperature=find_temperature(scores, codes))
    ours = probabilities(fitted.decision_function(matrix), *one)
    assert ours == pytest.approx(reference.predict_proba(matrix), abs=2e-3)


def test_a_group_is_held_out_whole():
    matrix, codes, _ = problem(3)
    known = sp.hstack([matrix, 3 * sp.identity(len(codes))])
    twice = sp.vstack([known, known]).tocsr()  # every row has a twin, from which it is learned by heart
    both, twins = np.tile(codes, 2), np.tile(np.arange(len(codes)), 2)
    learner = LinearSVC()
    apart = held_out_scores(learner, twice, both, np.arange(len(both)))
    together = held_out_scores(learner, twice, both, twins)
    assert (together.argmax(axis=1) == both).mean() < (apart.argmax(axis=1) == both).mean() - 0.1


def test_too_few_groups_leave_the_scores_as_they_are():
    matrix, codes, _ = problem(3)
    assert held_out_scores(LinearSVC(), matrix, codes, np.zeros(len(codes), dtype=int)) is None


def draw(chances, rng):
    """Return a label for each row, as likely as its probabilities say."""
    return (rng.random((len(chances), 1)) > chances.cumsum(axis=1)).sum(axis=1)


def log_loss(shares, scores, codes, temperature):
    return -np.log(probabilities(scores, temperature, shares)[np.arange(len(codes)), codes]).mean()


@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_no_other_shares_make_the_labels_likelier(n_classes):
    matrix, codes, groups = problem(n_classes)
    scores = held_out_scores(LinearSVC(class_weight={0: 9}), matrix, codes, groups)
    temperature, shares = calibrate(scores, codes)
    steps = np.linspace(0, 1, 21)
    others = [np.array([a, b, 1 - a - b]) for a in steps for b in steps if a + b <= 1]
    least = min(log_loss(one, scores, codes, temperature) for one in others)
    assert log_loss(shares, scores, codes, temperature) < least + 1e-6


@pytest.mark.parametrize("shares", [(0.5, 0.5, 0.0), (0.3, 0.3, 0.4), (0.0, 1.0, 0.0)])
def test_the_shares_that_labels_were_drawn_by_make_honest_probabilities(shares):
    rng = np.random.default_rng(2)
    scores = rng.normal(scale=3, size=(40_000, 3))
    chances = probabilities(scores, 1.0, np.array(shares))
    found = probabilities(scores, *calibrate(scores, draw(chances, rng)))
    assert np.abs(found - chances).mean() < 0.01


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 3, 5]), st.floats(-5, 5), st.integers(3, 40))
def test_any_scores_get_probabilities_that_change_no_label(seed, n_classes, log_scale, n):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(n, n_classes)) * 10**log_scale
    found = calibrate(scores, rng.integers(n_classes, size=n))
    assert found.temperature > 0
    assert found.shares.shape == (len(MULTIPLES),)
    chances = probabilities(scores, *found)
    assert chances.sum(axis=1) == pytest.approx(1)
    best = chances[np.arange(n), scores.argmax(axis=1)]
    assert (best == chances.max(axis=1)).all()


@pytest.mark.parametrize("factor", [0.1, 1.0, 30.0])
def test_the_temperature_takes_a_factor_back(factor):
    rng = np.random.default_rng(1)
    scores = rng.normal(scale=2, size=(20_000, 3))
    codes = draw(softmax(scores, axis=1), rng)
    assert find_temperature(scores * factor, codes) == pytest.approx(factor, rel=0.05)


@pytest.fixture(scope="module")
def four_actors():
    frame = load_corpus("four_actors", scheme="stance").frame
    train, dev = frame[frame["split"] == "train"], frame[frame["split"] == "dev"]
    return train[::2], pd.concat([train[1::2], dev])


@pytest.mark.slow
def test_it_makes_overconfident_scores_honest_and_changes_no_label(four_actors):
    train, rest = four_actors
    sure = LogisticRegression(C=1000, class_weight="balanced", max_iter=2000)
    plain = StanceClassifier(estimator=sure, char_ngrams=False, calibrate=False).fit(train, train["label"])
    calibrated = StanceClassifier(estimator=sure, char_ngrams=False)
    calibrated.fit(train, train["label"], groups=train["group"])
    assert np.array_equal(plain.predict(rest), calibrated.predict(rest))
    hits = plain.predict(rest) == rest["label"].to_numpy(dtype=object)
    errors = [expected_calibration_error(hits, one.predict_proba(rest).max(axis=1)) for one in (plain, calibrated)]
    assert errors[1] < errors[0] / 2


def test_abstaining_leaves_out_the_unsure_and_no_other(four_actors):
    train, rest = four_actors[0][:300], four_actors[1][:200]
    classifier = StanceClassifier(char_ngrams=False).fit(train, train["label"])
    sure = classifier.predict_proba(rest).max(axis=1)
    said = classifier.set_params(abstain_below=float(np.median(sure))).predict(rest)
    whole = classifier.set_params(abstain_below=0.0).predict(rest)
    assert [label is None for label in said] == (sure < np.median(sure)).tolist()
    assert all(a == b for a, b in zip(said, whole, strict=True) if a is not None)


@pytest.mark.parametrize(
    "params", [{"abstain_below": 1.5}, {"abstain_below": 0.5, "estimator": RidgeClassifier(), "calibrate": False}]
)
def test_what_cannot_abstain_is_refused(four_actors, params):
    train = four_actors[0][:60]
    with pytest.raises(InputError, match="abstain_below"):
        StanceClassifier(char_ngrams=False, **params).fit(train, train["label"])


def test_the_command_line_abstains(tmp_path, four_actors):
    train, rest = four_actors[0][:300], four_actors[1][:50]
    model, source, out = tmp_path / "m.stance", tmp_path / "in.csv", tmp_path / "out.csv"
    save_model(StanceClassifier(char_ngrams=False).fit(train, train["label"]), model)
    rest[["text", "holder", "target"]].to_csv(source, index=False)
    main(["predict", str(model), str(source), "-o", str(out), "--abstain-below", "0.6"])
    found = pd.read_csv(out, keep_default_na=False)
    unsure = found["confidence"] < 0.6
    assert 0 < unsure.sum() < len(found)
    assert (found["status"] == np.where(unsure, "abstained", "ok")).all()
    assert ((found["prediction"] == "") == unsure).all()
    with pytest.raises(SystemExit) as stop:
        main(["predict", str(model), str(source), "-o", str(out), "--abstain-below", "7"])
    assert stop.value.code == 2
