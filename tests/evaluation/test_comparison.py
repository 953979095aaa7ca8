"""Comparison: the paired test done row by row, against McNemar's, and what its p-values are for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, f1_score

from stance.core.errors import InputError
from stance.core.schemes import SENTIMENT, STANCE
from stance.evaluation import comparison, intervals
from stance.evaluation.comparison import holm, paired_difference
from stance.evaluation.intervals import count_by_group
from stance.evaluation.metrics import confusion_cells

LABELS = STANCE.labels
SLOW = {
    "accuracy": accuracy_score,
    "macro_f1": lambda g, p: f1_score(g, p, labels=list(LABELS), average="macro", zero_division=0),
}


def draw(rng, n_groups, size=4, right=(0.7, 0.7)):
    """Return groups, gold labels, and what two classifiers say; a group is easy or hard for both, as a whole."""
    groups = np.repeat(np.arange(n_groups), size)
    ease = np.clip(rng.normal(0, 0.2, n_groups), -0.3, 0.3)[groups]
    gold = rng.integers(0, len(LABELS), len(groups))
    names = np.array(LABELS, dtype=object)
    other = (gold + rng.integers(1, len(LABELS), (2, len(groups)))) % len(LABELS)
    said = [names[np.where(rng.random(len(groups)) < p + ease, gold, o)] for p, o in zip(right, other, strict=True)]
    return groups, names[gold], said


def counted(groups, gold, said):
    return count_by_group(confusion_cells(gold, said, LABELS), groups, groups.max() + 1, len(LABELS))


@pytest.mark.parametrize("metric", SLOW)
def test_it_is_the_permutation_that_swaps_whole_groups(metric, monkeypatch):
    monkeypatch.setattr(comparison, "N_PERMUTATIONS", 299)
    groups, gold, (ours, base) = draw(np.random.default_rng(3), n_groups=12, right=(0.8, 0.6))
    found = paired_difference([counted(groups, gold, ours)], [counted(groups, gold, base)], metric, LABELS, seed=11)
    score = SLOW[metric]
    apart = score(gold, ours) - score(gold, base)
    assert found.value == pytest.approx(apart, abs=1e-12)
    more = 1
    for swapped in np.random.default_rng(11).random((299, 12)) < 0.5:
        here = swapped[groups]
        difference = score(gold, np.where(here, base, ours)) - score(gold, np.where(here, ours, base))
        more += abs(difference) >= abs(apart) - 1e-12
    assert found.p_value == more / 300
    assert 1 / 300 < found.p_value < 1


def test_its_interval_resamples_groups_for_both_alike():
    groups, gold, (ours, base) = draw(np.random.default_rng(4), n_groups=30)
    drawn = [intervals.resampled_scores([counted(groups, gold, said)], "macro_f1", LABELS) for said in (ours, base)]
    found = paired_difference([counted(groups, gold, ours)], [counted(groups, gold, base)], "macro_f1", LABELS)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(drawn[0] - drawn[1], [0.025, 0.975])))


@pytest.mark.parametrize("right", [(0.75, 0.7), (0.8, 0.7), (0.7, 0.72)])
def test_accuracy_on_single_sentences_has_the_p_value_of_mcnemar(right, monkeypatch):
    monkeypatch.setattr(comparison, "N_PERMUTATIONS", 19_999)
    groups, gold, (ours, base) = draw(np.random.default_rng(5), n_groups=300, size=1, right=right)
    found = paired_difference([counted(groups, gold, ours)], [counted(groups, gold, base)], "accuracy", LABELS)
    only_ours, only_base = ((a == gold) & (b != gold) for a, b in ((ours, base), (base, ours)))
    exact = binomtest(int(only_ours.sum()), int(only_ours.sum() + only_base.sum())).pvalue
    assert found.p_value == pytest.approx(exact, abs=0.015)


def test_of_two_that_are_equally_good_few_are_told_apart(monkeypatch):
    monkeypatch.setattr(comparison, "N_PERMUTATIONS", 199)
    monkeypatch.setattr(intervals, "N_RESAMPLES", 20)
    rng, p_values = np.random.default_rng(6), []
    for _ in range(200):
        groups, gold, (ours, base) = draw(rng, n_groups=25)
        p_values.append(
            paired_difference([counted(groups, gold, ours)], [counted(groups, gold, base)], "macro_f1", LABELS).p_value
        )
    assert 0.005 <= np.mean(np.array(p_values) < 0.05) <= 0.1
    assert np.mean(p_values) == pytest.approx(0.5, abs=0.08)


def test_the_same_answers_differ_by_nothing():
    groups, gold, (ours, _) = draw(np.random.default_rng(7), n_groups=20)
    one = counted(groups, gold, ours)
    found = paired_difference([one, one], [one], "macro_f1", LABELS)
    assert (found.value, found.low, found.high, found.p_value) == (0, 0, 0, 1)


def test_seeds_are_pairs_and_their_mean_counts():
    rng = np.random.default_rng(8)
    groups, gold, (first, second) = draw(rng, n_groups=40, right=(0.9, 0.5))
    base = counted(groups, gold, draw(rng, n_groups=40)[2][0])
    good, bad = counted(groups, gold, first), counted(groups, gold, second)
    single = [paired_difference([one], [base], "accuracy", LABELS).value for one in (good, bad)]
    assert paired_difference([good, bad], [base], "accuracy", LABELS).value == pytest.approx(np.mean(single))
    assert paired_difference([good, bad], [good, bad], "accuracy", LABELS).p_value == 1
    swapped = paired_difference([good, bad], [bad, good], "accuracy", LABELS)
    assert swapped.value == pytest.approx(0)


def test_a_metric_that_the_labels_do_not_define_is_refused():
    counts = [np.ones((4, 9))]
    with pytest.raises(InputError, match="f_avg is not defined for the labels positive, negative, neutral"):
        paired_difference(counts, counts, "f_avg", SENTIMENT.labels)


@given(st.lists(st.floats(0.0001, 1), min_size=1, max_size=8), st.floats(0.001, 0.2))
def test_holm_rejects_what_his_procedure_rejects(p_values, alpha):
    corrected = holm(p_values)
    rejected, n = set(), len(p_values)
    for rank, i in enumerate(np.argsort(p_values, kind="stable")):
        if p_values[i] * (n - rank) > alpha:
            break
        rejected.add(i)
    assert {i for i, p in enumerate(corrected) if p <= alpha} == rejected
    assert all(p <= q <= 1 for p, q in zip(p_values, corrected, strict=True))
