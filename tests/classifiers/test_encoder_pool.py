"""The pool of an encoder and a linear model: weights by held-out labels, answers of both, and its model file."""

import copy
import hashlib
import json
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

from stance.classifiers import encoder_pool, model_archives, model_files
from stance.classifiers.baselines import LinearSVMClassifier
from stance.classifiers.contract_task import make_task
from stance.classifiers.encoder_pool import LEAST_OF_ENCODER, ask_linear, find_weights
from stance.classifiers.model_files import load_model, save_model
from stance.classifiers.stance_classifier import StanceClassifier
from stance.core.errors import InputError, RefusedFileError
from stance.text.inputs import read_sentences
from tests.tiny_encoder import need_torch


class MyOwn:
    """No part of a model."""


@pytest.fixture(scope="module")
def make(maker):
    need_torch()
    return maker("encoder", n_jobs=1, epochs=2, with_linear=True, validation_share=0.25)


@pytest.fixture(scope="module")
def task(make):
    return make_task(make)


@pytest.fixture(scope="module")
def fitted(make, task):
    return make().fit(task.frame, task.y)


# The weights.


def make_scores(seed, n_classes=3, n_sentences=60):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, n_classes, n_sentences)
    sharp = 2.0 * np.eye(n_classes)[codes]
    return [sharp + rng.normal(0, 2, sharp.shape) for _ in range(2)], codes


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), n_classes=st.integers(2, 5))
def test_no_other_weights_make_the_labels_likelier(seed, n_classes):
    scores, codes = make_scores(seed, n_classes)
    weights = find_weights(*scores, codes)

    def likelihood(one, other):
        return log_softmax(one * scores[0] + other * scores[1], axis=1)[np.arange(len(codes)), codes].mean()

    best = likelihood(*weights)
    assert weights[0] > 0
    assert weights[1] >= 0
    for step in (-0.05, 0.05):
        assert likelihood(max(weights[0] + step, LEAST_OF_ENCODER), weights[1]) <= best + 1e-6
        assert likelihood(weights[0], max(weights[1] + step, 0)) <= best + 1e-6


def test_a_sentence_that_counts_twice_is_like_two():
    scores, codes = make_scores(3)
    counts = np.random.default_rng(3).integers(0, 3, len(codes))
    twice = np.repeat(np.arange(len(codes)), counts)
    wanted = find_weights(*(one[twice] for one in scores), codes[twice])
    assert np.allclose(find_weights(*scores, codes, counts.astype(float)), wanted, atol=1e-3)


def test_where_labels_speak_for_neither_those_of_the_encoder_stand():
    scores, codes = make_scores(0)
    weights = find_weights(-scores[0], -scores[1], codes)
    pooled = weights[0] * -scores[0] + weights[1] * -scores[1]
    assert np.array_equal(pooled.argmax(axis=1), (-scores[0]).argmax(axis=1))
    assert log_softmax(pooled, axis=1).max() < np.log(0.35)


def test_of_two_classes_they_are_those_of_a_logistic_regression():
    scores, codes = make_scores(0, n_classes=2, n_sentences=400)
    columns = np.stack([one[:, 1] - one[:, 0] for one in scores], axis=1)
    peer = LogisticRegression(C=np.inf, fit_intercept=False).fit(columns, codes)
    assert np.allclose(find_weights(*scores, codes), peer.coef_[0], atol=1e-3)


def test_who_is_wrong_more_often_than_right_has_no_say():
    (one, other), codes = make_scores(0)
    assert find_weights(one, -other, codes)[1] == 0


# Answers.


