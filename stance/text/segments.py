"""Segments: what a sentence says around the holder and the target, by role instead of by name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import NamedTuple

from stance.text.lexicon import IN_WORD

HOLDER, TARGET = "holderrole", "targetrole"
WINDOW_TOKENS = 4
# Apostrophes stay inside words ("don't"); single letters count.
TOKEN = re.compile(r"\w+(?:['’]\w+)*")
# Where a clause ends: punctuation, and the words that open another one.
CLAUSE_MARKS = ",;:—–()"
_OPENERS = "but while whereas although though because after before who which that when if"
CLAUSE_WORDS = tuple(_OPENERS.split())
_CLAUSE_END = re.compile(rf"[{CLAUSE_MARKS}]|\b(?:{'|'.join(CLAUSE_WORDS)})\b", re.I)
_HASHTAG = re.compile(r"#\w+")
_HASHTAG_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

Span = tuple[int, int]


class Segments(NamedTuple):
    """One sentence, cut up around its two mentions; every part is a string of tokens.

    Attributes
    ----------
    sentence : str
        The whole sentence, the mentions replaced by role words (or kept, where masking is off). A hashtag
        is followed by its words, as its capitals part them. Where nothing is mentioned, the other parts
        are empty.
    clause : str
        The part between the clause marks around the target.
    left, right : str
        Up to the first mention and from the last one on, their role words included.
    forward, backward : str
        From mention to mention: `forward` where the holder comes first, `backward` where the target does.
    target_side, other_side : str
        Where the holder is a stand-in: all that stands on the target's side, and on the stand-in's, of the last clause
        mark between them; of the second mention where there is none.
    near_target, near_holder : str
        Four tokens on either side of the mention, the role word between them.
    names : str
        The mentions' own words, empty where masking is on.
    """

    sentence: str
    clause: str
    left: str
    right: str
    forward: str
    backward: str
    target_side: str
    other_side: str
    near_target: str
    near_holder: str
    names: str


def cut_segments(
    text: str, holder: Span | None, target: Span | None, stands_in: bool = False, *, mask: bool = True
) -> Segments:
    """Cut a sentence around its holder and its target.

    Parameters
    ----------
    text : str
        The sentence.
    holder, target : tuple of int or None
        Code-point offsets, end exclusive; None where there is no mention. Where both overlap, the
        target is kept and the holder dropped.
    stands_in : bool
        Whether the holder is only a stand-in: another actor than the target, named beside it.
    mask : bool
        Replace the mentions by role words, so that nothing learned depends on who they are.

    Examples
    --------
    >>> parts = cut_segments("Tehran, for once, praised the Kremlin.", (0, 6), (30, 37))
    >>> parts.sentence
    'holderrole, for once, praised the targetrole.'
    >>> parts.clause, parts.forward
    ('praised the targetrole', 'holderrole for once praised the targetrole')
    """
    spans = sort_mentions(holder, target)
    if not spans:
        return Segments(_spell_out(text), *[""] * 10)
    marked, places = _mark(text, spans)
    between = _tokens(marked[places[spans[0][1]][0] : places[spans[-1][1]][1]]) if len(spans) == 2 else ""
    forward = spans[0][1] == HOLDER
    sides = "", ""
    if stands_in and len(spans) == 2:
        sides = _sides(marked, places[spans[0][1]][1], places[spans[1][1]][0])
    focus = TARGET if target else HOLDER
    return Segments(
        sentence=marked if mask else _spell_out(text),
        clause=_tokens(_clause(marked, places[focus])),
        left=_tokens(marked[: places[spans[0][1]][1]]),
        right=_tokens(marked[places[spans[-1][1]][0] :]),
        forward=between if forward else "",
        backward="" if forward else between,
        target_side=sides[forward],
        other_side=sides[not forward],
        near_target=_near(marked, places.get(TARGET)),
        near_holder=_near(marked, places.get(HOLDER)),
        names="" if mask else " ".join(_spell_out(text[slice(*span)]) + " " + role for span, role in spans),
    )


def mark_mentions(text: str, holder: Span | None, target: Span | None) -> tuple[str, dict[str, Span]]:
    """Return a sentence with role words in place of its mentions, as `Segments` has it, and where they stand.

    Examples
    --------
    >>> mark_mentions("Tehran wants #PeaceNow", (0, 6), None)
    ('holderrole wants #PeaceNow Peace Now', {'holderrole': (0, 10)})
    """
    return _mark(text, sort_mentions(holder, target))


def find_phrase(text: str, phrase: str) -> Span | None:
    """Return the span of the first whole-word, case-blind occurrence of a phrase, or None.

    Examples
    --------
    >>> find_phrase("In Iran, talks on Iranian oil resume.", "iran")
    (3, 7)
    """
    found = _phrase_finder(phrase)(text) if phrase.strip() else None
    return found.span() if found else None


def _phrase_finder(phrase: str) -> Callable[[str], re.Match[str] | None]:
    # In either form of its accents; `re` counts no combining mark as part of a word.
    forms = {unicodedata.normalize(form, phrase.strip()) for form in ("NFC", "NFD")}
    either = "|".join(map(re.escape, sorted(forms)))
    return re.compile(rf"(?<![{IN_WORD}])(?:{either})(?![{IN_WORD}])", re.I).search


def sort_mentions(holder: Span | None, target: Span | None) -> list[tuple[Span, str]]:
    """Return the mentions in their order; where both overlap, the target alone."""
    if holder and target and holder[0] < target[1] and target[0] < holder[1]:
        holder = None
    return sorted((span, role) for span, role in ((holder, HOLDER), (target, TARGET)) if span)


def _spell_out(text: str) -> str:
    """Return a text with composed accents (a decomposed one would end a word) and the words of its hashtags."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return _HASHTAG.sub(_add_words, text) if "#" in text else text


def _add_words(hashtag: re.Match[str]) -> str:
    words = _HASHTAG_WORD.findall(hashtag.group())
    return " ".join([hashtag.group(), *words]) if len(words) > 1 else hashtag.group()


def _mark(text: str, spans: list[tuple[Span, str]]) -> tuple[str, dict[str, Span]]:
    pieces: list[str] = []
    places: dict[str, Span] = {}
    end = length = 0
    for (start, stop), role in spans:
        before = _spell_out(text[end:start])
        pieces += [before, role]
        length += len(before)
        places[role] = (length, length + len(role))
        length += len(role)
        end = stop
    return "".join([*pieces, _spell_out(text[end:])]), places


def _sides(marked: str, start: int, stop: int) -> tuple[str, str]:
    """Return the words before and after the last clause mark between two mentions, and after the mark."""
    ends = [mark.span() for mark in _CLAUSE_END.finditer(marked, start, stop)]
    before, after = ends[-1] if ends else (stop, stop)
    return _tokens(marked[:before]), _tokens(marked[after:])


def _clause(marked: str, place: Span) -> str:
    start = 0
    for mark in _CLAUSE_END.finditer(marked, 0, place[0]):
        start = mark.end()
    end = _CLAUSE_END.search(marked, place[1])
    return marked[start : end.start() if end else len(marked)]


def _near(marked: str, place: Span | None) -> str:
    if place is None:
        return ""
    before = TOKEN.findall(marked[: place[0]])[-WINDOW_TOKENS:]
    after = TOKEN.findall(marked[place[1] :])[:WINDOW_TOKENS]
    return " ".join([*before, marked[slice(*place)], *after])


def _tokens(text: str) -> str:
    return " ".join(TOKEN.findall(text))
