"""Segment kernels: compiled loops that cut a sentence as `stance.text.segments` does, and read its tokens.

A text is an array of code points. The loops know no rare letters (`stance.text.characters`): a text that
holds one is left to Python.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from stance.text.characters import RARE, TABLE_SIZE
from stance.text.segments import WINDOW_TOKENS

# What a character is; from FIRST_MARK on, which of `segment_tables.MARKS`.
OTHER: Final = 0
LETTER: Final = 1
APOSTROPHE: Final = 2
BLANK: Final = 3
FIRST_MARK: Final = 4
CLAUSE_MARKS: Final = 5  # the first so many marks part clauses
# What a listed word does besides meaning something.
NEGATES: Final = 1
PARTS_CLAUSES: Final = 2
NOWHERE: Final = -1
NO_MEANING: Final = -1
SENTENCE: Final = 0
CLAUSE: Final = 1
LEFT: Final = 2
RIGHT: Final = 3
FORWARD: Final = 4
BACKWARD: Final = 5
NEAR_TARGET: Final = 6
NEAR_HOLDER: Final = 7
N_SEGMENTS: Final = 8

_ROLE: Final = 10  # letters of "holderrole" and of "targetrole"
_START: Final = np.uint64(0x9E3779B97F4A7C15)
_FACTOR: Final = np.uint64(0xD6E8FEB86659FD93)
_HALF: Final = np.uint64(32)
_ONE: Final = np.uint64(1)
_EMPTY: Final = np.uint64(0)


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function compiled at its first call; kept for later processes, where there is a place to."""
    try:
        kept: Callable[..., Any] = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:  # neither the package's folder nor the user's can be written to
        kept = numba.njit(nogil=True, error_model="numpy")(function)
    return kept


class Index(NamedTuple):
    """An open-addressing table from hashes to numbers; 0 is an empty slot.

    Attributes
    ----------
    keys : numpy.ndarray of uint64, shape (a power of two,)
    values : numpy.ndarray of int32, the same shape
    """

    keys: NDArray[np.uint64]
    values: NDArray[np.int32]


class WordTables(NamedTuple):
    """What letters and words are, to the loops; made by `stance.text.segment_tables.load_tables`.

    Attributes
    ----------
    small : numpy.ndarray of uint32, shape (TABLE_SIZE,)
        The small letter of each code point, `RARE` where only Python knows it.
    kinds : numpy.ndarray of uint8, shape (TABLE_SIZE,)
        What each small letter is.
    roles : numpy.ndarray of uint32, shape (2, 10)
        The role words of holder and target.
    words : Index
        From a word's hash to its row in the next three.
    meanings, valences, effects : numpy.ndarray, shape (n_words,)
        The number of its meaning or `NO_MEANING`, how well it speaks, and what it does.
    mark_meanings : numpy.ndarray of int64, shape (n_marks,)
    meaning_hashes : numpy.ndarray of uint64, shape (n_meanings,)
    turned : numpy.ndarray of int64, shape (n_meanings,)
        The meaning that a negation turns each into, or `NO_MEANING`.
    ends_negation, is_negation : numpy.ndarray of bool, shape (n_meanings,)
    """

    small: NDArray[np.uint32]
    kinds: NDArray[np.uint8]
    roles: NDArray[np.uint32]
    words: Index
    meanings: NDArray[np.int64]
    valences: NDArray[np.float64]
    effects: NDArray[np.uint8]
    mark_meanings: NDArray[np.int64]
    meaning_hashes: NDArray[np.uint64]
    turned: NDArray[np.int64]
    ends_negation: NDArray[np.bool_]
    is_negation: NDArray[np.bool_]


class Marked(NamedTuple):
    """A sentence with role words in place of its mentions: its small letters, and what each is."""

    letters: NDArray[np.uint32]
    kinds: NDArray[np.uint8]


class Tokens(NamedTuple):
    """Room for the tokens of a segment, and for the meanings of its tokens and marks."""

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    valences: NDArray[np.float64]
    negates: NDArray[np.bool_]
    meanings: NDArray[np.int64]


@compiled
def mix(state: Any, value: Any) -> Any:  # noqa: ANN401 - uint64
    """Return the hash of a sequence that goes on with a value."""
    state = (state ^ np.uint64(value)) * _FACTOR
    return state ^ (state >> _HALF)


