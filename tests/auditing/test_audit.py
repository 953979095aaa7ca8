"""The audit: our corpus keeps its limits; leaks, conflicts and shortfalls of any corpus are found."""

import json
import os
import shutil

import pandas as pd
import pytest

from stance.__main__ import main
from stance.auditing.audit import audit
from stance.auditing.leaks import overlaps
from stance.core.paths import shipped
from stance.data.corpora import load_corpus
from tests.conftest import write_csv

pytestmark = pytest.mark.xdist_group("audit")  # one process makes what the module shares

PUBLIC = os.environ.get("STANCE_DATA", "")


def values(found):
    return {m.name: m.value for section in found.sections.values() for m in section}


@pytest.fixture(scope="module")
def ours():
    return audit("four_actors")


@pytest.mark.slow
def test_four_actors_keeps_every_limit_of_its_sheet(ours):
    assert ours.failures == []
    assert ours.missing == []
    assert ours.leaks == []
    assert sum(m.ok is True for section in ours.sections.values() for m in section) > 40


def test_the_datasheet_states_the_measured_figures(ours):
    page = (shipped("corpora") / "four_actors" / "DATASHEET.md").read_text(encoding="utf-8")
    found = values(ours)
    for stated in (
        f"{found['stance.distinct_sentences']:,} English sentences in {found['stance.rows']:,} rows",
        f"{found['stance.groups']} groups of at most {found['stance.largest_group']}",
        f"{found['contrast_rows']} rows belong to minimal pairs",
        f"{found['word_forms']:,} distinct word forms",
        f"{found['kappa_stance']:.3f} for stance and {found['kappa_sentiment']:.3f} for sentiment",
        f"Cramér's V {found['cramers_v']:.2f}",
        f"{100 * found['off_diagonal']:.0f} % of the rows",
        f"scores {found['stance.majority_by_actor_target']:.2f} macro-F1",
        f"Some {found['stance.rows'] - found['stance.distinct_sentences']} sentences stand under two",
        f"first three words distinct in {100 * found['distinct_openings']:.0f} % of sentences",
    ):
        assert stated in " ".join(page.split()), stated


def test_a_shortfall_fails_and_exits_1(tmp_path, capsys):
    folder = tmp_path / "corpus"
    shutil.copytree(shipped("corpora") / "four_actors", folder)
    for path in folder.glob("*.jsonl"):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join(line for line in lines if '"split": "dev"' in line), encoding="utf-8")
    (folder / "annotations.csv").unlink()
    found = audit(folder)
    assert {"stance.rows", "split_dev", "word_forms"} <= {m.name for m in found.failures}
    assert {"kappa_stance", "kappa_sentiment"} <= set(found.missing)
    text = found.to_text()
    assert "NOT MEASURED   kappa_stance" in text
    assert "FAIL stance.rows" in text


@pytest.fixture
def leaky(tmp_path, sentences):
    """A corpus whose test shares ten sentences with train, one of them with another label."""
    frame = pd.DataFrame(sentences)
    test = pd.concat([frame[:10].assign(text=frame["text"][:10].str.upper() + "!"), frame[60:80]])
    test.iloc[0, test.columns.get_loc("label")] = "none"
    frame[:60].to_csv(tmp_path / "train.csv", index=False)
    test.to_csv(tmp_path / "test.csv", index=False)
    files = "".join(f'[[files]]\npath = "{name}.csv"\nsplit = "{name}"\n' for name in ("train", "test"))
    (tmp_path / "sheet.toml").write_text(
        f'name = "leaky"\ntitle = "Leaky"\nversion = "1"\n[schemes.stance]\ntests = ["test"]\n{files}'
    )
    return tmp_path