def test_the_answer_is_of_both(fitted, task):
    alone = copy.copy(fitted)
    alone.pool_ = None
    pool = fitted.pool_
    linear = pool.linear.decision_function(task.frame)
    wanted = pool.weights[0] * alone.decision_function(task.frame) + pool.weights[1] * linear
    assert np.allclose(fitted.decision_function(task.frame), wanted, atol=1e-5)
    shares = fitted.predict_proba(task.frame)
    assert shares.dtype == np.float32
    assert np.allclose(np.log(shares), log_softmax(wanted, axis=1), atol=1e-4)
    assert np.array_equal(fitted.predict(task.frame), fitted.classes_[shares.argmax(axis=1)])


@pytest.fixture
def watch(monkeypatch):
    """Return what the linear model was fitted on and what its weight was found by, filled in while an encoder fits."""
    seen = {}
    for name in ("fit_linear", "find_weights"):
        asked = getattr(encoder_pool, name)
        calls = seen[name] = []
        monkeypatch.setattr(encoder_pool, name, lambda *a, calls=calls, asked=asked: calls.append(a) or asked(*a))
    return seen


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_linear_model_has_not_learned_what_it_is_weighed_by(masked, weighted, make, task, watch):
    X, y = task.frame, np.array(task.y)
    counts = np.random.default_rng(0).uniform(0.5, 2.0, len(y)) if weighted else None
    fitted = make().set_params(mask_mentions=masked).fit(X, y, sample_weight=counts)
    ((_, lesson, classes),) = watch["fit_linear"]
    learned = X["text"].isin(lesson.sentences.texts).to_numpy()
    assert 0 < len(lesson.sentences) == learned.sum() < len(y)
    assert np.array_equal(classes[lesson.targets.argmax(axis=1)], y[learned])
    peer = StanceClassifier(mask_mentions=masked, calibrate=False)
    peer.fit(X[learned], y[learned], sample_weight=None if counts is None else counts[learned])
    assert np.allclose(fitted.pool_.linear.decision_function(X), peer.decision_function(X))
    ((logits, scores, codes, rest),) = watch["find_weights"]
    assert np.array_equal(fitted.classes_[codes], y[~learned])
    assert np.allclose(scores, peer.decision_function(X[~learned]))
    assert len(logits) == len(scores)
    for seen, kept in ((lesson.weights, learned), (rest, ~learned)):
        assert np.array_equal(seen, np.ones(kept.sum()) if counts is None else counts[kept])


def test_where_each_training_holds_out_others_so_does_the_linear_model(make, task, watch):
    X, y = task.frame, np.array(task.y)
    fitted = make().set_params(n_trainings=3).fit(X, y, groups=range(len(y)))
    *parts, last = (lesson.sentences.texts for _, lesson, _ in watch["fit_linear"])
    assert last == X["text"].tolist()
    peer = StanceClassifier(mask_mentions=False, calibrate=False)
    assert np.allclose(fitted.pool_.linear.decision_function(X), peer.fit(X, y).decision_function(X))
    ((logits, scores, codes, _),) = watch["find_weights"]
    held_out = [np.flatnonzero(~X["text"].isin(part)) for part in parts]
    assert len(set(np.concatenate(held_out))) == len(logits) == 3 * len(held_out[0])
    wanted = [peer.fit(X.drop(index=rest), np.delete(y, rest)).decision_function(X.loc[rest]) for rest in held_out]
    assert np.allclose(scores, np.concatenate(wanted))
    assert np.array_equal(fitted.classes_[codes], y[np.concatenate(held_out)])


def test_the_linear_model_looks_at_the_other_actor(task):
    X = task.frame.assign(holder=None)
    linear = StanceClassifier(calibrate=False).fit(X, task.y)
    classes = np.array(sorted(set(task.y)))
    assert np.allclose(ask_linear(linear, read_sentences(X), classes), linear.decision_function(X))
    unmarked = linear.set_params(other_actors=False).decision_function(X)
    assert not np.allclose(unmarked, linear.set_params(other_actors=True).decision_function(X))


