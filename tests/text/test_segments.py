"""Segments: the right words in the right part, and no trace of the name."""

import re
import unicodedata
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stance.text.segments import HOLDER, TARGET, TOKEN, Segments, cut_segments, find_phrase

# Every code point, lone surrogates and NUL included.
ANY_TEXT = st.text(st.characters(categories=["L", "M", "N", "P", "S", "Z", "C"]), max_size=60)
NAMES = ["Moscow", "the Kremlin", "Iran", "Trump's envoy", "É", "e\u0301", "\ud800", "\0", "ß", "a-b", "U.S."]


def cut(text, holder=None, target=None, **options):
    """Cut a text around the words that are its holder and its target."""
    spans = [
        None if words is None else (text.index(words), text.index(words) + len(words)) for words in (holder, target)
    ]
    return cut_segments(text, *spans, **options)


def test_each_part_of_a_sentence():
    found = cut("On Monday Moscow, for once, openly backed Tehran because it paid.", "Moscow", "Tehran")
    assert found == Segments(
        sentence="On Monday holderrole, for once, openly backed targetrole because it paid.",
        clause="openly backed targetrole",
        left="On Monday holderrole",
        right="targetrole because it paid",
        forward="holderrole for once openly backed targetrole",
        backward="",
        target_side="",
        other_side="",
        near_target="for once openly backed targetrole because it paid",
        near_holder="On Monday holderrole for once openly backed",
        names="",
    )


def test_the_target_first():
    found = cut("Tehran was scolded by Moscow.", "Moscow", "Tehran")
    assert (found.forward, found.backward) == ("", "targetrole was scolded by holderrole")
    assert (found.left, found.right) == ("targetrole", "holderrole")


def test_one_mention_alone():
    found = cut("The envoy scolded Moscow; Paris did not.", target="Moscow")
    assert (found.clause, found.forward, found.backward, found.near_holder) == (
        "The envoy scolded targetrole",
        "",
        "",
        "",
    )
    held = cut("The envoy of Moscow scolded it.", holder="Moscow")
    assert (held.near_target, held.near_holder) == ("", "The envoy of holderrole scolded it")
    assert held.clause == "The envoy of holderrole scolded it"


def test_the_last_clause_mark_between_a_stand_in_and_the_target_parts_their_sides():
    text = "Praise went to Moscow, as ever, while on Tuesday Tehran, once more, was scolded."
    found = cut(text, "Moscow", "Tehran", stands_in=True)
    assert found.target_side == "on Tuesday targetrole once more was scolded"
    assert found.other_side == "Praise went to holderrole as ever"
    found = cut(text, "Tehran", "Moscow", stands_in=True)
    assert found.target_side == "Praise went to targetrole as ever"
    assert found.other_side == "on Tuesday holderrole once more was scolded"
    found = cut("They said Moscow backs Tehran; rain.", "Moscow", "Tehran", stands_in=True)
    assert (found.other_side, found.target_side) == ("They said holderrole backs", "targetrole rain")


def test_no_mention():
    assert cut_segments("It doesn't hold.", None, None) == Segments("It doesn't hold.", *[""] * 10)


@pytest.mark.parametrize(
    ("text", "spelt_out"),
    [
        ("#StandWithKyiv now", "#StandWithKyiv Stand With Kyiv now"),
        ("#USElection2032, #vote", "#USElection2032 US Election 2032, #vote"),
        ("#NATO # #1 a#b", "#NATO # #1 a#b"),
    ],
)
def test_hashtags_are_followed_by_their_words(text, spelt_out):
    assert cut_segments(text, None, None).sentence == spelt_out


def test_a_hashtag_that_is_the_mention_is_its_role():
    found = cut("#SackTrump and #Iran talk", target="Iran")
    assert found.sentence == "#SackTrump Sack Trump and #targetrole talk"
    assert found.left == "SackTrump Sack Trump and targetrole"


def test_overlapping_mentions_leave_the_target():
    found = cut_segments("Trump Jr. spoke.", (0, 5), (0, 9))
    assert found.sentence == "targetrole spoke."
    assert found.near_holder == ""


def test_mentions_side_by_side_do_not_overlap():
    assert cut_segments("ab", (0, 1), (1, 2)).sentence == "holderroletargetrole"


def test_unmasked_the_names_are_kept_apart():
    found = cut("Moscow backs Tehran.", "Moscow", "Tehran", mask=False)
    assert found.sentence == "Moscow backs Tehran."
    assert found.names == "Moscow holderrole Tehran targetrole"
    assert found.forward == "holderrole backs targetrole"


@st.composite
def sentences(draw):
    """Draw what stands around two mentions, and which is the holder's."""
    return [draw(ANY_TEXT) for _ in range(3)], draw(st.booleans())


