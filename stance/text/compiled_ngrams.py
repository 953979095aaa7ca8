"""The compiled way of hashed n-grams: matrix, scores and learning straight from the bytes of texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from stance.core.threads import count_threads
from stance.text import kernels
from stance.text.characters import fold_table, folded_table
from stance.text.hashing import PART_WEIGHTS
from stance.text.kernel_arrays import Bytes, Hashed, make_meanings
from stance.text.layout_kernels import BAD_SPAN, RARE_LETTER
from stance.text.marked import Marked, check_spans

if TYPE_CHECKING:
    from stance.text.hashed_ngrams import HashedNgrams

BATCH_TEXTS = 8192
Floats = NDArray[np.float32]
Result = TypeVar("Result")


class CompiledNgrams:
    """Hashed n-grams as the compiled loops want them: the columns that are used, side by side.

    Parameters
    ----------
    ngrams : HashedNgrams
        Fitted. Columns of the weight 0 are not looked up: a bit for each tells, and how many set bits stand before
        it is its place among the used ones, few enough for a processor's cache.

    Attributes
    ----------
    used : numpy.ndarray of int64, shape (n_used,)
        The columns whose weight is not 0.
    """

    def __init__(self, ngrams: HashedNgrams) -> None:
        is_used = ngrams.idf_ > 0
        bits = np.packbits(is_used, bitorder="little").view(np.uint32).astype(np.uint64)
        before = np.cumsum(np.bitwise_count(bits), dtype=np.uint64) - np.bitwise_count(bits)
        self.n_columns = len(is_used)
        self.used = np.flatnonzero(is_used)
        self.importance = ngrams.idf_[self.used]
        self.n_jobs = ngrams.n_jobs
        shortest, longest = ngrams.char_ngrams or (0, 0)
        self._hashed = Hashed(
            np.uint64(64 - ngrams.n_bits),
            # Where all are used, their places need not be counted.
            bits | (before << np.uint64(32)) if len(self.used) < self.n_columns else bits[:0],
            ngrams.segments,
            not ngrams.mask_mentions,
            shortest,
            longest,
            PART_WEIGHTS,
            make_meanings(ngrams.gist),
        )

    def make_matrix(self, batch: Marked) -> csr_matrix:
        """Return the matrix of some texts, shape (n_texts, n_columns), duplicates not yet summed."""
        narrow = self.make_rows(batch)
        return csr_matrix((narrow.data, self.used[narrow.indices], narrow.indptr), (len(batch), self.n_columns))

    def make_rows(self, batch: Marked) -> csr_matrix:
        """Return the matrix of the used columns alone, shape (n_texts, n_used), duplicates not yet summed."""

        def run(part: Marked, folds: NDArray[np.uint32]) -> tuple[csr_matrix, NDArray[np.uint8]]:
            ends, states = np.zeros(len(part) + 1, np.int64), np.empty(len(part), np.uint8)
            room = 64 + int(part.texts.ends[-1] - part.texts.ends[0]) // 2
            places, values = np.empty(room, np.int32), np.empty(room, np.float32)
            row = 0
            while True:
                row = kernels.hash_texts(
                    _bytes(part, folds), self._hashed, self.importance, row, ends, places, values, states
                )
                if row == len(part):
                    break
                places = np.concatenate([places, np.empty_like(places)])
                values = np.concatenate([values, np.empty_like(values)])
            n_values = ends[-1]
            found = csr_matrix((values[:n_values], places[:n_values], ends), (len(part), len(self.used)))
            return found, states

        matrix, states = run(batch, fold_table())
        rare = _rare(batch, states)
        if len(rare):
            more = run(batch.folded(rare), folded_table())[0].tocoo()
            matrix = matrix + csr_matrix((more.data, (rare[more.row], more.col)), matrix.shape)
        return matrix

    def count_texts(self, marked: Iterable[Marked]) -> NDArray[np.int64]:
        """Return in how many texts each column stands, shape (n_columns,); all columns must be used."""
        counts = np.zeros((self.n_columns, 2), np.uint32)  # side by side: one line of the cache for both

        def run(part: Marked, folds: NDArray[np.uint32]) -> NDArray[np.uint8]:
            states = np.empty(len(part), np.uint8)
            counts[:, 1] = 0
            kernels.count_texts(_bytes(part, folds), self._hashed, counts, states)
            return states

        for part in marked:
            rare = _rare(part, run(part, fold_table()))
            if len(rare):
                run(part.folded(rare), folded_table())
        return counts[:, 0].astype(np.int64)

    def make_table(self, coef: Floats) -> Floats:
        """Return what `score` looks up, shape (n_used, a multiple of 4).

        Parameters
        ----------
        coef : numpy.ndarray, shape (n_classes, n_columns)
            What a linear learner learned on the matrix.
        """
        table = np.zeros((len(self.used), 4 * (len(coef) // 4 + 1)), np.float32)
        table[:, : len(coef)] = (coef[:, self.used] * self.importance).T
        table[:, -1] = self.importance**2
        return table

    def score(self, marked: Sequence[Marked], table: Floats, intercept: Floats) -> Floats:
        """Return the scores of texts, shape (n_texts, n_classes).

        Parameters
        ----------
        marked : sequence of Marked
            One behind the other, as they were read.
        table : numpy.ndarray of float32
            What `make_table` made.
        intercept : numpy.ndarray of float32, shape (n_classes,)
            What is added to the scores of each text.
        """
        scores = np.empty((sum(map(len, marked)), len(intercept)), np.float32)

        def run(part: Marked, folds: NDArray[np.uint32], found: Floats) -> NDArray[np.uint8]:
            states = np.empty(len(part), np.uint8)
            kernels.score_texts(_bytes(part, folds), self._hashed, table, intercept, found, states)
            return states

        def score(batch: Marked) -> None:
            start = batch.first_row - marked[0].first_row
            found = scores[start : start + len(batch)]
            rare = _rare(batch, run(batch, fold_table(), found))
            if len(rare):
                again = np.empty((len(rare), len(intercept)), np.float32)
                run(batch.folded(rare), folded_table(), again)
                found[rare] = again

        map_batches(score, marked, self.n_jobs)
        return scores


def find_highest(scores: Floats) -> NDArray[np.int64]:
    """Return which class has the highest score of each text, as NumPy's argmax does more slowly.

    Examples
    --------
    >>> find_highest(np.array([[0, 1, 1], [2, 0, 0]], np.float32)).tolist()
    [1, 0]
    """
    highest = np.empty(len(scores), np.int64)
    kernels.find_highest(scores, highest)
    return highest


def has_scored() -> bool:
    """Return whether the loop that scores is loaded: nobody waits for it any more."""
    return bool(kernels.score_texts.signatures)  # type: ignore[attr-defined]


def map_batches(work: Callable[[Marked], Result], marked: Iterable[Marked], n_jobs: int | None) -> list[Result]:
    """Return what `work` makes of each batch of the texts, in order; on `n_jobs` threads."""
    batches = (batch for part in marked for batch in part.batches(BATCH_TEXTS))
    n_threads = count_threads(n_jobs)
    if n_threads == 1:
        return [work(batch) for batch in batches]
    with ThreadPoolExecutor(n_threads) as pool:
        return list(pool.map(work, batches))


def _bytes(part: Marked, folds: NDArray[np.uint32]) -> Bytes:
    return Bytes(part.texts.data, part.texts.ends, part.spans, folds)


def _rare(batch: Marked, states: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return which texts only Python can fold; raise InputError for the first that cannot be read."""
    rare = np.flatnonzero(states == RARE_LETTER)
    spans = np.broadcast_to(batch.spans, (len(batch), 4))
    outside = [row for row in rare if spans[row].max() > len(batch.text(int(row)))]
    wrong = [*np.flatnonzero(states >= BAD_SPAN), *outside]
    if wrong:
        check_spans(batch, int(min(wrong)))
    return rare
