"""Peers that count words of praise and blame: VADER and TextBlob, to stand beside our own classifiers.

They say how positive a text is as a whole, so they speak the scheme ``sentiment`` alone, and know no target.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from stance.classifiers.base import SentenceClassifier
from stance.classifiers.encoder_sources import MissingExtraError
from stance.core.errors import InputError, show
from stance.core.schemes import SENTIMENT
from stance.text.inputs import Sentences

AUTHORS_CUTS = (-0.05, 0.05)  # VADER's
N_CUTS = 21
Cuts = tuple[float, float]


def check_peer(name: str, module: str) -> None:
    """Raise MissingExtraError, in one line, where the package of a peer is not installed.

    Examples
    --------
    >>> check_peer("fasttext", "no_such_module")
    Traceback (most recent call last):
        ...
    stance.classifiers.encoder_sources.MissingExtraError: fasttext needs no_such_module: run `make peers`, or ...
    """
    if importlib.util.find_spec(module) is None:
        remedy = "run `make peers`, or `pip install 'stance[peers]'` (docs/speed.md)"
        raise MissingExtraError(f"{name} needs {module}: {remedy}")


class _PolarityClassifier(SentenceClassifier):
    """Base of the peers that give a text one number between -1 and 1; ``model_`` is the two cuts through it."""

    schemes = (SENTIMENT.name,)
    model_: Cuts

    def polarities(self, texts: Sequence[str]) -> np.ndarray:
        """Return the number of each text, shape (n_texts,)."""
        raise NotImplementedError

    def learn(self, sentences: Sentences, labels: np.ndarray, groups: np.ndarray, weights: np.ndarray | None) -> Cuts:
        """Return up to where a text is negative, and from where it is positive."""
        if self.scheme not in self.schemes:
            raise InputError(f'{type(self).__name__} knows the scheme "sentiment" alone, not "{show(self.scheme)}"')
        return self._cuts(sentences.texts, labels, weights)

    def _cuts(self, texts: Sequence[str], labels: np.ndarray, weights: np.ndarray | None) -> Cuts:
        raise NotImplementedError

    def answer(self, method: str, sentences: Sentences) -> np.ndarray:
        """Return the labels; only predicting is asked of it."""
        return cut_polarities(self.polarities(sentences.texts), self.model_)


class VaderClassifier(_PolarityClassifier):
    """VADER: a lexicon with rules, read as its authors say (Hutto and Gilbert 2014). It learns nothing.

    A text is positive from a compound score of 0.05, negative up to -0.05, else neutral; it may be called
    neutral even where no training sentence is.

    Parameters
    ----------
    scheme : {"sentiment"}

    Examples
    --------
    >>> X = ["A great victory.", "A horrible crime.", "They met on Monday."]
    >>> VaderClassifier().fit(X, ["positive", "negative", "neutral"]).predict(X)
    array(['positive', 'negative', 'neutral'], dtype=object)
    """

    def __init__(self, scheme: str = "sentiment") -> None:
        self.scheme = scheme

    def polarities(self, texts: Sequence[str]) -> np.ndarray:
        """Return the compound scores, shape (n_texts,)."""
        score = _vader().polarity_scores
        return np.array([score(text)["compound"] for text in texts], dtype=float)

    def _cuts(self, texts: Sequence[str], labels: np.ndarray, weights: np.ndarray | None) -> Cuts:
        return AUTHORS_CUTS


class TextBlobClassifier(_PolarityClassifier):
    """TextBlob's polarity, cut where macro-F1 is highest on the training sentences. Needs the extra ``peers``.

    TextBlob's authors name no cuts, so two of 21 quantiles of the training sentences' polarities are chosen, and
    0.05 either way where nothing is better.

    Parameters
    ----------
    scheme : {"sentiment"}
    """

    packages = ("textblob",)

    def __init__(self, scheme: str = "sentiment") -> None:
        self.scheme = scheme

    def polarities(self, texts: Sequence[str]) -> np.ndarray:
        """Return the polarities, shape (n_texts,)."""
        check_peer("textblob", "textblob")
        from textblob.sentiments import PatternAnalyzer

        analyze = PatternAnalyzer().analyze
        return np.array([analyze(text).polarity for text in texts], dtype=float)

    def _cuts(self, texts: Sequence[str], labels: np.ndarray, weights: np.ndarray | None) -> Cuts:
        return best_cuts(self.polarities(texts), labels, weights)


def cut_polarities(polarities: np.ndarray, cuts: Cuts) -> np.ndarray:
    """Return the labels of polarities, shape (n_texts,): negative up to the first cut, positive from the second.

    Examples
    --------
    >>> cut_polarities(np.array([-0.5, 0.0, 0.05]), (-0.05, 0.05)).tolist()
    ['negative', 'neutral', 'positive']
    """
    low, high = cuts
    return np.where(polarities >= high, "positive", np.where(polarities <= low, "negative", "neutral"))


def best_cuts(polarities: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None) -> Cuts:
    """Return the pair of cuts with the highest macro-F1 over the scheme's labels; of equals, the first tried.

    Examples
    --------
    >>> best_cuts(np.array([0.0, 0.1, 0.3, 0.8]), np.array(["negative", "neutral", "neutral", "positive"]))
    (0.0, 0.35...)
    """
    from sklearn.metrics import f1_score

    quantiles = np.unique(np.quantile(polarities, np.linspace(0, 1, N_CUTS))).tolist()
    score = functools.partial(
        f1_score, labels.astype(str), labels=SENTIMENT.labels, average="macro", zero_division=0, sample_weight=weights
    )
    return max([AUTHORS_CUTS, *combinations(quantiles, 2)], key=lambda cuts: score(cut_polarities(polarities, cuts)))


@functools.cache
def _vader() -> SentimentIntensityAnalyzer:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()