def test_of_two_classes_both_are_asked(make, task):
    kept = [label != "none" for label in task.y]
    X, y = task.frame[kept], [label for label in task.y if label != "none"]
    fitted = make().fit(X, y)
    shares = fitted.predict_proba(X)
    assert shares.shape == (len(y), 2)
    margins = fitted.decision_function(X)
    assert np.allclose(np.log(shares[:, 1] / shares[:, 0]), margins, atol=1e-4)


def test_a_class_that_the_linear_model_has_not_met_is_the_least_likely(task):
    X = task.frame[[label != "none" for label in task.y]]
    linear = StanceClassifier(calibrate=False).fit(X, [label for label in task.y if label != "none"])
    scores = ask_linear(linear, read_sentences(task.frame), np.array(["against", "favor", "none"]))
    assert np.array_equal(scores[:, 2], scores[:, :2].min(axis=1))
    assert np.allclose(scores[:, 1] - scores[:, 0], linear.decision_function(task.frame))


def test_another_fit_without_it_forgets_it(make, task):
    fitted = make().fit(task.frame, task.y)
    assert fitted.pool_ is not None
    assert fitted.set_params(with_linear=False).fit(task.frame, task.y).pool_ is None
    fitted = make().fit(task.frame, task.y).set_params(with_linear=False)
    assert fitted.fit_soft(task.frame, np.eye(3)[[0] * len(task.y)], ["favor", "against", "none"]).pool_ is None


def test_a_fit_that_fails_leaves_the_model_as_it_was(make, task):
    fitted = make().fit(task.frame, task.y)
    before = fitted.decision_function(task.frame)
    with pytest.raises(InputError, match="nothing is held out"):
        fitted.set_params(validation_share=0.0).fit(task.frame, task.y)
    assert np.array_equal(fitted.decision_function(task.frame), before)


@pytest.mark.parametrize("counts", [None, [1.0] * 6 + [0.0] * 6])
def test_one_label_to_learn_from_is_named_before_training(counts, make, monkeypatch):
    from stance.classifiers import encoder_training

    monkeypatch.setattr(encoder_training, "train", lambda *rest: pytest.fail("trained"))
    texts = [f"Moscow backs it {i}." for i in range(6)] + [f"Moscow scolds it {i}." for i in range(6)]
    y = ["favor"] * 6 + ["against"] * 6
    groups = ["a"] * 6 + ["b"] * 6 if counts is None else range(12)
    with pytest.raises(InputError, match="with_linear: nothing is held out that the two could be weighed by"):
        make().set_params(validation_share=0.5).fit(texts, y, groups=groups, sample_weight=counts)


def test_where_nothing_is_held_out_the_remedy_is_named(make, task):
    with pytest.raises(InputError, match=r"with_linear: nothing is held out .*; change validation_share"):
        make().set_params(validation_share=0.0).fit(task.frame, task.y)


def test_a_label_of_one_group_is_learned_where_others_are_held_out(make, task):
    kept = [label != "none" for label in task.y]
    X, y = task.frame[kept], np.array(task.y)[kept]
    groups = ["one" if label == "favor" else f"g{i % 5}" for i, label in enumerate(y)]
    assert len(set(groups)) == 6
    fitted = make().set_params(n_trainings=6, validation_share=1 / 6, epochs=1).fit(X, y, groups=groups)
    assert fitted.pool_.linear.classes_.tolist() == ["against", "favor"]


def test_both_are_weighed_by_what_is_given_as_held_out(make, task):
    held_out = task.frame.iloc[::2].reset_index(drop=True), task.y[::2]
    fitted = make().set_params(validation_share=0.0).fit(task.frame, task.y, held_out=held_out)
    codes = np.searchsorted(fitted.classes_, held_out[1])
    sentences = read_sentences(held_out[0])
    logits = fitted._find_logits(fitted.model_, sentences)
    scores = ask_linear(fitted.pool_.linear, sentences, fitted.classes_)
    assert fitted.pool_.weights == pytest.approx(find_weights(logits, scores, codes))


