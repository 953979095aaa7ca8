"""The contract bites: a classifier of a user's own passes it, and each rule catches one that breaks it."""

import unicodedata
import warnings

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from stance.classifiers.contract import CHECKS, ContractError, check_classifier
from stance.classifiers.contract_task import labels_of
from stance.text.inputs import read_labels, read_sentences


class WordCounter(ClassifierMixin, BaseEstimator):
    """Keep to every rule: the label whose sentences share most words."""

    def __init__(self, scheme="stance"):
        self.scheme = scheme

    def fit(self, X, y):
        texts = read_sentences(X).texts
        labels = read_labels(y, len(texts), labels_of(self))
        classes = np.unique(labels.astype(str))
        if len(classes) < 2:
            raise ValueError(f"y holds only {list(classes)}")
        pairs = [*zip(map(self.words, texts), labels, strict=True)]
        self.words_ = [set().union(*(words for words, own in pairs if own == label)) for label in classes]
        self.classes_ = classes
        return self

    def words(self, text):
        return set(unicodedata.normalize("NFC", text).split())

    def predict_proba(self, X):
        check_is_fitted(self)
        counts = [[1 + len(self.words(text) & own) for own in self.words_] for text in read_sentences(X).texts]
        return shares(np.array(counts, dtype=float).reshape(-1, len(self.classes_)))

    def predict(self, X):
        columns = self.predict_proba(X).argmax(axis=1)
        return self.classes_.astype(object)[columns]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.two_d_array = True, False
        return tags


def shares(counts):
    return counts / counts.sum(axis=1, keepdims=True)


def test_a_classifier_of_your_own_can_keep_to_it():
    results = check_classifier(WordCounter)
    assert {result.status for result in results} == {"passed"}
    assert [result.name for result in results] == [check.name for check in CHECKS]


# Those who break it differ from WordCounter in one thing.


def but(**methods):
    """Return a WordCounter with other methods."""
    return type("Broken", (WordCounter,), methods)


def before_fit(act):
    """Return a WordCounter that does something to itself, X and y before it learns."""

    def fit(self, X, y):
        act(self, X, y)
        return WordCounter.fit(self, X, y)

    return but(fit=fit)


def after_fit(act):
    """Return a WordCounter that does something to itself after it has learned."""

    def fit(self, X, y):
        WordCounter.fit(self, X, y)
        act(self)
        return self

    return but(fit=fit)


def reading(X=lambda X: X, y=lambda y: y):
    """Return a WordCounter that makes something else of X or y before it looks at it."""

    def fit(self, X_given, y_given):
        return WordCounter.fit(self, X(X_given), y(y_given))

    return but(fit=fit, predict_proba=lambda self, X_given: WordCounter.predict_proba(self, X(X_given)))


def answering(change):
    """Return a WordCounter that makes something else of its probabilities."""

    def predict_proba(self, X):
        return change(WordCounter.predict_proba(self, X))

    return but(predict_proba=predict_proba)


def asking(act):
    """Return a WordCounter that does something to itself and X when it is asked."""

    def predict_proba(self, X):
        found = WordCounter.predict_proba(self, X)
        act(self, X)
        return found

    return but(predict_proba=predict_proba)


def refusing(broken, X=True):
    """Return a WordCounter that refuses such texts or such an X."""

    def look(self, given, *_):
        for one in [given] if X else read_sentences(given).texts:
            if broken(one):
                raise ValueError("not this one")

    return type("Picky", (before_fit(look), asking(look)), {})


def refusing_type(name):
    return refusing(lambda X: type(X).__name__ == name)


class Works(WordCounter):
    def __init__(self, scheme="stance"):
        self.scheme = str(scheme)


class Jobs(WordCounter):
    def __init__(self, scheme="stance", n_jobs=1):
        self.scheme, self.n_jobs = scheme, n_jobs

    def predict_proba(self, X):
        return shares(super().predict_proba(X) ** self.n_jobs)


