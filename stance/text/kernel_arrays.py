"""Arrays that the compiled loops of hashed n-grams read from and write to, by name."""

from __future__ import annotations

import functools
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stance.text import hashing
from stance.text.characters import fold_table
from stance.text.gist import NEGATION_REACH, follow_negation, load_meanings

# In a table of classes: a byte that wants a closer look.
SPECIAL: Final = np.uint64(0xFF)
APOSTROPHE: Final = 0x27
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
    classes : numpy.ndarray of uint8, shape (256,)
        As `make_classes` makes it.
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

    classes: NDArray[np.uint8]
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
    """Arrays that the loops write to: what was read of one text, and the columns and parts of a block of them."""

    words: NDArray[np.uint64]
    marks: NDArray[np.int64]
    names: NDArray[np.uint64]
    name_roles: NDArray[np.uint8]
    letters: NDArray[np.uint32]
    found: NDArray[np.int64]
    columns: NDArray[np.uint32]
    kinds: NDArray[np.int64]
    part_ends: NDArray[np.int64]
    text_parts: NDArray[np.int64]
    ranges: NDArray[np.int64]
    said: NDArray[np.uint64]
    said_before: NDArray[np.int64]


def make_classes(marks: bool, with_letters: bool) -> NDArray[np.uint8]:
    """Return what each byte is, shape (256,): its small letter, 0 where it parts words, or `SPECIAL`.

    Whether clause marks are special is for `marks` to say.
    """
    classes = np.full(256, int(SPECIAL), np.uint8)
    if not with_letters:
        table = fold_table()[:128]
        classes[:128] = table
        classes[APOSTROPHE] = int(SPECIAL)
        if marks:
            classes[[ord(mark) for mark in hashing.MARKS if mark.isascii()]] = int(SPECIAL)
    return classes


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
