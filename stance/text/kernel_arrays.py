"""Arrays that the compiled loops of hashed n-grams read from and write to, by name."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stance.text import hashing
from stance.text.characters import fold_table

# In a table of classes: a byte that wants a closer look.
SPECIAL: Final = np.uint64(0xFF)
APOSTROPHE: Final = 0x27


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


def make_classes(segments: bool, with_letters: bool) -> NDArray[np.uint8]:
    """Return what each byte is, shape (256,): its small letter, 0 where it parts words, or `SPECIAL`."""
    classes = np.full(256, int(SPECIAL), np.uint8)
    if not with_letters:
        table = fold_table()[:128]
        classes[:128] = table
        classes[APOSTROPHE] = int(SPECIAL)
        if segments:
            classes[[ord(mark) for mark in hashing.MARKS if mark.isascii()]] = int(SPECIAL)
    return classes
