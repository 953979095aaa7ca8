"""Gradient descent for `FastStanceClassifier`: one thread, the same result every time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from stance.text.descent import learn_rows
from stance.text.hashed_ngrams import COMPILED_FROM, HashedNgrams
from stance.text.marked import Marked, MarkedTexts

ORDER_SEED = 0
BATCHES_A_MEAN = 4
FIRST_SQUARE = 1e-6  # of a column that was not met yet: its first step is finite


class Descent:
    """A linear model that learns sentence by sentence, and the mean of its weights on the way.

    Parameters
    ----------
    ngrams : HashedNgrams
        Fitted; columns of the weight 0 are not learned.
    n_classes : int
    rate : float
        AdaGrad's step (Duchi, Hazan and Singer 2011, JMLR 12).

    Notes
    -----
    The weights are averaged over what they were after every few batches, later ones weighing more: the t-th of them
    weighs t (Lacoste-Julien, Schmidt and Bach 2012, arXiv:1212.2002).
    """

    def __init__(self, ngrams: HashedNgrams, n_classes: int, rate: float) -> None:
        self.ngrams = ngrams
        self.n_classes = n_classes
        self.rate = np.float32(rate)
        self.random = np.random.default_rng(ORDER_SEED)
        self.used = np.flatnonzero(ngrams.idf_ > 0)
        self.table = np.zeros((len(self.used), 4 * (n_classes // 4 + 1)), np.float32)
        self.intercept = np.zeros(n_classes + 1, np.float32)
        self.table[:, -1] = self.intercept[-1] = FIRST_SQUARE
        self.means = (np.zeros_like(self.table), np.zeros_like(self.intercept))
        self.n_means = 0

    def read(self, sentences: MarkedTexts) -> list[csr_matrix]:
        """Return the matrices of batches of sentences, hashed once for all epochs: 0.5 to 1.5 kB a sentence."""
        if len(sentences) < COMPILED_FROM:
            return [self._plain_rows(part) for part in sentences.parts]
        from stance.text.compiled_ngrams import CompiledNgrams, map_batches

        return map_batches(CompiledNgrams(self.ngrams).make_rows, sentences.parts, self.ngrams.n_jobs)

    def _plain_rows(self, part: Marked) -> csr_matrix:
        """Return the matrix of the used columns alone, duplicates not summed."""
        matrix = self.ngrams.plain_matrix(part)
        is_used = self.ngrams.idf_[matrix.indices] > 0
        ends = np.concatenate([[0], np.cumsum(is_used)])[matrix.indptr]
        places = np.searchsorted(self.used, matrix.indices[is_used])
        return csr_matrix((matrix.data[is_used], places, ends), (len(part), len(self.used)))

    def run(
        self,
        batches: list[csr_matrix],
        codes: NDArray[np.int64],
        weights: NDArray[np.float64],
        epochs: int,
        shuffle: bool = True,
    ) -> None:
        """Go through sentences `epochs` times, each time in another order unless `shuffle` is off."""
        learn = learn_rows
        if len(codes) >= COMPILED_FROM:
            from stance.text import kernels

            learn = kernels.learn_rows
        given = weights.astype(np.float32)
        starts = np.cumsum([0, *(batch.shape[0] for batch in batches)])
        for _ in range(epochs):
            turns = self.random.permutation(len(batches)) if shuffle else np.arange(len(batches))
            for n_done, index in enumerate(turns, 1):
                batch, rows = batches[index], slice(starts[index], starts[index + 1])
                n = batch.shape[0]
                order = self.random.permutation(n) if shuffle else np.arange(n)
                learn(
                    batch.indptr, batch.indices, batch.data, order, codes[rows], given[rows], self.rate, self.table,
                    self.intercept,
                )  # fmt: skip
                if n_done % BATCHES_A_MEAN == 0 or n_done == len(batches):
                    self._remember()

    def _remember(self) -> None:
        self.n_means += 1
        share = np.float32(2 / (self.n_means + 1))
        for mean, now in zip(self.means, (self.table, self.intercept), strict=True):
            np.add(mean, share * (now - mean), out=mean)

    def average(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the mean weights, shape (n_classes, n_columns), and intercepts, shape (n_classes,)."""
        table, intercept = self.means
        coef = np.zeros((self.n_classes, len(self.ngrams.idf_)), np.float32)
        coef[:, self.used] = table[:, : self.n_classes].T
        return coef, intercept[: self.n_classes].copy()
