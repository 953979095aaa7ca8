"""N-grams: scikit-learn's TF-IDF with words of political text, and a state that packs small."""

from __future__ import annotations

import functools
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, chain, repeat
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

from stance.core.errors import InputError, show
from stance.text.characters import fold_text
from stance.text.segments import TOKEN

# Of words up to so long, and of so many, it is remembered where their n-grams are counted: some 10 MB.
REMEMBERED_CHARACTERS = 32
REMEMBERED_WORDS = 50_000


class Ngrams(TfidfVectorizer):  # type: ignore[misc]
    """TF-IDF of word or character n-grams, case folded and in Unicode's composed form.

    It differs from its parent in three ways: composed and decomposed accents are the same word; the
    vocabulary is pickled and saved as one block of bytes; terms rarer than `min_df` are dropped only
    in data of 500 texts or more, so that a small corpus keeps its words.

    Parameters
    ----------
    analyzer : {"word", "char_wb"}
        Words, or characters within words; `InputError` for another: its terms could hold line ends.
    ngram_range : (int, int)
        Shortest and longest n-gram.
    min_df : int
        Texts that a term must stand in.
    sublinear_tf : bool
        Replace a term's count c in a text by 1 + log(c).

    Examples
    --------
    >>> counts = Ngrams(ngram_range=(1, 2)).fit(["Moscow doesn't object", "Moscow objects"])
    >>> sorted(counts.vocabulary_)
    ["doesn't", "doesn't object", 'moscow', "moscow doesn't", 'moscow objects', 'object', 'objects']
    """

    SMALL_TEXTS = 500
    min_df: int

    def __init__(
        self,
        *,
        analyzer: str = "word",
        ngram_range: tuple[int, int] = (1, 2),
        min_df: int = 2,
        sublinear_tf: bool = True,
    ) -> None:
        super().__init__(
            analyzer=analyzer,
            ngram_range=ngram_range,
            min_df=min_df,
            sublinear_tf=sublinear_tf,
            token_pattern=TOKEN.pattern if analyzer == "word" else None,
            dtype=np.float32,
        )

    def fit_transform(self, raw_documents: list[str], y: object = None) -> Any:  # noqa: ANN401 - sparse matrix
        """Learn vocabulary and weights; return the TF-IDF matrix, shape (n_texts, n_terms)."""
        if self.analyzer not in ("word", "char_wb"):
            raise InputError(f'analyzer "{show(self.analyzer)}" is neither "word" nor "char_wb"')
        given = self.min_df
        self._columns_by_word: dict[str, bytes] = {}
        try:
            self.min_df = given if len(raw_documents) >= self.SMALL_TEXTS else 1
            return super().fit_transform(raw_documents, y)
        finally:
            self.min_df = given

    def _count_vocab(self, raw_documents: Iterable[str], fixed_vocab: bool) -> tuple[dict[str, int], csr_matrix]:
        # Here scikit-learn counts terms, one by one; the counts are the same, in fewer steps of the interpreter.
        vocabulary = self.vocabulary_ if fixed_vocab else _growing_vocabulary()
        texts = [fold_text(self.decode(text)) for text in raw_documents]
        if self.analyzer == "word":
            counts = _count_word_ngrams(texts, vocabulary, self.ngram_range)
        else:
            columns_by_word = self._columns_by_word if fixed_vocab else {}
            counts = _count_character_ngrams(texts, vocabulary, self.ngram_range, columns_by_word)
        if fixed_vocab:
            return vocabulary, counts
        if not vocabulary:
            raise ValueError("empty vocabulary; no text holds a term")
        counts.sort_indices()
        return dict(vocabulary), counts

    def fit(self, raw_documents: list[str], y: object = None) -> Ngrams:
        """Learn vocabulary and weights."""
        self.fit_transform(raw_documents, y)
        return self

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        state.pop("_columns_by_word", None)
        if "vocabulary_" in state:
            terms = sorted(state.pop("vocabulary_"))
            blob = "\n".join(terms).encode("utf-8", "surrogatepass")
            state["packed_vocabulary"] = np.frombuffer(blob, np.uint8)
            state.pop("stop_words_", None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        packed = state.pop("packed_vocabulary", None)
        if packed is not None:
            terms = packed.tobytes().decode("utf-8", "surrogatepass").split("\n")
            state["vocabulary_"] = {term: i for i, term in enumerate(terms)}
        super().__setstate__(state)
        self._columns_by_word = {}  # never from a file: columns that are none would be followed


def _growing_vocabulary() -> defaultdict[str, int]:
    """Return a vocabulary that numbers each term it is asked for."""
    vocabulary: defaultdict[str, int] = defaultdict()
    vocabulary.default_factory = vocabulary.__len__
    return vocabulary


def _find_columns(terms: Iterable[str], vocabulary: dict[str, int]) -> Iterator[int]:
    """Return the column of each term, -1 where the vocabulary neither knows it nor grows."""
    if isinstance(vocabulary, defaultdict):
        return map(vocabulary.__getitem__, terms)
    return map(vocabulary.get, terms, repeat(-1))


def _count_word_ngrams(texts: list[str], vocabulary: dict[str, int], ngram_range: tuple[int, int]) -> csr_matrix:
    columns: list[int] = []
    ends: list[int] = []
    for text in texts:
        words = _find_words(text)
        for n in range(ngram_range[0], ngram_range[1] + 1):
            terms = map(" ".join, zip(*(words[i:] for i in range(n)), strict=False)) if n > 1 else words
            columns += _find_columns(terms, vocabulary)
        ends.append(len(columns))
    counts = _make_rows(columns, ends, len(vocabulary))
    counts.sum_duplicates()
    return counts


def _count_character_ngrams(
    texts: list[str], vocabulary: dict[str, int], ngram_range: tuple[int, int], columns_by_word: dict[str, bytes]
) -> csr_matrix:
    # Words in each text times n-grams in each word: a word is cut up once, however often it stands there.
    words_by_text = [text.split() for text in texts]
    numbers = _growing_vocabulary()
    words = np.fromiter(map(numbers.__getitem__, chain.from_iterable(words_by_text)), np.int32)
    columns = []
    for word in numbers:
        found = columns_by_word.get(word)
        if found is None:
            found = array("i", _find_columns(_cut_word(word, *ngram_range), vocabulary)).tobytes()
            if len(columns_by_word) < REMEMBERED_WORDS and len(word) <= REMEMBERED_CHARACTERS:
                columns_by_word[word] = found
        columns.append(found)
    ngrams = np.frombuffer(b"".join(columns), np.intc)
    ends = [end // ngrams.itemsize for end in accumulate(map(len, columns))]
    words_in_texts = _make_rows(words, list(accumulate(map(len, words_by_text))), len(numbers))
    ngrams_in_words = _make_rows(ngrams, ends, len(vocabulary))
    return words_in_texts @ ngrams_in_words


def _make_rows(columns: Sequence[int] | NDArray[np.int32], ends: list[int], n_columns: int) -> csr_matrix:
    """Return a matrix of ones at the columns, row by row up to each of the ends; a column of -1 is left out."""
    columns = np.asarray(columns, dtype=np.int32)
    known = columns >= 0
    starts = np.concatenate([[0], np.cumsum(known)])[[0, *ends]]
    return csr_matrix((np.ones(starts[-1], np.float32), columns[known], starts), shape=(len(ends), n_columns))


def _cut_word(word: str, shortest: int, longest: int) -> Iterable[str]:
    """Return the n-grams of a word and the spaces around it; of a shorter one, itself."""
    padded = f" {word} "
    if len(word) <= REMEMBERED_CHARACTERS:
        return _cutter(len(padded), shortest, longest)(padded)
    return map(padded.__getitem__, _slices(len(padded), shortest, longest))


@functools.lru_cache(maxsize=256)
def _cutter(length: int, shortest: int, longest: int) -> Callable[[str], Iterable[str]]:
    slices = list(_slices(length, shortest, longest))
    return itemgetter(*slices) if len(slices) > 1 else lambda padded: (padded,)


def _slices(length: int, shortest: int, longest: int) -> Iterator[slice]:
    sizes = range(min(shortest, length), min(longest, length) + 1)
    return (slice(i, i + n) for n in sizes for i in range(length - n + 1))


_find_words = TOKEN.findall
