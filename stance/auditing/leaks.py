"""Leaks: what a test shares with its training data, and what no classifier can get right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from stance.auditing.duplicates import folded, near_pairs
from stance.auditing.findings import Measure
from stance.data.corpora import Corpus
from stance.data.splits import make_folds

NEAR = 0.8


@dataclass(frozen=True)
class TestOverlap:
    """What one test shares with the training data.

    Attributes
    ----------
    test : str
    rows : int
        Test rows.
    identical : int
        Of those, rows whose text stands in a training split, character for character.
    leaked : int
        Rows whose folded text does.
    leaked_same_label : int
        Of those, rows whose label is one that the same text has in training.
    clean : int
        Test rows whose text stands neither in a training nor in a dev split.
    near : int
        Test rows not leaked that nearly repeat a training text.
    group_share : float
        Share of the distinct test sentences whose group also supplies training sentences.
    ceiling : float
        Accuracy that no classifier blind to holder and target can exceed on this test.
    """

    test: str
    rows: int
    identical: int
    leaked: int
    leaked_same_label: int
    clean: int
    near: int
    group_share: float
    ceiling: float


def overlaps(corpus: Corpus) -> list[TestOverlap]:
    """Return what each official test shares with its training splits; where each target has a model, with its rows."""
    part = corpus.sheet.schemes[corpus.scheme.name]
    frame = corpus.frame.assign(folded=folded(list(corpus.frame["text"])).to_numpy())
    train = frame[frame["split"].isin(part.train)]
    dev = frame[frame["split"].isin(part.dev)]
    if part.train_per is None:
        return [_overlap(test, frame[frame["split"] == test], train, dev) for test in part.tests]
    folds = make_folds(corpus, "official") if part.tests else []
    return [_overlap(one.name, frame.iloc[one.test], frame.iloc[one.train], dev) for one in folds]


def target_blind_ceiling(texts: pd.Series, labels: pd.Series) -> float:
    """Return the best accuracy of a classifier that sees the text alone.

    For each distinct text the most frequent label is right; the other rows of that text are lost.

    Examples
    --------
    >>> target_blind_ceiling(pd.Series(["a", "a", "b"]), pd.Series(["favor", "against", "none"]))
    0.6666666666666666
    """
    counts = pd.DataFrame({"text": texts.to_numpy(), "label": labels.to_numpy()}).value_counts(["text", "label"])
    return float(counts.groupby("text").max().sum() / max(1, len(texts)))


def leak_measures(found: list[TestOverlap]) -> list[Measure]:
    """Return the overlaps as measures, named by test."""
    measures = []
    for one in found:
        share = one.leaked / max(1, one.rows)
        same = f"case and punctuation aside; {one.leaked_same_label:,} with a label that the text has in train"
        measures += [
            Measure(f"{one.test}.identical_rows", one.identical, "stand in train character for character"),
            Measure(f"{one.test}.rows_in_train", one.leaked, f"{100 * share:.1f} % of {one.rows:,}; {same}"),
            Measure(f"{one.test}.clean_rows", one.clean, "texts in neither train nor dev"),
            Measure(f"{one.test}.near_rows", one.near, f"word 3-grams overlap a train text by {NEAR:g} or more"),
            Measure(
                f"{one.test}.group_overlap", one.group_share, "of the test's sentences: their group is in train too"
            ),
            Measure(f"{one.test}.target_blind_ceiling", one.ceiling, "accuracy; sees text, not holder or target"),
        ]
    return measures


def leak_lines(found: list[TestOverlap]) -> list[str]:
    """Return a line for each test that leaks."""
    return [
        f"{one.test}: {one.leaked:,} of {one.rows:,} sentences ({100 * one.leaked / one.rows:.1f} %) stand in train;"
        f" {one.clean:,} are clean"
        for one in found
        if one.leaked
    ]


def _overlap(test: str, rows: pd.DataFrame, train: pd.DataFrame, dev: pd.DataFrame) -> TestOverlap:
    known = set(train["folded"])
    labelled = set(zip(train["folded"], train["label"], strict=True))
    leaked = rows["folded"].isin(known)
    same = [pair in labelled for pair in zip(rows["folded"], rows["label"], strict=True)]
    return TestOverlap(
        test=test,
        rows=len(rows),
        identical=int(rows["text"].isin(set(train["text"])).sum()),
        leaked=int(leaked.sum()),
        leaked_same_label=int(np.sum(same)),
        clean=int((~leaked & ~rows["folded"].isin(set(dev["folded"]))).sum()),
        near=_near_rows(rows[~leaked]["folded"], train["folded"]),
        group_share=float(rows.drop_duplicates("text")["group"].isin(set(train["group"])).mean()),
        ceiling=target_blind_ceiling(rows["text"], rows["label"]),
    )


def _near_rows(tests: pd.Series, train: pd.Series) -> int:
    texts = [*tests, *train.drop_duplicates()]
    border = len(tests)
    return len({i for i, j, _ in near_pairs(texts, NEAR) if i < border <= j})
