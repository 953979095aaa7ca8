"""The rows of our corpus: ids, spans, twins, and what was promised not to be in them."""

import json
import re

import pytest

from stance.core.paths import shipped
from stance.text.actors import load_actors
from stance.text.mentions import ActorLexicon
from stance.text.targets import load_targets

FOLDER = shipped("corpora") / "four_actors"
NAMED = re.compile(r"Trump|Putin|Lavrov|Peskov|Netanyahu|Khamenei|Araghchi|Pezeshkian|Witkoff")
SAID = re.compile(r"\b(?:said|says|told|declared|insisted|warned|vowed)\b[^.!?]{0,30}[\"“]")


@pytest.fixture(scope="module")
def rows():
    files = [FOLDER / f"{actor}.jsonl" for actor in load_actors()]
    return [json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines()]


def test_ids_are_unique_and_name_the_actor(rows):
    assert len({row["id"] for row in rows}) == len(rows)
    assert all(row["id"].rsplit("-", 1)[0] == row["actor"] for row in rows)


def test_labels_and_targets_are_of_their_closed_sets(rows):
    targets = {*load_actors(), *load_targets()}
    for row in rows:
        assert row["stance"] in ("favor", "against", "none")
        assert row["sentiment"] in ("positive", "negative", "neutral")
        assert row["target"] in targets - {row["actor"]}


def test_spans_hold_whole_words(rows):
    for row in rows:
        for role in ("actor", "target"):
            start, end = row[f"{role}_start"], row[f"{role}_end"]
            assert (start is None) == (end is None)
            if start is not None:
                said = row["text"][start:end]
                assert said.strip() == said != ""
                assert not (row["text"][start - 1 : start].isalnum() and said[0].isalnum() and start)
                assert not (row["text"][end : end + 1].isalnum() and said[-1].isalnum())


def test_the_marked_actor_is_never_another_one(rows):
    lexicon = ActorLexicon(load_actors(), weak=True)
    named = 0
    for row in rows:
        if row["actor_start"] is not None:
            found = lexicon.actor_of(row["text"][row["actor_start"] : row["actor_end"]])
            assert found in (None, row["actor"]), row["id"]
            named += found is not None
    assert named > 0.9 * len(rows)


def test_twins_share_the_group_and_the_split_and_differ_in_something(rows):
    by_id = {row["id"]: row for row in rows}
    for row in rows:
        if row["contrast_of"]:
            twin = by_id[row["contrast_of"]]
            assert (twin["group"], twin["split"]) == (row["group"], row["split"])
            assert (twin["text"], twin["actor"], twin["target"]) != (row["text"], row["actor"], row["target"])


def test_no_named_person_is_quoted_word_for_word(rows):
    assert [row["id"] for row in rows if NAMED.search(row["text"]) and SAID.search(row["text"])] == []


def test_both_passes_cover_every_row(rows):
    lines = (FOLDER / "annotations.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == [row["id"] for row in rows]


def test_the_guidelines_work_through_24_cases_with_labels_of_the_schemes():
    page = (FOLDER / "GUIDELINES.md").read_text(encoding="utf-8")
    cases = [line.split(" | ") for line in page.splitlines() if re.match(r"\| \d+ \| ", line)]
    assert [int(case[0].strip("| ")) for case in cases] == list(range(1, 25))
    assert {case[2] for case in cases} == {"favor", "against", "none"}
    assert {case[3] for case in cases} == {"positive", "negative", "neutral"}
