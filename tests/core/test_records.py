"""Records, and the key that a result is found by."""

import dataclasses

import pytest

from stance.core.records import Cell, cell_key

CELL = Cell("four_actors", "stance", "official", "test", "linear_svm", 3, "ab")


def test_a_cell_is_fixed_and_survives_json():
    assert Cell(**CELL.to_dict()) == CELL
    with pytest.raises(dataclasses.FrozenInstanceError):
        CELL.seed = 4


def test_a_title_names_a_seed_where_there_is_one():
    assert CELL.title == "four_actors/stance/official/test/linear_svm seed 3"
    assert dataclasses.replace(CELL, seed=None).title == "four_actors/stance/official/test/linear_svm"


def test_a_key_depends_on_values_and_not_on_their_order():
    parts = {"seed": None, "params": {"C": 0.3, "n": 1}}
    assert cell_key(parts) == cell_key({"params": {"n": 1, "C": 0.3}, "seed": None})
    others = [{**parts, "seed": 0}, {**parts, "params": {"C": 0.30000001, "n": 1}}, {**parts, "more": None}]
    assert len({cell_key(parts), *map(cell_key, others)}) == 4
    assert len(cell_key(parts)) == 64


def test_a_key_of_what_is_no_number_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        cell_key({"C": float("nan")})
