"""Segment tables: what letters and words are, as arrays that the compiled loops look up."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from itertools import accumulate, product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stance.text import gist, hash_kernels, segment_kernels
from stance.text.characters import APOSTROPHES, RARE, TABLE_SIZE, fold_table
from stance.text.hash_kernels import Index
from stance.text.polarity import NEGATIONS, load_valences
from stance.text.segment_kernels import WordTables
from stance.text.segments import CLAUSE_WORDS, HOLDER, TARGET, TOKEN

# What each mark means to the gist; those that part clauses come first.
MARKS: Final = gist.MARKS | gist.SIGNS
# Small letters that `re` takes for others where case does not count.
_LIKE: Final = {"i": "iı", "s": "sſ"}


def join_codes(texts: Sequence[str]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the code points of all texts, one after another, and where each text ends.

    Examples
    --------
    >>> join_codes(["ab", "", "é"])
    (array([ 97,  98, 233], dtype=uint32), array([2, 2, 3]))
    """
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint32, copy=False)
    return codes, np.fromiter(accumulate(map(len, texts)), np.int64, len(texts))


def make_index(hashes: NDArray[np.uint64], values: NDArray[np.int64]) -> Index | None:
    """Return an index from hashes to values, each of shape (n,); None if two hashes are the same."""
    if len(np.unique(hashes)) != len(hashes) or (hashes == 0).any():
        return None
    n_slots = 1 << max(len(hashes) * 2, 8).bit_length()
    index = Index(np.zeros(n_slots, np.uint64), np.zeros(n_slots, np.int32))
    hash_kernels.fill(index, hashes, values)
    return index


@functools.cache
def load_tables() -> WordTables:
    """Return the tables of the words and marks that gist, polarity and clauses know.

    Examples
    --------
    >>> tables = load_tables()
    >>> len(tables.meaning_hashes) == len(tables.turned) > len(gist.COUNTED)
    True
    """
    said = gist.load_meanings()
    turned = [f"not{meaning}" for meaning in sorted(gist.TURNED)]
    meanings = list(dict.fromkeys([*gist.COUNTED, *turned, *MARKS.values(), *said.values()]))
    number = {meaning: i for i, meaning in enumerate(meanings)}
    valences = load_valences()
    parts = {form for word in CLAUSE_WORDS for form in map("".join, product(*(_LIKE.get(c, c) for c in word)))}
    words = sorted(parts | _list_words([*said, *valences, *NEGATIONS]))
    plain = [word.replace("’", "'") for word in words]
    index = make_index(hash_words(words), np.arange(len(words)))
    if index is None:
        raise AssertionError("two listed words have the same hash")
    effects = [
        segment_kernels.NEGATES * (one in NEGATIONS) | segment_kernels.PARTS_CLAUSES * (word in parts)
        for word, one in zip(words, plain, strict=True)
    ]
    return WordTables(
        small=_small_letters(),
        kinds=_kinds(),
        roles=np.array([[*map(ord, role)] for role in (HOLDER, TARGET)], np.uint32),
        words=index,
        meanings=np.array([number.get(said.get(word, ""), segment_kernels.NO_MEANING) for word in words]),
        valences=np.array([valences.get(one, 0.0) for one in plain]),
        effects=np.array(effects, np.uint8),
        mark_meanings=np.array([number[meaning] for meaning in _mark_meanings()]),
        meaning_hashes=hash_words(meanings),
        turned=np.array([number[f"not{m}"] if m in gist.TURNED else segment_kernels.NO_MEANING for m in meanings]),
        ends_negation=np.array([m == "but" or m in gist.MARKS.values() for m in meanings]),
        is_negation=np.array([m == "not" for m in meanings]),
    )


def _list_words(words: Iterable[str]) -> set[str]:
    """Return those that are a token, with every apostrophe in either form."""
    forms = ([APOSTROPHES if c in APOSTROPHES else c for c in word] for word in words if TOKEN.fullmatch(word))
    return {"".join(form) for letters in forms for form in product(*letters)}


def hash_words(words: Sequence[str]) -> NDArray[np.uint64]:
    """Return the hash of each word, shape (n_words,), as the loops know it."""
    hashes: NDArray[np.uint64] = hash_kernels.hash_terms(*join_codes(words), hash_kernels.START, False)
    return hashes


def _mark_meanings() -> list[str]:
    return list(dict.fromkeys(MARKS.values()))


def _small_letters() -> NDArray[np.uint32]:
    rare = fold_table() == RARE
    return np.array([RARE if rare[code] else ord(chr(code).lower()) for code in range(TABLE_SIZE)], np.uint32)


def _kinds() -> NDArray[np.uint8]:
    kinds = np.full(TABLE_SIZE, segment_kernels.OTHER, np.uint8)
    folded = fold_table()
    kinds[(folded != RARE) & (folded != 0)] = segment_kernels.LETTER
    kinds[[code for code in range(TABLE_SIZE) if chr(code).isspace()]] = segment_kernels.BLANK
    kinds[[ord(c) for c in APOSTROPHES]] = segment_kernels.APOSTROPHE
    meanings = _mark_meanings()
    for sign, meaning in MARKS.items():
        kinds[ord(sign)] = segment_kernels.FIRST_MARK + meanings.index(meaning)
    return kinds
