"""The issues' file, its reader, and where texts name issues."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.core.errors import InputError
from stance.text.actors import load_actors
from stance.text.targets import IssueLexicon, load_targets

LEXICON = IssueLexicon(load_targets())
TRIGGERS = sorted((trigger, key) for key, issue in load_targets().items() for trigger in issue.triggers)
KEYS = """
ceasefire strikes nuclear_programme sanctions negotiations inspections hostages_and_prisoners un_resolution
arms_supplies strait_of_hormuz
"""
OWN = '[tariffs]\nname = "Tariffs"\ndefinition = "Duties on imports."\ntriggers = ["tariff", "tariffs"]\n'


def spans(text, lexicon=LEXICON):
    return [(m.name, m.text) for m in lexicon.find(text)]


def test_the_ten_issues_are_shipped_in_order():
    issues = load_targets()
    assert list(issues) == KEYS.split()
    assert not set(issues) & set(load_actors())
    for issue in issues.values():
        assert issue.definition.endswith(".")
        assert len(issue.triggers) >= 9


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "A Cease-Fire was broken by air strikes.",
            [("ceasefire", "Cease-Fire"), ("strikes", "air strikes")],
        ),
        ("They struck a deal during a hunger strike.", []),
        (
            "Centrifuges spin; enrichment goes on.",
            [("nuclear_programme", "Centrifuges"), ("nuclear_programme", "enrichment")],
        ),
        ("SNAPBACK of the arms embargo", [("sanctions", "SNAPBACK"), ("sanctions", "arms embargo")]),
        ("nuclear talks, not money talks", [("negotiations", "nuclear talks")]),
        ("IAEA inspectors, no police inspector", [("inspections", "IAEA"), ("inspections", "inspectors")]),
        ("the prisoner swap, not the currency swap", [("hostages_and_prisoners", "prisoner swap")]),
        ("a U.N. resolution, a New Year’s resolution", [("un_resolution", "U.N. resolution")]),
        ("drone sales", [("arms_supplies", "drone sales")]),
        (
            "Hormuz, the strait; the strait of Gibraltar",
            [("strait_of_hormuz", "Hormuz"), ("strait_of_hormuz", "the strait")],
        ),
        ("A trucer talked of prestrike reactorlike trucefulness", []),
    ],
)
def test_find(text, expected):
    assert spans(text) == expected


@given(st.sampled_from(TRIGGERS), st.booleans())
def test_every_trigger_names_its_issue_in_any_case(entry, loud):
    trigger, key = entry
    text = f"bdg, {trigger.upper() if loud else trigger.lower()}."
    assert [(m.name, m.start, m.end) for m in LEXICON.find(text)] == [(key, 5, 5 + len(trigger))]


def test_an_own_file_adds_and_replaces(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(OWN + OWN.replace("tariffs]", "strikes]").replace('["tariff", "tariffs"]', '["walkout"]'))
    issues = load_targets(path)
    assert issues["strikes"].triggers == ("walkout",)
    assert spans("air strikes, a walkout, Tariffs", IssueLexicon(issues)) == [
        ("strikes", "walkout"),
        ("tariffs", "Tariffs"),
    ]
    assert "tariffs" not in load_targets()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            OWN.replace("triggers", "trigger"),
            'tariffs.trigger: is not a known key (did you mean "triggers"?)',
        ),
        (OWN.replace("Duties on imports.", ""), "tariffs.definition: must not be empty"),
        (
            OWN.replace('"tariff",', '"Truce",'),
            'tariffs.triggers: "Truce" already stands under ceasefire.triggers',
        ),
        (OWN + 'not = ["truce"]', 'tariffs.not: "truce" already stands under ceasefire.triggers'),
    ],
)
def test_a_broken_file_is_refused_in_one_line(tmp_path, text, says):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_targets(path)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
