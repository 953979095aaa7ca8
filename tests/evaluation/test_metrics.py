"""Metrics: the same numbers as scikit-learn's, and the formulas that their names promise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

from stance.core.errors import InputError
from stance.core.schemes import DIRECTED, SENTIMENT, STANCE
from stance.evaluation.metrics import (
    BY_TARGET,
    METRICS,
    accuracy,
    confusion,
    confusion_cells,
    f1_by_label,
    f_avg,
    f_avg_by_target,
    macro_f1,
    score,
)

SUBSETS = [STANCE.labels, SENTIMENT.labels, DIRECTED.labels, ("favor", "against")]


def pairs(labels, **sizes):
    return st.lists(st.tuples(st.sampled_from(labels), st.sampled_from(labels)), **{"min_size": 1, **sizes})


labelled = st.sampled_from(SUBSETS).flatmap(lambda labels: st.tuples(st.just(labels), pairs(labels)))


@settings(deadline=None)
@given(labelled)
def test_every_metric_is_scikit_learns(case):
    labels, said = case
    gold, predicted = map(list, zip(*said, strict=True))
    counts = confusion(gold, predicted, labels)
    options = {"labels": list(labels), "zero_division": 0}
    assert (counts == confusion_matrix(gold, predicted, labels=list(labels))).all()
    assert f1_by_label(counts) == pytest.approx(f1_score(gold, predicted, average=None, **options), abs=1e-12)
    macro = f1_score(gold, predicted, average="macro", **options)
    assert macro_f1(gold, predicted, labels) == pytest.approx(macro, abs=1e-12)
    assert score("macro_f1", counts, labels) == pytest.approx(macro, abs=1e-12)
    micro = f1_score(gold, predicted, average="micro", **options)
    assert score("micro_f1", counts, labels) == pytest.approx(micro, abs=1e-12)
    assert accuracy(gold, predicted) == accuracy_score(gold, predicted)
    assert score("accuracy", counts, labels) == pytest.approx(accuracy_score(gold, predicted), abs=1e-12)


@settings(deadline=None)
@given(pairs(STANCE.labels))
def test_f_avg_leaves_none_out_of_the_average_alone(said):
    gold, predicted = map(list, zip(*said, strict=True))
    wanted = f1_score(gold, predicted, labels=["favor", "against"], average="macro", zero_division=0)
    assert f_avg(gold, predicted) == pytest.approx(wanted, abs=1e-12)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(STANCE.labels), st.sampled_from(STANCE.labels), st.sampled_from("abc")),
        min_size=1,
    )
)
def test_f_avg_by_target_is_the_mean_of_each_target_s(rows):
    gold, predicted, targets = map(list, zip(*rows, strict=True))
    each = []
    for target in set(targets):
        own = [(g, p) for g, p, t in rows if t == target]
        each.append(f_avg(*map(list, zip(*own, strict=True))))
    assert f_avg_by_target(gold, predicted, targets) == pytest.approx(np.mean(each), abs=1e-12)


@settings(deadline=None)
@given(st.lists(pairs(STANCE.labels, max_size=6), min_size=1, max_size=4))
def test_f_avg_by_target_of_matrices_is_that_of_the_rows(rows_of_targets):
    empty = np.zeros((3, 3))  # a target that no sentence is about counts for nothing
    counts = [empty, *(confusion(*map(list, zip(*rows, strict=True)), STANCE.labels) for rows in rows_of_targets)]
    flat = [(g, p, str(t)) for t, rows in enumerate(rows_of_targets) for g, p in rows]
    wanted = f_avg_by_target(*map(list, zip(*flat, strict=True)))
    found = score("f_avg_by_target", np.array([counts, counts]), STANCE.labels)
    assert found.tolist() == pytest.approx([wanted, wanted], abs=1e-12)
    assert score("f_avg_by_target", np.array(counts), SENTIMENT.labels) is None


def test_f_avg_of_a_worked_example():
    # favor: 2 right of 3 said and 2 in the gold, 4/5; against: 1 right of 1 said and 2 in the gold, 2/3.
    gold = ["favor", "favor", "against", "against", "none"]
    said = ["favor", "favor", "against", "none", "favor"]
    assert f_avg(gold, said) == pytest.approx((4 / 5 + 2 / 3) / 2)
    # none: 0 right of 1 said and 1 in the gold, 0.
    assert macro_f1(gold, said, STANCE.labels) == pytest.approx((4 / 5 + 2 / 3 + 0) / 3)


def test_pooled_and_by_target_are_two_numbers():
    gold = ["favor"] * 3 + ["against"]
    said = ["favor"] * 3 + ["favor"]
    assert f_avg(gold, said) == pytest.approx((6 / 7 + 0) / 2)
    assert f_avg_by_target(gold, said, ["a", "a", "a", "b"]) == pytest.approx((0.5 + 0) / 2)


def test_a_declared_label_that_never_occurs_counts_zero():
    assert macro_f1(["favor"], ["favor"], STANCE.labels) == pytest.approx(1 / 3)
    assert macro_f1(["favor"], ["favor"], ["favor"]) == 1


@settings(deadline=None)
@given(st.sampled_from(SUBSETS), st.integers(0, 2**32))
def test_stacks_of_matrices_are_scored_one_by_one(labels, seed):
    counts = np.random.default_rng(seed).integers(0, 4, (3, len(labels), len(labels))).astype(float)
    counts[:, 0, 0] += 1
    for metric in set(METRICS) - set(BY_TARGET):
        stacked = score(metric, counts, labels)
        if stacked is not None:
            assert stacked.tolist() == [score(metric, one, labels) for one in counts]


def test_f_avg_is_undefined_without_favor_and_against():
    counts = np.eye(3)
    assert score("f_avg", counts, SENTIMENT.labels) is None
    assert score("f_avg", np.eye(2), ("favor", "none")) is None
    assert score("f_avg", np.eye(2), ("against", "favor")) == 1


def test_an_unknown_metric_is_answered_with_the_nearest():
    with pytest.raises(InputError, match=r'metric "macro-f1" is not known \(did you mean "macro_f1"\?\)'):
        score("macro-f1", np.eye(3), STANCE.labels)


def test_accuracy_of_nothing_is_undefined_and_not_zero():
    assert np.isnan(score("accuracy", np.zeros((3, 3)), STANCE.labels))
    with pytest.raises(InputError, match="above 0"):
        accuracy([], [])
    with pytest.raises(InputError, match="above 0"):
        f_avg_by_target([], [], [])


@pytest.mark.parametrize("function", [accuracy, f_avg, lambda g, s: macro_f1(g, s, STANCE.labels)])
def test_two_lengths_are_refused(function):
    with pytest.raises(InputError, match=r"y_true has shape \(2,\), y_pred \(1,\)"):
        function(["favor", "none"], ["favor"])


def test_other_shapes_are_refused():
    with pytest.raises(InputError, match="shape"):
        confusion_cells([["favor"]], [["favor"]], STANCE.labels)
    with pytest.raises(InputError, match=r"targets \(1,\)"):
        f_avg_by_target(["favor", "none"], ["favor", "none"], ["a"])


@pytest.mark.parametrize(("gold", "said"), [(["favor", "Favor"], ["favor"] * 2), (["favor"] * 2, ["favor", "Favor"])])
def test_a_label_outside_of_the_scheme_is_named_with_its_index(gold, said):
    with pytest.raises(InputError, match=r'label 1: "Favor" is not one of'):
        f_avg(gold, said)


def test_a_missing_target_is_a_target_of_its_own():
    assert f_avg_by_target(["favor", "against"], ["favor", "against"], [None, "a"]) == 0.5
