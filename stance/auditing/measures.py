"""Measures: the figures of a corpus by name, each a small function of its rows."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd

from stance.auditing.duplicates import near_pairs
from stance.evaluation.metrics import f1_by_label
from stance.text.folding import fold
from stance.text.segments import TOKEN

OPENING_WORDS = 3
SEQUENCE_WORDS = 6
DIAGONAL = {("favor", "positive"), ("against", "negative"), ("none", "neutral")}


def cramers_v(first: pd.Series, second: pd.Series) -> float:
    """Return Cramér's V, from 0 (independent) to 1, without a correction for small samples.

    Examples
    --------
    >>> cramers_v(pd.Series(list("aabb")), pd.Series(list("xxyy")))
    1.0
    """
    table = pd.crosstab(first, second).to_numpy(dtype=float)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    chi2 = ((table - expected) ** 2 / expected).sum()
    return float(np.sqrt(chi2 / table.sum() / max(1, min(table.shape) - 1)))


def off_diagonal(stance: pd.Series, sentiment: pd.Series) -> float:
    """Return the share of rows that are not favor-positive, against-negative or none-neutral."""
    return float(np.mean([pair not in DIAGONAL for pair in zip(stance, sentiment, strict=True)]))


def majority_f1(labels: pd.Series, by: list[pd.Series]) -> float:
    """Return the macro-F1 of answering with each cell's most frequent label, the cells made of `by`.

    Scored on the rows it was counted on: an upper bound of what these columns alone give away.
    """
    names = sorted(labels.unique())
    codes = labels.map({name: i for i, name in enumerate(names)}).to_numpy()
    answers = labels.groupby([column.fillna("") for column in by]).transform(lambda part: part.mode().iloc[0])
    said = answers.map({name: i for i, name in enumerate(names)}).to_numpy()
    n = len(names)
    counts = np.bincount(codes * n + said, minlength=n * n).reshape(n, n).astype(float)
    return float(f1_by_label(counts).mean())


def label_gap(labels: pd.Series, actors: pd.Series, of: tuple[str, ...]) -> float:
    """Return the largest difference between two actors in the share of one of the labels, in points of 100.

    Examples
    --------
    >>> label_gap(pd.Series(["favor", "none", "favor", "favor"]), pd.Series(list("aabb")), ("favor",))
    50.0
    """
    shares = pd.crosstab(actors, labels, normalize="index").reindex(columns=list(of), fill_value=0.0)
    return float(100 * (shares.max() - shares.min()).max())


def word_counts(texts: pd.Series) -> np.ndarray:
    """Return the number of words of each text; an apostrophe stays inside of a word."""
    return np.array([len(TOKEN.findall(text)) for text in texts])


def word_forms(texts: pd.Series) -> int:
    """Return the number of distinct words, case folded."""
    return len({word for text in texts for word in TOKEN.findall(text.casefold())})


def distinct_openings(texts: pd.Series) -> float:
    """Return the share of texts whose first three words no other text shares; one of each kind counts."""
    openings = [" ".join(fold(text).split()[:OPENING_WORDS]) for text in texts]
    return len(set(openings)) / max(1, len(openings))


def most_repeated_sequence(texts: pd.Series) -> tuple[int, str]:
    """Return in how many texts the most frequent sequence of six words stands, and the sequence."""
    seen: Counter[str] = Counter()
    for text in texts:
        words = fold(text).split()
        seen.update({" ".join(words[i : i + SEQUENCE_WORDS]) for i in range(len(words) - SEQUENCE_WORDS + 1)})
    sequence, count = max(seen.items(), key=lambda item: (item[1], item[0]), default=("", 0))
    return count, sequence


def near_pairs_across_groups(texts: pd.Series, groups: pd.Series, threshold: float) -> list[tuple[int, int, float]]:
    """Return the pairs of texts of different groups that nearly repeat each other."""
    names = groups.to_numpy()
    return [pair for pair in near_pairs([fold(t) for t in texts], threshold) if names[pair[0]] != names[pair[1]]]
