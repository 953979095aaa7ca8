"""Sentences per second, side by side in one run: our classifiers, and scikit-learn's usual pair."""

import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from stance.classifiers.registry import make_classifier
from stance.data.corpora import X_COLUMNS, load_corpus
from stance.data.tables import read_table

SENTENCES = 10_000
CSV_ROWS = 1_000_000
# Seven n-gram models on five to eight segments of each sentence, against one on the sentence alone.
MOST_TIMES_THE_PEER = 12


@pytest.fixture(scope="module")
def corpus():
    frame = load_corpus("four_actors", scheme="stance").frame
    many = frame.sample(SENTENCES, replace=True, random_state=0).reset_index(drop=True)
    return frame[list(X_COLUMNS)], frame["label"], many[list(X_COLUMNS)]


@pytest.mark.benchmark(group=f"predict {SENTENCES:,} sentences")
@pytest.mark.parametrize("name", ["complement_nb", "linear_svm", "logistic_regression", "stance"])
def test_predict(benchmark, corpus, name):
    X, y, many = corpus
    classifier = make_classifier(name, scheme="stance").fit(X, y)
    assert len(benchmark.pedantic(classifier.predict, (many,), rounds=5, warmup_rounds=1)) == SENTENCES


@pytest.mark.benchmark(group=f"predict {SENTENCES:,} sentences, whose mentions are...")
@pytest.mark.parametrize("given", ["marked by offsets", "searched by name"])
@pytest.mark.parametrize("name", ["fast", "stance"])
def test_predict_where_mentions_are(benchmark, corpus, name, given):
    X, y, many = corpus
    classifier = make_classifier(name, scheme="stance").fit(X, y)
    asked = many if given == "marked by offsets" else many[["text", "holder", "target"]]
    assert len(benchmark.pedantic(classifier.predict, (asked,), rounds=5, warmup_rounds=1)) == SENTENCES


@pytest.mark.benchmark(group=f"predict {SENTENCES:,} sentences")
def test_predict_by_scikit_learn_alone(benchmark, corpus):
    X, y, many = corpus
    peer = fit_peer(X, y)
    assert len(benchmark.pedantic(peer.predict, (many["text"],), rounds=5, warmup_rounds=1)) == SENTENCES


@pytest.mark.benchmark(group=f"predict {SENTENCES:,} sentences")
def test_stance_in_ratio_to_scikit_learn(collected, judged_race, corpus):
    X, y, many = corpus
    classifier, peer = make_classifier("stance", scheme="stance").fit(X, y), fit_peer(X, y)
    ratio = judged_race(lambda: classifier.predict(many), lambda: peer.predict(many["text"]))
    collected.add(
        "StanceClassifier, times scikit-learn's seconds",
        1 / ratio.times_as_fast,
        at_most=MOST_TIMES_THE_PEER,
        ours_per_second=SENTENCES / ratio.ours_seconds,
        peer_per_second=SENTENCES / ratio.peer_seconds,
        ratio=ratio.times_as_fast,
        note=f"sentences per second, on {SENTENCES:,}",
    )


def fit_peer(X, y):
    return make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LinearSVC()).fit(X["text"], y)


@pytest.mark.benchmark(group=f"read {CSV_ROWS:,} rows of CSV")
def test_a_million_rows_of_csv_take_four_seconds_at_most(collected, benchmark, tmp_path):
    path = tmp_path / "many.csv"
    text = "Moscow has thrown its weight behind the truce, and Tehran, for once, did not object to it at all."
    with path.open("w", encoding="utf-8") as file:
        file.write("id,text,label\n")
        file.writelines(f'{i},"{text}",favor\n' for i in range(CSV_ROWS))
    table = benchmark.pedantic(read_table, (path,), rounds=3, warmup_rounds=1)
    assert table.num_rows == CSV_ROWS
    collected.add("read a million rows of CSV", benchmark.stats["median"], "s", at_most=4)
