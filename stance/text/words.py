"""Words: what a word of political English says, whatever its form."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from typing import Final

from stance.core.paths import shipped
from stance.text.actors import StrictTable, read_tables

# A verb such as "ban" or "commit" doubles its last letter; whether a longer one does, its spelling does not tell.
_SHORT_VERB: Final = re.compile(r"[^aeiou]*[aeiou][^aeiouwxy]")
_LONG_VERB: Final = re.compile(r".*[aeiou][^aeiou]+[aeiou][^aeiouwxy]")
_HISSING: Final = ("s", "x", "z", "ch", "sh")


class _WordTable(StrictTable):
    verbs: str = ""
    nouns: str = ""
    adjectives: str = ""
    forms: str = ""


@functools.cache
def load_words() -> dict[str, str]:
    """Return what each listed word says, in each of its forms, small letters.

    Returns
    -------
    dict of str to str
        From ``condemned`` to ``against``. The values are the tables of ``corpora/words.toml``: ``favor``
        and ``against`` of words that take a side, ``good`` and ``bad`` of words that judge, ``neutral`` of
        acts that take no side, ``hedge``, ``say``, ``want``.

    Examples
    --------
    >>> words = load_words()
    >>> [words[word] for word in ("endorses", "vetoed", "banning", "recklessly", "met")]
    ['favor', 'against', 'against', 'bad', 'neutral']
    """
    meanings: dict[str, str] = {}
    for meaning, table in read_tables(shipped("corpora") / "words.toml", _WordTable).items():
        for form in _forms(table):
            meanings.setdefault(form, meaning)
    return meanings


def _forms(table: _WordTable) -> Iterator[str]:
    yield from table.forms.split()
    inflections: list[tuple[str, Callable[[str], list[str]]]] = [
        (table.verbs, inflect_verb),
        (table.nouns, lambda noun: [noun, _with_s(noun)]),
        (table.adjectives, lambda adjective: [adjective, _adverb(adjective)]),
    ]
    for words, inflect in inflections:
        for word in words.split():
            yield from inflect(word)


def inflect_verb(verb: str) -> list[str]:
    """Return the regular forms of a verb; where its spelling leaves two open, both.

    Examples
    --------
    >>> inflect_verb("deny"), inflect_verb("ban")
    (['deny', 'denies', 'denied', 'denying'], ['ban', 'bans', 'banned', 'banning'])
    """
    stems = [verb]
    if _SHORT_VERB.fullmatch(verb):
        stems = [verb + verb[-1]]
    elif _LONG_VERB.fullmatch(verb):
        stems = [verb, verb + verb[-1]]
    forms = [verb, _with_s(verb)]
    for stem in stems:
        forms += [_past(stem), _participle(stem)]
    return forms


def _with_s(word: str) -> str:
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if word.endswith((*_HISSING, "to")) else "s")


def _past(verb: str) -> str:
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ied"
    return verb + ("d" if verb.endswith("e") else "ed")


def _participle(verb: str) -> str:
    silent = verb.endswith("e") and not verb.endswith("ee")
    return (verb[:-1] if silent else verb) + "ing"


def _adverb(adjective: str) -> str:
    for ending, adverb in (("le", "ly"), ("y", "ily"), ("ic", "ically"), ("ll", "lly")):
        if adjective.endswith(ending):
            return adjective.removesuffix(ending) + adverb
    return adjective + "ly"
