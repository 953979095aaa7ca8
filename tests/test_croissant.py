"""The machine-readable description of our corpus is valid and up to date."""

import json
import logging
import warnings

import pytest

from stance.core.files import sha256_file
from stance.core.paths import shipped

FOLDER = shipped("corpora") / "four_actors"


@pytest.fixture(scope="module")
def description():
    return json.loads((FOLDER / "croissant.json").read_text(encoding="utf-8"))


def test_it_is_valid_by_its_own_library(caplog):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlcroissant

        with caplog.at_level(logging.WARNING):
            dataset = mlcroissant.Dataset(jsonld=str(FOLDER / "croissant.json"))
    assert not dataset.metadata.ctx.issues.errors
    assert not dataset.metadata.ctx.issues.warnings
    assert [r.name for r in dataset.metadata.record_sets] == ["russia", "trump", "israel", "iran"]


def test_its_hashes_are_those_of_the_files(description):
    for file in description["distribution"]:
        assert file["sha256"] == sha256_file(FOLDER / file["contentUrl"])


def test_its_fields_are_those_of_the_rows(description):
    row = json.loads((FOLDER / "russia.jsonl").read_text(encoding="utf-8").splitlines()[0])
    for records in description["recordSet"]:
        assert {field["name"] for field in records["field"]} == set(row)
