"""Gradient descent over the bytes of texts, for `FastStanceClassifier`: one thread, the same result every time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stance.text.compiled_ngrams import BATCH_TEXTS, CompiledNgrams, LinearWeights
from stance.text.hashed_ngrams import HashedNgrams
from stance.text.marked import MarkedTexts

ORDER_SEED = 0
BATCHES_A_MEAN = 4
FIRST_SQUARE = 1e-6  # of a column that was not met yet: its first step is finite


class Descent:
    """A linear model that learns from texts, and the mean of its weights on the way.

    Parameters
    ----------
    ngrams : HashedNgrams
        Fitted; columns of the weight 0 are not learned.
    n_classes : int
    rate : float
        AdaGrad's step.

    Notes
    -----
    The weights are averaged over what they were after every few batches, later ones weighing more: the t-th of them
    weighs t (Lacoste-Julien, Schmidt and Bach 2012, arXiv:1212.2002).
    """

    def __init__(self, ngrams: HashedNgrams, n_classes: int, rate: float) -> None:
        width = 4 * (n_classes // 4 + 1)
        self.ngrams = ngrams
        self.n_classes = n_classes
        self.rate = rate
        self.random = np.random.default_rng(ORDER_SEED)
        self.compiled = CompiledNgrams(ngrams)
        shape = (len(self.compiled.used), width)
        self.learned = LinearWeights(np.zeros(shape, np.float32), np.zeros(n_classes + 1, np.float32))
        self.learned.table[:, -1] = self.learned.intercept[-1] = FIRST_SQUARE
        self.mean = LinearWeights(np.zeros_like(self.learned.table), np.zeros_like(self.learned.intercept))
        self.n_means = 0

    def run(
        self,
        sentences: MarkedTexts,
        codes: NDArray[np.int64],
        weights: NDArray[np.float64],
        epochs: int,
        shuffle: bool = True,
    ) -> None:
        """Go through texts `epochs` times, each time in another order unless `shuffle` is off."""
        given = weights.astype(np.float32)
        batches = [batch for part in sentences.parts for batch in part.batches(BATCH_TEXTS)]
        for _ in range(epochs):
            order_of_batches = self.random.permutation(len(batches)) if shuffle else np.arange(len(batches))
            for turn, index in enumerate(order_of_batches, 1):
                batch = batches[index]
                rows = slice(batch.first_row, batch.first_row + len(batch))
                order = self.random.permutation(len(batch)) if shuffle else np.arange(len(batch))
                self.compiled.learn(batch, codes[rows], given[rows], self.learned, self.rate, order)
                if turn % BATCHES_A_MEAN == 0 or turn == len(batches):
                    self._remember()

    def _remember(self) -> None:
        self.n_means += 1
        share = np.float32(2 / (self.n_means + 1))
        self.mean.table += share * (self.learned.table - self.mean.table)
        self.mean.intercept += share * (self.learned.intercept - self.mean.intercept)

    def average(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the mean weights, shape (n_classes, n_columns), and intercepts, shape (n_classes,)."""
        coef = np.zeros((self.n_classes, self.compiled.n_columns), np.float32)
        coef[:, self.compiled.used] = self.mean.table[:, : self.n_classes].T / self.compiled.importance
        return coef, self.mean.intercept[: self.n_classes].copy()
