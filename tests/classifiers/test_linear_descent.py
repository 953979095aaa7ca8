"""LinearDescent: about as good as the optimum, the same every time, a scikit-learn classifier."""

import numpy as np
import pytest
from scipy.sparse import random as random_matrix
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import cross_val_score

from stance.classifiers.linear_descent import LinearDescent
from stance.core.errors import InputError
from stance.data.corpora import load_corpus
from stance.text.hashed_ngrams import HashedNgrams

pytestmark = pytest.mark.xdist_group("compiled")


def make_rows(n_rows, n_classes, seed=0):
    """Return sparse rows of unit length, and the class that noisy linear scores give them."""
    rng = np.random.default_rng(seed)
    X = random_matrix(n_rows, 60, 0.2, "csr", random_state=seed)
    scores = X @ rng.normal(size=(60, n_classes)) + rng.normal(size=(n_rows, n_classes)) / 4
    return X, np.array(list("abcde"))[scores.argmax(axis=1)]


@pytest.mark.parametrize(("n_rows", "n_classes"), [(300, 2), (300, 3), (3000, 2), (3000, 5)])
def test_long_steps_come_near_the_optimum(n_rows, n_classes):
    X, y = make_rows(n_rows, n_classes)
    ours = LinearDescent(epochs=20, learning_rate=1.0)
    theirs = LogisticRegression(C=10.0, class_weight="balanced", max_iter=1000)
    scores = [cross_val_score(one, X, y, scoring="f1_macro").mean() for one in (ours, theirs)]
    assert scores[0] > scores[1] - 0.03
    fitted = ours.fit(X, y)
    assert fitted.coef_.shape == theirs.fit(X, y).coef_.shape
    assert fitted.classes_.tolist() == sorted(set(y))
    assert np.array_equal(clone(ours).fit(X, y).coef_, fitted.coef_)
    shares = fitted.predict_proba(X)
    assert shares.sum(axis=1) == pytest.approx(1)
    assert (fitted.classes_[shares.argmax(axis=1)] == fitted.predict(X)).all()


@pytest.mark.parametrize("scheme", ["stance", "sentiment"])
def test_a_few_short_steps_are_as_good_as_a_penalty_on_text(scheme):
    corpus = load_corpus("four_actors", scheme=scheme)
    ngrams = HashedNgrams(n_bits=14)
    (X, y), (X_dev, y_dev) = corpus.split("train"), corpus.split("dev")
    A, B = ngrams.fit_transform(X), ngrams.transform(X_dev)
    learners = LinearDescent(), LogisticRegression(C=0.5, class_weight="balanced", max_iter=1000)
    scores = [f1_score(y_dev, one.fit(A, y).predict(B), average="macro") for one in learners]
    assert scores[0] > scores[1] - 0.02


def test_heavy_rows_are_learned_better():
    X, y = make_rows(400, 3)
    heavy = LinearDescent().fit(X, y, sample_weight=np.where(y == "a", 20.0, 0.05))
    plain = LinearDescent().fit(X, y)
    assert (heavy.predict(X) == "a").mean() > (plain.predict(X) == "a").mean() + 0.2


@pytest.mark.parametrize(("parameters", "words"), [
    ({"epochs": 0}, "epochs is 0; a whole number from 1 on"),
    ({"epochs": True}, "epochs is True"),
    ({"learning_rate": 0.0}, "learning_rate is 0.0; a number above 0"),
    ({"learning_rate": "fast"}, "learning_rate is 'fast'"),
])  # fmt: skip
def test_parameters_out_of_range(parameters, words):
    with pytest.raises(InputError, match=words):
        LinearDescent(**parameters).fit(*make_rows(10, 2))


def test_one_class_is_too_few():
    with pytest.raises(InputError, match="one class only"):
        LinearDescent().fit(make_rows(4, 2)[0], ["a"] * 4)
