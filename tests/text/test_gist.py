"""Gist: what the words say, negation read through, whatever the words are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.text.gist import COUNTED, count_meanings, gist

ANY_TEXT = st.text(st.characters(categories=["L", "M", "N", "P", "S", "Z", "C"]), max_size=60)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ""),
        ("the blue lamp", ""),
        ("holderrole backed targetrole", "holderrole favor targetrole"),
        ("targetrole was denounced by holderrole", "targetrole be against by holderrole"),
        ("HOLDERROLE PRAISED TARGETROLE!", "holderrole favor targetrole exclamation"),
        ("it never backed targetrole", "not notfavor targetrole"),
        ("it doesn’t back targetrole", "not notfavor targetrole"),
        ("it does not, he says, back targetrole", "not comma say comma favor targetrole"),
        ("no lamp but praise", "not but favor"),
        ("not one of the six old blue lamps praised it", "not of favor"),
        ("“a brave step”", "quote good quote"),
        ("it may reject it", "hedge against"),
        ("(lol)", "bracket pos bracket"),
    ],
)
def test_what_is_left_of_a_text(text, said):
    assert gist(text) == said


def test_words_of_one_meaning_are_the_same():
    frame = "holderrole {} targetrole, which it called {}."
    said = {gist(frame.format(verb, word)) for verb in ("backs", "hailed", "endorsing") for word in ("wise", "honest")}
    assert len(said) == 1


@settings(deadline=None)  # a busy machine is no failure
@given(ANY_TEXT)
def test_any_text_has_a_gist_that_any_case_shares(text):
    said = gist(text)
    assert said == gist(text.lower())
    assert said == " ".join(said.split())


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(st.lists(st.sampled_from([*COUNTED, "by", "comma"])).map(" ".join)))
def test_counts_grow_and_stay_below_a_half(gists):
    counts = count_meanings(gists)
    assert counts.shape == (len(gists), len(COUNTED))
    assert ((counts >= 0) & (counts < 0.5)).all()
    for said, row in zip(gists, counts, strict=True):
        assert [value > 0 for value in row] == [meaning in said.split() for meaning in COUNTED]
    more = count_meanings([f"{said} favor" for said in gists])
    assert np.all(more[:, 0] > counts[:, 0])
    assert np.array_equal(more[:, 1:], counts[:, 1:])
