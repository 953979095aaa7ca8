"""Explanations: what each n-gram of a sentence adds to a label's score, for classifiers that are linear."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.linear_model._base import LinearClassifierMixin
from sklearn.naive_bayes import ComplementNB
from sklearn.pipeline import FeatureUnion
from sklearn.utils.validation import check_is_fitted

from stance.classifiers.base import TextClassifier
from stance.classifiers.hashed_linear import HashedLinear
from stance.core.errors import InputError, show, unknown
from stance.text.hashed_ngrams import HashedNgrams
from stance.text.inputs import Sentences, read_sentences

GIST = "_gist"
WHOLE_TEXT = "text"
KINDS = {"word": "word", "char_wb": "character"}
LINEAR = "complement_nb, linear_svm, logistic_regression, sgd, fast, and stance with a linear estimator"

Block = tuple[str, str, NDArray[np.object_]]


def explain(classifier: object, X: object, label: str | None = None) -> pd.DataFrame:
    """Return what each feature of each sentence adds to the score of a label.

    Parameters
    ----------
    classifier : fitted TextClassifier
        `StanceClassifier` or a linear baseline.
    X : table with a ``text`` column, or 1-D sequence of str, shape (n_sentences,)
        The sentences, as `predict` takes them.
    label : str, optional
        The label whose score is explained; by default that which is predicted, a sentence each.

    Returns
    -------
    pandas.DataFrame
        A row for each sentence and each feature that it has, the greatest contribution of a sentence first:
        ``sentence`` (row of X), ``label``, ``feature`` (the n-gram), ``segment`` (the part of the sentence
        it stands in; ``text`` for the baselines, which see the whole), ``kind`` (``word``, ``character``,
        ``polarity``, ...; ``intercept`` once a sentence), ``value`` (TF-IDF, say), ``weight`` (the learned
        coefficient) and ``contribution``, their product.

    Raises
    ------
    InputError
        If the classifier is not linear, the label is none of its labels, or X breaks a rule.

    Notes
    -----
    The contributions of a sentence add up to the label's `decision_function`; of two labels, the score of
    the first is that of the second with its sign turned. Complement naive Bayes has no such function: its
    score is the log-likelihood, less the mean of all labels' (Rennie et al. 2003, ICML), which orders labels alike.

    Examples
    --------
    >>> from stance.classifiers.baselines import LinearSVMClassifier
    >>> clf = LinearSVMClassifier().fit(["we back it", "we scold it"] * 3, ["favor", "against"] * 3)
    >>> found = explain(clf, ["they back us"])
    >>> print(found[["label", "feature", "kind", "contribution"]].round(2).to_string())
       label feature       kind  contribution
    0  favor    back       word          0.54
    1  favor          intercept          0.00
    """
    model = linear_model(classifier)
    sentences = model.mark(read_sentences(X))
    ngrams, learner = model.model_[0], model.model_[-1]
    classes = [str(name) for name in learner.classes_]
    if label is not None and label not in classes:
        raise unknown("label", label, classes)
    weights, intercepts = _weights(learner)
    if len(sentences):
        features = ngrams.transform(model.make_features(sentences))
        asked = learner.predict(features) if label is None else [label] * len(sentences)
    else:
        features, asked = (0, weights.shape[1]), []
    rows = np.array([classes.index(str(name)) for name in asked], dtype=int)
    matrix = csr_array(features, dtype=float)
    matrix.eliminate_zeros()
    sentence, column = matrix.nonzero()
    hashed = isinstance(ngrams, HashedNgrams)
    names = _name_hashed(ngrams, sentences) if hashed else _name_features(ngrams, weights.shape[1])
    present = names.take(column).assign(sentence=sentence, value=matrix.data, weight=weights[rows[sentence], column])
    constant = pd.DataFrame({"sentence": np.arange(len(sentences)), "value": 1.0, "weight": intercepts[rows]})
    constant[["feature", "segment", "kind"]] = "", "", "intercept"
    found = pd.concat([present, constant[present.columns]], ignore_index=True)
    found["label"] = np.array(classes, dtype=object)[rows[found["sentence"]]]
    found["contribution"] = found["value"] * found["weight"]
    order = np.lexsort((-found["contribution"].abs(), found["sentence"]))
    columns = ["sentence", "label", "feature", "segment", "kind", "value", "weight", "contribution"]
    return found.take(order)[columns].reset_index(drop=True)


def linear_model(classifier: object) -> TextClassifier:
    """Return a classifier if it is fitted and linear.

    Raises
    ------
    InputError
        If it is no linear classifier of ours; the message says which are.

    Examples
    --------
    >>> linear_model(print)
    Traceback (most recent call last):
        ...
    stance.core.errors.InputError: builtin_function_or_method is not linear and cannot be explained; ...
    """
    if isinstance(classifier, TextClassifier):
        check_is_fitted(classifier, "model_")
        if isinstance(classifier.model_[-1], ComplementNB | LinearClassifierMixin):
            return classifier
    name = show(type(classifier).__name__)
    raise InputError(f"{name} is not linear and cannot be explained; these can: {LINEAR}")


def _weights(learner: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:  # noqa: ANN401 - two unrelated types
    """Return weights, shape (n_classes, n_features), and intercepts, shape (n_classes,)."""
    if isinstance(learner, ComplementNB):
        weights = learner.feature_log_prob_
        return weights - weights.mean(axis=0), np.zeros(len(weights))
    weights = np.asarray(learner.coef_, dtype=float)
    intercepts = np.broadcast_to(np.asarray(learner.intercept_, dtype=float), len(weights))
    if len(weights) == 2 and isinstance(learner, HashedLinear):  # has a row a class, its score is their difference
        weights, intercepts = weights[1:] - weights[:1], intercepts[1:] - intercepts[:1]
    if len(weights) == 1:
        return np.vstack([-weights, weights]), np.concatenate([-intercepts, intercepts])
    return weights, intercepts


def _name_features(ngrams: BaseEstimator, n_features: int) -> pd.DataFrame:
    """Return feature, segment and kind of each column of the matrix, shape (n_features, 3)."""
    blocks = list(_blocks(ngrams, n_features))
    columns = {
        "feature": np.concatenate([names for _, _, names in blocks]),
        "segment": np.concatenate([np.full(len(names), segment, object) for segment, _, names in blocks]),
        "kind": np.concatenate([np.full(len(names), kind, object) for _, kind, names in blocks]),
    }
    return pd.DataFrame(columns, dtype=object)


def _name_hashed(ngrams: HashedNgrams, sentences: Sentences) -> pd.DataFrame:
    """Return the same of hashed n-grams, whose names are those of the sentences' own; the others have none."""
    named = ngrams.name_columns(sentences)
    table = np.full((1 << ngrams.n_bits, 3), "", dtype=object)
    table[list(named)] = [list(name) for name in named.values()] or table[:0]
    return pd.DataFrame(table, columns=["feature", "segment", "kind"], dtype=object)


