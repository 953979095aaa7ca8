"""The rules of every row: all broken ones at once, each with its place and remedy."""

from pathlib import Path

import pytest

from stance.core.errors import TableError
from stance.core.schemes import SENTIMENT, STANCE
from stance.data.rows import check_ids, check_rows, file_under_actors, folded

PATH = Path("us.csv")


def row(line=2, **changes):
    made = {"id": f"r{line}", "text": f"Truce {line}", "holder": "author", "target": "x", "label": "favor"}
    return made | {"line": line} | changes


def check(rows, label_map=None, labels=STANCE.labels):
    return check_rows(PATH, rows, label_map or {}, labels)


def problems(rows, **options):
    with pytest.raises(TableError) as caught:
        check(rows, **options)
    return str(caught.value).split("\n")


def test_right_rows_pass_and_get_a_group():
    rows = [row(2), row(3, text="TRUCE, 2!"), row(4, group="g")]
    assert check(rows) == []
    assert rows[0]["group"] == rows[1]["group"] != "g"
    assert rows[2]["group"] == "g"


def test_texts_without_a_word_are_not_all_one_group():
    rows = [row(2, text="🕊"), row(3, text="💣"), row(4, text="🕊")]
    check(rows)
    assert rows[0]["group"] == rows[2]["group"] != rows[1]["group"]
    assert folded("!") != folded("?")


@pytest.mark.parametrize("text", [None, "", "  \n\t", "\u200b\u200d", "\u00a0"])
def test_an_empty_text_is_refused(text):
    assert problems([row(), row(3, text=text)]) == [
        'us.csv: line 3, column "text": is empty; remove the row or give it a text'
    ]


@pytest.mark.parametrize("text", ["🕊", "!", "None", "NA", "0", "和"])
def test_a_short_text_is_no_empty_one(text):
    assert check([row(text=text)]) == []


@pytest.mark.parametrize("label", [None, "", "  "])
def test_a_missing_label_is_refused(label):
    assert problems([row(label=label)]) == ['us.csv: line 2, column "label": has no label; label it or remove the row']


def test_a_misspelt_label_is_said_once_with_count_nearest_and_remedy():
    rows = [
        row(2),
        row(3, label="Favour"),
        row(4, label="favor "),
        *(row(i, label="Favour") for i in range(5, 8)),
    ]
    assert problems(rows) == [
        'us.csv: line 3, column "label": "Favour" is not one of favor, against, none'
        ' (did you mean "favor"?) (4 rows); map it in label_map',
        'us.csv: line 4, column "label": "favor " is not one of favor, against, none'
        ' (did you mean "favor"?); map it in label_map',
    ]


def test_labels_are_mapped():
    rows = [row(2, label="pro"), row(3, label="none"), row(4, label="0")]
    check(rows, label_map={"pro": "favor", "0": "against"})
    assert [r["label"] for r in rows] == ["favor", "none", "against"]
    (said,) = problems([row(label="con")], label_map={"pro": "favor"})
    assert said.endswith("; add it to label_map")


@pytest.mark.parametrize(("label", "looks"), [("0.73", True), ("-1e-3", True), ("1", False), ("nan", False)])
def test_a_score_is_no_label(label, looks):
    (said,) = problems([row(label=label)])
    assert ("looks like a score" in said) == looks
    assert "is not one of" in said


def test_a_label_may_be_called_none_but_not_outside_of_its_scheme():
    assert check([row(label="none")]) == []
    assert "is not one of" in problems([row(label="none")], labels=SENTIMENT.labels)[0]


@pytest.mark.parametrize(
    ("start", "end", "right"),
    [(0, 7, True), (6, 7, True), (0, 8, False), (-1, 3, False), (3, 3, False), (4, 3, False), (7, 8, False)],
)
@pytest.mark.parametrize("role", ["holder", "target"])
def test_a_span_lies_inside_of_its_text(role, start, end, right):
    one = row(**{f"{role}_start": start, f"{role}_end": end})
    if right:
        assert check([one]) == []
    else:
        assert problems([one]) == [
            f'us.csv: line 2, column "{role}_start": "{start}..{end}" is not a span inside of the text'
        ]


@pytest.mark.parametrize("missing", ["target_start", "target_end"])
def test_a_span_has_both_ends(missing):
    one = row(**({"target_start": 0, "target_end": 3} | {missing: None}))
    assert "needs both ends of the span, or neither" in problems([one])[0]


def test_one_row_twice_is_kept_once_and_said():
    rows = [row(2), row(3), row(4, id="r2", text="Truce 2"), row(5)]
    assert check(rows) == ["us.csv: 1 repeated rows dropped (same id, text and label)"]
    assert [r["line"] for r in rows] == [2, 3, 5]


@pytest.mark.parametrize(
    "change", [{"text": "Other"}, {"label": "against"}, {"target": "y"}, {"holder": "z"}, {"split": "test"}]
)
def test_one_id_of_two_rows_is_refused(change):
    (said,) = problems([row(2, split="train"), row(7, **({"id": "r2", "text": "Truce 2", "split": "train"} | change))])
    assert said.startswith('us.csv: line 7, column "id": "r2" is also the id of line 2 (label favor, here ')


def test_an_empty_id_is_no_id():
    assert problems([row(2, id=""), row(3, id=None)]) == [
        f'us.csv: line {line}, column "id": is missing; give every row an id, or drop the column' for line in (2, 3)
    ]


def test_all_broken_rules_are_told_in_the_order_of_lines():
    rows = [
        row(2, id=None),
        row(3, label="x"),
        row(4, text=""),
        row(5, target_start=1, target_end=99),
        row(6, text=""),
    ]
    assert [said.split(":")[1] for said in problems(rows)] == [
        ' line 2, column "id"',
        ' line 3, column "label"',
        ' line 4, column "text"',
        ' line 5, column "target_start"',
        ' line 6, column "text"',
    ]


def test_ids_are_unique_in_a_corpus():
    check_ids([Path("a.csv"), Path("b.csv")], [[row(2), row(3)], [row(4)]])
    with pytest.raises(TableError, match=r'b\.csv: line 9, column "id": "r3" is also the id of a\.csv, line 3; ids'):
        check_ids([Path("a.csv"), Path("b.csv")], [[row(2), row(3)], [row(4), row(9, id="r3")]])


@pytest.mark.parametrize(
    ("toward_target", "holder", "target", "actor"),
    [
        (False, "Vladimir Putin", "Donald Trump", "russia"),
        (False, "Paris", "Donald Trump", "trump"),
        (False, "author", "Tehran", "iran"),
        (False, "Paris", "ceasefire", None),
        (False, None, None, None),
        (False, "Netanyahu", None, "israel"),
        (True, "Vladimir Putin", "Donald Trump", "trump"),
        (True, "Vladimir Putin", "Paris", None),
        (True, "author", "the Kremlin", "russia"),
    ],
)
def test_a_row_is_filed_under_its_actor(toward_target, holder, target, actor):
    rows = [row(holder=holder, target=target), row(holder=holder, target=target, actor="other")]
    file_under_actors(rows, toward_target=toward_target)
    assert [r["actor"] for r in rows] == [actor, "other"]
