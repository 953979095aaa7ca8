"""Feature kernels: compiled loops that count what a segment's features count, and add up what they score."""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stance.text import gist, polarity
from stance.text.hash_kernels import NOWHERE, Index, compiled, find, mix
from stance.text.segment_kernels import BLANK, Marked, Tokens

# The kinds of blocks.
WORDS: Final = 0
LETTERS: Final = 1
COUNTS: Final = 2
GISTS: Final = 3
POLARITIES: Final = 4

_SPACE: Final = 32
_N_COUNTED: Final = len(gist.COUNTED)
_POLARITY_REACH: Final = polarity.NEGATION_REACH
_NEGATED: Final = polarity.NEGATED


class LinearFeatures(NamedTuple):
    """The columns of a linear model, block by block of segments and kinds.

    Attributes
    ----------
    table : Index
        From the hash of an n-gram, salted with its block, to its column.
    rows : numpy.ndarray of float32, shape (n_columns, 1 + n_scores)
        The inverse document frequency of a column (1 where there is none), and that times its coefficients.
    kinds, segments, shortest, longest, first_columns : numpy.ndarray of int64, shape (n_blocks,)
        What a block counts, in which segment, of which lengths; where its columns begin. The blocks of a
        segment stand together.
    salts : numpy.ndarray of uint64, shape (n_blocks,)
    weights : numpy.ndarray of float64, shape (n_blocks,)
    """

    table: Index
    rows: NDArray[np.float32]
    kinds: NDArray[np.int64]
    segments: NDArray[np.int64]
    shortest: NDArray[np.int64]
    longest: NDArray[np.int64]
    first_columns: NDArray[np.int64]
    salts: NDArray[np.uint64]
    weights: NDArray[np.float64]


class Found(NamedTuple):
    """Room for the columns of a block that a sentence has: how often each, and which ones."""

    counts: NDArray[np.int32]
    columns: NDArray[np.int32]


@compiled
def _count(column: Any, found: Found, n_found: Any) -> Any:
    if found.counts[column] == 0:
        found.columns[n_found] = column
        n_found += 1
    found.counts[column] += 1
    return n_found


@compiled
def count_runs(hashes: Any, start: Any, end: Any, block: Any, features: LinearFeatures, found: Found) -> Any:
    """Count the runs of words, each word a hash; return how many columns were found."""
    n_found = np.int64(0)
    for i in range(start, end):
        state = features.salts[block]
        for j in range(i, min(i + features.longest[block], end)):
            state = mix(state, hashes[j])
            if j - i + 1 >= features.shortest[block]:
                column = find(features.table, state)
                if column != NOWHERE:
                    n_found = _count(column, found, n_found)
    return n_found


@compiled
def count_letters(
    marked: Marked,
    start: Any,
    end: Any,
    block: Any,
    features: LinearFeatures,
    found: Found,
    n_found: Any,
) -> Any:
    """Count the runs of letters of a word and the blanks around it; return how many columns are found by now."""
    for i in range(start - 1, end + 1):
        state = features.salts[block]
        for j in range(i, min(i + features.longest[block], end + 1)):
            state = mix(state, marked.letters[j] if start <= j < end else np.uint32(_SPACE))
            if j - i + 1 >= features.shortest[block]:
                column = find(features.table, state)
                if column != NOWHERE:
                    n_found = _count(column, found, n_found)
    return n_found


@compiled
def count_blanked(marked: Marked, length: Any, block: Any, features: LinearFeatures, found: Found) -> Any:
    """Count the runs of letters of whatever stands between blanks; return how many columns were found."""
    n_found, i = np.int64(0), np.int64(0)
    while i < length:
        start = i
        while i < length and marked.kinds[i] != BLANK:
            i += 1
        if i > start:
            n_found = count_letters(marked, start, i, block, features, found, n_found)
        i += 1
    return n_found


@compiled
def add_found(found: Found, n_found: Any, block: Any, features: LinearFeatures, sums: Any, scores: Any) -> None:
    """Add the TF-IDF scores of the columns found, their lengths scaled to 1, and forget them."""
    squares = 0.0
    for k in range(len(sums)):
        sums[k] = 0.0
    for i in range(n_found):
        column = found.columns[i]
        frequency = 1.0 if found.counts[column] == 1 else 1.0 + math.log(found.counts[column])
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
def _add_value(value: Any, column: Any, block: Any, features: LinearFeatures, scores: Any) -> None:
    for k in range(len(scores)):
        scores[k] += features.weights[block] * value * features.rows[column, 1 + k]


@compiled
def add_counts(said: Any, n_said: Any, block: Any, features: LinearFeatures, scores: Any) -> None:
    """Add the scores of how often a gist says what, as `stance.text.gist.count_meanings` counts it."""
    for meaning in range(_N_COUNTED):
        count = 0
        for i in range(n_said):
            count += said[i] == meaning
        if count:
            _add_value(count / (2 * count + 2), features.first_columns[block] + meaning, block, features, scores)


@compiled
def add_polarity(tokens: Tokens, start: Any, end: Any, negation: Any, block: Any, features: Any, scores: Any) -> None:
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
