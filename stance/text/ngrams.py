"""N-grams: scikit-learn's TF-IDF with words of political text, and a state that packs small."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from stance.core.errors import InputError, show

# Apostrophes stay inside words ("don't"); single letters and marks count ("a", "?").
WORD_PATTERN = r"\w+(?:['’]\w+)*"


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
            token_pattern=WORD_PATTERN if analyzer == "word" else None,
            dtype=np.float32,
        )

    def build_preprocessor(self) -> Callable[[str], str]:
        """Return the function that lower-cases and composes a text."""
        return _compose

    def fit_transform(self, raw_documents: list[str], y: object = None) -> Any:  # noqa: ANN401 - sparse matrix
        """Learn vocabulary and weights; return the TF-IDF matrix, shape (n_texts, n_terms)."""
        if self.analyzer not in ("word", "char_wb"):
            raise InputError(f'analyzer "{show(self.analyzer)}" is neither "word" nor "char_wb"')
        given = self.min_df
        try:
            self.min_df = given if len(raw_documents) >= self.SMALL_TEXTS else 1
            return super().fit_transform(raw_documents, y)
        finally:
            self.min_df = given

    def fit(self, raw_documents: list[str], y: object = None) -> Ngrams:
        """Learn vocabulary and weights."""
        self.fit_transform(raw_documents, y)
        return self

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
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


def _compose(text: str) -> str:
    return unicodedata.normalize("NFC", text.lower())