@compiled
def find(index: Index, key: Any) -> Any:  # noqa: ANN401 - uint64, int64
    """Return the number that stands at a hash, or `NOWHERE`."""
    last = np.uint64(len(index.keys) - 1)
    slot = key & last
    while index.keys[slot] != _EMPTY:
        if index.keys[slot] == key:
            return np.int64(index.values[slot])
        slot = (slot + _ONE) & last
    return np.int64(NOWHERE)


@compiled
def fill(index: Index, hashes: NDArray[np.uint64], values: NDArray[np.int64]) -> None:
    """Put values at hashes, which must differ from each other and from 0, in an empty index larger than they are."""
    last = np.uint64(len(index.keys) - 1)
    for number in range(len(hashes)):
        slot = hashes[number] & last
        while index.keys[slot] != _EMPTY:
            slot = (slot + _ONE) & last
        index.keys[slot] = hashes[number]
        index.values[slot] = values[number]


@compiled
def hash_terms(codes: NDArray[np.uint32], ends: NDArray[np.int64], salt: Any, words: bool) -> Any:  # noqa: ANN401
    """Return the hash of each term, shape (n_terms,): of its letters, or of its words between blanks."""
    hashes = np.empty(len(ends), np.uint64)
    start = 0
    for i in range(len(ends)):
        state, word = salt, _START
        for j in range(start, ends[i]):
            if not words:
                state = mix(state, codes[j])
            elif codes[j] == 32:
                state, word = mix(state, word), _START
            else:
                word = mix(word, codes[j])
        hashes[i] = mix(state, word) if words else state
        start = ends[i]
    return hashes


@compiled
def hash_words(codes: NDArray[np.uint32], ends: NDArray[np.int64]) -> Any:  # noqa: ANN401
    """Return the hash of each word, shape (n_words,), as `find_tokens` gives it."""
    return hash_terms(codes, ends, _START, False)


@compiled
def mark(codes: Any, mentions: Any, tables: WordTables, marked: Marked, places: Any) -> Any:  # noqa: ANN401
    """Write a sentence with role words in place of its mentions; return its length, `NOWHERE` if it is rare.

    `mentions` has the rows holder and target, each a start and an end, `NOWHERE` where there is none;
    `places` is given the same for the role words.
    """
    places[:] = NOWHERE
    given = mentions[:, 0] != NOWHERE
    for role in range(2):
        if given[role] and not 0 <= mentions[role, 0] < mentions[role, 1] <= len(codes):
            return NOWHERE
    if given[0] and given[1] and mentions[0, 0] < mentions[1, 1] and mentions[1, 0] < mentions[0, 1]:
        given[0] = False
    length, i = 0, 0
    while i < len(codes):
        if (given[0] and i == mentions[0, 0]) or (given[1] and i == mentions[1, 0]):
            role = 0 if given[0] and i == mentions[0, 0] else 1
            places[role, 0], places[role, 1] = length, length + _ROLE
            marked.letters[length : length + _ROLE] = tables.roles[role]
            marked.kinds[length : length + _ROLE] = LETTER
            length += _ROLE
            i = mentions[role, 1]
            continue
        small = tables.small[codes[i]] if codes[i] < TABLE_SIZE else RARE
        if small == RARE:
            return NOWHERE
        marked.letters[length] = small
        marked.kinds[length] = tables.kinds[small]
        length += 1
        i += 1
    return length


@compiled
def find_ranges(marked: Marked, length: Any, places: Any, tables: WordTables, ranges: Any) -> None:  # noqa: ANN401
    """Give each segment but the windows its range in the marked sentence, shape (8, 2)."""
    ranges[:] = 0
    ranges[SENTENCE, 1] = length
    if places[0, 0] == NOWHERE and places[1, 0] == NOWHERE:
        return
    holder_first = places[1, 0] == NOWHERE or NOWHERE < places[0, 0] < places[1, 0]
    first = places[0] if holder_first else places[1]
    both = places[0, 0] != NOWHERE and places[1, 0] != NOWHERE
    last = places[1] if holder_first and both else places[0] if both else first
    ranges[LEFT, 1] = first[1]
    ranges[RIGHT, 0], ranges[RIGHT, 1] = last[0], length
    if both:
        between = FORWARD if holder_first else BACKWARD
        ranges[between, 0], ranges[between, 1] = first[0], last[1]
    focus = places[0] if places[1, 0] == NOWHERE else places[1]
    ranges[CLAUSE, 0] = _last_clause_end(marked, focus[0], tables)
    ranges[CLAUSE, 1] = _next_clause_end(marked, focus[1], length, tables)


