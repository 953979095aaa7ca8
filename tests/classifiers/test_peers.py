"""Peers: they keep the contract as far as they can, and say in one line what they lack."""

import pickle
from importlib.util import find_spec

import numpy as np
import pytest
from sklearn.base import clone

from stance.classifiers import peers
from stance.classifiers.contract import check_classifier
from stance.classifiers.encoder_sources import MissingExtraError
from stance.classifiers.model_files import save_model
from stance.classifiers.peers import best_cuts, cut_polarities
from stance.classifiers.registry import CLASSIFIERS, PEERS, get_class, make_classifier, speaks
from stance.core.errors import InputError
from stance.data.corpora import load_corpus

NOT_SAVED = {"model_file": "a peer is not saved as a model file"}
POLARITY = NOT_SAVED | {"two_classes": "a text without polarity is neutral, whatever was learned"}
SKIPPED = {
    "vader": POLARITY | {"sample_weight": "it learns nothing"},
    "textblob": POLARITY | {"sample_weight": "the check turns on words without polarity"},
    "fasttext": NOT_SAVED
    | {"sample_weight": "fastText takes none", "sample_weight_form": "fastText takes none, of any form"},
    "vowpal_wabbit": NOT_SAVED,
}
SMALL = {"fasttext": {"bucket": 1000}, "vowpal_wabbit": {"bit_precision": 10}}
MODULES = {"textblob": "textblob", "fasttext": "fasttext", "vowpal_wabbit": "vowpalwabbit"}
TEXTS = ["A great victory for Kyiv.", "A horrible crime, and a disgrace.", "They met on Monday."]
LABELS = ["positive", "negative", "neutral"]


@pytest.fixture(params=PEERS)
def peer(request):
    """A peer's name; those of the extra only where it is installed."""
    if request.param in MODULES:
        pytest.importorskip(MODULES[request.param], reason=f"{request.param} needs the extra: make peers")
    return request.param


def test_a_peer_keeps_the_contract(peer):
    results = check_classifier(lambda: make_classifier(peer, SMALL.get(peer), scheme="sentiment"), skip=SKIPPED[peer])
    assert {result.name for result in results if result.status != "passed"} == set(SKIPPED[peer])


def test_a_peer_is_not_saved_and_says_so_in_one_line(peer, tmp_path):
    fitted = make_classifier(peer, scheme="sentiment").fit(TEXTS, LABELS)
    with pytest.raises(InputError, match=r"not saved: a model file cannot hold .*\.peer") as caught:
        save_model(fitted, tmp_path / "peer.stance")
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_copies_in_memory_answer_alike(peer):
    fitted = make_classifier(peer, scheme="sentiment", seed=3).fit(TEXTS * 9, LABELS * 9)
    copied = pickle.loads(pickle.dumps(fitted))
    again = clone(fitted).fit(TEXTS * 9, LABELS * 9)
    assert copied.predict(TEXTS).tolist() == fitted.predict(TEXTS).tolist() == again.predict(TEXTS).tolist()


@pytest.mark.parametrize("name", ["fasttext", "vowpal_wabbit"])
def test_a_peer_that_learns_beats_the_largest_class_by_far(name):
    pytest.importorskip(MODULES[name], reason=f"{name} needs the extra: make peers")
    corpus = load_corpus("four_actors", scheme="stance")
    (X, y), (tests, gold) = corpus.split("train"), corpus.split("test")
    right = {
        peer: float(np.mean(make_classifier(peer, scheme="stance").fit(X, y).predict(tests) == np.asarray(gold)))
        for peer in ("majority", name)
    }
    assert right[name] > right["majority"] + 0.15


@pytest.mark.parametrize("name", MODULES)
def test_what_is_missing_is_said_in_one_line(name, monkeypatch):
    monkeypatch.setattr(peers.importlib.util, "find_spec", lambda module: None)
    with pytest.raises(MissingExtraError, match=f"needs {MODULES[name]}: run `make peers`") as caught:
        make_classifier(name, scheme="sentiment").fit(TEXTS, LABELS)
    assert "\n" not in str(caught.value)


def test_vader_is_read_as_its_authors_say():
    vader = make_classifier("vader").fit(TEXTS, LABELS)
    assert vader.predict(TEXTS).tolist() == LABELS
    polarities = np.array([-1, -0.05, -0.0499, 0, 0.0499, 0.05, 1])
    said = cut_polarities(polarities, vader.model_).tolist()
    assert said == ["negative"] * 2 + ["neutral"] * 3 + ["positive"] * 2


@pytest.mark.parametrize("name", ["vader", "textblob"])
def test_who_counts_praise_speaks_of_sentiment_alone(name):
    assert speaks(make_classifier(name), "sentiment")
    assert not speaks(make_classifier(name), "stance")
    with pytest.raises(InputError, match='knows the scheme "sentiment" alone, not "stance"'):
        make_classifier(name, scheme="stance").fit(TEXTS, ["favor", "against", "none"])


def test_cuts_are_those_that_part_the_training_sentences_best():
    rng = np.random.default_rng(0)
    polarities = rng.uniform(-1, 1, 300)
    labels = cut_polarities(polarities, (-0.3, 0.4))
    low, high = best_cuts(polarities, labels)
    assert low == pytest.approx(-0.3, abs=0.1)
    assert high == pytest.approx(0.4, abs=0.1)
    assert best_cuts(np.zeros(3), np.array(LABELS)) == (-0.05, 0.05)


def test_peers_stand_apart_and_are_found_by_name():
    assert not set(PEERS) & set(CLASSIFIERS)
    for name, path in PEERS.items():
        assert path == f"{get_class(name).__module__}:{get_class(name).__name__}"
        assert find_spec(get_class(name).__module__)
    with pytest.raises(InputError, match='did you mean "vader"'):
        get_class("vadr")
