"""The contract, part 4: what is predicted depends on the sentence alone, and the numbers fit together."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np
import pandas as pd

from stance.classifiers.contract_task import Make, answers, expect, expect_same, fitted, make_task


def take(found: dict[str, np.ndarray], rows: Sequence[int] | np.ndarray) -> dict[str, np.ndarray]:
    """Return the answers of some rows."""
    return {name: values[rows] for name, values in found.items()}


def check_sentence_order(make: Make) -> None:
    """Answer alike whatever the order of the sentences."""
    classifier, task = fitted(make)
    order = np.random.default_rng(0).permutation(len(task.y))
    wanted = take(answers(classifier, task.frame), order)
    expect_same(answers(classifier, task.frame.iloc[order]), wanted, "another order, the same answers")


def check_subset(make: Make) -> None:
    """Answer a sentence alike whatever stands beside it."""
    classifier, task = fitted(make)
    rows = np.arange(1, len(task.y), 3)
    wanted = take(answers(classifier, task.frame), rows)
    expect_same(answers(classifier, task.frame.iloc[rows]), wanted, "a subset, the same answers")


def check_batches(make: Make) -> None:
    """Answer sentences one by one as all at once."""
    classifier, task = fitted(make)
    frame = task.frame.iloc[:6]
    single = [answers(classifier, frame.iloc[i : i + 1]) for i in range(6)]
    joined = {name: np.concatenate([one[name] for one in single]) for name in single[0]}
    expect_same(joined, answers(classifier, frame), "one by one as all at once")


def check_duplicates(make: Make) -> None:
    """Answer the same sentence twice alike."""
    classifier, task = fitted(make)
    twice = pd.concat([task.frame, task.frame])
    found = answers(classifier, twice)
    n = len(task.y)
    expect_same(take(found, slice(n, None)), take(found, slice(0, n)), "the same sentence, the same answer")  # type: ignore[arg-type]


def check_one_sentence(make: Make) -> None:
    """Answer one sentence, too."""
    classifier, task = fitted(make)
    expect(answers(classifier, task.texts[:1])["predict"].shape == (1,), "one sentence gets one label")


def check_predict_is_pure(make: Make) -> None:
    """Change nothing by being asked: the second answer is the first, and nothing is stored."""
    classifier, task = fitted(make)
    before = set(vars(classifier))
    first = answers(classifier, task.frame)
    answers(classifier, ["Something else entirely."])
    expect_same(answers(classifier, task.frame), first, "the second answer is the first")
    stored = sorted(set(vars(classifier)) - before)
    expect(not stored, f"asking stores {stored}")


def check_composed_accents(make: Make) -> None:
    """Take composed and decomposed accents for the same letter."""
    task = make_task(make)
    accented = [text.translate({ord("e"): "é", ord("a"): "ä"}) for text in task.texts]
    frame = task.frame.assign(text=accented, holder=[t.split()[0] for t in accented], target="trücé")
    other = frame.assign(text=[unicodedata.normalize("NFD", text) for text in accented])
    classifier = make().fit(frame, task.y)
    expect_same(answers(classifier, other), answers(classifier, frame), "NFD is answered as NFC")


def check_probabilities(make: Make) -> None:
    """Give probabilities that have a column a class, lie in [0, 1] and add up to 1."""
    classifier, task = fitted(make)
    if not hasattr(classifier, "predict_proba"):
        return
    found = np.asarray(classifier.predict_proba(task.frame))
    expect(found.shape == (len(task.y), len(classifier.classes_)), f"probabilities have shape {found.shape}")
    expect(np.isfinite(found).all() and (found >= 0).all() and (found <= 1).all(), "a probability leaves [0, 1]")
    expect(np.abs(found.sum(axis=1) - 1).max() <= 1e-6, "probabilities do not add up to 1")


def check_predict_is_likeliest(make: Make) -> None:
    """Predict the label of the largest probability."""
    classifier, task = fitted(make)
    if not hasattr(classifier, "predict_proba"):
        return
    for X in (task.frame, ["", "Zyx wvu."]):
        found = answers(classifier, X)
        columns = np.searchsorted(classifier.classes_, found["predict"])
        chosen = found["predict_proba"][np.arange(len(columns)), columns]
        expect((chosen >= found["predict_proba"].max(axis=1) - 1e-9).all(), "predict is not the likeliest label")


def check_decision_function(make: Make) -> None:
    """Give finite scores, a column a class (one for two classes); predict the largest."""
    classifier, task = fitted(make)
    if not hasattr(classifier, "decision_function"):
        return
    found = answers(classifier, task.frame)
    scores, n_classes = found["decision_function"], len(classifier.classes_)
    if n_classes == 2:
        scores = np.stack([-scores, scores], axis=1)
    expect(scores.shape == (len(task.y), n_classes), f"scores have shape {scores.shape}")
    expect(np.isfinite(scores).all(), "a score is not finite")
    columns = np.searchsorted(classifier.classes_, found["predict"])
    chosen = scores[np.arange(len(columns)), columns]
    expect((chosen >= scores.max(axis=1) - 1e-9).all(), "predict is not the label of the largest score")
