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
    for start in range(0, len(texts), BLOCK):
        shared = (matrix[start : start + BLOCK] @ matrix.T).tocoo()
        first, second = shared.row + start, shared.col
        jaccard = shared.data / (sizes[first] + sizes[second] - shared.data)
        kept = (first < second) & (jaccard >= threshold)
        for i, j, value in zip(first[kept], second[kept], jaccard[kept], strict=True):
            yield int(i), int(j), float(value)
