"""Feature kernels: compiled loops that count what a segment's features count, and add up what they score."""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stance.text import gist, polarity
from stance.text.segment_kernels import (
    BLANK,
    N_SEGMENTS,
    NO_MEANING,
    NOWHERE,
    SENTENCE,
    Index,
    Marked,
    Tokens,
    WordTables,
    compiled,
    cut,
    find,
    find_ranges,
    mark,
    mix,
)

# The kinds of blocks.
WORDS: Final = 0
LETTERS: Final = 1
COUNTS: Final = 2
GISTS: Final = 3
POLARITIES: Final = 4

_SPACE: Final = 32
_ROLE_GROWTH: Final = 20  # letters by which two role words may lengthen a text
_N_COUNTED: Final = len(gist.COUNTED)
_GIST_REACH: Final = gist.NEGATION_REACH
_POLARITY_REACH: Final = polarity.NEGATION_REACH
_NEGATED: Final = polarity.NEGATED


class LinearFeatures(NamedTuple):
    """The columns of a linear model, block by block of segments and kinds.

    Attributes
    ----------
    index : Index
        From the hash of an n-gram, salted with its block, to its column.
    rows : numpy.ndarray of float32, shape (n_columns, 1 + n_scores)
        The inverse document frequency of a column (1 where there is none), and that times its coefficients.
    kinds, segments, shortest, longest, first_columns : numpy.ndarray of int64, shape (n_blocks,)
        What a block counts, in which segment, of which lengths; where its columns begin. The blocks of a
        segment stand together.
    salts : numpy.ndarray of uint64, shape (n_blocks,)
    weights : numpy.ndarray of float64, shape (n_blocks,)
    intercepts : numpy.ndarray of float64, shape (n_scores,)
    """

    index: Index
    rows: NDArray[np.float32]
    kinds: NDArray[np.int64]
    segments: NDArray[np.int64]
    shortest: NDArray[np.int64]
    longest: NDArray[np.int64]
    first_columns: NDArray[np.int64]
    salts: NDArray[np.uint64]
    weights: NDArray[np.float64]
    intercepts: NDArray[np.float64]


class Found(NamedTuple):
    """Room for the columns of a block that a sentence has: how often each, and which ones."""

    counts: NDArray[np.int32]
    columns: NDArray[np.int32]


@compiled
def _count(state: Any, index: Index, found: Found, n_found: Any) -> Any:  # noqa: ANN401
    column = find(index, state)
    if column == NOWHERE:
        return n_found
    if found.counts[column] == 0:
        found.columns[n_found] = column
        n_found += 1
    found.counts[column] += 1
    return n_found


@compiled
def count_runs(hashes: Any, start: Any, end: Any, block: Any, features: LinearFeatures, found: Found) -> Any:  # noqa: ANN401
    """Count the runs of words, each word a hash; return how many columns were found."""
    n_found = 0
    for i in range(start, end):
        state = features.salts[block]
        for j in range(i, min(i + features.longest[block], end)):
            state = mix(state, hashes[j])
            if j - i + 1 >= features.shortest[block]:
                n_found = _count(state, features.index, found, n_found)
    return n_found


