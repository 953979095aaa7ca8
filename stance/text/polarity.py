"""Polarity: how well or ill the words of a text speak, by VADER's lexicon, negation read through."""

from __future__ import annotations

import functools
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from stance.text.segments import TOKEN

# fmt: off
NEGATIONS = frozenset([
    "no", "not", "never", "none", "nobody", "nothing", "nor", "neither", "nowhere", "without",
    "cannot", "hardly", "barely", "rarely", "scarcely", "seldom", "isn't", "aren't", "wasn't",
    "weren't", "don't", "doesn't", "didn't", "won't", "wouldn't", "can't", "couldn't", "shouldn't",
    "hasn't", "haven't", "hadn't",
])
# fmt: on
NEGATION_REACH = 3  # words; and the factor by which a negated word's valence turns: both VADER's
NEGATED = -0.74
POLARITIES = ("positive", "negative", "balance")


def polarity(text: str, *, negation: bool = True) -> tuple[float, float, float]:
    """Return how positive, how negative, and which of both a text's words are.

    Parameters
    ----------
    text : str
    negation : bool
        Whether a negation turns the words behind it.

    Returns
    -------
    positive, negative : float in [0, 1)
        Sums of the valences of either sign, squashed by v / (v + 4).
    balance : float in (-1, 1)
        Their difference d, squashed by d / sqrt(d² + 15).

    References
    ----------
    Hutto and Gilbert 2014. VADER: A Parsimonious Rule-based Model for Sentiment Analysis. ICWSM.

    Examples
    --------
    >>> [round(value, 2) for value in polarity("a good deal")], [round(value, 2) for value in polarity("not good")]
    ([0.32, 0.0, 0.44], [0.0, 0.26, -0.34])
    """
    words = TOKEN.findall(text.lower().replace("’", "'"))
    positive = negative = 0.0
    for i, listed in enumerate(map(load_valences().get, words)):
        if listed is None:
            continue
        negated = negation and not NEGATIONS.isdisjoint(words[max(0, i - NEGATION_REACH) : i])
        valence = listed * NEGATED if negated else listed
        positive += max(valence, 0.0)
        negative -= min(valence, 0.0)
    balance = positive - negative
    return positive / (positive + 4), negative / (negative + 4), balance / (balance * balance + 15) ** 0.5


def polarities(texts: Iterable[str], *, negation: bool = True) -> NDArray[np.float64]:
    """Return the polarity of each text, shape (n_texts, 3)."""
    return np.array([polarity(text, negation=negation) for text in texts], dtype=float).reshape(-1, len(POLARITIES))


def name_polarities(transformer: object, names: object) -> NDArray[np.object_]:
    """Return the names of the columns of `polarities`, as scikit-learn's FunctionTransformer asks for them."""
    return np.array(POLARITIES, dtype=object)


@functools.cache
def load_valences() -> dict[str, float]:
    """Return VADER's valences, of single words, from -4 to 4."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return dict(SentimentIntensityAnalyzer().lexicon)
