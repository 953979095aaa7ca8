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

from stance.classifiers import model_archives, model_files
from stance.classifiers.baselines import LinearSVMClassifier
from stance.classifiers.contract_task import make_task
from stance.classifiers.encoder_pool import ask_linear, find_weights
from stance.classifiers.model_files import load_model, save_model
from stance.classifiers.stance_classifier import StanceClassifier
from stance.core.errors import InputError, RefusedFileError
from stance.text.inputs import read_sentences
from tests.tiny_encoder import need_torch


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
    assert (weights >= 0).all()
    for step in (-0.05, 0.05):
        assert likelihood(max(weights[0] + step, 0), weights[1]) <= best + 1e-6
        assert likelihood(weights[0], max(weights[1] + step, 0)) <= best + 1e-6


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
    assert np.allclose(fitted.decision_function(task.frame), wanted)
    shares = fitted.predict_proba(task.frame)
    assert np.allclose(np.log(shares), log_softmax(wanted, axis=1))
    assert np.array_equal(fitted.predict(task.frame), fitted.classes_[shares.argmax(axis=1)])


def test_the_linear_model_is_a_stance_classifier_that_has_not_learned_what_is_held_out(make, task, monkeypatch):
    from stance.classifiers import encoder, encoder_training

    held_out, learned = [], []
    calibrate, fit_linear = encoder_training.calibrate, encoder.fit_linear
    monkeypatch.setattr(
        encoder_training, "calibrate", lambda net, held, pad: (held_out.append(held), calibrate(net, held, pad))
    )
    monkeypatch.setattr(encoder, "fit_linear", lambda linear, *rest: (learned.append(rest), fit_linear(linear, *rest)))
    fitted = make().set_params(mask_mentions=True).fit(task.frame, task.y)
    ((sentences, labels, weights),) = learned
    assert len(sentences) + len(held_out[0].tokens) == len(task.y)
    assert weights is None
    peer = StanceClassifier(calibrate=False).fit(
        task.frame.set_index("text").loc[sentences.texts].reset_index(), labels
    )
    found = fitted.pool_.linear.decision_function(task.frame)
    assert np.allclose(found, peer.decision_function(task.frame))


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


def test_where_nothing_is_held_out_the_remedy_is_named(make, task):
    with pytest.raises(InputError, match=r"with_linear: nothing is held out .*; raise validation_share"):
        make().set_params(validation_share=0.0).fit(task.frame, task.y)


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


@pytest.mark.parametrize("pool", [[1.0], [1.0, -0.1], [1.0, float("nan")], [1.0, float("inf")], "no", [[1.0, 1.0]]])
def test_weights_that_are_none_are_refused(pool, forge):
    with pytest.raises(RefusedFileError):
        load_model(forge(pool=pool))


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
