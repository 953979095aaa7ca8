"""HashedNgrams: a scikit-learn transformer from sentences to hashed n-grams; nothing is learned but idf."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from stance.core.errors import InputError, show
from stance.text.hashing import GIST, PART_WEIGHTS, PARTS, HashedPart, hash_parts
from stance.text.marked import Marked, MarkedTexts, check_spans, read_marked

# Fewer texts than this are hashed in plain Python: nobody waits for a compiler, or for what it left on the disk.
COMPILED_FROM = 1024
MANY_TEXTS = 20_000
MIN_BITS, MAX_BITS = 8, 26


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
    gist : bool
        With each part of a sentence, what its words say (`stance.text.gist`, English), without the marks.
    use_idf : bool
        Weigh columns by log((1 + n) / (1 + n_j)) + 1, where n_j of the n texts have column j; 0 where fewer
        than `min_df` have it.
    min_df : int, optional
        Texts that must have a column for it to count; by default 1, and 2 from 20,000 texts on: what stands in one
        of so many says little, and fewer columns are faster. Unused without idf.
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
        gist: bool = False,
        use_idf: bool = True,
        min_df: int | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.n_bits = n_bits
        self.mask_mentions = mask_mentions
        self.segments = segments
        self.char_ngrams = char_ngrams
        self.gist = gist
        self.use_idf = use_idf
        self.min_df = min_df
        self.n_jobs = n_jobs

    def fit(self, X: object, y: object = None) -> HashedNgrams:
        """Learn the weights of the columns."""
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X: object, y: object = None) -> csr_matrix:
        """Learn the weights of the columns; return the matrix, shape (n_sentences, 2**n_bits), float32."""
        marked = read_marked(X)
        self.learn_idf(marked)
        return self._matrix(marked)

    def learn_idf(self, marked: MarkedTexts) -> HashedNgrams:
        """Learn the weights of the columns, as `fit` does, and make no matrix."""
        self.without_idf()
        if self.use_idf:
            if len(marked) < COMPILED_FROM:
                seen = np.bincount(self._matrix(marked).indices, minlength=1 << self.n_bits)
            else:
                from stance.text.compiled_ngrams import CompiledNgrams

                seen = CompiledNgrams(self).count_texts(marked.parts)
            rarest = self.min_df or (2 if len(marked) >= MANY_TEXTS else 1)
            idf = np.where(seen >= rarest, np.log((1 + len(marked)) / (1 + seen)) + 1, 0.0)
            self.idf_ = idf.astype(np.float32)
        return self

    def without_idf(self) -> HashedNgrams:
        """Weigh all columns alike; there is nothing else to learn."""
        self._check()
        self.idf_ = np.ones(1 << self.n_bits, np.float32)
        return self

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

    def name_columns(self, X: object) -> dict[int, tuple[str, str, str]]:
        """Return what stands behind the columns of some sentences.

        Returns
        -------
        dict of int to (str, str, str)
            By column the n-gram, the part that it stands in, and ``word``, ``character`` or ``gist``; of several in one
            column, the first.

        Examples
        --------
        >>> names = HashedNgrams(n_bits=20).fit(["Moscow objects"]).name_columns(["Moscow objects"])
        >>> sorted(names.values())
        [('moscow', 'sentence', 'word'), ('moscow objects', 'sentence', 'word'), ('objects', 'sentence', 'word')]
        """
        names: dict[int, tuple[str, str, str]] = {}
        for marked in read_marked(X).parts:
            for row in range(len(marked)):
                for part in self._parts(marked, row):
                    of_gist = part.name.endswith(GIST)
                    kind = "gist" if of_gist else "character" if part.name == "characters" else "word"
                    for number, ngram in zip(part.hashes, part.ngrams, strict=True):
                        names.setdefault(number >> (64 - self.n_bits), (ngram, part.name.removesuffix(GIST), kind))
        return names

    def _matrix(self, marked: MarkedTexts) -> csr_matrix:
        if len(marked) < COMPILED_FROM:
            parts = [self.plain_matrix(part) for part in marked.parts]
        else:
            from stance.text.compiled_ngrams import CompiledNgrams, map_batches

            parts = map_batches(CompiledNgrams(self).make_matrix, marked.parts, self.n_jobs)
        matrix = vstack(parts, "csr", np.float32) if parts else csr_matrix((0, 1 << self.n_bits), dtype=np.float32)
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        return matrix

    def plain_matrix(self, batch: Marked) -> csr_matrix:
        """Return the matrix of some texts, made in plain Python as the compiled loop makes it, n-grams one by one."""
        columns: list[NDArray[np.uint64]] = []
        values: list[NDArray[np.float32]] = []
        n_parts = [0]
        for row in range(len(batch)):
            for part in self._parts(batch, row):
                hit = np.array(part.hashes, np.uint64) >> np.uint64(64 - self.n_bits)
                weights = self.idf_[hit]
                columns.append(hit)
                length = np.sqrt((weights**2).sum())
                values.append(PART_WEIGHTS[PARTS.index(part.name)] * weights / (length or 1.0))
            n_parts.append(len(columns))
        ends = np.cumsum([0, *map(len, columns)])[n_parts]
        flat = np.concatenate([np.empty(0, np.uint64), *columns]).astype(np.int32)
        data = np.concatenate([np.empty(0, np.float32), *values])
        return csr_matrix((data, flat, ends), (len(batch), 1 << self.n_bits))

    def plain_scores(self, batch: Marked, coef: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the scores of some texts by a linear model, shape (n_texts, n_classes), in plain Python.

        They are those of the compiled loop to the last bit: what it adds up one by one, in the same order.

        Parameters
        ----------
        batch : Marked
        coef : numpy.ndarray of float32, shape (n_classes, 2**n_bits)
        """
        scores = np.zeros((len(batch), len(coef)), np.float32)
        for row in range(len(batch)):
            parts = list(self._parts(batch, row))
            hit = np.array([number for part in parts for number in part.hashes], np.uint64)
            hit >>= np.uint64(64 - self.n_bits)
            weights = self.idf_[hit]
            table = np.vstack([coef[:, hit] * weights, weights**2])
            first = 0
            for part in parts:
                last = first + len(part.hashes)
                found = np.add.accumulate(table[:, first:last], axis=1)[:, -1]  # one by one; np.sum adds in pairs
                if found[-1] > 0:
                    scores[row] += PART_WEIGHTS[PARTS.index(part.name)] / np.sqrt(found[-1]) * found[:-1]
                first = last
        return scores

    def _parts(self, batch: Marked, row: int) -> Iterator[HashedPart]:
        found = batch.spans[row if len(batch.spans) > 1 else 0].tolist()
        text = batch.text(row)
        if max(found) > len(text):
            check_spans(batch, row)
        holder, target = (span if span[0] >= 0 else None for span in (tuple(found[:2]), tuple(found[2:])))
        how = {"mask": self.mask_mentions, "segments": self.segments, "gist": self.gist}
        return hash_parts(text, holder, target, char_ngrams=self.char_ngrams, **how)

    def _check(self) -> None:
        whole = isinstance(self.n_bits, (int, np.integer)) and not isinstance(self.n_bits, bool)
        if not (whole and MIN_BITS <= self.n_bits <= MAX_BITS):
            raise InputError(
                f"n_bits is {show(repr(self.n_bits))}; a whole number from {MIN_BITS} to {MAX_BITS} is wanted"
            )
        if self.char_ngrams is not None and not _is_range(self.char_ngrams):
            raise InputError(f"char_ngrams is {show(repr(self.char_ngrams))}; two numbers from 1 to 16 are wanted")

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags


def _is_range(lengths: Any) -> bool:  # noqa: ANN401 - whatever was given
    two = isinstance(lengths, (tuple, list)) and len(lengths) == 2 and all(isinstance(n, int) for n in lengths)
    return two and 1 <= lengths[0] <= lengths[1] <= 16
