"""Probes: what labels can be guessed without reading the sentence, or by reading it as a bag of words."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from stance.classifiers.registry import make_classifier
from stance.evaluation.metrics import macro_f1
from stance.text.folding import fold

N_FOLDS = 5
PLAIN_TEXT = ("complement_nb", "logistic_regression", "linear_svm", "sgd")


def probe_f1(values: Sequence[str | float], labels: pd.Series, groups: pd.Series) -> float:
    """Return the cross-validated macro-F1 of guessing labels from one property of the rows.

    Parameters
    ----------
    values : sequence of str or float
        The property: a number counts as it is and by its square, a text as a category.
    labels, groups : pandas.Series of str
        Groups are kept together in the five folds.

    Examples
    --------
    >>> groups = pd.Series([str(i) for i in range(40)])
    >>> labels = pd.Series(["favor", "none"] * 20)
    >>> probe_f1(["a", "b"] * 20, labels, groups)
    1.0
    """
    rows = [{"v": v} if isinstance(v, str) else {"v": v / 10, "v2": v * v / 100} for v in values]
    learner = make_pipeline(DictVectorizer(), LogisticRegression(max_iter=1000, class_weight="balanced"))
    return _cross_validated(learner, rows, labels, groups)


def plain_text_f1(classifier: str, texts: pd.Series, labels: pd.Series, groups: pd.Series, scheme: str) -> float:
    """Return the cross-validated macro-F1 of a classifier that sees the plain text alone."""
    return _cross_validated(make_classifier(classifier, scheme=scheme), list(texts), labels, groups)


def first_words(texts: pd.Series) -> list[str]:
    """Return the first word of each text, folded."""
    return [(fold(text).split() or [""])[0] for text in texts]


def _cross_validated(learner: object, X: list, labels: pd.Series, groups: pd.Series) -> float:  # type: ignore[type-arg]
    splitter = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=0)
    y = labels.to_numpy(dtype=object).astype(str)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        said = cross_val_predict(learner, np.array(X, dtype=object), y, groups=groups.to_numpy(), cv=splitter)
    return macro_f1(y, said, sorted(set(y)))
