"""The literature's numbers: each names a test of ours, by a metric of ours, once."""

import tomllib
from pathlib import Path

import pytest

from stance.core.errors import InputError
from stance.data.corpora import load_sheet
from stance.evaluation.metrics import METRICS
from stance.running.published import find_published, published_file, read_published

SET = """
[[sets]]
corpus = "toy"
scheme = "stance"
test = "test"
metric = "f_avg"
source = "Nobody 2026"
values = { "BERT" = 71.2 }
"""


def test_every_number_is_of_a_corpus_and_a_test_that_we_have():
    for one in read_published():
        sheet = load_sheet(one.corpus)[1]
        part = sheet.schemes[one.scheme]
        tests = [*part.tests, *(["all targets"] if part.train_per else [])]
        assert one.test is None or one.test in tests
        assert one.test is not None or one.caveat
        assert one.metric in METRICS
        assert (one.metric == "f_avg_by_target") <= (one.test == "all targets")


def test_the_numbers_of_a_test_are_found_with_those_whose_test_is_not_named():
    rw = find_published("newsmtsc", "sentiment", "official", "devtest_rw")
    assert [one.test for one in rw] == ["devtest_rw", None]
    assert rw[0].values["RoBERTa-base GRU-TSC"] == 83.1
    assert find_published("newsmtsc", "stance", "official", "devtest_rw") == []
    assert find_published("dse", "directed", "official-clean", "test") == []
    assert {one.caveat for one in find_published("dse", "directed", "official", "test")} == {"leaky split"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("71.2", "0.712", r'key "sets\.0\.values\.BERT": 0\.712: .*greater than or equal to 1'),
        ("71.2", "712.0", "less than 100"),
        ("71.2", '"71.2"', "valid number"),
        ('"f_avg"', '"f-avg"', r'key "sets\.0\.metric"'),
        ('"Nobody 2026"', '""', r'key "sets\.0\.source"'),
        ("source", "sources", r'unknown key "sets\.0\.sources" \(did you mean "source"\?\)'),
        ('{ "BERT" = 71.2 }', "{}", r'key "sets\.0\.values"'),
        (SET, SET + SET, "toy · stance · test · f_avg · Nobody 2026 stands twice"),
    ],
)
def test_a_broken_rule_is_named(tmp_path, old, new, said):
    path = tmp_path / "published.toml"
    path.write_text(SET)
    assert read_published(path)[0].values == {"BERT": 71.2}
    read_published.cache_clear()
    path.write_text(SET.replace(old, new, 1))
    with pytest.raises(InputError, match=said):
        read_published(path)


def test_every_experiment_file_ships_in_the_wheel():
    root = published_file().parent.parent
    wheel = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    shipped = {Path(source).name: target for source, target in wheel["force-include"].items()}
    for path in (root / "experiments").glob("*.toml"):
        assert shipped[path.name] == f"stance/shipped/experiments/{path.name}"
