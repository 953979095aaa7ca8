"""The compiled way of hashed n-grams: matrix, scores and learning straight from the bytes of texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from stance.core.threads import count_threads
from stance.text import kernels
from stance.text.characters import fold_table, folded_table
from stance.text.marked import Marked, check_spans

if TYPE_CHECKING:
    from stance.text.hashed_ngrams import HashedNgrams

BATCH_TEXTS = 8192
Result = TypeVar("Result")


@dataclass
class LinearWeights:
    """What `learn_texts` changes.

    Attributes
    ----------
    table : numpy.ndarray of float32, shape (n_columns, a multiple of 4)
        A column's weight for each class, zeros, and last the sum of its squared gradients.
    intercept : numpy.ndarray of float32, shape (n_classes + 1,)
        Likewise.
    """

    table: NDArray[np.float32]
    intercept: NDArray[np.float32]


def make_matrix(ngrams: HashedNgrams, batch: Marked) -> csr_matrix:
    """Return the matrix of some texts, shape (n_texts, n_columns), duplicates not yet summed."""

    def run(part: Marked, folds: NDArray[np.uint32]) -> tuple[csr_matrix, NDArray[np.uint8]]:
        ends, states = np.zeros(len(part) + 1, np.int64), np.empty(len(part), np.uint8)
        columns, values = np.empty(0, np.int32), np.empty(0, np.float32)
        for _ in range(2):  # once to learn how much room is needed
            kernels.hash_texts(*_bytes(part, folds, ngrams), ngrams.idf_, ends, columns, values, states)
            if not len(columns):
                columns, values = np.empty(ends[-1], np.int32), np.empty(ends[-1], np.float32)
        return csr_matrix((values, columns, ends), (len(part), 1 << ngrams.n_bits)), states

    matrix, states = run(batch, fold_table())
    rare = _rare(batch, states)
    if len(rare):
        more = run(batch.folded(rare), folded_table())[0].tocoo()
        matrix = matrix + csr_matrix((more.data, (rare[more.row], more.col)), matrix.shape)
    return matrix


def score_texts(
    ngrams: HashedNgrams, marked: Iterable[Marked], table: NDArray[np.float32], n_classes: int
) -> NDArray[np.float32]:
    """Return the scores of texts, shape (n_texts, n_classes).

    Parameters
    ----------
    ngrams : HashedNgrams
        Fitted.
    marked : iterable of Marked
    table : numpy.ndarray of float32
        As `make_table` makes it.
    n_classes : int
    """

    def run(part: Marked, folds: NDArray[np.uint32]) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        scores, states = np.empty((len(part), n_classes), np.float32), np.empty(len(part), np.uint8)
        kernels.score_texts(*_bytes(part, folds, ngrams), table, scores, states)
        return scores, states

    def score(batch: Marked) -> NDArray[np.float32]:
        scores, states = run(batch, fold_table())
        rare = _rare(batch, states)
        if len(rare):
            scores[rare] = run(batch.folded(rare), folded_table())[0]
        return scores

    parts = map_batches(score, marked, ngrams.n_jobs)
    return np.concatenate(parts) if parts else np.empty((0, n_classes), np.float32)


def make_table(coef: NDArray[np.float32], idf: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what `score_texts` looks up, shape (n_columns, a multiple of 4).

    Parameters
    ----------
    coef : numpy.ndarray, shape (n_classes, n_columns)
        What a linear learner learned on the matrix.
    idf : numpy.ndarray, shape (n_columns,)
        What the matrix weighed its columns by.
    """
    table = np.zeros((len(idf), 4 * (len(coef) // 4 + 1)), np.float32)
    table[:, : len(coef)] = (coef * idf).T
    table[:, -1] = idf**2
    return table


def learn_texts(
    ngrams: HashedNgrams,
    batch: Marked,
    codes: NDArray[np.int64],
    weights: NDArray[np.float32],
    learned: LinearWeights,
    rate: float,
    order: NDArray[np.int64],
) -> None:
    """Learn from texts in an order, by stochastic gradient descent; `learned` changes in place.

    Parameters
    ----------
    ngrams : HashedNgrams
        Its weights of columns are not used.
    batch : Marked
    codes : numpy.ndarray of int, shape (n_texts,)
        Their labels, numbered from 0 on.
    weights : numpy.ndarray of float32, shape (n_texts,)
    learned : LinearWeights
    rate : float
        AdaGrad's step.
    order : numpy.ndarray of int
        Indices of the texts.

    References
    ----------
    Duchi, Hazan and Singer 2011. Adaptive Subgradient Methods for Online Learning and Stochastic Optimization. JMLR.
    """

    def run(part: Marked, folds: NDArray[np.uint32], rows: NDArray[np.int64], order: NDArray[np.int64]) -> Any:  # noqa: ANN401
        states = np.zeros(len(part), np.uint8)
        kernels.learn_texts(
            *_bytes(part, folds, ngrams), order, codes[rows], weights[rows], np.float32(rate),
            learned.table, learned.intercept, states,
        )  # fmt: skip
        return states

    rare = _rare(batch, run(batch, fold_table(), np.arange(len(batch)), order))
    if len(rare):
        run(batch.folded(rare), folded_table(), rare, np.arange(len(rare)))


def map_batches(work: Callable[[Marked], Result], marked: Iterable[Marked], n_jobs: int | None) -> list[Result]:
    """Return what `work` makes of each batch of the texts, in order; on `n_jobs` threads."""
    batches = (batch for part in marked for batch in part.batches(BATCH_TEXTS))
    n_threads = count_threads(n_jobs)
    if n_threads == 1:
        return [work(batch) for batch in batches]
    with ThreadPoolExecutor(n_threads) as pool:
        return list(pool.map(work, batches))


def _bytes(part: Marked, folds: NDArray[np.uint32], ngrams: HashedNgrams) -> tuple[Any, ...]:
    """Return what each loop wants first: the texts, and what of them is hashed."""
    char_ngrams = ngrams.char_ngrams or (0, 0)
    classes = kernels.make_classes(ngrams.segments, ngrams.char_ngrams is not None)
    shift = np.uint64(64 - ngrams.n_bits)
    used = np.packbits(ngrams.idf_ > 0, bitorder="little")
    names = not ngrams.mask_mentions
    texts = part.texts
    return (
        texts.data, texts.ends, part.spans, folds, classes, shift, used, ngrams.segments, names, char_ngrams,
        ngrams.part_weights(),
    )  # fmt: skip


def _rare(batch: Marked, states: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return which texts only Python can fold."""
    wrong = np.flatnonzero(states == kernels.BAD_SPAN)
    if len(wrong):
        check_spans(batch, int(wrong[0]))
    return np.flatnonzero(states == kernels.RARE_LETTER)
