"""The contract, part 3: labels, and weights of sentences."""

from __future__ import annotations

import inspect
from functools import partial

import numpy as np
import pandas as pd

from stance.classifiers.contract_task import (
    BrokenRuleError,
    Make,
    answers,
    expect,
    expect_refusal,
    expect_same,
    fitted,
    labels_of,
    make_task,
)


def check_classes(make: Make) -> None:
    """Hold the labels of y in `classes_`, sorted, each once."""
    classifier, task = fitted(make)
    expect(list(classifier.classes_) == sorted(set(task.y)), f"classes_ is {list(classifier.classes_)}")


def check_two_classes(make: Make) -> None:
    """Learn two labels of the scheme, too; never predict a third then."""
    task = make_task(make)
    kept = sorted(set(task.y))[:2]
    rows = [i for i, label in enumerate(task.y) if label in kept]
    y = [task.y[i] for i in rows]
    classifier = make().fit(task.frame.iloc[rows], y)
    found = answers(classifier, task.frame)
    expect(list(classifier.classes_) == kept and set(found["predict"]) <= set(kept), "two labels are learned")
    if "predict_proba" in found:
        expect(found["predict_proba"].shape == (len(task.y), 2), "two labels: two columns of probabilities")
    if "decision_function" in found:
        expect(found["decision_function"].shape == (len(task.y),), "two labels: one column of scores")


def check_predictions_are_labels(make: Make) -> None:
    """Predict one label a sentence, each a str of `classes_`."""
    classifier, task = fitted(make)
    found = classifier.predict(task.frame)
    expect(np.shape(found) == (len(task.y),), "predict gives one label a sentence")
    expect(all(isinstance(label, str) for label in found), "a prediction is no str")
    expect(set(found) <= set(classifier.classes_), "a prediction is no label")


def check_label_forms(make: Make) -> None:
    """Accept y as a list, a tuple, an array or a Series with any index."""
    task = make_task(make)
    wanted = answers(make().fit(task.frame, task.y), task.frame)
    series = pd.Series(task.y, index=range(len(task.y), 0, -1))
    for y in (
        tuple(task.y),
        np.array(task.y),
        np.array(task.y, dtype=object),
        series,
        series.astype("category"),
    ):
        expect_same(answers(make().fit(task.frame, y), task.frame), wanted, f"y as a {type(y).__name__}")


def check_refuses_other_labels(make: Make) -> None:
    """Refuse a label outside the scheme, and name it."""
    task = make_task(make)
    for strange in ("Favour", labels_of(make())[0].upper(), labels_of(make())[0] + " ", ""):
        y = [*task.y[:-1], strange]
        words = [strange.strip()] if strange.strip() else []
        expect_refusal(partial(make().fit, task.frame, y), f"label {strange!r} is refused", *words)


def check_names_missing_label(make: Make) -> None:
    """Refuse a label that is None, NaN or NA, and name its row."""
    task = make_task(make)
    for missing in (None, float("nan"), pd.NA):
        y: list[object] = list(task.y)
        y[4] = missing
        expect_refusal(partial(make().fit, task.frame, y), f"a label that is {missing!r} is refused", "4")


def check_refuses_numbers_as_labels(make: Make) -> None:
    """Refuse numbers as labels: codes, scores, or one among texts."""
    task = make_task(make)
    n = len(task.y)
    for y in (
        [i % 3 for i in range(n)],
        [i / n for i in range(n)],
        [*task.y[:-1], 1],
        [True, False] * (n // 2),
    ):
        expect_refusal(partial(make().fit, task.frame, y), f"y with {y[-1]!r} is refused")


def check_refuses_label_matrix(make: Make) -> None:
    """Refuse a y of two dimensions, a bare str, a dict or a set."""
    task = make_task(make)
    column = np.array(task.y, dtype=object).reshape(-1, 1)
    for y in (
        column,
        pd.DataFrame({"label": task.y}),
        "favor",
        dict.fromkeys(task.texts, "favor"),
        set(task.y),
    ):
        expect_refusal(partial(make().fit, task.frame, y), f"y as a {type(y).__name__} is refused")


def check_refuses_other_length(make: Make) -> None:
    """Refuse an X and a y of different lengths."""
    task = make_task(make)
    expect_refusal(partial(make().fit, task.frame, task.y[:-1]), "fewer labels than sentences are refused")
    expect_refusal(partial(make().fit, task.texts[:-1], task.y), "more labels than sentences are refused")


def check_refuses_one_class(make: Make) -> None:
    """Refuse a y of one label, and name it: there is nothing to learn."""
    task = make_task(make)
    label = task.y[0]
    expect_refusal(partial(make().fit, task.frame, [label] * len(task.y)), "one class is refused", label)


def check_sample_weight(make: Make) -> None:
    """Honour weights of sentences, or do not take them."""
    task = make_task(make)
    first, second = sorted(set(task.y))[:2]
    if "sample_weight" not in inspect.signature(make().fit).parameters:
        weights = [1.0] * len(task.y)
        expect_refusal(partial(make().fit, task.frame, task.y, sample_weight=weights), "weights are refused")
        return
    texts = [text for text, label in zip(task.texts, task.y, strict=True) if label in (first, second)]
    swapped = [label == second for label in task.y if label in (first, second)]
    # Every sentence stands there once with each label. Either the copies of one label are the heavy
    # ones, or it depends on the sentence (where classes are balanced, the former changes nothing).
    constant = [[first] * len(texts), [second] * len(texts)]
    mixed = [[(first, second)[i] for i in swapped], [(second, first)[i] for i in swapped]]
    for heavies in (constant, mixed):
        if all(_share_learned(make, texts, heavy, (first, second)) > 0.8 for heavy in heavies):
            return
    raise BrokenRuleError("the labels of the heavier sentences are not the ones learned")


def _share_learned(make: Make, texts: list[str], heavy: list[str], labels: tuple[str, str]) -> float:
    """Return the share of texts that get their heavier label, learned with either."""
    y = [labels[0]] * len(texts) + [labels[1]] * len(texts)
    weights = [100.0 if label == wanted else 1.0 for label, wanted in zip(y, heavy * 2, strict=True)]
    found = make().fit(texts * 2, y, sample_weight=weights).predict(texts)
    return float(np.mean(np.asarray(found) == np.asarray(heavy)))


def check_sample_weight_form(make: Make) -> None:
    """Take equal weights for none; refuse weights of another length and such as are none."""
    if "sample_weight" not in inspect.signature(make().fit).parameters:
        return
    task = make_task(make)
    n = len(task.y)
    wanted = answers(make().fit(task.frame, task.y), task.frame)
    even = make().fit(task.frame, task.y, sample_weight=np.ones(n))
    expect_same(answers(even, task.frame), wanted, "weights of 1 change nothing")
    for weights in (np.ones(n - 1), np.full(n, np.nan), -np.ones(n), np.zeros(n)):
        expect_refusal(
            partial(make().fit, task.frame, task.y, sample_weight=weights),
            f"weights {weights[:2]}… of length {len(weights)} are refused",
        )
