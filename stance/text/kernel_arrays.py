"""Arrays that the compiled loops of hashed n-grams read from and write to, by name."""

from __future__ import annotations

import functools
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stance.text import hashing
from stance.text.gist import NEGATION_REACH, follow_negation, load_meanings

_MEANING_BITS: Final = 16  # of a place in the table of meanings: a third of them is taken


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
    """What words say, by their hashes: a table in which a word stands at the first free place from its own on.

    Attributes
    ----------
    words : numpy.ndarray of uint64, shape (a power of two,)
        0 where there is none; of no length where nobody asks.
    meanings : numpy.ndarray of uint8, the same shape
        The number of what the word says; 0 of nothing.
    hashes : numpy.ndarray of uint64, shape (n_meanings, reach + 1)
        The hash of each meaning so many words before the end of a negation's reach, 0 beyond it.
    reaches : numpy.ndarray of uint8, the same shape
        How far it still reaches after a word of that meaning.
    shift : numpy.uint64
        64 less the bits of a place.
    last_slot : numpy.uint64
    """

    words: NDArray[np.uint64]
    meanings: NDArray[np.uint8]
    hashes: NDArray[np.uint64]
    reaches: NDArray[np.uint8]
    shift: np.uint64
    last_slot: np.uint64


class Hashed(NamedTuple):
    """What of the texts is hashed, and how.

    Attributes
    ----------
    shift : numpy.uint64
        64 less the bits of a column's number.
    used : numpy.ndarray of uint64
        A bit for each column that counts; empty where all do.
    before : numpy.ndarray of uint32
        How many bits are set before each number of `used`.
    segments, names : bool
        Whether the parts around the mentions, and the mentions' own words, are hashed.
    shortest, longest : int
        N-grams of characters; 0 for none.
    part_weights : numpy.ndarray of float32, shape (n_parts,)
    gist : Meanings
    """

    shift: np.uint64
    used: NDArray[np.uint64]
    before: NDArray[np.uint32]
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
    n_slots = 1 << _MEANING_BITS if wanted else 0
    words, meanings = np.zeros(n_slots, np.uint64), np.zeros(n_slots, np.uint8)
    said = {word: meaning for word, meaning in load_meanings().items() if wanted and hashing.is_word(word)}
    numbers = {meaning: i for i, meaning in enumerate(dict.fromkeys(["", *said.values()]))}
    shift, last_slot = 64 - _MEANING_BITS, n_slots - 1
    for word, meaning in said.items():
        slot = (number := hashing.hash_word(word)) >> shift
        while words[slot]:
            slot = (slot + 1) & last_slot
        words[slot], meanings[slot] = number, numbers[meaning]
    steps = [[follow_negation(meaning, left) for left in range(NEGATION_REACH + 1)] for meaning in numbers]
    return Meanings(
        words,
        meanings,
        np.array([[hashing.hash_word(said) for said, _ in step] for step in steps], np.uint64),
        np.array([[left for _, left in step] for step in steps], np.uint8),
        np.uint64(shift),
        np.uint64(max(last_slot, 0)),
    )
