"""Predicting: sentences per second, ours against each peer and against counting words."""

import copy
import os
import shutil
import subprocess

import numpy as np
import pyarrow as pa
import pytest
from threadpoolctl import threadpool_limits

from stance.classifiers import fast
from stance.classifiers.fast import FastStanceClassifier
from stance.classifiers.registry import make_classifier
from stance.data.corpora import X_COLUMNS, load_corpus
from stance.text.hashed_ngrams import COMPILED_FROM
from tests.benchmarks import rivals

SLOW_SENTENCES = 5_000
OURS = "FastStanceClassifier"


@pytest.fixture(scope="module")
def plain(material):
    """Our classifier fitted on the words and word pairs of plain texts, as the peers are; and its macro-F1."""
    X, y = material.train
    fitted = FastStanceClassifier(scheme=material.scheme, gist=False, n_jobs=1).fit(X["text"].tolist(), y)
    fitted.predict(material.column)
    return fitted, material.macro_f1(fitted)


@pytest.fixture(scope="module")
def word_count(material, tmp_path_factory):
    """Counting the words of the same sentences with GNU wc, the file in the page cache."""
    if shutil.which("wc") is None:
        pytest.skip("there is no wc")
    path = tmp_path_factory.mktemp("words") / "sentences.txt"
    path.write_text("".join(f"{text}\n" for text in material.listed), encoding="utf-8")

    def count():
        counted = subprocess.run(
            ["wc", "-w", path], env=os.environ | {"LC_ALL": "C.UTF-8"}, capture_output=True, check=True
        )
        assert int(counted.stdout.split()[0]) > len(material.listed)

    return count


@pytest.fixture
def beat(plain, material, collected, judged_race):
    """Return a function that races the plain classifier against a peer and keeps what came of it."""
    fitted, macro_f1 = plain
    n = len(material.listed)

    def run(peer, label, at_least=None, cores=1):
        ratio = judged_race(lambda: fitted.predict(material.column), peer.predict, cores=cores)
        collected.add_speed(f"{OURS}, Arrow column", n / ratio.ours_seconds, "ours")
        collected.add_speed(label, n / ratio.peer_seconds, "peer")
        note = f"sentences per second; the peer asked: {peer.way}"
        scores = {"macro_f1": macro_f1, "peer_macro_f1": peer.macro_f1}
        collected.add_ratio(f"predict / {label}", ratio, n, at_least=at_least, note=note, **scores)

    return run


def test_scikit_learn(beat, material):
    beat(rivals.scikit_learn(material), "TfidfVectorizer + LinearSVC", 40)


def test_fasttext(beat, material):
    beat(rivals.fasttext(material), "fastText", 10)


def test_vowpal_wabbit(beat, material, tmp_path):
    beat(rivals.vowpal_wabbit(material, tmp_path), "Vowpal Wabbit", 10)


def test_vowpal_wabbit_that_reads_on_a_second_core(beat, material, tmp_path):
    beat(rivals.vowpal_wabbit(material, tmp_path), "Vowpal Wabbit on two cores, ours on one", cores=2)


def test_counting_words(plain, material, collected, judged_race, word_count):
    fitted, macro_f1 = plain
    ratio = judged_race(lambda: fitted.predict(material.column), word_count)
    collected.add_speed("wc -w (counts, labels nothing)", len(material.listed) / ratio.peer_seconds, "yardstick")
    collected.add_ratio(
        "predict / wc -w", ratio, material.n_bytes, at_least=1.0, note="bytes per second", macro_f1=macro_f1
    )


@pytest.mark.parametrize("kind", ["list of str", "pandas column"])
def test_other_inputs(kind, plain, material, collected, judged_race, word_count):
    X = material.listed if kind == "list of str" else material.frame["text"]
    ratio = judged_race(lambda: plain[0].predict(X), word_count)
    collected.add_speed(f"{OURS}, {kind}", len(material.listed) / ratio.ours_seconds, "ours")
    collected.add_ratio(f"predict a {kind} / wc -w", ratio, material.n_bytes, note="bytes per second")


def test_what_words_say(material, collected, judged_race, word_count):
    X, y = material.train
    fitted = FastStanceClassifier(scheme=material.scheme, n_jobs=1).fit(X["text"].tolist(), y)
    ratio = judged_race(lambda: fitted.predict(material.column), word_count)
    collected.add_speed(f"{OURS}, with gist", len(material.listed) / ratio.ours_seconds, "ours")
    macro_f1 = material.macro_f1(fitted)
    collected.add_ratio(
        "predict with gist / wc -w", ratio, material.n_bytes, note="bytes per second", macro_f1=macro_f1
    )


