"""Fitting: sentences times epochs per second, by stochastic gradient descent on both sides."""

import pyarrow as pa
import pytest

from stance.classifiers.fast import FastStanceClassifier
from stance.classifiers.peer_learners import spaced_words, write_lines
from stance.classifiers.registry import make_classifier
from stance.core.schemes import get_scheme
from tests.benchmarks import rivals

MOST_SENTENCES = 100_000
EPOCHS = 10


@pytest.fixture(scope="module")
def lesson(material):
    """Sentences to learn, their labels, and the same as the peers' lines."""
    frame = material.frame.iloc[:MOST_SENTENCES]
    texts, y = frame["text"].tolist(), frame["label"].tolist()
    labels = get_scheme(material.scheme).labels
    return texts, y, [(labels.index(label) + 1, spaced_words(text)) for label, text in zip(y, texts, strict=True)]


@pytest.fixture
def beat(lesson, material, collected, judged_race):
    """Return a function that races our fitting against a peer's and keeps what came of it."""
    texts, y, _ = lesson
    column = pa.array(texts)

    def run(peer, label, at_least, gist=False):
        ours = FastStanceClassifier(scheme=material.scheme, epochs=EPOCHS, calibrate=False, gist=gist)
        macro_f1 = material.macro_f1(ours)
        ratio = judged_race(lambda: ours.fit(column, y), peer.predict, rounds=3)
        own, others = EPOCHS / ratio.ours_seconds, EPOCHS / ratio.peer_seconds
        collected.add(
            f"fit / {label}",
            own / others,
            at_least=at_least,
            ours_per_second=own * len(texts),
            peer_per_second=others * len(texts),
            ratio=own / others,
            macro_f1=macro_f1,
            peer_macro_f1=peer.macro_f1,
            note="sentences times epochs per second",
        )

    return run


@pytest.mark.parametrize("gist", [False, True])
def test_vowpal_wabbit(gist, beat, lesson, material, tmp_path):
    vowpalwabbit = rivals.need("vowpalwabbit")
    write_lines(tmp_path / "train.txt", [f"{code} | {line}" for code, line in lesson[2]])
    n_labels = len(get_scheme(material.scheme).labels)
    arguments = (
        f"-d {tmp_path / 'train.txt'} --cache_file {tmp_path / 'cache'} -k --passes {EPOCHS} --holdout_off "
        f"--oaa {n_labels} --ngram 2 -b 20 --loss_function logistic --quiet"
    )
    macro_f1 = material.macro_f1(make_classifier("vowpal_wabbit", scheme=material.scheme))
    fit = rivals.Rival(lambda: vowpalwabbit.Workspace(arg_list=arguments.split()).finish(), macro_f1, "its driver")
    beat(fit, "Vowpal Wabbit" if gist else "Vowpal Wabbit, ours without gist", 5 if gist else None, gist)


def test_fasttext(beat, lesson, material, tmp_path):
    module = rivals.need("fasttext")
    path = tmp_path / "train.txt"
    write_lines(path, [f"__label__{code} {line}" for code, line in lesson[2]])
    known = {"dim": 10, "wordNgrams": 2, "lr": 0.5, "bucket": 200_000, "thread": 1, "verbose": 0, "seed": 0}
    macro_f1 = material.macro_f1(make_classifier("fasttext", scheme=material.scheme))
    fit = rivals.Rival(lambda: module.train_supervised(str(path), epoch=EPOCHS, **known), macro_f1, "its own loop")
    beat(fit, "fastText", 5)
