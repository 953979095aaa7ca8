"""Arrays that the compiled loops of hashed n-grams read from and write to, by name."""

from __future__ import annotations

import functools
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stance.text import hashing
from stance.text.gist import NEGATION_REACH, follow_negation, load_meanings

BUCKET: Final = 8
_BUCKET_BITS: Final = 13  # of the number of a bucket in the table of meanings: it holds two words in the mean


class Bytes(NamedTuple):
    """Texts as the loops read them.

    Attributes
    ----------
    data : numpy.ndarray of uint8
    ends : numpy.ndarray of int64, shape (n_texts + 1,)
        Text i is ``data[ends[i]:ends[i + 1]]``.
    spans : numpy.ndarray of int32, shape (n_texts or 1, 4)
        Code-point offsets of holder and target, -1 for none.
    folds : numpy.ndarray of uint32
        A table of `stance.text.characters`.
    """

    data: NDArray[np.uint8]
    ends: NDArray[np.int64]
    spans: NDArray[np.int32]
    folds: NDArray[np.uint32]


class Meanings(NamedTuple):
    """What words say, by their hashes, in buckets of eight places; a word's bucket is its hash times `factor`, shifted.

    Attributes
    ----------
    words : numpy.ndarray of uint64, shape (8 n_buckets,)
        0 where there is none; of no length where nobody asks.
    meanings : numpy.ndarray of uint8, the same shape
        The number of what the word says; 0 of nothing.
    hashes : numpy.ndarray of uint64, shape (n_meanings * steps,)
        The hash of each meaning so many words before the end of a negation's reach, 0 beyond it.
    reaches : numpy.ndarray of uint8, the same shape
        How far it still reaches after a word of that meaning.
    factor, shift : numpy.uint64
    steps : numpy.uint64
        One more than a negation's reach.
    """

    words: NDArray[np.uint64]
    meanings: NDArray[np.uint8]
    hashes: NDArray[np.uint64]
    reaches: NDArray[np.uint8]
    factor: np.uint64
    shift: np.uint64
    steps: np.uint64


class Hashed(NamedTuple):
    """What of the texts is hashed, and how.

    Attributes
    ----------
    shift : numpy.uint64
        64 less the bits of a column's number.
    used : numpy.ndarray of uint64
        Of 32 columns each: a bit for each that counts, and above them how many count before these; empty where all do.
    segments, names : bool
        Whether the parts around the mentions, and the mentions' own words, are hashed.
    shortest, longest : int
        N-grams of characters; 0 for none.
    part_weights : numpy.ndarray of float32, shape (n_parts,)
    gist : Meanings
    """

    shift: np.uint64
    used: NDArray[np.uint64]
    segments: bool
    names: bool
    shortest: int
    longest: int
    part_weights: NDArray[np.float32]
    gist: Meanings


class Room(NamedTuple):
    """Arrays that the loops write to: a block of texts, its words, and the columns and parts that were found.

    Attributes
    ----------
    letters : numpy.ndarray of uint8
        The texts, a byte a code point, 0 between them.
    wide : numpy.ndarray of uint32
        Letters beyond ASCII, at the same places.
    places : numpy.ndarray of int64, shape (n_texts, 8)
        Where each text stands among the letters.
    letter_bits, apostrophe_bits, mark_bits, start_bits : numpy.ndarray of uint64
        What each of 64 letters is; where words begin.
    before : numpy.ndarray of uint64
        How many words begin before each 64 letters.
    bounds : numpy.ndarray of uint64
        Where each word begins and ends.
    words : numpy.ndarray of uint64
        Their hashes.
    marks : numpy.ndarray of int64
        Of a text: before which word of the block each clause mark stands.
    columns : numpy.ndarray of uint32
        Of the block, part by part.
    kinds, part_ends, text_parts : numpy.ndarray of int64
        What each part is and where its columns end; the parts of each text.
    ranges : numpy.ndarray of int64, shape (n_ranges, 4)
        Of a text.
    meanings : numpy.ndarray of uint8
        Of a text: the number of what each word says.
    said : numpy.ndarray of uint64
        Of a text: the hashes of what its words say.
    said_before : numpy.ndarray of int64
        How many of them stand before each word.
    """

    letters: NDArray[np.uint8]
    wide: NDArray[np.uint32]
    places: NDArray[np.int64]
    letter_bits: NDArray[np.uint64]
    apostrophe_bits: NDArray[np.uint64]
    mark_bits: NDArray[np.uint64]
    start_bits: NDArray[np.uint64]
    before: NDArray[np.uint64]
    bounds: NDArray[np.uint64]
    words: NDArray[np.uint64]
    marks: NDArray[np.int64]
    columns: NDArray[np.uint32]
    kinds: NDArray[np.int64]
    part_ends: NDArray[np.int64]
    text_parts: NDArray[np.int64]
    ranges: NDArray[np.int64]
    meanings: NDArray[np.uint8]
    said: NDArray[np.uint64]
    said_before: NDArray[np.int64]


@functools.cache
def make_meanings(wanted: bool) -> Meanings:
    """Return the table of what words say, or one that is not asked.

    Examples
    --------
    >>> [len(make_meanings(wanted).words) for wanted in (False, True)]
    [0, 65536]
    """
    said = {word: meaning for word, meaning in load_meanings().items() if wanted and hashing.is_word(word)}
    numbers = {meaning: i for i, meaning in enumerate(dict.fromkeys(["", *said.values()]))}
    hashes = np.array([hashing.hash_word(word) for word in said], np.uint64)
    factor, shift, places = _place(hashes)
    n_slots = BUCKET << _BUCKET_BITS if wanted else 0
    words, meanings = np.zeros(n_slots, np.uint64), np.zeros(n_slots, np.uint8)
    words[places] = hashes
    meanings[places] = [numbers[meaning] for meaning in said.values()]
    steps = [[follow_negation(meaning, left) for left in range(NEGATION_REACH + 1)] for meaning in numbers]
    return Meanings(
        words,
        meanings,
        np.array([hashing.hash_word(said) for step in steps for said, _ in step], np.uint64),
        np.array([left for step in steps for _, left in step], np.uint8),
        factor,
        shift,
        np.uint64(NEGATION_REACH + 1),
    )


def _place(hashes: NDArray[np.uint64]) -> tuple[np.uint64, np.uint64, NDArray[np.int64]]:
    """Return a factor by which no bucket overflows, the shift that goes with it, and the place of each hash."""
    shift = np.uint64(64 - _BUCKET_BITS)
    for odd in range(1, 1000, 2):
        factor = np.uint64(odd)
        buckets = (hashes * factor) >> shift
        order = np.argsort(buckets, kind="stable")
        firsts = np.searchsorted(buckets[order], buckets[order])
        ranks = np.arange(len(order)) - firsts
        if not len(ranks) or ranks.max() < BUCKET:
            places = np.empty(len(order), np.int64)
            places[order] = buckets[order].astype(np.int64) * BUCKET + ranks
            return factor, shift, places
    raise AssertionError("a bucket overflows, whatever the factor")  # pragma: no cover - the words are shipped
