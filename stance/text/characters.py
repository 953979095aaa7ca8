"""Characters: what a code point is to words, as tables that compiled loops can look up."""

from __future__ import annotations

import functools
import re
import sys
import unicodedata
from typing import Final

import numpy as np
from numpy.typing import NDArray

# In `fold_table`: what parts words, and what only Python can fold. Neither is a letter.
PARTS_WORDS: Final = 0
RARE: Final = 0xFFFF
APOSTROPHES: Final = ("'", "’")
# The first plane, and of the second the pictures of social posts.
TABLE_SIZE: Final = 0x1FB00
_PICTURES: Final = 0x1F000
_LAST_CODE_POINT: Final = sys.maxunicode
_HALF: Final = re.compile("[\ud800-\udfff]")
# Hangul letters that Unicode composes with the one before them.
_HANGUL: Final = (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))


def fold_text(text: str) -> str:
    """Return a text as words are compared: small letters, accents composed.

    Examples
    --------
    >>> fold_text("EL NIÑO") == fold_text("El Nin\u0303o")
    True
    """
    text = text.lower()
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def mend_halves(text: str) -> str:
    r"""Return a text with U+FFFD for each lone surrogate, which UTF-8 has no place for; that parts words, too.

    Examples
    --------
    >>> mend_halves("Oman\ud800") == "Oman\ufffd", mend_halves("Oman")
    (True, 'Oman')
    """
    return text if text.isascii() else _HALF.sub("\N{REPLACEMENT CHARACTER}", text)


@functools.cache
def fold_table() -> NDArray[np.uint32]:
    r"""Return what each code point of a text is folded to, shape (129,792,).

    Returns
    -------
    numpy.ndarray of uint32
        The small letter of what ``\w`` matches; `PARTS_WORDS` of all else; `RARE` of a code point whose
        folding depends on its neighbours or takes two: a combining mark, "İ", "Σ". A text without rare ones
        is folded letter by letter, and the result is what `fold_text` gives; one with a code point beyond
        the table counts as rare, too.

    Examples
    --------
    >>> table = fold_table()
    >>> [chr(table[ord(letter)]) for letter in "AÉЖ_7"], table[ord("—")], table[0x301] == RARE
    (['a', 'é', 'ж', '_', '7'], np.uint32(0), np.True_)
    """
    table = np.full(TABLE_SIZE, RARE, np.uint32)
    composed_with = _composed_with()
    for code in (*range(0x10000), *range(_PICTURES, TABLE_SIZE)):
        small = chr(code).lower()
        settled = code < 0x300 or not any(_is_unsettled(letter, composed_with) for letter in (chr(code), small))
        if settled and len(small) == 1 and small != "σ":
            table[code] = ord(small) if small.isalnum() or small == "_" else PARTS_WORDS
    table[ord("σ")] = ord("σ")  # its capital is rare: at the end of a word it becomes another letter
    return table


@functools.cache
def folded_table() -> NDArray[np.uint32]:
    r"""Return the same for texts that `fold_text` has folded, shape (1,114,112,): no code point is rare.

    Examples
    --------
    >>> int(folded_table()[0x301]), chr(folded_table()[ord("ς")])
    (0, 'ς')
    """
    codes = np.arange(_LAST_CODE_POINT + 1, dtype=np.uint32)
    in_word = np.fromiter(map(str.isalnum, map(chr, range(_LAST_CODE_POINT + 1))), bool, _LAST_CODE_POINT + 1)
    in_word[ord("_")] = True
    return np.where(in_word, codes, PARTS_WORDS).astype(np.uint32)


@functools.cache
def _composed_with() -> frozenset[int]:
    """Return the code points that Unicode may compose with the one before them."""
    second = set(_HANGUL)
    for code in range(0xC0, 0x30000):
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            second.add(int(parts[1], 16))
    return frozenset(second)


def _is_unsettled(letter: str, composed_with: frozenset[int]) -> bool:
    """Say whether composing a text may change or move this letter."""
    return (
        ord(letter) in composed_with
        or unicodedata.combining(letter) != 0
        or (not 0xD800 <= ord(letter) < 0xE000 and unicodedata.normalize("NFC", letter) != letter)
    )
