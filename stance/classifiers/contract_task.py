"""What the checks of the contract work on: a small constructed task, and the words to judge by."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from stance.core.errors import show
from stance.core.schemes import STANCE, get_scheme

Make = Callable[[], Any]

N_ROWS_PER_LABEL = 16
NAMES = {"russia": "Moscow", "iran": "Tehran", "israel": "Israel", "trump": "Trump"}
TAILS = ("over the truce", "after the talks in Geneva", "once more")
# By the place of the label in its scheme.
CUES = (
    ("backs", "praises", "welcomes", "applauds"),
    ("rejects", "condemns", "scolds", "denounces"),
    ("meets", "visits", "telephones", "hosts"),
    ("is backed by", "is praised by", "is welcomed by", "is applauded by"),
    ("is rejected by", "is condemned by", "is scolded by", "is denounced by"),
)


class BrokenRuleError(AssertionError):
    """A rule of the contract that a classifier breaks."""


class Task(NamedTuple):
    """Labelled sentences: as a table with holder and target, and as plain texts."""

    frame: pd.DataFrame
    texts: list[str]
    y: list[str]


def labels_of(classifier: Any) -> tuple[str, ...]:  # noqa: ANN401 - any classifier
    """Return the labels of a classifier's scheme; of ``stance`` where it has no parameter ``scheme``.

    Examples
    --------
    >>> labels_of(object())
    ('favor', 'against', 'none')
    """
    params = classifier.get_params(deep=False) if hasattr(classifier, "get_params") else {}
    return get_scheme(params.get("scheme", STANCE.name)).labels


def make_task(make: Make) -> Task:
    """Return sentences with every label of the classifier's scheme, a cue and two actors in each."""
    labels = labels_of(make())
    keys = list(NAMES)
    rows = []
    for i in range(N_ROWS_PER_LABEL):
        for label, cues in zip(labels, CUES, strict=False):
            holder, target = keys[i // 4], keys[(i // 4 + 1 + i % 3) % 4]
            text = f"{NAMES[holder]} {cues[i % 4]} {NAMES[target]} {TAILS[i % 3]}."
            rows.append((text, holder, target, label))
    frame = pd.DataFrame(rows, columns=["text", "holder", "target", "label"])
    return Task(frame[["text", "holder", "target"]], frame["text"].tolist(), frame["label"].tolist())


def fitted(make: Make) -> tuple[Any, Task]:
    """Return a classifier that has learned the task from the table, and the task."""
    task = make_task(make)
    return make().fit(task.frame, task.y), task


def answers(classifier: Any, X: object) -> dict[str, np.ndarray]:  # noqa: ANN401 - any classifier
    """Return what each of its prediction methods says of X."""
    methods = ("predict", "predict_proba", "decision_function")
    return {name: np.asarray(getattr(classifier, name)(X)) for name in methods if hasattr(classifier, name)}


def expect(holds: object, rule: str) -> None:
    """Raise BrokenRuleError with the rule unless it holds."""
    if not holds:
        raise BrokenRuleError(rule)


def expect_same(found: Mapping[str, np.ndarray], wanted: Mapping[str, np.ndarray], rule: str) -> None:
    """Expect the same labels, and numbers that are equal but for the last bits of their type."""
    expect(found.keys() == wanted.keys(), rule)
    for name, values in wanted.items():
        expect(values.shape == found[name].shape, f"{rule}: {name} has another shape")
        if values.dtype.kind == "f":
            rtol, atol = (1e-6, 1e-8) if values.dtype.itemsize >= 8 else (1e-4, 1e-5)
            same = np.allclose(values, found[name], rtol=rtol, atol=atol)
        else:
            same = np.array_equal(values, found[name])
        expect(same, f"{rule}: {name} differs")


def expect_refusal(call: Callable[[], object], rule: str, *words: str) -> None:
    """Expect a ValueError or a TypeError (ours are both) whose message holds the words."""
    try:
        call()
    except (ValueError, TypeError) as error:
        for word in words:
            expect(word in str(error), f'{rule}: the message does not name "{word}": {show(error, 200)}')
    except Exception as error:
        raise BrokenRuleError(f"{rule}: {type(error).__name__} instead: {show(error, 200)}") from error
    else:
        raise BrokenRuleError(f"{rule}: it was accepted")


def expect_both_refuse(make: Make, X: object, rule: str, *words: str) -> None:
    """Expect `fit` and `predict` both to refuse an X; it is asked for twice as a generator is used up."""
    classifier, task = fitted(make)
    given = X if callable(X) else lambda: X
    shape = getattr(given(), "shape", None)
    n_rows = shape[0] if shape else operator.length_hint(given(), len(task.y))
    y = [task.y[i % len(task.y)] for i in range(n_rows)]
    expect_refusal(partial(make().fit, given(), y), f"fit: {rule}", *words)
    expect_refusal(partial(classifier.predict, given()), f"predict: {rule}", *words)
