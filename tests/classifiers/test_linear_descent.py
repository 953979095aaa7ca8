"""LinearDescent: about as good as the optimum, the same every time, a scikit-learn classifier."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, diags
from scipy.sparse import random as random_matrix
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import cross_val_score

from stance.classifiers.linear_descent import LinearDescent, measure_columns, weigh_classes_alike
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


# The lengths of columns.


def make_columns(seed, n_rows=40, n_columns=6, n_classes=3):
    rng = np.random.default_rng(seed)
    X = rng.normal(0, 1, (n_rows, n_columns)) * (rng.random((n_rows, n_columns)) < 0.5)
    codes = np.arange(n_rows) % n_classes
    X[:, 0] += codes == 1
    return csr_matrix(X), codes, rng.uniform(0.5, 2.0, n_rows)


@given(seed=st.integers(0, 2**32 - 1), factor=st.floats(1e-3, 1e3))
def test_a_column_is_no_longer_for_being_given_in_other_units(seed, factor):
    X, codes, weights = make_columns(seed)
    other = X @ diags([1.0, factor, 1.0, -factor, 1.0, 1.0])
    assert np.allclose(
        measure_columns(csr_matrix(other), codes, weights), measure_columns(X, codes, weights), rtol=1e-4
    )


def test_of_two_classes_that_weigh_alike_it_is_the_root_of_the_correlation():
    X, codes, _ = make_columns(0, n_rows=4000, n_classes=2)
    X = csr_matrix(X - X.mean(axis=0))  # a root mean square is then a standard deviation
    lengths = measure_columns(X, codes, np.ones(len(codes)))
    peer = np.sqrt(np.abs([np.corrcoef(column, codes)[0, 1] for column in X.toarray().T]))
    assert np.allclose(lengths / lengths[0], peer / peer[0], atol=1e-4)


def test_a_row_that_counts_twice_is_like_two():
    X, codes, _ = make_columns(1)
    counts = np.random.default_rng(1).integers(1, 4, len(codes))
    twice = np.repeat(np.arange(len(codes)), counts)
    wanted = measure_columns(X[twice], codes[twice], np.ones(len(twice)))
    assert np.allclose(measure_columns(X, codes, counts.astype(float)), wanted, rtol=1e-4)


def test_columns_that_say_nothing_have_no_length_and_no_weight():
    X = csr_matrix([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0]] * 8)
    lengths = measure_columns(X, np.array([0, 1] * 8), np.ones(16))
    assert lengths[0] == lengths[2] == 0
    assert np.array_equal(LinearDescent(stretch=True).fit(X, ["a", "b"] * 8).coef_[0] != 0, [False, True, False])


def test_where_none_says_anything_all_are_as_they_were():
    X = csr_matrix(np.ones((6, 2)))
    assert np.array_equal(measure_columns(X, np.array([0, 1] * 3), np.ones(6)), [1.0, 1.0])


def test_what_is_given_is_not_changed():
    X, codes, _ = make_columns(2)
    X = X.astype(np.float32)
    before = X.copy()
    LinearDescent(stretch=True).fit(X, codes)
    assert np.array_equal(X.toarray(), before.toarray())


def test_stretching_is_learning_from_longer_columns():
    X, codes, weights = make_columns(4)
    lengths = measure_columns(csr_matrix(X, dtype=np.float32), codes, weigh_classes_alike(codes, weights))
    longer = csr_matrix(X @ diags(lengths))
    ours = LinearDescent(stretch=True).fit(X, codes, weights).decision_function(X)
    assert np.allclose(ours, LinearDescent().fit(longer, codes, weights).decision_function(longer), atol=1e-4)
    assert not np.allclose(ours, LinearDescent().fit(X, codes, weights).decision_function(X), atol=1e-3)
