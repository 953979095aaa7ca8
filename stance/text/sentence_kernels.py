"""Sentence kernels: the compiled loop over sentences, from code points to scores."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stance.text import gist
from stance.text.feature_kernels import (
    COUNTS,
    GISTS,
    LETTERS,
    POLARITIES,
    WORDS,
    Found,
    LinearFeatures,
    add_counts,
    add_found,
    add_polarity,
    count_blanked,
    count_letters,
    count_runs,
)
from stance.text.hash_kernels import NOWHERE, compiled
from stance.text.segment_kernels import (
    N_SEGMENTS,
    NO_MEANING,
    SENTENCE,
    Marked,
    Tokens,
    WordTables,
    cut,
    find_ranges,
    mark,
)

_ROLE_GROWTH: Final = 20  # letters by which two role words may lengthen a text
_GIST_REACH: Final = gist.NEGATION_REACH


class Room(NamedTuple):
    """Room for one sentence: its letters, the tokens of a segment, its gist and that gist's hashes."""

    marked: Marked
    tokens: Tokens
    said: NDArray[np.int64]
    said_hashes: NDArray[np.uint64]


@compiled
def make_room(ends: NDArray[np.int64]) -> Any:
    """Return room for the longest of some texts that end there."""
    longest, start = 0, 0
    for end in ends:
        longest, start = max(longest, end - start), end
    room = longest + _ROLE_GROWTH
    tokens = Tokens(
        np.empty(room, np.int64),
        np.empty(room, np.int64),
        np.empty(room, np.uint64),
        np.empty(room, np.float64),
        np.empty(room, np.bool_),
        np.empty(room, np.int64),
    )
    marked = Marked(np.empty(room, np.uint32), np.empty(room, np.uint8))
    return Room(marked, tokens, np.empty(room, np.int64), np.empty(room, np.uint64))


@compiled
def read_gist(meanings: Any, start: Any, end: Any, tables: WordTables, negation: Any, said: Any) -> Any:
    """Write what words and marks say, as `stance.text.gist.gist` does; return how many say something."""
    n_said, negated = 0, 0
    for i in range(start, end):
        meaning = meanings[i]
        if meaning == NO_MEANING:
            negated = max(negated - 1, 0)
            continue
        if tables.is_negation[meaning]:
            negated = _GIST_REACH if negation else 0
        elif negated > 0 and tables.turned[meaning] != NO_MEANING:
            meaning = tables.turned[meaning]
        elif tables.ends_negation[meaning]:
            negated = 0
        said[n_said] = meaning
        n_said += 1
    return n_said


@compiled
def count_ngrams(
    block: Any,
    length: Any,
    ends: Any,
    room: Room,
    tables: WordTables,
    features: LinearFeatures,
    found: Found,
) -> Any:
    """Count the n-grams of a block; return how many columns were found.

    `ends` are the first token of the segment, where its tokens end, and how many meanings its gist has.
    """
    kind, n_found = features.kinds[block], np.int64(0)
    first, last, n_said = ends
    if kind == WORDS:
        return count_runs(room.tokens.hashes, first, last, block, features, found)
    if kind == GISTS:
        for i in range(n_said):
            room.said_hashes[i] = tables.meaning_hashes[room.said[i]]
        return count_runs(room.said_hashes, n_found, n_said, block, features, found)
    if kind == LETTERS and features.segments[block] == SENTENCE:
        return count_blanked(room.marked, length, block, features, found)
    if kind == LETTERS:
        for token in range(first, last):
            start, end = room.tokens.starts[token], room.tokens.ends[token]
            n_found = count_letters(room.marked, start, end, block, features, found, n_found)
    return n_found


@compiled
def score_sentences(
    codes: NDArray[np.uint32],
    ends: NDArray[np.int64],
    mentions: NDArray[np.int64],
    stand_ins: NDArray[np.bool_],
    tables: WordTables,
    features: LinearFeatures,
    negations: Any,
    scores: NDArray[np.float64],
    rare: NDArray[np.bool_],
) -> None:
    """Score each sentence, or call it rare.

    Parameters
    ----------
    codes : numpy.ndarray of uint32
        The code points of all texts, one after another.
    ends : numpy.ndarray of int64, shape (n_sentences,)
        Where each text ends.
    mentions : numpy.ndarray of int64, shape (n_sentences, 2, 2)
        Start and end of holder and target, `NOWHERE` where there is none.
    stand_ins : numpy.ndarray of bool, shape (n_sentences,)
        Whether the holder is only a stand-in.
    tables : WordTables
    features : LinearFeatures
    negations : (bool, bool)
        Whether gist and polarity read through negations.
    scores : numpy.ndarray of float64, shape (n_sentences, n_scores)
        What the sentences' scores are added to.
    rare : numpy.ndarray of bool, shape (n_sentences,)
        Set where only Python can score the sentence.
    """
    room = make_room(ends)
    found = Found(np.zeros(len(features.rows), np.int32), np.empty(len(features.rows), np.int32))
    places, ranges = np.empty((2, 2), np.int64), np.empty((N_SEGMENTS, 2), np.int64)
    sums, start, zero = np.empty(scores.shape[1]), np.int64(0), np.int64(0)
    for i in range(len(ends)):
        text, start = codes[start : ends[i]], ends[i]
        length = mark(text, mentions[i], tables, room.marked, places)
        rare[i] = length == NOWHERE
        if rare[i]:
            continue
        find_ranges(room.marked, length, places, stand_ins[i], tables, ranges)
        seen, first, last, n_said = np.int64(NOWHERE), zero, zero, zero
        for block in range(len(features.kinds)):
            segment, kind = features.segments[block], features.kinds[block]
            if segment != seen:
                first, last, n_meanings = cut(segment, room.marked, ranges, places, tables, room.tokens)
                n_said = read_gist(room.tokens.meanings, first, n_meanings, tables, negations[0], room.said)
                seen = segment
            if kind == COUNTS:
                add_counts(room.said, n_said, block, features, scores[i])
            elif kind == POLARITIES:
                add_polarity(room.tokens, first, last, negations[1], block, features, scores[i])
            else:
                n_found = count_ngrams(block, length, (first, last, n_said), room, tables, features, found)
                add_found(found, n_found, block, features, sums, scores[i])
