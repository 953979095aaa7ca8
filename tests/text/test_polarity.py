"""Polarity: the valences of a text's words, turned by the negations before them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.text.polarity import NEGATED, polarities, polarity

GOOD, WAR = 1.9, -2.9  # in VADER's lexicon
WORDS = st.sampled_from(["good", "war", "not", "isn't", "isn’t", "Good", "truce", ",", "."])


def squashed(positive, negative):
    """Return the three values for the sums of the valences of either sign."""
    balance = positive - negative
    return positive / (positive + 4), negative / (negative + 4), balance / (balance**2 + 15) ** 0.5


@pytest.mark.parametrize(
    ("text", "positive", "negative"),
    [
        ("", 0, 0),
        ("a truce", 0, 0),
        ("good", GOOD, 0),
        ("GOOD, and a war", GOOD, -WAR),
        ("not good", 0, -NEGATED * GOOD),
        ("isn’t good", 0, -NEGATED * GOOD),
        ("not one two good", 0, -NEGATED * GOOD),
        ("not one two three good", GOOD, 0),
        ("good not", GOOD, 0),
        ("never a war", WAR * NEGATED, 0),
    ],
)
def test_valences_and_negations(text, positive, negative):
    assert polarity(text) == pytest.approx(squashed(positive, negative))


@given(st.lists(st.lists(WORDS, max_size=8).map(" ".join), max_size=5))
def test_each_text_for_itself(texts):
    found = polarities(texts)
    assert found.shape == (len(texts), 3)
    assert found.tolist() == [list(polarity(text)) for text in texts]
    assert np.array_equal(found, polarities([text.replace("’", "'") for text in texts]))
