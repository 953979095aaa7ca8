"""HashedNgrams: a scikit-learn transformer from sentences to hashed n-grams; nothing is learned but idf."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from stance.core.errors import InputError, show
from stance.text.characters import fold_table, folded_table
from stance.text.hashing import PARTS, hash_parts
from stance.text.marked import Marked, check_spans, read_marked

# Fewer texts than this are hashed in plain Python: nobody waits for a compiler, or for what it left on the disk.
COMPILED_FROM = 1024
BATCH_TEXTS = 8192
MIN_BITS, MAX_BITS = 8, 26
# The sentence says most; its parts, taken together, would drown it.
PART_WEIGHTS = np.array([1.5 if part == "sentence" else 1.0 for part in PARTS], np.float32)
Result = TypeVar("Result")


class HashedNgrams(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """N-grams of the words of sentences, and of the parts around their mentions, hashed to columns.

    Words are found as in `Ngrams`: case folded, composed, apostrophes inside. Each part of a sentence
    (`stance.text.hashing.hash_parts`) is a bag of n-grams; an n-gram that stands there twice counts twice. With
    weights w of the columns and columns j of a part's n-grams, the part's values are w_j / sqrt(Σ w_j²).
    Columns of different n-grams may coincide; no vocabulary is kept.

    Parameters
    ----------
    n_bits : int
        2 to this power is the number of columns; from 8 to 26.
    mask_mentions : bool
        Off, the words of the mentions count as well.
    segments : bool
        Look at the parts of the sentence around the mentions.
    char_ngrams : (int, int), optional
        Shortest and longest n-gram of characters within words.
    use_idf : bool
        Weigh columns by log((1 + n) / (1 + n_j)) + 1, where n_j of the n texts have column j.
    n_jobs : int, optional
        Threads; None is one, -1 as many as the process may use.

    Attributes
    ----------
    idf_ : numpy.ndarray of float32, shape (2**n_bits,)
        The weights of the columns; ones where `use_idf` is off.

    References
    ----------
    Weinberger et al. 2009. Feature Hashing for Large Scale Multitask Learning. ICML.

    Examples
    --------
    >>> matrix = HashedNgrams(n_bits=10, use_idf=False).fit_transform(["Moscow objects", "moscow OBJECTS!", ""])
    >>> matrix.shape, matrix.nnz, bool((matrix[0] != matrix[1]).nnz)
    ((3, 1024), 6, False)
    """

    def __init__(
        self,
        n_bits: int = 18,
        *,
        mask_mentions: bool = True,
        segments: bool = True,
        char_ngrams: tuple[int, int] | None = None,
        use_idf: bool = True,
        n_jobs: int | None = None,
    ) -> None:
        self.n_bits = n_bits
        self.mask_mentions = mask_mentions
        self.segments = segments
        self.char_ngrams = char_ngrams
        self.use_idf = use_idf
        self.n_jobs = n_jobs

    def fit(self, X: object, y: object = None) -> HashedNgrams:
        """Learn the weights of the columns."""
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X: object, y: object = None) -> csr_matrix:
        """Learn the weights of the columns; return the matrix, shape (n_sentences, 2**n_bits), float32."""
        self._check()
        self.idf_ = np.ones(1 << self.n_bits, np.float32)
        marked = read_marked(X)
        if self.use_idf:
            counts = self._matrix(marked)
            seen = np.bincount(counts.indices, minlength=1 << self.n_bits)
            self.idf_ = (np.log((1 + counts.shape[0]) / (1 + seen)) + 1).astype(np.float32)
        return self._matrix(marked)

    def transform(self, X: object) -> csr_matrix:
        """Return the matrix, shape (n_sentences, 2**n_bits), float32.

        Parameters
        ----------
        X : table with a ``text`` column, or 1-D sequence of str, shape (n_sentences,)

        Raises
        ------
        InputError, InputTypeError
            If X breaks a rule (`stance.text.inputs`).
        """
        check_is_fitted(self, "idf_")
        return self._matrix(read_marked(X))

    def score(self, marked: Iterable[Marked], table: NDArray[np.float32], n_classes: int) -> NDArray[np.float32]:
        """Return the scores of sentences, shape (n_sentences, n_classes), by the compiled loop.

        Parameters
        ----------
        marked : iterable of Marked
        table : numpy.ndarray of float32
            As `score_table` makes it.
        n_classes : int
        """
        from stance.text import kernels

        def score(batch: Marked, folds: NDArray[np.uint32]) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
            scores = np.empty((len(batch), n_classes), np.float32)
            states = np.empty(len(batch), np.uint8)
            kernels.score_texts(
                batch.texts.data, batch.texts.ends, batch.spans, folds, *self._settings(), PART_WEIGHTS, table,
                scores, states,
            )  # fmt: skip
            return scores, states

        def score_all(batch: Marked) -> NDArray[np.float32]:
            scores, states = score(batch, fold_table())
            rare = self._rare(batch, states)
            if len(rare):
                scores[rare] = score(batch.folded(rare), folded_table())[0]
            return scores

        parts = self._map(score_all, marked)
        return np.concatenate(parts) if parts else np.empty((0, n_classes), np.float32)

    def score_table(self, coef: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return what the compiled loop looks up, shape (2**n_bits, a multiple of 4).

        Parameters
        ----------
        coef : numpy.ndarray, shape (n_classes, 2**n_bits)
            What a linear learner learned on the matrix.
        """
        width = 4 * (len(coef) // 4 + 1)
        table = np.zeros((1 << self.n_bits, width), np.float32)
        table[:, : len(coef)] = (coef * self.idf_).T
        table[:, -1] = self.idf_**2
        return table

    def _matrix(self, marked: list[Marked]) -> csr_matrix:
        small = sum(map(len, marked)) < COMPILED_FROM
        parts = [self._plain_matrix(part) for part in marked] if small else self._map(self._compiled_matrix, marked)
        matrix = vstack(parts, "csr", np.float32) if parts else csr_matrix((0, 1 << self.n_bits), dtype=np.float32)
        matrix.sum_duplicates()
        return matrix

    def _compiled_matrix(self, batch: Marked) -> csr_matrix:
        columns, values, ends, states = self._hash(batch, fold_table())
        rare = self._rare(batch, states)
        matrix = csr_matrix((values, columns, ends), (len(batch), 1 << self.n_bits))
        if not len(rare):
            return matrix
        columns, values, ends, _ = self._hash(batch.folded(rare), folded_table())
        rows = np.repeat(rare, np.diff(ends))
        return matrix + csr_matrix((values, (rows, columns)), matrix.shape)

    def _hash(self, batch: Marked, folds: NDArray[np.uint32]) -> tuple[np.ndarray, ...]:
        from stance.text import kernels

        ends, states = np.zeros(len(batch) + 1, np.int64), np.empty(len(batch), np.uint8)
        columns, values = np.empty(0, np.int32), np.empty(0, np.float32)
        for _ in range(2):  # once to learn how much room is needed
            kernels.hash_texts(
                batch.texts.data, batch.texts.ends, batch.spans, folds, *self._settings(), PART_WEIGHTS, self.idf_,
                ends, columns, values, states,
            )  # fmt: skip
            if not len(columns):
                columns, values = np.empty(ends[-1], np.int32), np.empty(ends[-1], np.float32)
        return columns, values, ends, states

    def _plain_matrix(self, batch: Marked) -> csr_matrix:
        """Do what the compiled loop does, in plain Python."""
        columns: list[NDArray[np.uint64]] = []
        values: list[NDArray[np.float32]] = []
        n_parts = [0]
        for row in range(len(batch)):
            found = batch.spans[row if len(batch.spans) > 1 else 0].tolist()
            text = batch.texts[row]
            if max(found) > len(text):
                check_spans(batch, row)
            holder, target = (span if span[0] >= 0 else None for span in (tuple(found[:2]), tuple(found[2:])))
            for part in hash_parts(
                text, holder, target, mask=self.mask_mentions, segments=self.segments, char_ngrams=self.char_ngrams
            ):
                hit = np.array(part.hashes, np.uint64) >> np.uint64(64 - self.n_bits)
                weights = self.idf_[hit]
                columns.append(hit)
                values.append(PART_WEIGHTS[PARTS.index(part.name)] * weights / np.sqrt((weights**2).sum()))
            n_parts.append(len(columns))
        ends = np.cumsum([0, *map(len, columns)])[n_parts]
        flat = np.concatenate([np.empty(0, np.uint64), *columns]).astype(np.int32)
        data = np.concatenate([np.empty(0, np.float32), *values])
        return csr_matrix((data, flat, ends), (len(batch), 1 << self.n_bits))

    def _map(self, work: Callable[[Marked], Result], marked: Iterable[Marked]) -> list[Result]:
        batches = (batch for part in marked for batch in part.batches(BATCH_TEXTS))
        n_threads = self._n_threads()
        if n_threads == 1:
            return [work(batch) for batch in batches]
        with ThreadPoolExecutor(n_threads) as pool:
            return list(pool.map(work, batches))

    def _n_threads(self) -> int:
        if self.n_jobs is not None and self.n_jobs < 0:
            return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return self.n_jobs or 1

    def _settings(self) -> tuple[Any, ...]:
        from stance.text import kernels

        with_letters = self.char_ngrams is not None
        return (
            kernels.make_classes(self.segments, with_letters),
            np.uint64(64 - self.n_bits),
            self.segments,
            not self.mask_mentions,
            self.char_ngrams or (0, 0),
        )

    @staticmethod
    def _rare(batch: Marked, states: NDArray[np.uint8]) -> NDArray[np.int64]:
        from stance.text import kernels

        wrong = np.flatnonzero(states == kernels.BAD_SPAN)
        if len(wrong):
            check_spans(batch, int(wrong[0]))
        return np.flatnonzero(states == kernels.RARE_LETTER)

    def _check(self) -> None:
        if isinstance(self.n_bits, bool) or not MIN_BITS <= self.n_bits <= MAX_BITS:
            raise InputError(
                f"n_bits is {show(repr(self.n_bits))}; a whole number from {MIN_BITS} to {MAX_BITS} is wanted"
            )
        if self.char_ngrams is not None and not 1 <= self.char_ngrams[0] <= self.char_ngrams[1] <= 16:
            raise InputError(f"char_ngrams is {show(repr(self.char_ngrams))}; two numbers from 1 to 16 are wanted")

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags
