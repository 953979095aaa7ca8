"""StanceClassifier: it knows who holds and who is meant, whatever they are called."""

import functools
import itertools

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_predict, cross_val_score
from sklearn.pipeline import Pipeline

from stance.classifiers import base
from stance.classifiers.baselines import LinearSVMClassifier
from stance.classifiers.linear_descent import LinearDescent
from stance.classifiers.stance_classifier import StanceClassifier
from stance.core.errors import InputError
from stance.data.corpora import load_corpus
from stance.text.inputs import read_sentences
from stance.text.polarity import polarity

pytestmark = pytest.mark.xdist_group("stance_classifier")  # one process makes what the module shares

NAMES = {"russia": "Moscow", "iran": "Tehran", "israel": "Israel", "trump": "Trump"}
VERBS = ("backs", "praises", "welcomes", "applauds")


def swapped_task(pairs):
    """Return each sentence twice: asked of one actor toward the other, and the other way round."""
    rows = []
    for (one, other), verb in itertools.product(pairs, VERBS):
        text = f"{NAMES[one]} {verb} {NAMES[other]} and is scolded by it."
        rows.append((text, one, other, "favor"))
        rows.append((text, other, one, "against"))
    return pd.DataFrame(rows, columns=["text", "holder", "target", "label"])


ALL_PAIRS = list(itertools.permutations(NAMES, 2))
TRAIN, TEST = swapped_task(ALL_PAIRS[:8]), swapped_task(ALL_PAIRS[8:])
X_COLUMNS = ["text", "holder", "target"]
ENDS = ("start", "end")


def test_direction_decides_and_only_it_can_tell():
    stance = StanceClassifier().fit(TRAIN[X_COLUMNS], TRAIN["label"])
    assert stance.score(TEST[X_COLUMNS], TEST["label"]) == 1.0
    blind = LinearSVMClassifier().fit(TRAIN[X_COLUMNS], TRAIN["label"])
    # Each text stands there with either label: whatever is blind to the holder is wrong on half.
    assert blind.score(TEST[X_COLUMNS], TEST["label"]) == 0.5


@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function"])
@pytest.mark.parametrize("n_sentences", [1, 5, len(TEST) - 1, len(TEST)])
def test_answers_do_not_depend_on_the_size_of_the_batches(monkeypatch, method, n_sentences):
    classifier = StanceClassifier().fit(TRAIN[X_COLUMNS], TRAIN["label"])
    wanted = getattr(classifier, method)(TEST[X_COLUMNS])
    asked = []
    make_features = classifier.make_features
    monkeypatch.setattr(base, "BATCH_SENTENCES", n_sentences)
    monkeypatch.setattr(classifier, "make_features", lambda batch: asked.append(len(batch)) or make_features(batch))
    assert np.array_equal(getattr(classifier, method)(TEST[X_COLUMNS]), wanted)
    assert sum(asked) == len(TEST)
    assert max(asked) == n_sentences


def renamed(frame, names):
    """Return the sentences with other actors in the same places."""
    words = {NAMES[old]: NAMES[new] for old, new in names.items()}
    texts = [" ".join(words.get(word, word) for word in text.split(" ")) for text in frame["text"]]
    columns = {"text": texts, "holder": frame["holder"].map(names), "target": frame["target"].map(names)}
    return pd.DataFrame(columns)


@pytest.mark.parametrize("order", list(itertools.permutations(NAMES))[1::5])
def test_masked_predictions_are_the_same_for_other_actors(order):
    names = dict(zip(NAMES, order, strict=True))
    classifier = StanceClassifier().fit(TRAIN[X_COLUMNS], TRAIN["label"])
    other = renamed(TEST, names)
    assert not other.equals(TEST[X_COLUMNS])
    for method in ("predict", "predict_proba", "decision_function"):
        ask = getattr(classifier, method)
        assert np.array_equal(ask(other), ask(TEST[X_COLUMNS])), method


def test_unmasked_it_learns_who_is_usually_for_what():
    rows = [(f"{NAMES[a]} met {NAMES[b]} today.", a, b, "favor" if a == "russia" else "against") for a, b in ALL_PAIRS]
    frame = pd.DataFrame(rows, columns=[*X_COLUMNS, "label"])
    shown = StanceClassifier(mask_mentions=False).fit(frame[X_COLUMNS], frame["label"])
    assert shown.score(frame[X_COLUMNS], frame["label"]) == 1.0
    masked = StanceClassifier().fit(frame[X_COLUMNS], frame["label"])
    assert len(set(masked.predict(frame[X_COLUMNS]))) == 1


def test_spans_say_which_mention_is_meant():
    text = "Trump backs Trump and scolds Trump."
    starts = [0, 12, 29]
    rows = [
        {"text": text, "holder_start": 0, "holder_end": 5, "target_start": s, "target_end": s + 5} for s in starts[1:]
    ]
    segments = StanceClassifier().make_features(read_sentences(pd.DataFrame(rows)))
    assert segments["forward"].tolist() == [
        "holderrole backs targetrole",
        "holderrole backs Trump and scolds targetrole",
    ]


# scikit-learn's tools, with a table as X.


def test_grid_search_chooses_by_groups():
    groups = TRAIN["holder"] + TRAIN["target"]
    grid = {"epochs": [2, 5], "mask_mentions": [True, False], "estimator": [None, RidgeClassifier()]}
    search = GridSearchCV(StanceClassifier(char_ngrams=False), grid, cv=GroupKFold(2), error_score="raise")
    search.fit(TRAIN[X_COLUMNS], TRAIN["label"], groups=groups)
    assert search.best_score_ > 0.9
    assert search.score(TEST[X_COLUMNS], TEST["label"]) > 0.9


def test_pipeline_clone_and_cross_validation():
    pipeline = clone(Pipeline([("stance", StanceClassifier(char_ngrams=False))]))
    found = cross_val_predict(pipeline, TRAIN[X_COLUMNS], TRAIN["label"], cv=2)
    assert np.mean(found == TRAIN["label"]) > 0.9
    scores = cross_val_score(pipeline, TRAIN[X_COLUMNS], TRAIN["label"], cv=2, scoring="f1_macro")
    assert scores.min() > 0.9


def test_calibration_keeps_the_order_of_classes():
    calibrated = CalibratedClassifierCV(StanceClassifier(char_ngrams=False), cv=2)
    calibrated.fit(TRAIN[X_COLUMNS], TRAIN["label"])
    assert calibrated.classes_.tolist() == ["against", "favor"]
    assert calibrated.score(TEST[X_COLUMNS], TEST["label"]) > 0.9


def test_an_estimator_of_your_choice_learns_on_top():
    ridge = RidgeClassifier(alpha=0.5)
    classifier = StanceClassifier(estimator=ridge).fit(TRAIN[X_COLUMNS], TRAIN["label"])
    assert not hasattr(ridge, "coef_")
    assert hasattr(classifier, "predict_proba")
    assert not hasattr(StanceClassifier(estimator=ridge, calibrate=False), "predict_proba")
    assert classifier.decision_function(TEST[X_COLUMNS]).shape == (len(TEST),)
    assert classifier.get_params()["estimator__alpha"] == 0.5
    assert classifier.score(TEST[X_COLUMNS], TEST["label"]) > 0.9


def test_no_scores_for_no_sentences():
    classifier = StanceClassifier().fit(TRAIN[X_COLUMNS], TRAIN["label"])
    assert classifier.predict([]).shape == classifier.decision_function([]).shape == (0,)
    assert classifier.predict_proba([]).shape == (0, 2)


def test_plain_texts_are_enough():
    classifier = StanceClassifier().fit(["we back it", "we scold it"] * 3, ["favor", "against"] * 3)
    assert classifier.predict(["they back it"]).tolist() == ["favor"]


def test_an_unknown_scheme_is_named():
    with pytest.raises(InputError, match='did you mean "stance"'):
        StanceClassifier(scheme="stanse").fit(["a", "b"], ["favor", "none"])


def put_names(frame, names):
    """Return the sentences with the mentions replaced by `names` (holder's, target's), spans moved along."""
    rows = []
    for row in frame.itertuples(index=False):
        spans = {role: (getattr(row, f"{role}_start"), getattr(row, f"{role}_end")) for role in names}
        marked = sorted((span, role) for role, span in spans.items() if not pd.isna(span[0]))
        if len(marked) == 2 and marked[0][0][1] > marked[1][0][0]:  # one inside of the other: left as they are
            rows.append({"text": row.text} | {f"{r}_{end}": s[i] for s, r in marked for i, end in enumerate(ENDS)})
            continue
        text, end, moved = "", 0, {}
        for (start, stop), role in marked:
            text += row.text[end:start]
            moved |= {f"{role}_start": len(text), f"{role}_end": len(text) + len(names[role])}
            text += names[role]
            end = stop
        rows.append({"text": text + row.text[end:]} | moved)
    return pd.DataFrame(rows)


@pytest.mark.parametrize("scheme", ["stance", "sentiment"])
@pytest.mark.parametrize("names", [("Tehran", "the Kremlin"), ("Trump's envoy", "Zed"), ("Israel", "the U.S.")])
def test_no_label_of_the_corpus_flips_when_other_actors_take_the_places(scheme, names, four_actors):
    classifier, X = four_actors(scheme)
    swapped = put_names(X, dict(zip(("holder", "target"), names, strict=True)))
    assert (swapped["text"] != X["text"].to_numpy()).mean() > 0.9
    assert np.array_equal(classifier.predict_proba(swapped), classifier.predict_proba(X))


@pytest.fixture(scope="module")
def four_actors():
    """Return a function: scheme to a classifier fitted on the training split, and those of its rows with spans."""

    @functools.cache
    def fit(scheme):
        X, y = load_corpus("four_actors", scheme=scheme).split("train")
        marked = X["target_start"].notna() & ((X["holder"] == "author") | X["holder_start"].notna())
        return StanceClassifier(scheme=scheme).fit(X, y), X[marked]

    return fit


def test_without_the_gist_rare_words_count_for_nothing():
    verbs = {"favor": ["backs", "hails", "praises"], "against": ["rejects", "denounces", "vetoes"]}
    rows = [(f"{NAMES[a]} {verb} {NAMES[b]}.", a, b, y) for y, vs in verbs.items() for verb in vs for a, b in ALL_PAIRS]
    frame = pd.DataFrame(rows, columns=[*X_COLUMNS, "label"])
    unseen = {"endorses": "favor", "applauds": "favor", "condemns": "against", "spurns": "against"}
    asked = pd.DataFrame({"text": [f"Iran {verb} Israel." for verb in unseen], "holder": "iran", "target": "israel"})
    with_gist, without = (
        StanceClassifier(gist=gist, polarity=False, char_ngrams=False).fit(frame[X_COLUMNS], frame["label"])
        for gist in (True, False)
    )
    assert with_gist.predict(asked).tolist() == list(unseen.values())
    assert len(set(without.predict(asked))) == 1


def blocks(**switches):
    """Return the names of the blocks of features of a classifier with these switches."""
    classifier = StanceClassifier(**switches).fit(TRAIN[X_COLUMNS], TRAIN["label"])
    return {name for name, _, _ in classifier.model_[0].parts_.transformers_} - {"remainder"}


def test_each_switch_leaves_out_what_it_says():
    whole = blocks()
    assert {"sentence", "clause", "forward", "near_target", "clause_gist", "clause_counts"} <= whole
    without = {name: whole - blocks(**{name: False}) for name in ("segments", "windows", "gist", "polarity")}
    assert whole - without["segments"] == {name for name in whole if name.startswith("sentence")}
    assert without["windows"] == {name for name in whole if name.startswith("near")}
    assert without["gist"] == {name for name in whole if name.endswith(("_gist", "_counts"))}
    assert without["polarity"] == {name for name in whole if name.endswith("_polarity")}
    assert whole - blocks(char_ngrams=False) == {"sentence_characters", "clause_characters"}


def test_without_negation_a_denied_word_counts_as_said():
    X = pd.DataFrame({"text": ["Moscow does not back Tehran."], "holder": ["russia"], "target": ["iran"]})
    sentences = read_sentences(X)
    assert "notfavor" in StanceClassifier().make_features(sentences)["sentence_gist"][0]
    assert "notfavor" not in StanceClassifier(negation=False).make_features(sentences)["sentence_gist"][0]
    heard = [polarity("no good deal", negation=negation)[0] > 0 for negation in (True, False)]
    assert heard == [False, True]


@pytest.mark.parametrize("stretch", [False, True])
def test_features_that_tell_are_stretched_if_wanted(stretch, fit_small):
    classifier, task = fit_small("stance", stretch=stretch)
    ngrams, learner = classifier.model_.named_steps.values()
    features = classifier.make_features(classifier.read(task.frame))
    peer = LinearDescent(epochs=10, stretch=stretch).fit(ngrams.transform(features), task.y)
    assert np.allclose(learner.coef_, peer.coef_)
