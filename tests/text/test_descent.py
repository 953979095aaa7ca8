"""Descent: the plain and the compiled loop learn the same; both go down."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.text.descent import learn_rows

pytestmark = pytest.mark.xdist_group("compiled")

N_COLUMNS = 8
ROWS = st.lists(
    st.lists(st.tuples(st.integers(0, N_COLUMNS - 1), st.floats(0.0, 1.0, width=32)), max_size=12), max_size=9
)


def learn(learner, rows, codes, n_classes, rate=0.5):
    ends = np.cumsum([0, *map(len, rows)])
    columns = np.array([column for row in rows for column, _ in row], np.int32)
    values = np.array([value for row in rows for _, value in row], np.float32)
    weights = np.zeros((N_COLUMNS, 4 * (n_classes // 4 + 1)), np.float32)
    intercept = np.zeros(n_classes + 1, np.float32)
    weights[:, -1] = intercept[-1] = 1e-6
    heavy = np.linspace(0.5, 2, len(rows)).astype(np.float32)
    learner(ends, columns, values, np.arange(len(rows)), codes, heavy, np.float32(rate), weights, intercept)
    return weights, intercept


@given(ROWS, st.integers(2, 5), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_compiled_loop_learns_what_the_plain_one_learns(rows, n_classes, random):
    from stance.text import kernels

    codes = np.array([random.randrange(n_classes) for _ in rows], np.int64)
    for one, two in zip(*(learn(f, rows, codes, n_classes) for f in (learn_rows, kernels.learn_rows)), strict=True):
        np.testing.assert_allclose(one, two, rtol=2e-4, atol=2e-5)


def test_a_column_that_stands_there_twice_takes_two_steps():
    weights, intercept = learn(learn_rows, [[(0, 1.0), (0, 1.0), (1, 1.0)]], np.array([1]), 2, rate=1.0)
    error = np.float32(0.25)  # half a probability too few, a sentence that weighs half
    squares = 2 * error**2
    assert weights[1, :2] == pytest.approx(np.array([-1, 1]) * error / np.sqrt(squares), rel=1e-4)
    steps = error / np.sqrt(squares) + error / np.sqrt(2 * squares)
    assert weights[0, :2] == pytest.approx(np.array([-1, 1]) * steps, rel=1e-4)
    assert intercept[:2] == pytest.approx(weights[1, :2], rel=1e-4)


def test_what_is_learned_makes_the_labels_likelier():
    rows = [[(0, 1.0)], [(1, 1.0)], [(2, 1.0)]] * 30
    weights, intercept = learn(learn_rows, rows, np.array([0, 1, 2] * 30), 3)
    assert (weights[:3, :3] + intercept[:3]).argmax(axis=1).tolist() == [0, 1, 2]
