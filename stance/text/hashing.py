"""Hashing: the n-grams of a sentence and of its parts as numbers; what the compiled loops do, in plain Python."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from stance.text.characters import fold_text
from stance.text.gist import follow_negation, load_meanings
from stance.text.segments import CLAUSE_MARKS, CLAUSE_WORDS, HOLDER, TARGET, TOKEN, WINDOW_TOKENS, Span

# Apostrophes stay inside words ("don't"); single letters count.
_WORD_OR_MARK: Final = re.compile(rf"{TOKEN.pattern}|[{CLAUSE_MARKS}]")
MARKS: Final = frozenset(CLAUSE_MARKS)
WORD_NGRAMS: Final = 2
WINDOW_NGRAMS: Final = 3
GIST_NGRAMS: Final = 1

_MASK: Final = (1 << 64) - 1
# Odd numbers with bits well mixed: that of Rust's FxHash, and the golden ratio's.
LETTER_FACTOR: Final = 0x517CC1B727220A95
WORD_FACTOR: Final = 0x9E3779B97F4A7C15
# Above every ASCII letter, so that no two short words share a number; and a compiled loop adds and shifts for it.
LETTER_BASE: Final = 257
ROTATION: Final = 5

# The parts of a sentence; each has columns of its own.
WORD_PARTS: Final = (
    "sentence",
    "clause",
    "left_of_holder",
    "left_of_target",
    "right_of_holder",
    "right_of_target",
    "forward",
    "backward",
    "near_holder",
    "near_target",
)
GIST: Final = "_gist"
PARTS: Final = (*WORD_PARTS, "holder_names", "target_names", "characters", *(f"{part}{GIST}" for part in WORD_PARTS))
# The sentence says most; its parts, taken together, would drown it.
PART_WEIGHTS: Final = np.array([1.5 if part == "sentence" else 1.0 for part in PARTS], np.float32)


class HashedPart(NamedTuple):
    """A part of a sentence.

    Attributes
    ----------
    name : str
        One of `PARTS`.
    hashes : list of int
        64-bit hashes of its n-grams, repeated where an n-gram is.
    ngrams : list of str
        The n-grams themselves.
    """

    name: str
    hashes: list[int]
    ngrams: list[str]


class _Tokens(NamedTuple):
    """The words of a sentence, its mentions replaced by role words; and those of the mentions.

    Attributes
    ----------
    words : list of str
    breaks : list of bool
        Whether a clause mark stands before the word; one longer than `words`.
    places : dict of str to int
        The index of each role word.
    names : dict of str to list of str
        The words of each mention.
    """

    words: list[str]
    breaks: list[bool]
    places: dict[str, int]
    names: dict[str, list[str]]


def hash_parts(
    text: str,
    holder: Span | None = None,
    target: Span | None = None,
    *,
    mask: bool = True,
    segments: bool = True,
    char_ngrams: tuple[int, int] | None = None,
    gist: bool = False,
) -> Iterator[HashedPart]:
    """Yield the parts of a sentence that hold an n-gram, with their hashes.

    The parts are the whole sentence, and with marked mentions: the words up to the first and from the last,
    those from mention to mention (``forward`` where the holder comes first), the target's clause, and four
    words on either side of each mention. Mentions are replaced by role words. N-grams are of one or two
    words, of up to three near a mention.

    Parameters
    ----------
    text : str
    holder, target : tuple of int or None
        Code-point offsets, end exclusive; where both overlap, the holder is dropped.
    mask : bool
        Off, the words of the mentions are parts, too.
    segments : bool
        Off, only the whole sentence and the mentions' words are.
    char_ngrams : (int, int), optional
        Shortest and longest n-gram of characters within the words of the sentence.
    gist : bool
        With each part, what its words say, one by one: ``clause_gist``, say.

    Examples
    --------
    >>> parts = hash_parts("Tehran, for once, praised the Kremlin.", (0, 6), (30, 37))
    >>> [(part.name, len(part.hashes)) for part in parts]
    [('sentence', 11), ('left_of_holder', 1), ('right_of_target', 1), ('forward', 11), ('near_holder', 12),
     ('near_target', 12), ('clause', 5)]
    """
    tokens = _tokenise(text, holder, target)
    said = list(_read_gist(tokens)) if gist else []
    for name, first, last, longest in _find_parts(tokens, segments):
        yield from _part(name, tokens.words[first:last], longest)
        yield from _part(f"{name}{GIST}", [meaning for place, meaning in said if first <= place < last], GIST_NGRAMS)
    if not mask:
        for role in (HOLDER, TARGET):
            yield from _part(f"{_short(role)}_names", tokens.names.get(role, []), 1)
    if char_ngrams:
        cut = [gram for word in tokens.words for gram in _cut(word, *char_ngrams)]
        if cut:
            yield HashedPart("characters", [_salted(hash_word(gram), "characters") for gram in cut], cut)


def cut_parts(text: str, holder: Span | None = None, target: Span | None = None) -> dict[str, str]:
    """Return the words of each part of a sentence, as `hash_parts` hashes them, blanks between them.

    Examples
    --------
    >>> cut_parts("Oman praised Iran, he said.", target=(13, 17))["clause"]
    'oman praised targetrole'
    """
    tokens = _tokenise(text, holder, target)
    parts = {name: " ".join(tokens.words[first:last]) for name, first, last, _ in _find_parts(tokens, segments=True)}
    names = {f"{_short(role)}_names": " ".join(words) for role, words in tokens.names.items()}
    return parts | names | {"characters": parts["sentence"]}


def _find_parts(tokens: _Tokens, segments: bool) -> Iterator[tuple[str, int, int, int]]:
    """Yield the parts of a sentence: name, first word, the word after the last, longest n-gram of words."""
    words = tokens.words
    yield "sentence", 0, len(words), WORD_NGRAMS
    if not (segments and tokens.places):
        return
    placed = sorted((place, role) for role, place in tokens.places.items())
    (first, first_role), (last, last_role) = placed[0], placed[-1]
    yield f"left_of_{_short(first_role)}", 0, first + 1, WORD_NGRAMS
    yield f"right_of_{_short(last_role)}", last, len(words), WORD_NGRAMS
    if len(placed) == 2:
        yield "forward" if first_role == HOLDER else "backward", first, last + 1, WORD_NGRAMS
    for role in (HOLDER, TARGET):
        if role in tokens.places:
            place = tokens.places[role]
            nearest = max(0, place - WINDOW_TOKENS)
            yield f"near_{_short(role)}", nearest, min(len(words), place + WINDOW_TOKENS + 1), WINDOW_NGRAMS
    start = end = tokens.places.get(TARGET, first)
    while start > 0 and not tokens.breaks[start] and words[start - 1] not in CLAUSE_WORDS:
        start -= 1
    end += 1
    while end < len(words) and not tokens.breaks[end] and words[end] not in CLAUSE_WORDS:
        end += 1
    yield "clause", start, end, WORD_NGRAMS


def _read_gist(tokens: _Tokens) -> Iterator[tuple[int, str]]:
    """Yield the place of each word that says something, and what: as `stance.text.gist.gist`, but for marks."""
    meanings, left = load_meanings(), 0
    for place, word in enumerate(tokens.words):
        if tokens.breaks[place]:
            left = 0
        meaning, left = follow_negation(meanings.get(word, ""), left)
        if meaning:
            yield place, meaning


def _short(role: str) -> str:
    return "holder" if role == HOLDER else "target"


def _part(name: str, words: Sequence[str], longest: int) -> Iterator[HashedPart]:
    hashes = [hash_word(word) for word in words]
    found, ngrams = [], []
    for i, number in enumerate(hashes):
        for n in range(1, min(longest, len(words) - i) + 1):
            if n > 1:
                number = ((_rotate(number) ^ hashes[i + n - 1]) * WORD_FACTOR) & _MASK  # noqa: PLW2901 - it grows
            found.append(_salted(number, name))
            ngrams.append(" ".join(words[i : i + n]))
    if found:
        yield HashedPart(name, found, ngrams)


def _tokenise(text: str, holder: Span | None, target: Span | None) -> _Tokens:
    if holder and target and holder[0] < target[1] and target[0] < holder[1]:
        holder = None
    tokens = _Tokens([], [False], {}, {})
    at = 0
    for (start, stop), role in sorted((span, role) for span, role in ((holder, HOLDER), (target, TARGET)) if span):
        _add_words(tokens, text[at:start])
        tokens.places[role] = len(tokens.words)
        tokens.words.append(role)
        tokens.breaks.append(False)
        tokens.names[role] = [word for word in _find_words(text[start:stop]) if word not in MARKS]
        at = stop
    _add_words(tokens, text[at:])
    return tokens


def _add_words(tokens: _Tokens, text: str) -> None:
    for found in _find_words(text):
        if found in MARKS:
            tokens.breaks[-1] = True
        else:
            tokens.words.append(found)
            tokens.breaks.append(False)


def _find_words(text: str) -> list[str]:
    return [word.replace("’", "'") for word in _WORD_OR_MARK.findall(fold_text(text))]


def is_word(text: str) -> bool:
    """Return whether a text is one word, as words are found in sentences.

    Examples
    --------
    >>> [is_word(text) for text in ("don't", "Oman", "cease-fire", ",")]
    [True, False, False, False]
    """
    return _find_words(text) == [text] and text not in MARKS


def _cut(word: str, shortest: int, longest: int) -> Iterator[str]:
    """Yield the n-grams of a word and the blanks around it, from each letter on."""
    padded = f" {word} "
    for start in range(len(padded)):
        for stop in range(start + shortest, min(start + longest, len(padded)) + 1):
            yield padded[start:stop]


@functools.lru_cache(maxsize=65_536)
def hash_word(word: str) -> int:
    """Return the 64-bit hash of a word.

    Examples
    --------
    >>> hex(hash_word("truce")), hash_word("")
    ('0x6e9103733b108b5f', 0)
    """
    found = 0
    for letter in word:
        found = (found * LETTER_BASE + ord(letter)) & _MASK
    return (found * LETTER_FACTOR) & _MASK


def _rotate(number: int) -> int:
    return ((number << ROTATION) | (number >> (64 - ROTATION))) & _MASK


@functools.cache
def salt(part: str) -> int:
    """Return the number that parts the columns of one part of a sentence from those of another."""
    return 0 if part == "sentence" else hash_word(part)


def _salted(number: int, part: str) -> int:
    return ((number ^ salt(part)) * WORD_FACTOR) & _MASK
