"""Hash kernels: compiled loops that hash words and n-grams, and find numbers by their hashes.

Two different n-grams of the same 64 bits are taken for one: of a million known ones, one in some 10^13 of the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

import numba
import numpy as np
from numpy.typing import NDArray

START: Final = np.uint64(0x9E3779B97F4A7C15)
NOWHERE: Final = -1
_FACTOR: Final = np.uint64(0xD6E8FEB86659FD93)
_HALF: Final = np.uint64(32)
_ONE: Final = np.uint64(1)
_EMPTY: Final = np.uint64(0)
_SPACE: Final = 32

inlined = numba.njit(nogil=True, error_model="numpy", inline="always")


def digest_sources(folder: Path) -> str:
    """Return the SHA-256 of the modules of a folder, names and contents."""
    found = hashlib.sha256()
    for path in sorted(folder.glob("*.py")):
        found.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


SOURCES: Final = digest_sources(Path(__file__).parent)


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function compiled at its first call, and kept for later processes where there is a place to.

    What is kept is made anew when any module of this room changes: numba itself looks at the function's own file alone,
    though code and constants of others are compiled into it.
    """
    try:
        kept: Any = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:  # neither the package's folder nor the user's can be written to
        kept = numba.njit(nogil=True, error_model="numpy")(function)
    file = getattr(getattr(kept, "_cache", None), "_cache_file", None)
    if file is not None:  # numba's own affair: if another release has none, its rule holds
        file._source_stamp = (file._source_stamp, SOURCES)
    return cast("Callable[..., Any]", kept)


class Index(NamedTuple):
    """An open-addressing table from hashes to numbers; 0 is an empty slot.

    Attributes
    ----------
    keys : numpy.ndarray of uint64, shape (a power of two,)
    values : numpy.ndarray of int32, the same shape
    """

    keys: NDArray[np.uint64]
    values: NDArray[np.int32]


@compiled
def mix(state: Any, value: Any) -> Any:
    """Return the hash of a sequence that goes on with a value."""
    state = (state ^ np.uint64(value)) * _FACTOR
    return state ^ (state >> _HALF)


@compiled
def find(index: Index, key: Any) -> Any:
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
def hash_terms(codes: NDArray[np.uint32], ends: NDArray[np.int64], salt: Any, words: bool) -> Any:
    """Return the hash of each term, shape (n_terms,): of its letters, or of its words between blanks."""
    hashes = np.empty(len(ends), np.uint64)
    start = 0
    for i in range(len(ends)):
        state, word = salt, START
        for j in range(start, ends[i]):
            if not words:
                state = mix(state, codes[j])
            elif codes[j] == _SPACE:
                state, word = mix(state, word), START
            else:
                word = mix(word, codes[j])
        hashes[i] = mix(state, word) if words else state
        start = ends[i]
    return hashes