def test_it_does_not_learn_from_probabilities(make, task):
    with pytest.raises(InputError, match="with_linear: the linear model learns from labels"):
        make().fit_soft(task.frame, np.eye(3)[[0] * len(task.y)], ["favor", "against", "none"])


# Its model file.


def test_a_file_holds_both(fitted, task, path, tmp_path):
    save_model(fitted, path)
    loaded = load_model(path)
    assert np.array_equal(loaded.decision_function(task.frame), fitted.decision_function(task.frame))
    save_model(loaded, tmp_path / "again.stance")
    assert path.read_bytes() == (tmp_path / "again.stance").read_bytes()


@pytest.fixture
def forge(fitted, path):
    """Return a function that writes a file with changed members whose hashes are right."""

    def forge(changes=None, **manifest):
        save_model(fitted, path)
        with zipfile.ZipFile(path) as archive:
            held = {name: archive.read(name) for name in archive.namelist()}
        said = json.loads(held.pop("manifest.json"))
        held |= changes or {}
        hashes = {name: hashlib.sha256(data).hexdigest() for name, data in held.items()}
        members = [("manifest.json", json.dumps(said | {"sha256": hashes} | manifest).encode()), *held.items()]
        model_archives.write_archive(path, members, compress=False)
        model_archives.seal(path)
        return path

    return forge


def test_a_file_that_changes_nothing_loads(fitted, forge):
    assert load_model(forge()).get_params() == fitted.get_params()


@pytest.mark.parametrize(
    "pool",
    [[1.0], [1.0] * 3, [1.0, -0.1], [1.0, float("nan")], [1e38, 1e38], "no", None, {}, ["1", "2"], [[1.0, 1.0], 1.0]],
)
def test_weights_that_are_none_are_refused(pool, forge):
    with pytest.raises(RefusedFileError, match="not two numbers from 0 to 10,000"):
        load_model(forge(pool=pool))


def test_a_strange_type_beside_it_is_refused(forge, task, tmp_path, monkeypatch):
    other = StanceClassifier().fit(task.frame, task.y)
    other.epochs = MyOwn()
    monkeypatch.setattr(model_files, "find_strange_types", lambda schema: [])
    state = model_files._dump_state(other, tmp_path)
    monkeypatch.undo()
    with pytest.raises(RefusedFileError, match=r"MyOwn, which no model has need of"):
        load_model(forge({"estimator.skops": state}))


def test_a_linear_model_of_no_labels_is_refused(forge, task, tmp_path):
    other = StanceClassifier().fit(task.frame, task.y)
    other.classes_ = other.classes_[:0]
    with pytest.raises(RefusedFileError, match="no linear model of its labels"):
        load_model(forge({"estimator.skops": model_files._dump_state(other, tmp_path)}))


def test_another_classifier_beside_it_is_refused(forge, task, tmp_path):
    other = LinearSVMClassifier().fit(task.texts, task.y)
    with pytest.raises(RefusedFileError, match="no linear model of its labels"):
        load_model(forge({"estimator.skops": model_files._dump_state(other, tmp_path)}))


def test_a_linear_model_of_other_labels_is_refused(forge, task, tmp_path):
    labels = {"favor": "positive", "against": "negative", "none": "neutral"}
    other = StanceClassifier("sentiment").fit(task.frame, [labels[label] for label in task.y])
    with pytest.raises(RefusedFileError, match="no linear model of its labels"):
        load_model(forge({"estimator.skops": model_files._dump_state(other, tmp_path)}))


def test_an_estimator_that_was_altered_is_refused(forge, fitted, path):
    save_model(fitted, path)
    with zipfile.ZipFile(path) as archive:
        state = archive.read("estimator.skops")
        hashes = json.loads(archive.read("manifest.json"))["sha256"]
    with pytest.raises(RefusedFileError, match="sha256 of its members"):
        load_model(forge({"estimator.skops": state + b" "}, sha256=hashes))
