"""Duplicates: sentences that stand twice, exactly or nearly, within and across splits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import scipy.sparse as sp

from stance.text.folding import fold

SHINGLE_WORDS = 3
BLOCK = 1000


def folded(texts: Sequence[str]) -> pd.Series:
    """Return the texts folded: see `stance.text.folding.fold`."""
    return pd.Series([fold(text) for text in texts], dtype=object)


def shingles(texts: Sequence[str]) -> sp.csr_matrix:
    """Return which word 3-grams each folded text has, shape (n_texts, n_shingles), ones and zeros.

    A text of fewer words is one shingle.
    """
    places: dict[str, int] = {}
    indices: list[int] = []
    ends = [0]
    for text in texts:
        words = text.split()
        count = max(1, len(words) - SHINGLE_WORDS + 1)
        found = {" ".join(words[i : i + SHINGLE_WORDS]) for i in range(count)}
        indices += sorted(places.setdefault(shingle, len(places)) for shingle in found)
        ends.append(len(indices))
    ones = np.ones(len(indices), dtype=np.int32)
    return sp.csr_matrix((ones, indices, ends), shape=(len(texts), max(1, len(places))))


def near_pairs(texts: Sequence[str], threshold: float) -> Iterator[tuple[int, int, float]]:
    """Yield pairs of texts whose word 3-grams overlap, by Jaccard's index, to at least the threshold.

    Parameters
    ----------
    texts : sequence of str
        Folded texts.
    threshold : float in (0, 1]

    Yields
    ------
    first, second : int
        Row numbers, first < second.
    jaccard : float

    Examples
    --------
    >>> list(near_pairs(["moscow backs the truce", "moscow backs the truce today", "a b c"], 0.5))
    [(0, 1, 0.6666666666666666)]
    """
    matrix = shingles(texts)
    sizes = np.diff(matrix.indptr)
    prefixes = _prefixes(matrix, threshold)
    for start in range(0, len(texts), BLOCK):
        candidates = (prefixes[start : start + BLOCK] @ prefixes.T).tocoo()
        first, second = candidates.row + start, candidates.col
        later = first < second
        first, second = first[later], second[later]
        shared = np.asarray(matrix[first].multiply(matrix[second]).sum(axis=1)).ravel()
        jaccard = shared / (sizes[first] + sizes[second] - shared)
        kept = jaccard >= threshold
        for i, j, value in zip(first[kept], second[kept], jaccard[kept], strict=True):
            yield int(i), int(j), float(value)


def _prefixes(matrix: sp.csr_matrix, threshold: float) -> sp.csr_matrix:
    """Return each text's rarest shingles, so many that two texts which overlap enough share one of them.

    A text of n shingles that overlaps another to the threshold t shares at least tn of them, so that at
    most n - tn stand before a shared one (Chaudhuri, Ganti and Kaushik 2006, ICDE: the prefix filter).
    """
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    rarity = np.bincount(matrix.indices, minlength=matrix.shape[1])[matrix.indices]
    order = np.lexsort((matrix.indices, rarity, rows))
    sizes = np.diff(matrix.indptr)
    rank = np.arange(len(rows)) - matrix.indptr[rows]
    kept = rank < (sizes - np.ceil(threshold * sizes - 1e-9) + 1)[rows]
    chosen, columns = rows[kept], matrix.indices[order][kept]
    return sp.csr_matrix((np.ones(len(chosen), dtype=np.int32), (chosen, columns)), shape=matrix.shape)
