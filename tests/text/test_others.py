"""Others: who stands nearest to the target, whoever the target is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.text.inputs import Sentences
from stance.text.others import stand_in

WORDS = st.sampled_from(["Iran", "the Kremlin", "Israel", "rain", "Trump’s", "and", ",", "Iranian", "\ud800", "Ünïon"])


def find(text, target, holder=None):
    span = None if target is None else (text.index(target), text.index(target) + len(target))
    (found,) = stand_in(Sentences([text], [holder], [span])).holders
    return found if found is None or holder else text[slice(*found)]


@pytest.mark.parametrize(
    ("text", "target", "nearest"),
    [
        ("Iran, unlike Russia, kept its word to Israel.", "Iran", "Russia"),
        ("Iran, unlike Russia, kept its word to Israel.", "Israel", "Russia"),
        ("Russia was late, Oman in time, Iran absent.", "Oman", "Iran"),
        ("Oman kept its word.", "Oman", None),
        ("Iran rejects the truce; Tehran is said to waver.", "Iran", "Tehran"),
        ("Russia and Iran", None, None),
    ],
)
def test_the_nearest_other_mention(text, target, nearest):
    assert find(text, target) == nearest


def test_a_holder_stays():
    assert find("Iran scolds Russia; Israel is glad.", "Russia", holder=(0, 4)) == (0, 4)


@given(st.lists(WORDS, max_size=6), st.lists(WORDS, max_size=6), WORDS, WORDS)
def test_who_the_target_is_changes_nothing(before, after, one, other):
    """The stand-in is the same words at the same distance, whatever the target is called."""
    found = []
    for name in (one, other):
        start = " ".join([*before, ""])
        text = f"{start}{name}{' '.join(['', *after])}"
        target = len(start), len(start) + len(name)
        (span,) = stand_in(Sentences([text], [None], [target])).holders
        found.append(span and (span if span[0] < target[0] else (span[0] - target[1], span[1] - target[1], "after")))
    assert found[0] == found[1]


def test_no_sentence_none_stood_in():
    assert stand_in(Sentences([], [], [])).holders == []
