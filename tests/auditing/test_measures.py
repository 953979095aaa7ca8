"""Measures: against slow definitions and references."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats.contingency import association
from sklearn.metrics import f1_score

from stance.auditing import measures
from stance.auditing.duplicates import folded, near_pairs
from stance.auditing.leaks import target_blind_ceiling

WORDS = st.sampled_from(["moscow", "backs", "the", "truce", "no", "tehran"])
TEXTS = st.lists(st.lists(WORDS, min_size=1, max_size=8).map(" ".join), min_size=2, max_size=12)
LABELS = st.sampled_from(["favor", "against", "none"])


def trigrams(text):
    words = text.split()
    return {tuple(words[i : i + 3]) for i in range(max(1, len(words) - 2))}


@given(TEXTS, st.sampled_from([0.2, 0.5, 0.8, 1.0]))
def test_near_pairs_are_those_of_the_definition(texts, threshold):
    expected = {}
    for i, first in enumerate(texts):
        for j in range(i + 1, len(texts)):
            a, b = trigrams(first), trigrams(texts[j])
            value = len(a & b) / len(a | b)
            if value >= threshold:
                expected[i, j] = value
    found = {(i, j): value for i, j, value in near_pairs(texts, threshold)}
    assert found.keys() == expected.keys()
    assert found == pytest.approx(expected)


@given(st.lists(st.tuples(LABELS, LABELS), min_size=5, max_size=80))
def test_cramers_v_is_scipys(pairs):
    first, second = (pd.Series(values) for values in zip(*pairs, strict=True))
    table = pd.crosstab(first, second).to_numpy()
    if min(table.shape) > 1:
        assert measures.cramers_v(first, second) == pytest.approx(association(table, method="cramer"))


def test_off_diagonal_counts_what_is_not_the_usual_pair():
    stance = pd.Series(["favor", "favor", "none", "against"])
    sentiment = pd.Series(["positive", "negative", "neutral", "positive"])
    assert measures.off_diagonal(stance, sentiment) == 0.5


@given(st.lists(st.tuples(LABELS, st.sampled_from("ab")), min_size=3, max_size=60))
def test_the_majority_of_a_cell_scores_as_scikit_learn_says(pairs):
    labels, cells = (pd.Series(values) for values in zip(*pairs, strict=True))
    said = labels.groupby(cells).transform(lambda part: part.mode().iloc[0])
    expected = f1_score(labels, said, average="macro", labels=sorted(set(labels)), zero_division=0)
    assert measures.majority_f1(labels, [cells]) == pytest.approx(expected)


def test_texts_are_measured_folded():
    texts = pd.Series(["The truce holds, the truce holds!", "The TRUCE holds today", "Don't go"])
    assert measures.word_counts(texts).tolist() == [6, 4, 2]
    assert measures.word_forms(texts) == 6
    assert measures.distinct_openings(texts) == pytest.approx(2 / 3)
    assert folded(["[A] b."]).tolist() == ["a b"]


def test_a_repeated_sequence_counts_each_text_once():
    texts = pd.Series(["a b c d e f a b c d e f", "x a b c d e f", "y"])
    assert measures.most_repeated_sequence(texts) == (2, "a b c d e f")
    assert measures.most_repeated_sequence(pd.Series(["y"])) == (0, "")


def test_near_pairs_within_a_group_are_meant():
    texts = pd.Series(["a b c d", "a b c d e", "a b c d"])
    assert measures.near_pairs_across_groups(texts, pd.Series(["g", "g", "g"]), 0.3) == []
    across = measures.near_pairs_across_groups(texts, pd.Series(["g", "g", "h"]), 0.9)
    assert [(i, j) for i, j, _ in across] == [(0, 2)]


@given(st.lists(st.tuples(st.sampled_from("abc"), LABELS), min_size=1, max_size=40))
def test_no_text_blind_rule_beats_the_ceiling(pairs):
    texts, labels = (pd.Series(values) for values in zip(*pairs, strict=True))
    ceiling = target_blind_ceiling(texts, labels)
    rng = np.random.default_rng(0)
    for _ in range(20):
        rule = {text: rng.choice(["favor", "against", "none"]) for text in "abc"}
        assert (texts.map(rule) == labels).mean() <= ceiling + 1e-12
