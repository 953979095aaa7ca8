"""Segment features: what the parts of a sentence say, as columns of a matrix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import FunctionTransformer

from stance.text.gist import count_meanings, name_meanings
from stance.text.ngrams import Ngrams
from stance.text.polarity import name_polarities, polarities

# A segment, or a word of a gist, that fewer sentences have is not worth features of its own.
MIN_SENTENCES = 5
WORD_NGRAMS = {
    "sentence": (1, 2),
    "clause": (1, 2),
    "left": (1, 2),
    "right": (1, 2),
    "forward": (1, 2),
    "backward": (1, 2),
    "target_side": (1, 2),
    "other_side": (1, 2),
    "near_target": (1, 3),
    "near_holder": (1, 3),
    "names": (1, 1),
}
WINDOWS = ("near_target", "near_holder")
CHAR_NGRAMS = {"sentence": (2, 5), "clause": (3, 5), "target_side": (3, 5)}
GIST_NGRAMS = (1, 4)
# The whole sentence says most; its parts, taken together, would drown it.
WEIGHTS = {"sentence": 1.5, "sentence_characters": 1.5}


class SegmentFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """TF-IDF n-grams, the gist and the polarity of each segment of the sentences, side by side.

    Parameters
    ----------
    char_ngrams : bool
        Also use n-grams of characters within words, of the sentence, the target's clause and its side.
    gist : bool
        Also use n-grams of what the words of each segment say, and how often they say it.
    polarity : bool
        Also use how well or ill the words of each segment speak.
    negation : bool
        Whether gist and polarity read through negations.
    segments, windows : bool
        Also use the parts of the sentence around the mentions, and of these the windows.
    """

    def __init__(
        self,
        char_ngrams: bool = True,
        gist: bool = True,
        polarity: bool = True,
        negation: bool = True,
        segments: bool = True,
        windows: bool = True,
    ) -> None:
        self.char_ngrams = char_ngrams
        self.gist = gist
        self.polarity = polarity
        self.negation = negation
        self.segments = segments
        self.windows = windows

    def fit(self, X: pd.DataFrame, y: object = None) -> SegmentFeatures:
        """Learn the vocabularies of the segments that enough sentences have."""
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X: pd.DataFrame, y: object = None) -> Any:  # noqa: ANN401 - sparse matrix
        """Learn the vocabularies; return the matrix, shape (n_sentences, n_features)."""
        used = [name for name in WORD_NGRAMS if self._is_wanted(name) and _is_filled(X[name], name)]
        parts = [(name, Ngrams(ngram_range=WORD_NGRAMS[name], min_df=2), name) for name in used]
        if self.char_ngrams:
            parts += [
                (f"{name}_characters", Ngrams(analyzer="char_wb", ngram_range=n, min_df=3), name)
                for name, n in CHAR_NGRAMS.items()
                if name in used
            ]
        judged = [name for name in used if name != "names"]
        if self.gist:
            counts = FunctionTransformer(count_meanings, feature_names_out=name_meanings)
            parts += [(f"{name}_counts", counts, f"{name}_gist") for name in judged]
            parts += [
                (f"{name}_gist", Ngrams(ngram_range=GIST_NGRAMS, min_df=2), f"{name}_gist")
                for name in judged
                if _has_frequent_word(X[f"{name}_gist"])
            ]
        if self.polarity:
            how = {"negation": self.negation}
            named = FunctionTransformer(polarities, kw_args=how, feature_names_out=name_polarities)
            parts += [(f"{name}_polarity", named, name) for name in judged]
        self.parts_ = ColumnTransformer(parts, sparse_threshold=1.0, transformer_weights=WEIGHTS)
        return self.parts_.fit_transform(X)

    def _is_wanted(self, name: str) -> bool:
        if name in ("sentence", "names"):
            return True
        return self.segments and (self.windows or name not in WINDOWS)

    def transform(self, X: pd.DataFrame) -> Any:  # noqa: ANN401 - sparse matrix
        """Return the matrix, shape (n_sentences, n_features)."""
        return self.parts_.transform(X)

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Return the names of the columns, shape (n_features,): ``clause__rejects``, say."""
        names: np.ndarray = self.parts_.get_feature_names_out()
        return names


def _is_filled(texts: pd.Series, name: str) -> bool:
    return name == "sentence" or bool((texts != "").sum() >= MIN_SENTENCES)


def _has_frequent_word(texts: Iterable[str]) -> bool:
    counts = Counter(word for text in texts for word in set(text.split()))
    return max(counts.values(), default=0) >= MIN_SENTENCES
