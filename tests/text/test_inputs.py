"""What is accepted as X and y, and how a span is found."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.core.errors import InputError, InputTypeError, StanceError
from stance.text import bulk_mentions, inputs
from stance.text.inputs import read_labels, read_sentences

LABELS = ("favor", "against", "none")
TEXT = "Moscow backs Tehran over the truce."
# Every code point, lone surrogates and NUL included.
ANY_TEXT = st.text(st.characters(categories=["L", "M", "N", "P", "S", "Z", "C"]), max_size=40)


def frame(**columns):
    return pd.DataFrame({"text": [TEXT] * len(next(iter(columns.values()), [0])), **columns})


def spans(X):
    found = read_sentences(X)
    return [(holder, target) for holder, target in zip(found.holders, found.targets, strict=True)]


@pytest.mark.parametrize(
    "X",
    [
        [TEXT, "b"],
        (TEXT, "b"),
        np.array([TEXT, "b"]),
        np.array([TEXT, "b"], dtype=object),
        pd.Series([TEXT, "b"], index=[5, 5]),
        pd.Series([TEXT, "b"], dtype="category"),
        pd.Index([TEXT, "b"]),
        pa.array([TEXT, "b"]),
        pa.array([TEXT, "b"], pa.large_string()),
        pa.array([TEXT, "b"]).dictionary_encode(),
        pa.chunked_array([[TEXT], ["b"]]),
        pd.DataFrame({"text": [TEXT, "b"]}),
        pa.table({"text": [TEXT, "b"]}),
        pa.table({"text": [TEXT, "b"], "holder": pa.nulls(2), "target_start": pa.nulls(2, pa.int32())}),
    ],
    ids=lambda X: type(X).__name__,
)
def test_a_text_is_a_text_in_any_form(X):
    found = read_sentences(X)
    assert found.texts == [TEXT, "b"]
    assert all(type(text) is str for text in found.texts) or isinstance(X, np.ndarray)
    assert found.holders == found.targets == [None, None]
    assert len(found) == 2


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ("text", "X is a str"),
        (b"text", "X is bytes"),
        ({"text": ["a"]}, "X is a dict"),
        ({"a"}, "X is a set"),
        (frozenset("a"), "X is a frozenset"),
        ((t for t in "ab"), "X is a generator"),
        (iter(["a"]), "X is a list_iterator"),
        (None, "X is NoneType"),
        (7, "X is a int"),
        (np.array("a"), "X is a ndarray"),
        (np.array([["a"]]), "X is a ndarray"),
        (np.zeros((2, 2)), "X is a ndarray"),
        ([["a"], ["b"]], "X: row 0 is a list"),
        (["a", b"b"], "X: row 1 is bytes"),
        (["a", 3], "X: row 1 is a int"),
        (["a", np.float32("nan")], "X: row 1 is a float32"),
        (np.array([1.0, 2.0]), "X: row 0 is a float"),
        (range(3), "X: row 0 is a int"),
        (pa.array([b"a"]), "X: row 0 is bytes"),
    ],
)
def test_what_is_no_sequence_of_texts_is_refused(X, message):
    with pytest.raises(InputTypeError, match=message):
        read_sentences(X)


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, np.nan])
def test_a_missing_text_is_named_by_its_row(missing):
    with pytest.raises(InputError, match="X: row 2 has no text"):
        read_sentences(["a", "b", missing])


def test_the_words_for_missing_are_words():
    assert read_sentences(["None", "NA", "nan", "null", ""]).texts == ["None", "NA", "nan", "null", ""]


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (pd.DataFrame({"sentence": ["a"]}), 'X has no column "text"; it has: sentence'),
        (pd.DataFrame(), "it has: none"),
        (pd.DataFrame({0: ["a"]}), "it has: 0"),
        (pa.table({"Text": ["a"]}), "it has: Text"),
        (pd.DataFrame([["a", "b"]], columns=["text", "text"]), 'more than one column "text"'),
    ],
)
def test_a_table_without_one_column_of_text_is_refused(X, message):
    with pytest.raises(InputError, match=message):
        read_sentences(X)


# Spans.


def test_given_spans_are_taken():
    X = frame(holder_start=[0.0, None], holder_end=[6.0, None], target_start=[13, 0], target_end=[19, 1])
    assert spans(X) == [((0, 6), (13, 19)), (None, (0, 1))]


def test_names_are_found_as_actor_issue_or_phrase():
    X = frame(holder=["russia", "Moscow", "author", None, ""], target=["iran", "ceasefire", "the truce", "us", "IRAN"])
    assert spans(X) == [((0, 6), (13, 19)), ((0, 6), (29, 34)), (None, (25, 34)), (None, None), (None, (13, 19))]


def test_the_case_of_an_actor_or_issue_does_not_matter():
    X = frame(holder=["Russia", " RUSSIA", "truce", "France"], target=["Ceasefire", "CEASEFIRE", "Iran", "Paris"])
    assert spans(X) == [((0, 6), (29, 34)), ((0, 6), (29, 34)), ((29, 34), (13, 19)), (None, None)]


def test_a_given_span_counts_more_than_a_name():
    assert spans(frame(target=["iran"], target_start=[0], target_end=[6])) == [(None, (0, 6))]


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (3, 3), (4, 3), (0, 99), (float("inf"), 9.0)])
def test_a_span_outside_of_its_text_is_named(start, end):
    with pytest.raises(StanceError, match="X: row 1: target span"):
        read_sentences(frame(target_start=[0, start], target_end=[1, end]))


@pytest.mark.parametrize(("start", "end"), [("0", "3"), (0.5, 3), (False, True), ([0], [1])])
def test_a_span_of_no_whole_numbers_is_named(start, end):
    X = frame(target_start=pd.Series([start], dtype=object), target_end=pd.Series([end], dtype=object))
    with pytest.raises(InputTypeError, match=r"row 0: target span .* whole numbers"):
        read_sentences(X)


@pytest.mark.parametrize("name", [7, ["iran"], {"iran"}])
def test_a_name_that_is_no_text_is_named(name):
    with pytest.raises(InputTypeError, match="row 0: holder is a"):
        read_sentences(frame(holder=pd.Series([name], dtype=object)))


@settings(deadline=None)  # a busy machine is no failure
@given(ANY_TEXT, ANY_TEXT)
def test_any_text_and_any_name_can_be_read(text, name):
    X = pd.DataFrame({"text": [text], "holder": [name], "target": ["iran"]}, dtype=object)
    ((holder, target),) = spans(X)
    for span in (holder, target):
        assert span is None or 0 <= span[0] < span[1] <= len(text)
    if holder and name.isascii() and text.isascii() and name not in ("iran", "russia", "israel", "trump"):
        assert text[slice(*holder)].lower() == name.strip().lower()


@settings(deadline=None)  # a busy machine is no failure
@given(st.data(), ANY_TEXT.filter(bool))
def test_any_span_inside_of_its_text_is_taken(data, text):
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    X = pd.DataFrame({"text": [text], "target_start": [start], "target_end": [end]}, dtype=object)
    assert spans(X) == [(None, (start, end))]


# Labels.


@pytest.mark.parametrize(
    "y",
    [
        ["favor", "none"],
        ("favor", "none"),
        np.array(["favor", "none"]),
        np.array(["favor", "none"], dtype=object),
        pd.Series(["favor", "none"], index=[3, 1]),
        pd.Series(["favor", "none"], dtype="category"),
        pa.array(["favor", "none"]),
    ],
    ids=lambda y: type(y).__name__,
)
def test_labels_come_in_any_form(y):
    found = read_labels(y, 2, LABELS)
    assert found.dtype == object
    assert found.tolist() == ["favor", "none"]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["favor"], "X has 2 sentences, y has 1 labels"),
        (["favor", "Favor"], 'label 1: "Favor" is not one of favor, against, none'),
        (["favor", None], "label 1 is missing"),
        (["favor", float("nan")], "label 1 is missing"),
        (["favor", pd.NA], "label 1 is missing"),
        (["favor", 1], "label 1 is a int, not str: 1; wrappers of scikit-learn that number the labels"),
        ([0.5, 0.7], "label 0 is a float"),
        (["favor", b"none"], "label 1 is bytes"),
        (np.array([["favor"], ["none"]]), "2 dimensions"),
        (pd.DataFrame({"label": ["favor", "none"]}), "2 dimensions"),
    ],
)
def test_labels_that_are_none_are_named(y, message):
    with pytest.raises(InputError, match=message):
        read_labels(y, 2, LABELS)


@pytest.mark.parametrize("y", ["favor", b"no", {"favor": 1}, {"favor"}, frozenset({"favor"}), iter(["favor"]), None, 2])
def test_what_is_no_sequence_of_labels_is_refused(y):
    with pytest.raises(InputTypeError, match="y is"):
        read_labels(y, 1, LABELS)


NAMED = [
    ("Moscow backs Tehran over the truce, Moscow said.", "russia", "ceasefire"),
    ("🕊 The Kremlin rejected sanctions.", "russia", "iran"),
    ("Trump card", "trump", "the card"),
    ("Nobody spoke.", "author", None),
    ("Trump hailed the truce and Putin", "author", "trump"),
    ("Moscow hailed the truce", "Russia", "CEASEFIRE"),
]


@pytest.mark.parametrize("odd", ["", "\ud800 Iran", "Ira\u0301n Iran"])
def test_many_texts_are_marked_as_few_are(monkeypatch, odd):
    rows = [*NAMED, (odd, "iran", "sanctions")]
    table = pd.DataFrame(rows, columns=["text", "holder", "target"], dtype=object)
    table["target_start"], table["target_end"] = [None, 0, *[None] * 5], [None, 1, *[None] * 5]
    few = spans(table)
    monkeypatch.setattr(inputs, "MANY_TEXTS", 1)
    monkeypatch.setattr(inputs, "LOADED_TEXTS", 1)
    monkeypatch.setattr(bulk_mentions, "SMALL_BYTES", 0)
    assert spans(table) == few
    assert few[:2] == [((0, 6), (29, 34)), ((6, 13), (0, 1))]


def test_many_texts_are_searched_at_once(monkeypatch):
    table = pd.DataFrame(NAMED, columns=["text", "holder", "target"])
    monkeypatch.setattr(inputs, "MANY_TEXTS", 1)
    monkeypatch.setattr(inputs, "LOADED_TEXTS", 1)
    monkeypatch.setattr("stance.text.lexicon.Lexicon.scan", None)
    monkeypatch.setattr(bulk_mentions, "SMALL_BYTES", 0)
    assert [holder for holder, _ in spans(table)] == [(0, 6), (6, 13), None, None, None, (0, 6)]


ARROW = pd.ArrowDtype(pa.string())


@pytest.mark.parametrize(
    "make", [lambda text: text, lambda text: pa.table({"text": text}), lambda text: pd.Series(text, dtype=ARROW)]
)
def test_a_text_of_arrow_that_is_not_utf8_is_refused_by_its_row(make):
    broken = pa.array([b"Iran objects.", b"Iran \xff"]).view(pa.string())
    with pytest.raises(InputError, match="X: row 1 is not UTF-8"):
        read_sentences(make(broken))
    with pytest.raises(InputError, match="y: row 1 is not UTF-8"):
        read_labels(broken, 2, LABELS)
