"""Confidence: against slow definitions, and on classifiers that are calibrated by construction."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.core.errors import InputError
from stance.evaluation.confidence import accuracy_at, expected_calibration_error

PAIRS = st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1, max_size=60)


@given(PAIRS, st.integers(1, 20))
def test_the_calibration_error_is_that_of_the_definition(pairs, n_bins):
    total = 0.0
    for b in range(n_bins):
        # A bin holds its upper edge; the first one holds 0 too.
        inside = [(h, c) for h, c in pairs if min(max(int(np.ceil(c * n_bins)) - 1, 0), n_bins - 1) == b]
        if inside:
            accuracy, confidence = (np.mean([pair[i] for pair in inside]) for i in (0, 1))
            total += len(inside) / len(pairs) * abs(accuracy - confidence)
    hits, confidences = zip(*pairs, strict=True)
    assert expected_calibration_error(hits, confidences, n_bins) == pytest.approx(total)


def test_calibrated_probabilities_have_a_small_error_and_sure_ones_a_large_one():
    rng = np.random.default_rng(0)
    confidences = rng.uniform(0.3, 1, 50_000)
    hits = rng.random(50_000) < confidences
    assert expected_calibration_error(hits, confidences) < 0.01
    assert expected_calibration_error(hits, np.ones(50_000)) == pytest.approx(1 - hits.mean())


@given(PAIRS, st.floats(0.01, 1), st.randoms())
def test_the_order_of_sentences_does_not_matter(pairs, coverage, random):
    shuffled = random.sample(pairs, len(pairs))
    first, second = (accuracy_at(coverage, *zip(*one, strict=True)) for one in (pairs, shuffled))
    assert first == pytest.approx(second)
    assert 0 <= first <= 1


@given(PAIRS)
def test_nothing_left_out_is_accuracy(pairs):
    hits, confidences = zip(*pairs, strict=True)
    assert accuracy_at(1.0, hits, confidences) == pytest.approx(np.mean(hits))


def test_the_surest_are_kept():
    hits, confidences = [True, False, True, False], [0.9, 0.2, 0.8, 0.1]
    assert [accuracy_at(c, hits, confidences) for c in (0.25, 0.5, 0.75, 1)] == [1, 1, pytest.approx(2 / 3), 0.5]


def test_of_the_smallest_share_the_surest_is_left():
    assert accuracy_at(1e-10, [True, False], [0.9, 0.2]) == 1


@pytest.mark.parametrize(
    ("hits", "confidences"), [([], []), ([True], [0.5, 0.5]), ([True], [np.nan]), ([True], [1.5]), ([True], [-0.1])]
)
def test_what_is_no_probability_is_refused(hits, confidences):
    with pytest.raises(InputError):
        expected_calibration_error(hits, confidences)
    with pytest.raises(InputError):
        accuracy_at(0.5, hits, confidences)


@pytest.mark.parametrize("coverage", [0, -1, 1.1])
def test_a_coverage_is_a_share(coverage):
    with pytest.raises(InputError, match="coverage"):
        accuracy_at(coverage, [True], [0.5])
