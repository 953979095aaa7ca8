"""Segment kernels: compiled loops that cut a sentence as `stance.text.segments` does, and read its tokens.

A text is an array of code points. The loops know no rare letters (`stance.text.characters`): a text that
holds one is left to Python.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stance.text.characters import RARE, TABLE_SIZE
from stance.text.hash_kernels import NOWHERE, START, Index, compiled, find, mix
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
NO_MEANING: Final = -1
SENTENCE: Final = 0
CLAUSE: Final = 1
LEFT: Final = 2
RIGHT: Final = 3
FORWARD: Final = 4
BACKWARD: Final = 5
TARGET_SIDE: Final = 6
OTHER_SIDE: Final = 7
NEAR_TARGET: Final = 8
NEAR_HOLDER: Final = 9
N_SEGMENTS: Final = 10

_ROLE: Final = 10  # letters of "holderrole" and of "targetrole"


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
def mark(codes: Any, mentions: Any, tables: WordTables, marked: Marked, places: Any) -> Any:
    """Write a sentence with role words in place of its mentions; return its length, `NOWHERE` if it is rare.

    `mentions` has the rows holder and target, each a start and an end, `NOWHERE` where there is none;
    `places` is given the same for the role words.
    """
    for role in range(2):
        places[role, 0], places[role, 1] = NOWHERE, NOWHERE
        start, end = mentions[role, 0], mentions[role, 1]
        if start != NOWHERE and not 0 <= start < end <= len(codes):
            return NOWHERE
    holder, target = mentions[0, 0], mentions[1, 0]
    if holder < mentions[1, 1] and target < mentions[0, 1]:
        holder = NOWHERE  # both overlap: the target alone is kept
    length, i = 0, 0
    while i < len(codes):
        if i in (holder, target):
            role = 0 if i == holder else 1
            places[role, 0], places[role, 1] = length, length + _ROLE
            for letter in tables.roles[role]:
                marked.letters[length], marked.kinds[length] = letter, LETTER
                length += 1
            i = mentions[role, 1]
            continue
        small = tables.small[codes[i]] if codes[i] < TABLE_SIZE else RARE
        if small == RARE:
            return NOWHERE
        marked.letters[length], marked.kinds[length] = small, tables.kinds[small]
        length += 1
        i += 1
    return length


@compiled
def find_ranges(marked: Marked, length: Any, places: Any, stands_in: Any, tables: WordTables, ranges: Any) -> None:
    """Give each segment but the windows its range in the marked sentence, shape (10, 2).

    Either mention's side is a segment where the holder `stands_in` for one.
    """
    for segment in range(N_SEGMENTS):
        ranges[segment, 0], ranges[segment, 1] = 0, 0
    ranges[SENTENCE, 1] = length
    holder, target = places[0, 0], places[1, 0]
    if max(holder, target) == NOWHERE:
        return
    both = min(holder, target) != NOWHERE
    first = 0 if holder != NOWHERE and (holder < target or not both) else 1
    last = 1 - first if both else first
    ranges[LEFT, 1] = places[first, 1]
    ranges[RIGHT, 0], ranges[RIGHT, 1] = places[last, 0], length
    if both:
        between = FORWARD if first == 0 else BACKWARD
        ranges[between, 0], ranges[between, 1] = places[first, 0], places[last, 1]
        if stands_in:
            before, after = _last_clause_end(marked, places[first, 1], places[last, 0], tables)
            if after == places[first, 1]:  # there is none
                before = after = places[last, 0]
            one, other = (OTHER_SIDE, TARGET_SIDE) if first == 0 else (TARGET_SIDE, OTHER_SIDE)
            ranges[one, 1] = before
            ranges[other, 0], ranges[other, 1] = after, length
    focus, zero = 0 if target == NOWHERE else 1, np.int64(0)
    ranges[CLAUSE, 0] = _last_clause_end(marked, zero, places[focus, 0], tables)[1]
    ranges[CLAUSE, 1] = _next_clause_end(marked, places[focus, 1], length, tables)


@compiled
def _parts_clauses(kind: Any) -> Any:
    return FIRST_MARK <= kind < FIRST_MARK + CLAUSE_MARKS


@compiled
def _opens_clause(word: Any, tables: WordTables) -> Any:
    row = find(tables.words, word)
    return row != NOWHERE and tables.effects[row] & PARTS_CLAUSES != 0


@compiled
def _last_clause_end(marked: Marked, first: Any, stop: Any, tables: WordTables) -> Any:
    """Return where the last mark before `stop` begins and ends, `first` if there is none from there on."""
    before, after, i = first, first, first
    while 0 < i < stop and marked.kinds[i] == LETTER:  # joined to what is before it, it is no word
        i += 1
    while i < stop:
        word, start = START, i
        while i < stop and marked.kinds[i] == LETTER:
            word = mix(word, marked.letters[i])
            i += 1
        if i == start:
            i += 1
            if _parts_clauses(marked.kinds[start]):
                before, after = start, i
        elif _opens_clause(word, tables):
            before, after = start, i
    return before, after


@compiled
def _next_clause_end(marked: Marked, start: Any, length: Any, tables: WordTables) -> Any:
    """Return where the first mark from `start` on stands; letters joined to what is before it are no word."""
    i = start
    while i < length and marked.kinds[i] == LETTER:
        i += 1
    while i < length:
        word, first = START, i
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
    start: Any,
    end: Any,
    tables: WordTables,
    tokens: Tokens,
    n_tokens: Any,
    with_marks: Any,
) -> Any:
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
        word = START
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
def cut(segment: Any, marked: Marked, ranges: Any, places: Any, tables: WordTables, tokens: Tokens) -> Any:
    """Find the tokens of a segment; return the first one, where they end, and where their meanings end."""
    zero, with_marks = np.int64(0), segment == SENTENCE
    if segment < NEAR_TARGET:
        start, end = ranges[segment, 0], ranges[segment, 1]
        n_tokens, n_meanings = find_tokens(marked, start, end, tables, tokens, zero, with_marks)
        return zero, n_tokens, n_meanings
    place = places[1] if segment == NEAR_TARGET else places[0]
    if place[0] == NOWHERE:
        return zero, zero, zero
    before = find_tokens(marked, zero, place[0], tables, tokens, zero, with_marks)[0]
    after = find_tokens(marked, place[0], place[1], tables, tokens, before, with_marks)[0]
    n_tokens = find_tokens(marked, place[1], ranges[SENTENCE, 1], tables, tokens, after, with_marks)[0]
    n_tokens = min(n_tokens, after + WINDOW_TOKENS)
    return max(before - WINDOW_TOKENS, zero), n_tokens, n_tokens
