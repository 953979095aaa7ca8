"""Transfer: training rows of one corpus, test rows of the actors of another."""

import pytest

from stance.core.errors import InputError
from stance.data.corpora import load_corpus
from stance.data.transfer import make_transfer
from tests.conftest import write_csv

SHEET = """
name = "other"
title = "Other"
version = "1"
[schemes.stance]
tests = ["test"]
[[files]]
path = "train.csv"
split = "train"
[[files]]
path = "test.csv"
split = "test"
"""


@pytest.fixture
def other(tmp_path):
    rows = [
        {"text": "Moscow backs the port.", "label": "favor", "target": "the port", "holder": "Moscow"},
        {"text": "Oslo backs the port.", "label": "against", "target": "the port", "holder": "Oslo"},
        {"text": "Rome saw the port.", "label": "none", "target": "the port", "holder": "Rome"},
    ]
    write_csv(tmp_path / "train.csv", rows)
    write_csv(tmp_path / "test.csv", [row | {"text": "Now " + row["text"]} for row in rows])
    (tmp_path / "sheet.toml").write_text(SHEET)
    return load_corpus(tmp_path)


def test_only_rows_of_listed_actors_are_tested(other):
    ours = load_corpus("four_actors", scheme="stance")
    joined, (fold,) = make_transfer([ours], other)
    frame = joined.frame
    assert joined.name == "four_actors-to-other"
    assert frame["text"].iloc[fold.test].tolist() == ["Now Moscow backs the port."]
    assert len(fold.train) == (ours.frame["split"] != "test").sum()
    assert set(frame["split"].iloc[fold.train]) == {"train", "dev"}


def test_the_same_corpus_twice_is_the_in_domain_figure(other):
    joined, (fold,) = make_transfer([other], other)
    assert len(fold.train) == 3
    assert set(fold.train).isdisjoint(fold.test)
    assert joined.frame["actor"].iloc[fold.test].tolist() == ["russia"]


def test_schemes_must_be_the_same(other):
    with pytest.raises(InputError, match="the schemes of four_actors and other or their declared labels differ"):
        make_transfer([load_corpus("four_actors", scheme="sentiment")], other)


def test_a_corpus_without_a_test_cannot_be_tested(tmp_path, own_csv):
    ours = load_corpus("four_actors", scheme="stance")
    with pytest.raises(InputError, match="no training rows, or a test without rows"):
        make_transfer([ours], load_corpus(own_csv, "stance"))


def test_several_corpora_are_learned_from_and_all_rows_tested(other):
    ours = load_corpus("four_actors", scheme="stance")
    joined, (fold,) = make_transfer([ours, other], other, actors_only=False)
    assert joined.name == "four_actors+other-to-other"
    assert (len(fold.train), len(fold.test)) == ((ours.frame["split"] != "test").sum() + 3, 3)


def test_what_is_tested_is_not_learned_from(other, tmp_path):
    path = tmp_path / "train.csv"
    path.write_text(path.read_text() + "NOW Moscow backs the port!,favor,the port,Moscow\n")
    joined, (fold,) = make_transfer([load_corpus(tmp_path)], load_corpus(tmp_path))
    assert not joined.frame["text"].iloc[fold.train].str.startswith("NOW").any()
    assert len(fold.train) == 3
