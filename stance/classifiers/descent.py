"""Descent: a linear model learns row by row, on one thread, the same every time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from stance.text.descent import learn_rows

# Fewer rows than this are learned in NumPy: nobody waits for a compiler.
COMPILED_ROWS = 1024
ORDER_SEED = 0
BATCHES_A_MEAN = 4
FIRST_SQUARE = 1e-6  # of a column that was not met yet: its first step is finite


class Descent:
    """A linear model that learns row by row, and the mean of its weights on the way.

    Parameters
    ----------
    n_columns, n_classes : int
    rate : float
        AdaGrad's step (Duchi, Hazan and Singer 2011, JMLR 12).

    Notes
    -----
    The weights are averaged over what they were after every few batches, later ones weighing more: the t-th of them
    weighs t (Lacoste-Julien, Schmidt and Bach 2012, arXiv:1212.2002).
    """

    def __init__(self, n_columns: int, n_classes: int, rate: float) -> None:
        self.n_classes = n_classes
        self.rate = np.float32(rate)
        self.random = np.random.default_rng(ORDER_SEED)
        self.table = np.zeros((n_columns, 4 * (n_classes // 4 + 1)), np.float32)
        self.intercept = np.zeros(n_classes + 1, np.float32)
        self.table[:, -1] = self.intercept[-1] = FIRST_SQUARE
        self.means = (np.zeros_like(self.table), np.zeros_like(self.intercept))
        self.n_means = 0

    def run(
        self,
        batches: Sequence[csr_matrix],
        codes: NDArray[np.int64],
        weights: NDArray[np.float64],
        epochs: int,
        shuffle: bool = True,
    ) -> None:
        """Go through rows `epochs` times, each time in another order unless `shuffle` is off.

        Parameters
        ----------
        batches : sequence of scipy.sparse.csr_matrix of float32
            The rows, one batch below the other; a column may stand in a row twice.
        codes : numpy.ndarray of int, shape (n_rows,)
            The class of each row.
        weights : numpy.ndarray of float, shape (n_rows,)
        epochs : int
        shuffle : bool
        """
        learn = learn_rows
        if len(codes) >= COMPILED_ROWS:
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
        return table[:, : self.n_classes].T.copy(), intercept[: self.n_classes].copy()