@compiled
def _parts_clauses(kind: Any) -> Any:  # noqa: ANN401
    return FIRST_MARK <= kind < FIRST_MARK + CLAUSE_MARKS


@compiled
def _opens_clause(word: Any, tables: WordTables) -> Any:  # noqa: ANN401
    row = find(tables.words, word)
    return row != NOWHERE and tables.effects[row] & PARTS_CLAUSES != 0


@compiled
def _last_clause_end(marked: Marked, stop: Any, tables: WordTables) -> Any:  # noqa: ANN401
    """Return where the last mark before `stop` ends."""
    found, i = 0, 0
    while i < stop:
        word, start = _START, i
        while i < stop and marked.kinds[i] == LETTER:
            word = mix(word, marked.letters[i])
            i += 1
        if i == start:
            i += 1
            if _parts_clauses(marked.kinds[start]):
                found = i
        elif _opens_clause(word, tables):
            found = i
    return found


@compiled
def _next_clause_end(marked: Marked, start: Any, length: Any, tables: WordTables) -> Any:  # noqa: ANN401
    """Return where the first mark from `start` on stands; letters joined to what is before it are no word."""
    i = start
    while i < length and marked.kinds[i] == LETTER:
        i += 1
    while i < length:
        word, first = _START, i
        while i < length and marked.kinds[i] == LETTER:
            word = mix(word, marked.letters[i])
            i += 1
        if i == first:
            i += 1
            if _parts_clauses(marked.kinds[first]):
                return first
        elif _opens_clause(word, tables):
            return first
    return length


@compiled
def find_tokens(
    marked: Marked,
    start: Any,  # noqa: ANN401
    end: Any,  # noqa: ANN401
    tables: WordTables,
    tokens: Tokens,
    n_tokens: Any,  # noqa: ANN401
    with_marks: Any,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    """Add the tokens of a range to those found; return how many there are, and how many meanings with marks."""
    n_meanings = n_tokens
    i = start
    while i < end:
        kind = marked.kinds[i]
        if kind != LETTER:
            if with_marks and kind >= FIRST_MARK:
                tokens.meanings[n_meanings] = tables.mark_meanings[kind - FIRST_MARK]
                n_meanings += 1
            i += 1
            continue
        tokens.starts[n_tokens] = i
        word = _START
        while i < end and (
            marked.kinds[i] == LETTER
            or (marked.kinds[i] == APOSTROPHE and i + 1 < end and marked.kinds[i + 1] == LETTER)
        ):
            word = mix(word, marked.letters[i])
            i += 1
        row = find(tables.words, word)
        tokens.ends[n_tokens] = i
        tokens.hashes[n_tokens] = word
        tokens.valences[n_tokens] = 0.0 if row == NOWHERE else tables.valences[row]
        tokens.negates[n_tokens] = row != NOWHERE and tables.effects[row] & NEGATES != 0
        tokens.meanings[n_meanings] = NO_MEANING if row == NOWHERE else tables.meanings[row]
        n_tokens += 1
        n_meanings += 1
    return n_tokens, n_meanings


@compiled
def cut(segment: Any, marked: Marked, ranges: Any, places: Any, tables: WordTables, tokens: Tokens) -> Any:  # noqa: ANN401
    """Find the tokens of a segment; return the first one, where they end, and where their meanings end."""
    if segment < NEAR_TARGET:
        start, end = ranges[segment, 0], ranges[segment, 1]
        n_tokens, n_meanings = find_tokens(marked, start, end, tables, tokens, 0, segment == SENTENCE)
        return 0, n_tokens, n_meanings
    place = places[1] if segment == NEAR_TARGET else places[0]
    if place[0] == NOWHERE:
        return 0, 0, 0
    before = find_tokens(marked, 0, place[0], tables, tokens, 0, False)[0]
    after = find_tokens(marked, place[0], place[1], tables, tokens, before, False)[0]
    n_tokens = find_tokens(marked, place[1], ranges[SENTENCE, 1], tables, tokens, after, False)[0]
    n_tokens = min(n_tokens, after + WINDOW_TOKENS)
    return max(before - WINDOW_TOKENS, 0), n_tokens, n_tokens
