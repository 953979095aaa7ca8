"""The matcher that actors and issues share."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.core.errors import InputError, InputTypeError
from stance.text.lexicon import Lexicon, fold_name


def spans(text, lexicon):
    return [(m.name, m.text) for m in lexicon.find(text)]


def test_a_capital_in_a_name_is_kept_so_that_a_pronoun_is_no_country():
    lexicon = Lexicon({"us": ["US", "US army"], "who": ["WHO"]})
    assert spans("Who told us? Us. The US ARMY and the us army, said WHO", lexicon) == [
        ("us", "US ARMY"),
        ("who", "WHO"),
    ]
    assert spans("Us army", Lexicon({"us": ["US"], "navy": ["Us army"]})) == [("navy", "Us army")]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_composed_and_decomposed_letters_are_one(form):
    lexicon = Lexicon({"turkey": ["Erdoğan", "Türkiye"]})
    text = unicodedata.normalize(form, "Erdoğan’s Türkiye, ERDOĞAN; Erdog")
    assert [m.name for m in lexicon.find(text)] == ["turkey"] * 3
    assert all(text[m.start : m.end] == m.text for m in lexicon.find(text))


def test_letters_whose_small_or_capital_form_is_two_are_found():
    lexicon = Lexicon({"city": ["İzmir"], "street": ["Gießen"]})
    assert [m.name for m in lexicon.find("İzmir, İZMIR, Gießen, GIESSEN")] == [
        "city",
        "city",
        "street",
        "street",
    ]


def test_two_owners_of_a_name_are_refused():
    with pytest.raises(InputError, match='"moscow" is a name of "y" and a name of "x"'):
        Lexicon({"x": ["Moscow"]}, {"y": ["moscow"]})
    with pytest.raises(InputError, match='"Rome" is a name of "x" and an excluded phrase'):
        Lexicon({"x": ["Rome"]}, excluded=["rome"])


def test_only_a_str_is_read():
    with pytest.raises(InputTypeError, match="text must be a str, not bytes"):
        Lexicon({}).find(b"Iran")


@given(st.text(st.characters(categories=["L", "M", "N", "P", "S", "Z", "C"])))
def test_folding_twice_is_folding_once(text):
    assert fold_name(fold_name(text)) == fold_name(text)
