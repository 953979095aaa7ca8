"""Explanations: the contributions are exactly what the classifier adds up, and each stands where it belongs."""

import unicodedata

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import RidgeClassifier

import stance
from stance.classifiers.baselines import LinearSVMClassifier
from stance.classifiers.explanations import explain
from stance.classifiers.fast import FastStanceClassifier
from stance.classifiers.registry import make_classifier
from stance.classifiers.segment_features import SegmentFeatures
from stance.classifiers.stance_classifier import StanceClassifier
from stance.classifiers.word_contributions import place_ngrams
from stance.core.errors import InputError
from stance.text.inputs import read_sentences
from stance.text.segments import TOKEN, cut_segments

pytestmark = pytest.mark.xdist_group("explanations")  # one process makes what the module shares

TOLERANCE = 1e-5
LINEAR = {
    "complement_nb": {},
    "linear_svm": {"char_ngrams": (2, 4)},
    "logistic_regression": {},
    "sgd": {},
    "stance": {},
}
ANY_TEXT = st.text(st.characters(categories=["L", "M", "N", "P", "S", "Z", "C"]), max_size=25)
COLUMNS = ["sentence", "label", "feature", "segment", "kind", "value", "weight", "contribution"]


def scores_of(classifier, X):
    """Return the score of each label, shape (n_sentences, n_classes), by the classifier's own arithmetic."""
    if hasattr(classifier, "decision_function"):
        scores = classifier.decision_function(X)
        return np.column_stack([-scores, scores]) if scores.ndim == 1 else scores
    ngrams, learner = classifier.model_
    likely = learner.predict_joint_log_proba(ngrams.transform(classifier.make_features(read_sentences(X))))
    return likely - likely.mean(axis=1, keepdims=True)


def sums(found, n_sentences):
    return found.groupby("sentence")["contribution"].sum().reindex(range(n_sentences)).to_numpy()


@pytest.fixture(scope="module", params=LINEAR)
def fitted(request, fit_small):
    return fit_small(request.param, **LINEAR[request.param])


@pytest.fixture(scope="module")
def two_labels(fit_small):
    _, task = fit_small("stance")
    rows = [i for i, label in enumerate(task.y) if label != "none"]
    X, y = task.frame.iloc[rows], [task.y[i] for i in rows]
    return {name: make_classifier(name, params).fit(X, y) for name, params in LINEAR.items()}, X


def test_contributions_add_up_to_the_score_of_the_predicted_label(fitted):
    classifier, task = fitted
    found = explain(classifier, task.frame)
    assert list(found.columns) == COLUMNS
    labels = classifier.predict(task.frame)
    assert found.groupby("sentence")["label"].first().tolist() == labels.tolist()
    wanted = scores_of(classifier, task.frame)[np.arange(len(labels)), np.searchsorted(classifier.classes_, labels)]
    assert np.abs(sums(found, len(labels)) - wanted).max() < TOLERANCE
    assert np.allclose(found["value"] * found["weight"], found["contribution"])


def test_contributions_add_up_to_the_score_of_any_label(fitted):
    classifier, task = fitted
    for column, label in enumerate(classifier.classes_):
        found = explain(classifier, task.frame, label)
        assert set(found["label"]) == {label}
        assert np.abs(sums(found, len(task.frame)) - scores_of(classifier, task.frame)[:, column]).max() < TOLERANCE


@pytest.mark.parametrize("name", LINEAR)
def test_of_two_labels_the_first_one_has_its_sign_turned(name, two_labels):
    classifiers, X = two_labels
    for column, label in enumerate(classifiers[name].classes_):
        found = explain(classifiers[name], X, label)
        assert np.abs(sums(found, len(X)) - scores_of(classifiers[name], X)[:, column]).max() < TOLERANCE
    default = explain(classifiers[name], X)
    assert (sums(default, len(X)) > 0).all(), "the predicted of two labels has a score above 0"


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ANY_TEXT, max_size=3), st.sampled_from(sorted(LINEAR)))
def test_contributions_of_any_text_add_up(two_labels, texts, name):
    classifier = two_labels[0][name]
    texts = ["", "Moscow backs Iran.", *texts]
    for column, label in enumerate(classifier.classes_):
        total = sums(explain(classifier, texts, label), len(texts))
        assert np.abs(total - scores_of(classifier, texts)[:, column]).max() < TOLERANCE