def _blocks(ngrams: Any, n_features: int) -> Iterator[Block]:  # noqa: ANN401 - any transformer
    """Yield segment, kind and names of each block of columns, from left to right."""
    parts = getattr(ngrams, "parts_", ngrams)
    if isinstance(parts, FeatureUnion):
        for name, part in parts.transformer_list:
            yield WHOLE_TEXT, _kind(part, name), part.get_feature_names_out()
    elif isinstance(parts, ColumnTransformer):
        for name, part, column in parts.transformers_:
            place = parts.output_indices_[name]
            if place.stop > place.start:
                segment = column.removesuffix(GIST) if isinstance(column, str) else name
                own = name.removeprefix(f"{segment}_")  # what a gist says are no words of the sentence
                kind = own if str(column).endswith(GIST) else _kind(part, own)
                yield segment, kind, _names(part, place.stop - place.start)
    else:
        yield WHOLE_TEXT, _kind(parts, "feature"), _names(parts, n_features)


def _kind(part: object, otherwise: str) -> str:
    return KINDS.get(getattr(part, "analyzer", ""), otherwise)


def _names(part: Any, n_features: int) -> NDArray[np.object_]:  # noqa: ANN401 - any transformer
    """Return the names of a block's columns: its own, or else their numbers from 1."""
    own = part.get_feature_names_out() if hasattr(part, "get_feature_names_out") else range(1, n_features + 1)
    return np.array([str(name) for name in own], dtype=object)
