"""Mentions: where a text names an actor, and whom a phrase names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final

from stance.text.actors import Actor
from stance.text.lexicon import HYPHENS, WORDS, Lexicon, Mention

__all__ = ["ActorLexicon", "Mention"]

# Words that may stand beside an actor's name while the phrase still names the actor.
_CARRIERS: Final = """
a an the this that s its his own himself itself only even mr pm pres president presidents elect vice prime
minister ministers premier chancellor foreign defence defense interior candidate nominee businessman
billionaire tycoon leader leaders leadership supreme ayatollah sheikh general gen dr sir us u american gop
republican former then current incoming administration government governments cabinet regime state states
department white house office kremlin palace team campaign transition presidency ministry ministries
parliament embassy consulate mission delegation delegate delegates delegations envoy envoys ambassador
ambassadors diplomat diplomats diplomacy negotiator negotiators official officials authorities spokesman
spokeswoman spokesperson representative representatives adviser advisers military army navy air force forces
troops soldiers guards guard security intelligence services service agency war federation republic of side
lawmakers deputies senior top deputy permanent special un u.n
"""
CARRIERS: Final = frozenset(_CARRIERS.split())
# "The Israeli water adviser" and "Iran's trade envoy" speak for their state, whatever they are in charge of.
_OFFICES: Final = """
minister ministry envoy ambassador embassy consul consulate attaché chargé mission delegation delegate
delegates negotiator negotiators spokesman spokeswoman spokesperson commissioner
"""
OFFICES: Final = frozenset(_OFFICES.split())
# Words that make the phrase name something else: "Pompeo on Iran", "never Trump".
_BREAKERS: Final = """
and or of to for on by against with from about than versus vs over at in like who whose whom that which
between among without under not never anti pro ex non post opposition rebel dissident exiled jailed
"""
BREAKERS: Final = frozenset(_BREAKERS.split())


class ActorLexicon(Lexicon):
    """The names of some actors: find them in texts, and tell whom a phrase names.

    Parameters
    ----------
    actors : mapping of str to Actor
        As `load_actors` returns them.
    weak : bool
        Whether names that may mean another ("the White House", "Jerusalem") count as well.

    Attributes
    ----------
    actors : dict of str to Actor
        Those that it was given.

    Examples
    --------
    >>> from stance.text.actors import load_actors
    >>> lexicon = ActorLexicon(load_actors())
    >>> [m.name for m in lexicon.find("The Kremlin thanked Tehran; Trump played no trump card.")]
    ['russia', 'iran', 'trump']
    """

    def __init__(self, actors: Mapping[str, Actor], *, weak: bool = False) -> None:
        names = {key: actor.names + (actor.weak if weak else ()) for key, actor in actors.items()}
        any_case = {key: actor.any_case for key, actor in actors.items()}
        self.actors = dict(actors)
        super().__init__(names, any_case, [phrase for actor in actors.values() for phrase in actor.excluded])

    def actor_of(self, phrase: str) -> str | None:
        """Return the key of the one actor that a phrase names, None where it names none, several or another.

        The name may stand with titles and offices ("President", "foreign ministry", "'s envoy"); a phrase
        whose head is another person or thing ("former Trump adviser Sam Poe") does not name the actor.

        Examples
        --------
        >>> from stance.text.actors import load_actors
        >>> lexicon = ActorLexicon(load_actors())
        >>> lexicon.actor_of("Russian President Vladimir Putin"), lexicon.actor_of("Trump-Putin")
        ('russia', None)
        """
        phrase = phrase.removeprefix("then-")
        found = self.find(phrase)
        if len({mention.name for mention in found}) != 1:
            return None
        first, last = found[0], found[-1]
        gaps = [phrase[a.end : b.start] for a, b in pairwise(found)]
        after = phrase[last.end :]
        if _hyphenated(phrase, found) or not all(map(_carries, gaps)) or not (_carries(after) or _serves(after)):
            return None
        before = phrase[: first.start]
        return first.name if _carries(before) or _leads_to(before, first.text) else None

    def actors_of(self, phrases: Sequence[str]) -> list[str | None]:
        """Return `actor_of` of each phrase; each distinct one is looked at once.

        Examples
        --------
        >>> from stance.text.actors import load_actors
        >>> ActorLexicon(load_actors()).actors_of(["Mr. Netanyahu", "Paris", "the Islamic Republic"])
        ['israel', None, 'iran']
        """
        known = {phrase: self.actor_of(phrase) for phrase in dict.fromkeys(phrases)}
        return [known[phrase] for phrase in phrases]


def _carries(words: str) -> bool:
    """Say whether the words beside a name leave it the head of the phrase."""
    return all(word in CARRIERS for word in WORDS.findall(words.lower())) and "," not in words.strip(" ,")


def _serves(after: str) -> bool:
    """Say whether the words after a name are an office of it: ``'s trade envoy``."""
    words = [word.lower() for word in WORDS.findall(after)]
    return bool(words) and words[-1] in OFFICES and not BREAKERS.intersection(words) and not re.search(r"[,:;]", after)


def _leads_to(before: str, name: str) -> bool:
    """Say whether the words before a name merely describe it: ``a defiant``, ``GOP frontrunner``."""
    words = WORDS.findall(before)
    if BREAKERS.intersection(map(str.lower, words)) or re.search(r"[,:;]|\w['’]", before):
        return False
    # Before a bare surname a capital is probably a first name: another person's.
    return " " in name or words[-1].islower() or words[-1].lower() in CARRIERS


def _hyphenated(phrase: str, found: Iterable[Mention]) -> bool:
    """Say whether a name is part of a compound: ``pro-Trump``, ``Iran-backed``."""
    hyphens = frozenset(HYPHENS)
    return any(
        (m.start > 1 and phrase[m.start - 1] in hyphens and phrase[m.start - 2].isalnum())
        or (phrase[m.end : m.end + 1] in hyphens and phrase[m.end + 1 : m.end + 2].isalnum())
        for m in found
    )