@pytest.mark.parametrize("gist", [False, True])
def test_marked_sentences(gist, material, collected, judged_race, word_count):
    fitted = FastStanceClassifier(scheme=material.scheme, gist=gist, n_jobs=1).fit(*material.train)
    spans = [name for name in X_COLUMNS if name.endswith(("_start", "_end"))]
    table = pa.Table.from_pandas(material.frame[["text", *spans]], preserve_index=False)
    fitted.predict(table.slice(0, 5000))
    ratio = judged_race(lambda: fitted.predict(table), word_count)
    what = "marked, with gist" if gist else "marked"
    collected.add_speed(f"{OURS}, holder and target {what}", len(material.listed) / ratio.ours_seconds, "ours")
    macro_f1 = material.macro_f1(fitted, marked=True)
    wanted, note = None if gist else 0.4, "bytes per second"
    collected.add_ratio(
        f"predict {what} / wc -w", ratio, material.n_bytes, at_least=wanted, note=note, macro_f1=macro_f1
    )


def test_two_threads(plain, material, collected, judged_race):
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one core")
    fitted = plain[0]
    both = copy.deepcopy(fitted).set_params(n_jobs=2)
    with threadpool_limits(2):
        ratio = judged_race(lambda: both.predict(material.column), lambda: fitted.predict(material.column), cores=2)
    collected.add_speed(f"{OURS}, two threads", len(material.listed) / ratio.ours_seconds, "ours")
    collected.add_ratio("predict, two threads / one", ratio, len(material.listed), at_least=1.6)


def test_stance_classifier_on_two_cores(material, collected, benchmark):
    classifier = make_classifier("stance", scheme=material.scheme)
    if "n_jobs" in classifier.get_params():
        classifier.set_params(n_jobs=2)
    classifier.fit(*material.train)
    some = material.frame[list(X_COLUMNS)].iloc[: max(SLOW_SENTENCES, len(material.listed) // 10)]
    with threadpool_limits(2):
        benchmark.pedantic(classifier.predict, (some,), rounds=3, warmup_rounds=1)
    speed = len(some) / benchmark.stats["median"]
    collected.add_speed("StanceClassifier, two cores", speed, "ours")
    macro_f1 = material.macro_f1(classifier, marked=True)
    collected.add("StanceClassifier predict, two cores", speed, "sentences/s", at_least=20_000, macro_f1=macro_f1)


@pytest.mark.parametrize(("name", "label"), [("vader", "VADER"), ("textblob", "TextBlob")])
def test_who_counts_praise(name, label, collected, benchmark):
    if name == "textblob":
        rivals.need("textblob")
    corpus = load_corpus("four_actors", scheme="sentiment")
    X, y = corpus.split("train")
    groups = corpus.frame.loc[corpus.frame["split"] == "train", "group"]
    fitted = make_classifier(name).fit(X, y)
    some = np.resize(np.array(X["text"], dtype=object), SLOW_SENTENCES).tolist()
    benchmark.pedantic(fitted.predict, (some,), rounds=3, warmup_rounds=1)
    speed = SLOW_SENTENCES / benchmark.stats["median"]
    collected.add_speed(label, speed, "peer")
    macro_f1 = rivals.cross_validated(fitted, X, y, groups)
    note = f"sentences per second, on {SLOW_SENTENCES:,} sentences of four_actors, scheme sentiment"
    collected.add(f"predict, {label}", speed, "sentences/s", peer_per_second=speed, peer_macro_f1=macro_f1, note=note)


@pytest.mark.parametrize(
    ("size", "compiled_from"), [(1, COMPILED_FROM), (1, 1), (64, COMPILED_FROM), (64, 1), (4096, 1)]
)
def test_batches(size, compiled_from, plain, material, collected, benchmark, monkeypatch):
    monkeypatch.setattr(fast, "_is_loaded", lambda: False)  # it is, by now
    fitted, n_calls = copy.copy(plain[0]).set_params(compiled_from=compiled_from), max(3, min(2000, 50_000 // size))
    batches = [material.listed[i * size % len(material.listed) :][:size] for i in range(n_calls)]
    benchmark.pedantic(lambda: [fitted.predict(batch) for batch in batches], rounds=3, warmup_rounds=1)
    n = sum(len(batch) for batch in batches)
    seconds = benchmark.stats["median"]
    note = f"a list of {size:,} a call; {seconds / n_calls * 1e6:,.0f} microseconds a call"
    way = "" if size >= compiled_from else ", plain Python"
    collected.add(f"predict, {size:,} a call{way}", n / seconds, "sentences/s", note=note)
    if size == 1:
        collected.add_speed(f"{OURS}, one sentence a call{way}", n / seconds, "ours")