def build(pieces, holder_first, holder, target):
    first, second = (holder, target) if holder_first else (target, holder)
    before, between, after = pieces
    starts = len(before), len(before) + len(first) + len(between)
    spans = (starts[0], starts[0] + len(first)), (starts[1], starts[1] + len(second))
    text = before + first + between + second + after
    return (text, *spans) if holder_first else (text, spans[1], spans[0])


@settings(deadline=None)  # a busy machine is no failure
@given(sentences(), *[st.sampled_from(NAMES)] * 4)
@example(([" ", "\u0301 backs ", "\u0301"], True), "Iran", "e", "É", "U.S.")
def test_another_name_in_the_same_place_changes_nothing(sentence, holder, target, other_holder, other_target):
    pieces, holder_first = sentence
    one = cut_segments(*build(pieces, holder_first, holder, target))
    assert one == cut_segments(*build(pieces, holder_first, other_holder, other_target))
    assert one.names == ""
    assert HOLDER in one.sentence
    assert TARGET in one.sentence


@settings(deadline=None)  # a busy machine is no failure
@given(sentences(), st.sampled_from(NAMES), st.sampled_from(NAMES), st.booleans())
def test_any_sentence_can_be_cut(sentence, holder, target, mask):
    pieces, holder_first = sentence
    found = cut_segments(*build(pieces, holder_first, holder, target), mask=mask)
    assert all(isinstance(part, str) for part in found)
    assert bool(found.forward) == holder_first
    assert bool(found.backward) != holder_first
    assert found.left.endswith(HOLDER if holder_first else TARGET) or not TOKEN.search(pieces[0] + " ")
    between = found.forward or found.backward
    assert between.startswith(HOLDER if holder_first else TARGET)
    assert between.endswith(TARGET if holder_first else HOLDER)
    for near, role in ((found.near_target, TARGET), (found.near_holder, HOLDER)):
        assert role in near
        assert len(near.split()) <= 9


@settings(deadline=None)  # a busy machine is no failure
@given(sentences(), st.sampled_from(NAMES), st.sampled_from(NAMES), st.booleans())
def test_composed_and_decomposed_are_cut_alike(sentence, holder, target, mask):
    pieces, holder_first = sentence

    def formed(form):
        return cut_segments(
            *build(
                [unicodedata.normalize(form, "x" + piece) for piece in pieces],
                holder_first,
                unicodedata.normalize(form, holder),
                unicodedata.normalize(form, target),
            ),
            mask=mask,
        )

    assert [unicodedata.normalize("NFC", part) for part in formed("NFD")] == list(formed("NFC"))


@settings(deadline=None)  # a busy machine is no failure
@example("On #NoWar, #iran and #0A.")
@given(ANY_TEXT)
def test_without_mentions_the_sentence_stays_and_only_words_of_hashtags_are_added(text):
    found = cut_segments(text, None, None)
    composed = unicodedata.normalize("NFC", text)
    added = Counter(found.sentence) - Counter(composed)
    assert set(added) <= set(" ".join(["", *re.findall(r"#(\w+)", composed)]))
    letters = iter(found.sentence)
    assert all(letter in letters for letter in composed)  # each of them, in order
    assert not any(found[1:])


# Phrases.


@pytest.mark.parametrize(
    ("text", "phrase", "found"),
    [
        ("In Iran, talks on Iranian oil.", "iran", "Iran"),
        ("Iranian oil", "iran", None),
        ("The U.S. left.", "U.S.", "U.S."),
        ("a (b) c", "(b)", "(b)"),
        ("TRUMP", " Trump ", "TRUMP"),
        ("x", "", None),
        ("x", "  ", None),
        ("Macron visited Te\u0301he\u0301ran.", "Téhéran", "Te\u0301he\u0301ran"),
        ("Macron visited Téhéran.", "Te\u0301he\u0301ran", "Téhéran"),
        ("Tehe\u0301ran", "Tehe", None),
    ],
)
def test_a_phrase_is_found_whole_and_in_any_case(text, phrase, found):
    span = find_phrase(text, phrase)
    assert (text[slice(*span)] if span else None) == found


@settings(deadline=None)  # a busy machine is no failure
@given(ANY_TEXT, ANY_TEXT)
def test_any_phrase_can_be_looked_for(text, phrase):
    span = find_phrase(text, phrase)
    assert span is None or 0 <= span[0] < span[1] <= len(text)


@settings(deadline=None)  # a busy machine is no failure
@given(ANY_TEXT.filter(str.strip))
def test_a_text_holds_itself(text):
    span = find_phrase(text, text)
    assert span is None or text[slice(*span)] == text.strip()
