"""Words: every form of a listed word says what the word says."""

import re

import pytest

from stance.text.actors import load_actors
from stance.text.lexicon import fold_name
from stance.text.words import inflect_verb, load_words


@pytest.mark.parametrize(
    ("verb", "forms"),
    [
        ("back", "back backs backed backing"),
        ("denounce", "denounce denounces denounced denouncing"),
        ("deny", "deny denies denied denying"),
        ("obey", "obey obeys obeyed obeying"),
        ("veto", "veto vetoes vetoed vetoing"),
        ("reproach", "reproach reproaches reproached reproaching"),
        ("ban", "ban bans banned banning"),
        ("woo", "woo woos wooed wooing"),
        ("guarantee", "guarantee guarantees guaranteed guaranteeing"),
        ("commit", "commit commits commited commiting committed committing"),
    ],
)
def test_a_verb_in_its_forms(verb, forms):
    assert inflect_verb(verb) == forms.split()


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("endorsing", "favor"),
        ("allies", "favor"),
        ("vetoes", "against"),
        ("fought", "against"),
        ("bravely", "good"),
        ("heroically", "good"),
        ("culprits", "bad"),
        ("shamefully", "bad"),
        ("met", "neutral"),
        ("whether", "hedge"),
        ("said", "say"),
        ("sought", "want"),
    ],
)
def test_what_a_word_says(word, meaning):
    assert load_words()[word] == meaning


def test_words_are_small_letters_and_say_one_of_eight_things():
    words = load_words()
    assert len(words) > 10_000
    assert all(re.fullmatch("[a-z]+", word) for word in words)
    assert set(words.values()) == {"favor", "against", "good", "bad", "neutral", "hedge", "say", "want"}


def test_no_word_names_an_actor():
    names = {fold_name(name) for actor in load_actors().values() for name in (*actor.names, *actor.any_case)}
    assert not names & set(load_words())
