"""Segment blocks: the columns of a fitted SegmentFeatures as tables for compiled loops."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import FunctionTransformer

from stance.classifiers.segment_features import SegmentFeatures
from stance.text import gist, polarity
from stance.text.feature_kernels import COUNTS, GISTS, LETTERS, POLARITIES, WORDS, LinearFeatures
from stance.text.hash_kernels import hash_terms
from stance.text.ngrams import Ngrams
from stance.text.segment_kernels import N_SEGMENTS
from stance.text.segment_tables import hash_words, join_codes, make_index
from stance.text.segments import Segments

_GIST: Final = "_gist"
_SHORTEST_PADDED: Final = 3  # a letter and the blanks around it: a word has no shorter n-gram than itself
_SEGMENTS: Final = Segments._fields[:N_SEGMENTS]


class Block(NamedTuple):
    """A block of columns.

    Attributes
    ----------
    name : str
        ``clause_gist``, say.
    kind : int
        What it counts, as `stance.text.feature_kernels` numbers it.
    segment : int
        Where, as `stance.text.segment_kernels` numbers it.
    transformer : Ngrams or FunctionTransformer
    weight : float
        What its columns weigh.
    first, end : int
        Where its columns begin and end.
    """

    name: str
    kind: int
    segment: int
    transformer: Any
    weight: float
    first: int
    end: int


def list_blocks(ngrams: object) -> list[Block] | None:
    """Return the blocks of fitted features; None where the compiled loops do not know one of them."""
    if type(ngrams) is not SegmentFeatures:
        return None
    weights = ngrams.parts_.transformer_weights or {}
    blocks: list[Block] = []
    for name, transformer, column in ngrams.parts_.transformers_:
        if transformer == "drop":
            continue
        kind, segment = _kind_of(transformer, column), str(column).removesuffix(_GIST)
        if kind is None or segment not in _SEGMENTS:
            return None
        first = blocks[-1].end if blocks else 0
        place = _SEGMENTS.index(segment)
        blocks.append(
            Block(name, kind, place, transformer, weights.get(name, 1.0), first, first + _width(kind, transformer))
        )
    return blocks


def make_features(blocks: list[Block], coefficients: NDArray[np.float64]) -> LinearFeatures | None:
    """Return the blocks with their weights in a linear model; None where they do not fit, or two hashes are one.

    Parameters
    ----------
    blocks : list of Block
    coefficients : numpy.ndarray, shape (n_scores, n_columns)
    """
    n_columns = blocks[-1].end
    if coefficients.shape[1] != n_columns:
        return None
    inverse = np.ones(n_columns)
    hashes, columns = [np.empty(0, np.uint64)], [np.empty(0, np.int64)]
    blocks = sorted(blocks, key=lambda block: block.segment)
    salts = hash_words([f"{block.name}:" for block in blocks])  # as no word is spelled
    for block, salt in zip(blocks, salts, strict=True):
        if isinstance(block.transformer, Ngrams):
            terms = block.transformer.vocabulary_
            inverse[block.first : block.end] = block.transformer.idf_
            hashes.append(hash_terms(*join_codes(list(terms)), salt, block.kind != LETTERS))
            columns.append(block.first + np.fromiter(terms.values(), np.int64, len(terms)))
    table = make_index(np.concatenate(hashes), np.concatenate(columns))
    if table is None:
        return None
    ranges = [getattr(block.transformer, "ngram_range", (0, 0)) for block in blocks]
    shortest, longest = np.array(ranges, np.int64).T.copy()
    return LinearFeatures(
        table=table,
        rows=np.column_stack([inverse, (inverse * coefficients).T]).astype(np.float32),
        kinds=np.array([block.kind for block in blocks]),
        segments=np.array([block.segment for block in blocks]),
        shortest=shortest,
        longest=longest,
        first_columns=np.array([block.first for block in blocks]),
        salts=salts,
        weights=np.array([block.weight for block in blocks], float),
    )


def _kind_of(transformer: Any, column: object) -> int | None:  # noqa: ANN401 - any transformer
    of_gist = str(column).endswith(_GIST)
    if type(transformer) is FunctionTransformer:
        if transformer.func is gist.count_meanings and of_gist:
            return COUNTS
        return POLARITIES if transformer.func is polarity.polarities and not of_gist else None
    if type(transformer) is not Ngrams or not _is_tfidf(transformer):
        return None
    if transformer.analyzer == "word":
        return GISTS if of_gist else WORDS
    return LETTERS if transformer.ngram_range[0] <= _SHORTEST_PADDED and not of_gist else None


def _is_tfidf(ngrams: Any) -> bool:  # noqa: ANN401 - Ngrams
    tfidf = ngrams._tfidf
    return (tfidf.norm, tfidf.use_idf, tfidf.sublinear_tf, ngrams.binary) == ("l2", True, True, False)


def _width(kind: int, transformer: Any) -> int:  # noqa: ANN401 - Ngrams or FunctionTransformer
    if kind == COUNTS:
        return len(gist.COUNTED)
    return len(polarity.POLARITIES) if kind == POLARITIES else len(transformer.vocabulary_)