@compiled
def count_letters(
    marked: Marked,
    start: Any,  # noqa: ANN401
    end: Any,  # noqa: ANN401
    block: Any,  # noqa: ANN401
    features: LinearFeatures,
    found: Found,
    n_found: Any,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    """Count the runs of letters of a word and the blanks around it; return how many columns are found by now."""
    for i in range(start - 1, end + 1):
        state = features.salts[block]
        for j in range(i, min(i + features.longest[block], end + 1)):
            state = mix(state, marked.letters[j] if start <= j < end else np.uint32(_SPACE))
            if j - i + 1 >= features.shortest[block]:
                n_found = _count(state, features.index, found, n_found)
    return n_found


@compiled
def count_blanked(marked: Marked, length: Any, block: Any, features: LinearFeatures, found: Found) -> Any:  # noqa: ANN401
    """Count the runs of letters of whatever stands between blanks; return how many columns were found."""
    n_found, i = 0, 0
    while i < length:
        start = i
        while i < length and marked.kinds[i] != BLANK:
            i += 1
        if i > start:
            n_found = count_letters(marked, start, i, block, features, found, n_found)
        i += 1
    return n_found


@compiled
def add_found(found: Found, n_found: Any, block: Any, features: LinearFeatures, sums: Any, scores: Any) -> None:  # noqa: ANN401
    """Add the TF-IDF scores of the columns found, their lengths scaled to 1, and forget them."""
    squares = 0.0
    sums[:] = 0.0
    for i in range(n_found):
        column = found.columns[i]
        frequency = 1.0 + math.log(found.counts[column])
        found.counts[column] = 0
        value = frequency * features.rows[column, 0]
        squares += value * value
        for k in range(len(sums)):
            sums[k] += frequency * features.rows[column, 1 + k]
    if squares > 0:
        scale = features.weights[block] / math.sqrt(squares)
        for k in range(len(sums)):
            scores[k] += scale * sums[k]


@compiled
def _add_value(value: Any, column: Any, block: Any, features: LinearFeatures, scores: Any) -> None:  # noqa: ANN401
    for k in range(len(scores)):
        scores[k] += features.weights[block] * value * features.rows[column, 1 + k]


@compiled
def read_gist(meanings: Any, start: Any, end: Any, tables: WordTables, negation: Any, said: Any) -> Any:  # noqa: ANN401
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
def add_counts(said: Any, n_said: Any, block: Any, features: LinearFeatures, scores: Any) -> None:  # noqa: ANN401
    """Add the scores of how often a gist says what, as `stance.text.gist.count_meanings` counts it."""
    for meaning in range(_N_COUNTED):
        count = 0
        for i in range(n_said):
            count += said[i] == meaning
        if count:
            _add_value(count / (2 * count + 2), features.first_columns[block] + meaning, block, features, scores)


@compiled
def add_polarity(tokens: Tokens, start: Any, end: Any, negation: Any, block: Any, features: Any, scores: Any) -> None:  # noqa: ANN401
    """Add the scores of how well or ill words speak, as `stance.text.polarity.polarity` finds it."""
    positive, negative = 0.0, 0.0
    for i in range(start, end):
        valence = tokens.valences[i]
        if valence == 0:
            continue
        negated = False
        for j in range(max(start, i - _POLARITY_REACH), i):
            negated |= tokens.negates[j]
        if negated and negation:
            valence *= _NEGATED
        positive += max(valence, 0.0)
        negative -= min(valence, 0.0)
    balance = positive - negative
    first = features.first_columns[block]
    _add_value(positive / (positive + 4), first, block, features, scores)
    _add_value(negative / (negative + 4), first + 1, block, features, scores)
    _add_value(balance / math.sqrt(balance * balance + 15), first + 2, block, features, scores)


@compiled
def score_sentences(
    codes: NDArray[np.uint32],
    ends: NDArray[np.int64],
    mentions: NDArray[np.int64],
    tables: WordTables,
    features: LinearFeatures,
    negations: Any,  # noqa: ANN401
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
    tables : WordTables
    features : LinearFeatures
    negations : (bool, bool)
        Whether gist and polarity read through negations.
    scores : numpy.ndarray of float64, shape (n_sentences, n_scores)
        Written to.
    rare : numpy.ndarray of bool, shape (n_sentences,)
        Set where only Python can score the sentence.
    """
    longest, start = 0, 0
    for end in ends:
        longest, start = max(longest, end - start), end
    room = longest + _ROLE_GROWTH
    marked = Marked(np.empty(room, np.uint32), np.empty(room, np.uint8))
    tokens = Tokens(
        np.empty(room, np.int64),
        np.empty(room, np.int64),
        np.empty(room, np.uint64),
        np.empty(room, np.float64),
        np.empty(room, np.bool_),
        np.empty(room, np.int64),
    )
    said, said_hashes = np.empty(room, np.int64), np.empty(room, np.uint64)
    found = Found(np.zeros(len(features.rows), np.int32), np.empty(len(features.rows), np.int32))
    places, ranges = np.empty((2, 2), np.int64), np.empty((N_SEGMENTS, 2), np.int64)
    sums = np.empty(scores.shape[1])
    start = 0
    for i in range(len(ends)):
        text, start = codes[start : ends[i]], ends[i]
        length = mark(text, mentions[i], tables, marked, places)
        rare[i] = length == NOWHERE
        if rare[i]:
            continue
        find_ranges(marked, length, places, tables, ranges)
        scores[i] = features.intercepts
        seen = np.int64(NOWHERE)
        first, n_tokens, n_said = 0, 0, 0
        for block in range(len(features.kinds)):
            segment, kind = features.segments[block], features.kinds[block]
            if segment != seen:
                first, n_tokens, n_meanings = cut(segment, marked, ranges, places, tables, tokens)
                n_said = read_gist(tokens.meanings, first, n_meanings, tables, negations[0], said)
                seen = segment
            n_found = 0
            if kind == WORDS:
                n_found = count_runs(tokens.hashes, first, n_tokens, block, features, found)
            elif kind == LETTERS and segment == SENTENCE:
                n_found = count_blanked(marked, length, block, features, found)
            elif kind == LETTERS:
                for token in range(first, n_tokens):
                    begins, stops = tokens.starts[token], tokens.ends[token]
                    n_found = count_letters(marked, begins, stops, block, features, found, n_found)
            elif kind == COUNTS:
                add_counts(said, n_said, block, features, scores[i])
            elif kind == GISTS:
                for j in range(n_said):
                    said_hashes[j] = tables.meaning_hashes[said[j]]
                n_found = count_runs(said_hashes, 0, n_said, block, features, found)
            else:
                add_polarity(tokens, first, n_tokens, negations[1], block, features, scores[i])
            add_found(found, n_found, block, features, sums, scores[i])