def test_a_leak_is_found_and_counted(leaky):
    found = audit(leaky)
    assert found.leaks == ["stance, test: 10 of 30 sentences (33.3 %) stand in train; 20 are clean"]
    figures = values(found)
    assert figures["stance.test.rows_in_train"] == 10
    assert figures["stance.test.clean_rows"] == 20
    assert figures["stance.test.identical_rows"] == 0
    assert figures["stance.sentences_in_two_splits"] == 10
    assert figures["stance.conflicting_labels"] == 1
    note = next(m.note for s in found.sections.values() for m in s if m.name == "stance.test.rows_in_train")
    assert "9 with a label that the text has in train" in note


def test_where_each_target_has_a_model_a_leak_is_one_from_its_own_training_rows(leaky):
    train = pd.read_csv(leaky / "train.csv").assign(target="sea")
    test = pd.read_csv(leaky / "test.csv").assign(target=["sea"] * 4 + ["sky"] * 26)
    pd.concat([train, test[-5:].assign(text=lambda f: f["text"] + " again")]).to_csv(leaky / "train.csv", index=False)
    test.to_csv(leaky / "test.csv", index=False)
    sheet = (leaky / "sheet.toml").read_text()
    (leaky / "sheet.toml").write_text(sheet.replace('tests = ["test"]', 'tests = ["test"]\ntrain_per = "target"'))
    found = {one.test: (one.rows, one.leaked, one.clean) for one in overlaps(load_corpus(leaky))}
    assert found == {"test: sea": (4, 4, 0), "test: sky": (26, 0, 26)}


@pytest.mark.parametrize(("options", "expected"), [([], 1), (["--allow-leak"], 0)])
def test_a_leak_exits_1_unless_allowed(leaky, capsys, options, expected):
    code = 0
    try:
        main(["corpora", "audit", str(leaky), "--json", *options])
    except SystemExit as stop:
        code = stop.code
    assert code == expected
    assert json.loads(capsys.readouterr().out)["corpus"] == "leaky"


def test_a_file_of_your_own_is_audited_and_what_does_not_apply_is_said(tmp_path, sentences):
    found = audit(write_csv(tmp_path / "mine.csv", sentences), "stance")
    assert values(found)["stance.rows"] == 108
    text = found.to_text()
    assert "left out: no annotations.csv" in text
    assert "too few to compare" in text
    assert "0 leaks" in text


@pytest.mark.public
@pytest.mark.parametrize(
    ("name", "scheme", "figures"),
    [
        (
            "pstance",
            "stance",
            {
                "test_trump.rows_in_train": (0, 0),
                "test_biden.rows_in_train": (3, 3),  # they differ in quotation marks
                "test_bernie.rows_in_train": (1, 1),
                "test_trump.identical_rows": (0, 0),
                "test_biden.identical_rows": (0, 0),
                "test_bernie.identical_rows": (1, 1),
            },
        ),
        ("dse", "directed", {"test.rows_in_train": (400, 404), "test.clean_rows": (1174, 1184)}),
        (
            "newsmtsc",
            "sentiment",
            {
                "devtest_mt.target_blind_ceiling": (0.799, 0.800),
                "devtest_rw.target_blind_ceiling": (0.973, 0.975),
                "sentences_in_two_splits": (1, 10),
                "devtest_mt.group_overlap": (0.497, 0.499),
                "devtest_rw.group_overlap": (0.483, 0.485),
            },
        ),
    ],
)
def test_the_faults_of_public_corpora_are_found(name, scheme, figures, monkeypatch):
    if not os.path.isdir(os.path.join(PUBLIC, name)):  # noqa: PTH112, PTH118 - an empty name is no folder
        if os.environ.get("STANCE_REQUIRE_PUBLIC"):
            pytest.fail("the public corpora are required here and not there")
        pytest.skip(f"{name} is not fetched: set STANCE_DATA")
    monkeypatch.setattr("stance.auditing.audit.MAX_PROBED", 0)
    found = values(audit(name, scheme))
    for key, (low, high) in figures.items():
        assert low <= found[f"{scheme}.{key}"] <= high, key