class Hides(WordCounter):
    """Keep what is learned where scikit-learn does not look for it."""

    def fit(self, X, y):
        super().fit(X, y)
        self.learned = (self.__dict__.pop("words_"), self.__dict__.pop("classes_"))
        return self

    classes_ = property(lambda self: self.learned[1], lambda self, value: self.__dict__.update(classes_=value))

    def predict_proba(self, X):
        counter = WordCounter()
        if hasattr(self, "learned"):
            counter.__dict__.update(words_=self.learned[0], classes_=self.learned[1])
        return counter.predict_proba(X)


class IgnoresWeights(WordCounter):
    def fit(self, X, y, sample_weight=None):
        return super().fit(X, y)


def alternate(self):
    """Turn the model round at every third fit of any of its kind."""
    type(self).fits = getattr(type(self), "fits", 0) + 1
    if type(self).fits % 3 == 1:
        self.words_ = self.words_[::-1]


def remember(self):
    self.words_ = [a | b for a, b in zip(self.words_, vars(self).setdefault("first_", self.words_), strict=False)]


def turn(self):
    self.words_, self.classes_ = self.words_[::-1], self.classes_[::-1]


def frame(X):
    return hasattr(X, "columns")


def centred(found):
    """Judge a sentence by the mean of its batch."""
    return shares(np.exp(found - found.mean(axis=0))) if len(found) else found


def faded(found):
    """Judge a sentence by its place."""
    return shares(found ** (1 + np.arange(len(found))[:, None]))


def no_label(self, X, y):
    return self if len(X) == 0 else WordCounter.fit(self, X, y)


def one_label(self, X, y):
    return self if len(set(y)) == 1 else WordCounter.fit(self, X, y)


def shorter(self, X, y):
    n = min(len(X), len(y))
    return WordCounter.fit(self, X[:n], y[:n])


def known(self, X):
    if any(text and not self.words(text) & set().union(*self.words_) for text in read_sentences(X).texts):
        raise KeyError("unknown words")


def unsaveable(self):
    raise RuntimeError("not me")


