"""What an encoder learns from and what it holds out: whole groups, others each time, or what is given; soft labels."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import log_softmax
from sklearn.model_selection import GroupShuffleSplit

from stance.classifiers.contract_task import make_task
from stance.classifiers.encoder import EncoderStanceClassifier
from stance.classifiers.encoder_lessons import Lesson, drop_unknown, hold_out
from stance.core.errors import InputError
from stance.text.inputs import Sentences
from tests.tiny_encoder import need_torch


@pytest.fixture
def torch():
    return need_torch()


@pytest.fixture
def make(maker, torch):
    return maker("encoder", n_jobs=1)


@pytest.fixture
def task(make):
    return make_task(make)


def test_what_is_held_out_makes_probabilities_honest_and_changes_no_label(make, task, monkeypatch):
    from stance.classifiers import encoder_training

    kept = []
    calibrate = encoder_training.calibrate

    def spied(network, logits, targets):
        head = network.head.weight.detach().clone()
        after = calibrate(network, logits, targets)
        kept.append((logits, after, targets, head / network.head.weight.detach()))
        return after

    monkeypatch.setattr(encoder_training, "calibrate", spied)
    make().set_params(validation_share=0.25, epochs=4).fit(task.frame, task.y)
    ((before, after, targets, divided),) = kept
    ratio = before / after
    assert ratio == pytest.approx(ratio[0, 0], rel=1e-3)
    assert divided.numpy() == pytest.approx(ratio[0, 0], rel=1e-3)
    losses = [-log_softmax(logits, axis=1)[targets == 1].mean() for logits in (before, after)]
    assert losses[1] <= losses[0] + 1e-6


@pytest.fixture
def seen(monkeypatch, torch):
    """Return what trainings learn, hold out and say of it, and what is calibrated by, while an encoder fits."""
    from stance.classifiers import encoder_training

    seen = {"sides": [], "ends": [], "calibrated": []}
    train, calibrate = encoder_training.train, encoder_training.calibrate

    def spied(network, learned, held_out, pad_id, *rest):
        train(network, learned, held_out, pad_id, *rest)
        held_out = held_out or learned.take(np.arange(0))
        seen["sides"].append((learned, held_out))
        seen["ends"].append(encoder_training.find_logits(network, held_out.tokens, pad_id))

    def watched(network, logits, targets):
        seen["calibrated"].append((logits, targets))
        return calibrate(network, logits, targets)

    monkeypatch.setattr(encoder_training, "train", spied)
    monkeypatch.setattr(encoder_training, "calibrate", watched)
    return seen


def test_each_training_holds_out_others_and_says_what_it_is_calibrated_by(make, task, seen):
    make().set_params(validation_share=0.25, n_trainings=3).fit(task.frame, task.y, groups=range(len(task.y)))
    held_out = [{tuple(one.ids) for one in rest.tokens} for _, rest in seen["sides"]]
    for (learned, rest), ids in zip(seen["sides"], held_out, strict=True):
        assert len(learned.tokens) + len(rest.tokens) == len(task.y)
        assert not ids & {tuple(one.ids) for one in learned.tokens}
    assert not held_out[0] & held_out[1]
    assert not held_out[1] & held_out[2]
    ((logits, targets),) = seen["calibrated"]
    assert np.array_equal(logits, np.concatenate(seen["ends"]))
    assert np.array_equal(targets, np.concatenate([rest.targets for _, rest in seen["sides"]]))


def test_what_is_given_is_held_out_by_all_and_asked_of_the_mean(make, task, seen):
    held_out = ["Moscow met.", "Moscow no."], ["none", "favor"]
    fitted = make().set_params(n_trainings=2).fit(task.frame, task.y, held_out=held_out)
    assert [len(learned.tokens) for learned, _ in seen["sides"]] == [len(task.y)] * 2
    ((logits, targets),) = seen["calibrated"]
    assert targets.tolist() == [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    found = fitted.decision_function(held_out[0])
    assert found * (logits[0, 0] / found[0, 0]) == pytest.approx(logits, rel=1e-3)
    assert not np.allclose(logits, seen["ends"][0], rtol=1e-3)


@settings(max_examples=50)
@given(
    groups=st.lists(st.integers(0, 9), min_size=4, max_size=40),
    share=st.floats(0.05, 0.6),
    n_times=st.integers(1, 5),
    seed=st.integers(0, 2**31),
)
def test_what_is_held_out(groups, share, n_times, seed):
    groups, n_groups = np.array(groups), len(set(groups))
    if share * n_groups < 1:
        ((learned, rest),) = hold_out(groups, share, n_times, seed)
        assert (learned.tolist(), len(rest)) == (list(range(len(groups))), 0)
        return
    assume(np.ceil(share * n_groups) < n_groups)
    splits = hold_out(groups, share, n_times, seed)
    peer = GroupShuffleSplit(1, test_size=share, random_state=seed)
    for one, other in zip(splits[0], next(peer.split(groups, groups=groups)), strict=True):
        assert one.tolist() == other.tolist()
    for learned, rest in splits:
        assert sorted([*learned, *rest]) == list(range(len(groups)))
        assert not set(groups[learned]) & set(groups[rest])
    times = [sum(group in set(groups[rest]) for _, rest in splits) for group in set(groups.tolist())]
    assert max(times) - min(times) <= 1


def test_what_would_leave_nothing_to_learn_from_is_refused():
    with pytest.raises(InputError, match=r"validation_share is 0.9: of 3 groups none is left to learn from"):
        hold_out(np.array([0, 1, 2]), 0.9, 1, 0)


def test_of_a_label_that_is_not_learned_nothing_is_asked(make, task, seen):
    groups = ["one" if label == "none" else f"g{i % 9}" for i, label in enumerate(task.y)]
    assert len(set(groups)) == 7
    make().set_params(validation_share=1 / 7, n_trainings=7, epochs=1).fit(task.frame, task.y, groups=groups)
    ((logits, targets),) = seen["calibrated"]
    assert len(logits) == len(targets) == len(task.y) - task.y.count("none")
    assert targets.sum(axis=0)[2] == 0  # against, favor, none
    assert [len(rest.tokens) for _, rest in seen["sides"]].count(0) == 1


def test_where_one_label_is_learned_nothing_is_held_out():
    lesson = Lesson(Sentences([""] * 4, [None] * 4, [None] * 4), np.eye(2)[[0, 0, 1, 1]], np.array([1.0, 1, 1, 0]))
    splits = [(np.array(learned), np.array(rest)) for learned, rest in [([0, 2], [1, 3]), ([0, 3], [1, 2])]]
    assert [rest.tolist() for _, rest in drop_unknown(lesson, splits)] == [[1, 3], []]


def test_a_group_is_never_on_both_sides(make, task, monkeypatch):
    from stance.classifiers import encoder_training

    sides = []
    monkeypatch.setattr(
        encoder_training, "train", lambda network, learned, held_out, *rest: sides.extend([learned, held_out])
    )
    monkeypatch.setattr(encoder_training, "calibrate", lambda *parts: None)
    y = task.y * 2
    groups = [f"g{i % 12}" for i in range(len(y))]
    texts = [f"{group} said so" for group in groups]
    make().set_params(validation_share=0.25).fit(texts, y, groups=groups)
    learned, held_out = ({tuple(one.ids) for one in side.tokens} for side in sides)
    assert (len(learned), len(held_out)) == (9, 3)
    sides.clear()
    make().set_params(validation_share=0.05).fit(texts, y, groups=groups)  # less than a group
    assert sides[1] is None


def test_the_same_text_is_never_on_both_sides(make, task, monkeypatch):
    from stance.classifiers import encoder_training

    sides = []
    monkeypatch.setattr(
        encoder_training, "train", lambda network, learned, held_out, *rest: sides.extend([learned, held_out])
    )
    monkeypatch.setattr(encoder_training, "calibrate", lambda *parts: None)
    texts, y = task.texts * 3, task.y * 3
    make().set_params(validation_share=0.3).fit(texts, y)
    learned, held_out = ({tuple(one.ids) for one in side.tokens} for side in sides)
    assert learned
    assert held_out
    assert not learned & held_out


# Soft labels.


def test_soft_labels_that_are_hard_are_labels(make, task):
    classes = ["none", "favor", "against"]
    hard = np.array([[label == name for name in classes] for label in task.y], dtype=float)
    soft = make().fit_soft(task.frame, hard, classes)
    assert soft.classes_.tolist() == sorted(classes)
    assert np.array_equal(soft.predict_proba(task.frame), make().fit(task.frame, task.y).predict_proba(task.frame))


@pytest.mark.parametrize(
    ("probabilities", "classes", "words"),
    [
        ([[0.5, 0.5]], ["favor", "none"], r"shape \(1, 2\); \(2, 2\) is wanted"),
        ([[0.5, 0.6]] * 2, ["favor", "none"], "add up to 1"),
        ([[1.5, -0.5]] * 2, ["favor", "none"], "0 or more"),
        ([[np.nan, 1.0]] * 2, ["favor", "none"], "0 or more"),
        ([[0.5, 0.5]] * 2, ["favor", "favor"], "each once"),
        ([[0.5, 0.5]] * 2, ["favor", "pro"], '"pro" is not one of'),
    ],
)
def test_soft_labels_that_are_none_are_refused(probabilities, classes, words):
    with pytest.raises(InputError, match=words):
        EncoderStanceClassifier().fit_soft(["a", "b"], probabilities, classes)


def test_sentences_that_are_given_are_held_out_in_place_of_others(make, task, monkeypatch):
    from stance.classifiers import encoder_training

    sides, calibrated = [], []
    monkeypatch.setattr(
        encoder_training, "train", lambda network, learned, held_out, *rest: sides.extend([learned, held_out])
    )
    monkeypatch.setattr(encoder_training, "calibrate", lambda network, logits, targets: calibrated.append(targets))
    classes = ["none", "favor", "against"]
    hard = np.array([[label == name for name in classes] for label in task.y], dtype=float)
    make().set_params(validation_share=0.5).fit_soft(task.frame, hard, classes, (["Moscow met."], ["favor"]))
    assert [len(side.tokens) for side in sides] == [len(task.y), 1]
    assert sides[1].targets.tolist() == [[0.0, 1.0, 0.0]]
    assert [targets.tolist() for targets in calibrated] == [[[0.0, 1.0, 0.0]]]
    with pytest.raises(InputError, match='"neutral" is not one of'):
        make().fit_soft(task.frame, hard, classes, (["Moscow met."], ["neutral"]))


def test_what_is_given_as_held_out_is_not_learned(make, task, monkeypatch):
    from stance.classifiers import encoder_training

    sides = []
    monkeypatch.setattr(
        encoder_training, "train", lambda network, learned, held_out, *rest: sides.extend([learned, held_out])
    )
    weights = np.arange(1.0, len(task.y) + 1)
    given = task.frame, task.y, weights, range(len(task.y))
    make().set_params(validation_share=0.5).fit(*given, held_out=(["Moscow met.", "Moscow no."], ["none", "favor"]))
    learned, held_out = sides
    assert learned.weights == pytest.approx(weights / weights.mean())
    assert (len(learned.tokens), len(held_out.tokens)) == (len(task.y), 2)
    assert held_out.targets.tolist() == [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]


@pytest.mark.parametrize(
    ("held_out", "words"),
    [
        ((["Moscow met."], ["neutral"]), '"neutral" is not one of'),
        ((["Moscow met."], ["favor", "favor"]), "held_out: X has 1 sentences, y has 2 labels"),
        (([], []), "held_out: no sentence"),
        ((["Moscow met."],), r"held_out is a tuple; a pair \(X, y\)"),
        (0.5, "held_out is a float; a pair"),
    ],
)
def test_what_cannot_be_held_out_is_refused_before_training(held_out, words, make, task, monkeypatch):
    from stance.classifiers import encoder_training

    monkeypatch.setattr(encoder_training, "train", lambda *rest: pytest.fail("trained"))
    with pytest.raises(InputError, match=words):
        make().fit(task.frame, task.y, held_out=held_out)