def test_each_row_is_a_cell_of_the_matrix_and_its_coefficient(fit_small):
    classifier, task = fit_small("stance")
    ngrams, learner = classifier.model_
    matrix = ngrams.transform(classifier.make_features(read_sentences(task.frame))).toarray()
    names = ngrams.get_feature_names_out()
    assert len(set(names)) == len(names) == matrix.shape[1]
    found = explain(classifier, task.frame, "favor").query("kind != 'intercept'")
    assert len(found) == np.count_nonzero(matrix)
    blocks = {"word": "{}", "character": "{}_characters"}
    column_of = {name: i for i, name in enumerate(names)}
    favor = list(classifier.classes_).index("favor")
    for row in found.sample(300, random_state=0).itertuples():
        block = blocks.get(row.kind, f"{{}}_{row.kind}").format(row.segment)
        column = column_of[f"{block}__{row.feature}"]
        assert row.value == pytest.approx(matrix[row.sentence, column])
        assert row.weight == pytest.approx(learner.coef_[favor, column])


def test_the_greatest_contribution_of_a_sentence_comes_first(fitted):
    classifier, task = fitted
    found = explain(classifier, task.frame[:5])
    assert found["sentence"].is_monotonic_increasing
    for _, rows in found.groupby("sentence"):
        assert rows["contribution"].abs().is_monotonic_decreasing
        assert (rows["kind"] == "intercept").sum() == 1


def test_segments_and_kinds_are_named(fit_small):
    found = explain(fit_small("stance")[0], fit_small("stance")[1].frame)
    assert {"word", "character", "polarity", "intercept"} <= set(found["kind"])
    assert {"sentence", "clause", "left", "forward", "near_target"} <= set(found["segment"])
    assert {"positive", "negative", "balance"} >= set(found[found["kind"] == "polarity"]["feature"])
    plain = explain(fit_small("linear_svm", char_ngrams=(2, 4))[0], ["Moscow backs Iran."])
    assert set(plain["segment"]) == {"text", ""}
    assert set(plain["kind"]) == {"word", "character", "intercept"}


def test_a_block_without_names_is_numbered(fit_small):
    classifier, task = fit_small("stance")
    judged = classifier.model_[0].parts_.named_transformers_["sentence_polarity"]
    named = judged.feature_names_out
    try:
        judged.feature_names_out = None
        found = explain(classifier, task.frame).query("kind == 'polarity' and segment == 'sentence'")
    finally:
        judged.feature_names_out = named
    assert set(found["feature"]) <= {"1", "2", "3"}


def test_any_linear_estimator_on_top_can_be_explained(fit_small):
    _, task = fit_small("stance")
    ridge = StanceClassifier(estimator=RidgeClassifier()).fit(task.frame, task.y)
    found = explain(ridge, task.frame, "none")
    column = list(ridge.classes_).index("none")
    assert np.abs(sums(found, len(task.frame)) - ridge.decision_function(task.frame)[:, column]).max() < TOLERANCE


def test_a_saved_model_explains_alike(fit_small, path):
    classifier, task = fit_small("stance")
    stance.save_model(classifier, path)
    pd.testing.assert_frame_equal(explain(stance.load_model(path), task.frame), explain(classifier, task.frame))


@pytest.mark.parametrize("name", ["gradient_boosting", "majority", "stratified"])
def test_what_is_not_linear_is_refused_in_one_line(name, fit_small):
    with pytest.raises(InputError, match=r"is not linear .*: complement_nb, linear_svm") as caught:
        explain(fit_small(name)[0], ["a"])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("thing", [object(), None, RidgeClassifier(), SegmentFeatures()])
def test_what_is_no_classifier_of_sentences_is_refused(thing):
    with pytest.raises(InputError, match="is not linear"):
        explain(thing, ["a"])