BROKEN = {
    "parameters_are_read_and_set": but(get_params=lambda self, deep=True: {"scheme": "".join(["sta", "nce"])}),
    "init_only_stores": Works,
    "clone": after_fit(alternate),
    "not_fitted": but(predict=lambda self, X: ["none"] * len(X)),
    "fit_returns_self": but(fit=lambda self, X, y: WordCounter.fit(self, X, y) and None),
    "fit_keeps_parameters": after_fit(lambda self: self.set_params(scheme="".join(["sta", "nce"]))),
    "refit_forgets": after_fit(remember),
    "failed_fit_keeps_model": before_fit(lambda self, X, y: setattr(self, "words_", [set()] * 3)),
    "same_data_same_model": after_fit(alternate),
    "global_random_state": after_fit(lambda self: np.random.seed(42)),  # noqa: NPY002
    "jobs": Jobs,
    "no_warnings": after_fit(lambda self: warnings.warn("it did not converge", stacklevel=1)),
    "tags": but(__sklearn_tags__=lambda self: super(WordCounter, self).__sklearn_tags__()),
    "score": but(score=lambda self, X, y: 1.0),
    "accepts_tuple": refusing_type("tuple"),
    "accepts_object_array": refusing_type("ndarray"),
    "accepts_string_array": refusing_type("ndarray"),
    "accepts_pandas_series": refusing_type("Series"),
    "accepts_arrow_strings": refusing_type("ChunkedArray"),
    "accepts_arrow_table": refusing_type("Table"),
    "accepts_dataset": refusing_type("Dataset"),
    "ignores_index_and_other_columns": refusing(lambda X: frame(X) and not X.index.is_unique),
    "accepts_missing_mentions": refusing(lambda X: frame(X) and X.get("holder", X["text"]).isna().any()),
    "rejects_bare_string": reading(lambda X: [X] if isinstance(X, str) else X),
    "rejects_bytes": reading(lambda X: [X.decode()] if isinstance(X, bytes) else X),
    "rejects_mapping": reading(lambda X: list(X) if isinstance(X, dict) else X),
    "rejects_set": reading(lambda X: sorted(X) if isinstance(X, set | frozenset) else X),
    "rejects_generator": reading(lambda X: X if hasattr(X, "__len__") else list(X)),
    "rejects_frame_without_text": reading(lambda X: list(X) if frame(X) and "text" not in X else X),
    "rejects_frame_with_two_texts": reading(lambda X: X.loc[:, ~X.columns.duplicated()] if frame(X) else X),
    "rejects_matrix": reading(lambda X: X.ravel() if getattr(X, "ndim", 1) == 2 and not frame(X) else X),
    "rejects_sparse": reading(lambda X: ["x"] * X.shape[0] if hasattr(X, "toarray") else X),
    "names_missing_text": reading(lambda X: [x or "" for x in X] if isinstance(X, list) else X),
    "names_number": reading(lambda X: [*map(str, X)] if isinstance(X, list) else X),
    "refuses_no_rows": but(fit=no_label),
    "predicts_nothing_for_nothing": refusing(lambda X: len(X) == 0),
    "blank_text": refusing(lambda text: not text.split(), X=False),
    "unknown_words": asking(known),
    "any_unicode": refusing(lambda text: text.encode() == b"", X=False),
    "inputs_unchanged": asking(lambda self, X: X.insert(0, "seen", 1) if frame(X) else None),
    "read_only": before_fit(lambda self, X, y: y.sort() if isinstance(y, np.ndarray) else None),
    "classes": after_fit(turn),
    "two_classes": answering(lambda found: np.hstack([found, np.zeros((len(found), 3 - found.shape[1]))])),
    "predictions_are_labels": but(predict=lambda self, X: self.predict_proba(X).argmax(axis=1)),
    "label_forms": reading(y=lambda y: y if isinstance(y, list) else y["label"]),
    "refuses_other_labels": reading(y=lambda y: [label.lower().strip() for label in y]),
    "names_missing_label": reading(y=lambda y: [x if isinstance(x, str) else "none" for x in y]),
    "refuses_numbers_as_labels": reading(y=lambda y: [x if isinstance(x, str) else "none" for x in y]),
    "refuses_label_matrix": reading(y=lambda y: np.asarray(y).ravel() if getattr(y, "ndim", 1) == 2 else y),
    "refuses_other_length": but(fit=shorter),
    "refuses_one_class": but(fit=one_label),
    "sample_weight": IgnoresWeights,
    "sample_weight_form": IgnoresWeights,
    "sentence_order": answering(faded),
    "subset": answering(centred),
    "batches": answering(centred),
    "duplicates": answering(faded),
    "one_sentence": refusing(lambda X: len(X) == 1),
    "predict_is_pure": asking(lambda self, X: setattr(self, "asked_", len(X))),
    "composed_accents": but(words=lambda self, text: set(text.split())),
    "probabilities": answering(lambda found: found * 0.9),
    "predict_is_likeliest": but(predict=lambda self, X: self.classes_[self.predict_proba(X).argmin(axis=1)]),
    "decision_function": but(decision_function=lambda self, X: -self.predict_proba(X)),
    "copy_for_another_process": but(__getstate__=unsaveable),
    "model_file": but(__getstate__=unsaveable),
    "pipeline": Hides,
    "grid_search": refusing(lambda X: frame(X) and len(X) < 40),
    "calibration": answering(lambda found: found * np.nan),
    "cross_validation": after_fit(alternate),
}


def test_there_is_one_for_each_rule():
    assert list(BROKEN) == [check.name for check in CHECKS]


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_classifier_fails_the_check(name):
    others = {check.name: "not what is asked here" for check in CHECKS if check.name != name}
    with pytest.raises(ContractError, match=f"(?s)^1 of {len(CHECKS)} checks failed\n{name}: "):
        check_classifier(BROKEN[name], skip=others)
