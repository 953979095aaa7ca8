"""The rows that `FastStanceClassifier` learns from: of batches of sentences, the used columns side by side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from stance.classifiers.descent import Descent
from stance.text.hashed_ngrams import COMPILED_FROM, HashedNgrams
from stance.text.marked import Marked, MarkedTexts


class HashedDescent(Descent):
    """A `Descent` over the columns of hashed n-grams whose weight is not 0.

    Parameters
    ----------
    ngrams : HashedNgrams
        Fitted.
    n_classes : int
    rate : float
    """

    def __init__(self, ngrams: HashedNgrams, n_classes: int, rate: float) -> None:
        self.ngrams = ngrams
        self.used = np.flatnonzero(ngrams.idf_ > 0)
        super().__init__(len(self.used), n_classes, rate)

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

    def average(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the mean weights of all columns, shape (n_classes, 2**n_bits), and intercepts, shape (n_classes,)."""
        weights, intercept = super().average()
        coef = np.zeros((self.n_classes, len(self.ngrams.idf_)), np.float32)
        coef[:, self.used] = weights
        return coef, intercept