def test_an_unknown_label_names_the_nearest(svm):
    with pytest.raises(InputError, match=r'"favour" is not known \(did you mean "favor"'):
        explain(svm, ["a"], label="favour")


def test_an_unfitted_classifier_says_so():
    with pytest.raises(NotFittedError):
        explain(LinearSVMClassifier(), ["a"])


def test_no_sentences_no_rows(fitted):
    found = explain(fitted[0], [])
    assert list(found.columns) == COLUMNS
    assert len(found) == 0


# Where on the sentence a contribution stands.


def by_word(text, placed):
    words, rest = placed
    return {text[w.start : w.end]: w.contribution for w in words if w.contribution}, rest


def test_an_ngram_is_divided_over_its_words_and_its_places():
    text = "No deal, no truce."
    ngrams = [("no", "text", "word", 1.0), ("no truce", "text", "word", 0.5), ("deal no", "text", "word", 4.0)]
    words, rest = place_ngrams(text, None, None, {}, ngrams)
    assert [(text[w.start : w.end], w.contribution) for w in words] == [
        ("No", 0.5),
        ("deal", 2.0),
        (",", 0.0),
        ("no", 0.5 + 0.25 + 2.0),
        ("truce", 0.25),
        (".", 0.0),
    ]
    assert rest == {}


def test_an_ngram_of_characters_is_divided_over_its_characters():
    placed = place_ngrams(
        "a tea.", None, None, {}, [("ea. ", "text", "character", 0.3), (" a ", "text", "character", 1)]
    )
    assert by_word("a tea.", placed) == ({"a": 1, "tea": pytest.approx(0.2), ".": pytest.approx(0.1)}, {})


def test_a_meaning_stands_at_the_words_that_say_it():
    text = "He never backed it; she HAILED and endorsed it."
    ngrams = [("notfavor", "text", "gist", 2.0), ("favor and", "text", "gist", 1.0), ("favor", "text", "counts", 4.0)]
    found, rest = by_word(text, place_ngrams(text, None, None, {}, [*ngrams, ("bad", "text", "gist", 8.0)]))
    assert found == {"backed": 2.0, "HAILED": 2.5, "and": 0.5, "endorsed": 2.0}
    assert rest == {"gist": 8.0}, "nothing is put where it is not said"


def test_hashed_parts_are_found_in_the_sentence():
    text = "Oman’s envoy never backed the truce, but Iran’s hailed it."
    X = pd.DataFrame({"text": [text, "Moscow rejects it."] * 3, "holder": ["iran", "russia"] * 3})
    for masked in (True, False):
        classifier = FastStanceClassifier(mask_mentions=masked, char_ngrams=(3, 4)).fit(X, ["favor", "against"] * 3)
        (found,) = stance.highlight(classifier, X[:1])
        assert set(found.rest) == {"intercept"}
        said = {text[w.start : w.end]: w.contribution for w in found.words}
        assert said["hailed"] > max(0, said["envoy"])


def test_a_mention_gets_what_its_role_word_adds():
    text = "The Kremlin's envoys praised Ali Khamenei."
    holder, target = (4, 11), (29, 41)
    segments = cut_segments(text, holder, target)._asdict()
    ngrams = [
        ("holderrole's", "sentence", "word", 0.25),
        ("praised targetrole", "forward", "word", 1.0),
        ("targetrole", "near_target", "word", 0.5),
        ("role", "sentence", "character", 4.0),
        ("targetrole", "left", "word", 8.0),
    ]
    found, rest = by_word(text, place_ngrams(text, holder, target, segments, ngrams))
    assert found == {"Kremlin": 2.25, "praised": 0.5, "Ali Khamenei": 3.0}
    assert rest == {"word": 8.0}, "nothing is put where it does not stand"


def test_only_the_place_that_the_segment_means_is_marked():
    text = "Iran scolds Oman, but Iran backs Qatar."
    segments = cut_segments(text, (22, 26), (33, 38))._asdict()
    ngrams = [("backs", "clause", "word", 1.0), ("iran", "left", "word", 2.0), ("holderrole", "clause", "word", 4.0)]
    words, _ = place_ngrams(text, (22, 26), (33, 38), segments, ngrams)
    assert {w.start: w.contribution for w in words if w.contribution} == {0: 2.0, 22: 4.0, 27: 1.0}


