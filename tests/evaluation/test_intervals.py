"""Intervals: a group bootstrap done twice, and what such an interval is for."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from stance.core.errors import InputError
from stance.core.schemes import SENTIMENT, STANCE
from stance.evaluation import intervals
from stance.evaluation.intervals import count_by_group, group_interval
from stance.evaluation.metrics import confusion_cells, score

LABELS = STANCE.labels
SLOW = {
    "accuracy": accuracy_score,
    "macro_f1": lambda g, p: f1_score(g, p, labels=list(LABELS), average="macro", zero_division=0),
    "f_avg": lambda g, p: f1_score(g, p, labels=["favor", "against"], average="macro", zero_division=0),
}


def draw(rng, n_groups, size=6, right=0.7, spread=0.2, seeds=1):
    """Return groups, gold labels and the predictions of some seeds; a group is easy or hard as a whole."""
    groups = np.repeat(np.arange(n_groups), size)
    ease = np.clip(rng.normal(right, spread, n_groups), 0, 1)[groups]
    gold = rng.integers(0, len(LABELS), len(groups))
    other = (gold + rng.integers(1, len(LABELS), len(groups))) % len(LABELS)
    names = np.array(LABELS, dtype=object)
    said = [names[np.where(rng.random(len(groups)) < ease, gold, other)] for _ in range(seeds)]
    return groups, names[gold], said


def counted(groups, gold, said):
    n_groups = groups.max() + 1
    return [count_by_group(confusion_cells(gold, one, LABELS), groups, n_groups, len(LABELS)) for one in said]


def interval(rng, n_groups, metric="accuracy", **options):
    return group_interval(counted(*draw(rng, n_groups, **options)), metric, LABELS)


def test_cells_are_counted_by_group():
    counts = count_by_group(np.array([0, 3, 3]), np.array([2, 0, 2]), 4, 2)
    assert counts.tolist() == [[0, 0, 0, 1], [0, 0, 0, 0], [1, 0, 0, 1], [0, 0, 0, 0]]


@pytest.mark.parametrize("metric", SLOW)
def test_it_is_the_bootstrap_that_repeats_whole_groups(metric, monkeypatch):
    monkeypatch.setattr(intervals, "N_RESAMPLES", 130)
    monkeypatch.setattr(intervals, "BATCH", 50)
    groups, gold, said = draw(np.random.default_rng(5), n_groups=9, seeds=2)
    rng, values = np.random.default_rng(7), []
    for size in (50, 50, 30):
        for times in rng.multinomial(9, np.full(9, 1 / 9), size=size):
            rows = np.concatenate([np.tile(np.flatnonzero(groups == g), n) for g, n in enumerate(times)])
            rows = rows.astype(int)
            values.append(np.mean([SLOW[metric](gold[rows], one[rows]) for one in said]))
    wanted = np.quantile(values, [0.025, 0.975])
    found = group_interval(counted(groups, gold, said), metric, LABELS, seed=7)
    assert found == pytest.approx(tuple(wanted), abs=1e-12)


def test_the_same_seed_gives_the_same_interval():
    counts = counted(*draw(np.random.default_rng(1), 30))
    assert group_interval(counts, "macro_f1", LABELS) == group_interval(counts, "macro_f1", LABELS)
    assert group_interval(counts, "macro_f1", LABELS) != group_interval(counts, "macro_f1", LABELS, seed=1)


def test_more_groups_give_a_narrower_interval():
    widths = [np.diff(interval(np.random.default_rng(2), n))[0] for n in (20, 80, 320, 1280)]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] / widths[-1] == pytest.approx(8, rel=0.4)  # the root of 64


def test_it_holds_the_score_itself():
    for seed in range(20):
        counts = counted(*draw(np.random.default_rng(seed), 40))
        for metric in SLOW:
            low, high = group_interval(counts, metric, LABELS)
            assert 0 <= low <= score(metric, counts[0].sum(axis=0).reshape(3, 3), LABELS) <= high <= 1


def test_it_covers_the_true_accuracy_about_as_often_as_it_says():
    hits = 0
    for seed in range(200):
        # A group's ease is right ± 0.2: its mean stays 0.5, which clipping at 0 and 1 leaves alone.
        low, high = interval(np.random.default_rng(seed), 60, right=0.5)
        hits += low <= 0.5 <= high
    assert 0.90 <= hits / 200 <= 0.99


def test_sentences_resampled_alone_would_promise_too_much():
    groups, gold, said = draw(np.random.default_rng(3), 60, size=20, spread=0.4)
    alone = np.arange(len(groups))
    whole = np.diff(group_interval(counted(groups, gold, said), "accuracy", LABELS))[0]
    single = np.diff(group_interval(counted(alone, gold, said), "accuracy", LABELS))[0]
    assert whole > 1.5 * single


def test_a_metric_that_the_labels_do_not_define_is_refused():
    counts = [np.ones((4, 9))]
    with pytest.raises(InputError, match="f_avg is not defined for the labels positive, negative, neutral"):
        group_interval(counts, "f_avg", SENTIMENT.labels)
