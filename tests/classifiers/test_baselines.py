"""The baselines: each learns what it can learn, and is blind to holder and target."""

import unicodedata
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.classifiers.baselines import Components
from stance.classifiers.dummies import DrawnLabels, MajorityClassifier, StratifiedClassifier, draw_texts
from stance.core.errors import InputError

# Every code point, lone surrogates and NUL included.
ANY_TEXT = st.text(st.characters(categories=["L", "M", "N", "P", "S", "Z", "C"]), max_size=20)
LEARNERS = ["complement_nb", "logistic_regression", "linear_svm", "sgd", "stance"]


@pytest.mark.parametrize("scheme", ["stance", "sentiment"])
@pytest.mark.parametrize("name", LEARNERS)
def test_a_learner_learns_the_cue_of_unseen_sentences(name, scheme, fit_small):
    classifier, task = fit_small(name, scheme)
    asked = pd.DataFrame(
        {"text": [f"Israel {verb} Tehran." for verb in ("welcomes", "condemns", "hosts")], "target": "iran"}
    )
    by_place = [task.y[i] for i in range(3)]
    assert classifier.predict(asked.assign(holder="israel")).tolist() == by_place


def test_boosted_trees_learn_with_enough_of_data(maker):
    words = {"favor": "backs", "against": "rejects"}
    texts = [f"Moscow {words[label]} the plan number {i}." for i in range(60) for label in words]
    made = maker("gradient_boosting", n_components=10, max_iter=10)()
    assert made.fit(texts, [*words] * 60).predict(["Tehran backs it.", "Tehran rejects it."]).tolist() == [*words]


@pytest.mark.parametrize("name", ["complement_nb", "logistic_regression", "linear_svm", "sgd"])
def test_plain_text_is_all_that_they_see(name, fit_small):
    classifier, task = fit_small(name)
    swapped = task.frame.assign(holder=task.frame["target"], target=task.frame["holder"])
    assert np.array_equal(classifier.predict(swapped), classifier.predict(task.frame))


@pytest.mark.parametrize("name", ["complement_nb", "linear_svm", "gradient_boosting"])
def test_characters_are_used_where_asked_for(name, fit_small):
    plain, _ = fit_small(name)
    with_characters, task = fit_small(name, char_ngrams=(2, 4))
    assert with_characters.model_[0].fit(task.texts).transform(["x"]).shape[0] == 1
    assert repr(with_characters.make_ngrams()) != repr(plain.make_ngrams())


def test_majority_predicts_the_commonest():
    floor = MajorityClassifier().fit(["a", "b", "c", "d"], ["none", "favor", "none", "against"])
    assert floor.predict(["x", "y"]).tolist() == ["none", "none"]
    assert floor.predict_proba(["x"]).tolist() == [[0.0, 0.0, 1.0]]


def test_drawn_labels_have_the_shares_of_the_training_data():
    y = ["favor"] * 60 + ["against"] * 30 + ["none"] * 10
    drawn = StratifiedClassifier().fit([f"text {i}" for i in range(100)], y)
    counts = Counter(drawn.predict([f"another text {i}" for i in range(5000)]))
    assert abs(counts["favor"] / 5000 - 0.6) < 0.03
    assert abs(counts["against"] / 5000 - 0.3) < 0.03


def test_another_seed_draws_other_labels():
    texts = [f"text {i}" for i in range(60)]
    y = ["favor", "against", "none"] * 20
    one, same, other = (StratifiedClassifier(random_state=seed).fit(texts, y).predict(texts) for seed in (0, 0, 1))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(ANY_TEXT, min_size=1, max_size=5), st.integers(0, 2**31))
def test_draws_are_shares_that_depend_on_the_text_alone(texts, seed):
    draws = draw_texts(texts, seed)
    assert draws.shape == (len(texts), 1)
    assert ((draws >= 0) & (draws < 1)).all()
    assert np.array_equal(draws[::-1], draw_texts(texts[::-1], seed))
    assert np.array_equal(draws, draw_texts([unicodedata.normalize("NFD", text) for text in texts], seed))


def test_a_draw_at_the_very_end_is_still_a_label():
    drawn = DrawnLabels().fit(np.zeros((3, 1)), np.array(["a", "b", "c"], dtype=object))
    assert drawn.predict(np.array([[0.0], [0.34], [1.0]])).tolist() == ["a", "b", "c"]


def test_components_are_no_more_than_the_data_has():
    made = Components(n_components=50)
    assert made.fit_transform(np.eye(4)).shape == (4, 3)
    assert made.n_components == 50
    assert made.transform(np.eye(4)).shape == (4, 3)


@pytest.mark.parametrize("weights", [[1, 1], [1, 1, np.nan], [1, 1, -1], [0, 0, 0], [[1], [1], [1]], [1, 1, np.inf]])
def test_weights_that_are_none_are_refused(weights):
    with pytest.raises(InputError, match="sample_weight"):
        MajorityClassifier().fit(["a", "b", "c"], ["favor", "none", "favor"], sample_weight=weights)