def test_dropped_marks_do_not_move_a_segment():
    text = "The pact irks Oman, yet, so far, the pact suits Qatar."
    segments = cut_segments(text, None, (48, 53))._asdict()
    assert segments["near_target"] == "far the pact suits targetrole"
    words, _ = place_ngrams(text, None, (48, 53), segments, [("the pact", "near_target", "word", 1.0)])
    assert {w.start: w.contribution for w in words if w.contribution} == {33: 0.5, 37: 0.5}


def test_where_mentions_overlap_the_target_is_kept():
    text = "Iran's army marches."
    segments = cut_segments(text, (0, 4), (0, 11))._asdict()
    placed = place_ngrams(text, (0, 4), (0, 11), segments, [("targetrole marches", "right", "word", 1.0)])
    assert by_word(text, placed) == ({"Iran's army": 0.5, "marches": 0.5}, {})


def test_unmasked_names_stand_at_their_mentions():
    text = "Moscow backs Tehran."
    segments = cut_segments(text, (0, 6), (13, 19), mask=False)._asdict()
    ngrams = [
        ("moscow", "names", "word", 1.0),
        ("tehran targetrole", "names", "word", 2.0),
        ("moscow", "sentence", "word", 4.0),
    ]
    assert by_word(text, place_ngrams(text, (0, 6), (13, 19), segments, ngrams)) == ({"Moscow": 5.0, "Tehran": 2.0}, {})


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_accents_sigmas_and_syllables_find_their_word(form):
    text = unicodedata.normalize(form, "Der Élysée ΟΔΟΣ İstanbul 한국 doesn't.")
    X = [text, "x y"] * 3
    classifier = LinearSVMClassifier(word_ngrams=(1, 1), char_ngrams=(2, 3)).fit(X, ["favor", "against"] * 3)
    (found, _) = stance.highlight(classifier, X[:2], label="favor")
    assert set(found.rest) == {"intercept"}
    assert [text[w.start : w.end] for w in found.words if w.contribution > 0.01] == [*text[:-1].split(" "), "."]


@settings(deadline=None, max_examples=30)
@given(ANY_TEXT)
@example("DON'T, don’t; 'tis _a_ e\u0301 \u0301 \x1c ΑΣ'Σ İ ﬁ")
def test_every_ngram_of_any_text_finds_its_words(text):
    texts = [text, "moscow backs"] * 3
    classifier = LinearSVMClassifier(char_ngrams=(2, 4)).fit(texts, ["favor", "against"] * 3)
    (found,) = stance.highlight(classifier, [text], label="favor")
    assert found.score == pytest.approx(sum(w.contribution for w in found.words) + sum(found.rest.values()), abs=1e-9)
    assert set(found.rest) == {"intercept"}
    ends = [0, *(w.end for w in found.words)]
    assert all(end <= w.start < w.end for end, w in zip(ends, found.words, strict=False))
    kept = "".join(text[w.start : w.end] for w in found.words)
    assert "".join(kept.split()) == "".join(text.split())


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.sampled_from(["Iran", "Oman's", "so-called", "“truce”,", "doesn’t", "but", "é", "a", "—"]), min_size=2)
)
def test_every_ngram_around_marked_mentions_finds_its_words(tokens):
    text = " ".join(tokens)
    spans = [found.span() for found in TOKEN.finditer(text)] or [(0, 1)]
    X = pd.DataFrame({"text": [text, "Moscow backs Iran."] * 6})
    X["target_start"], X["target_end"] = zip(*[spans[-1], (13, 17)] * 6, strict=True)
    X["holder_start"], X["holder_end"] = zip(*[spans[0], (0, 6)] * 6, strict=True)
    classifier = StanceClassifier().fit(X, ["favor", "against"] * 6)
    (found,) = stance.highlight(classifier, X[:1])
    assert set(found.rest) <= {"intercept", "polarity", "gist", "counts"}
    assert found.score == pytest.approx(abs(classifier.decision_function(X[:1])[0]), abs=TOLERANCE)
