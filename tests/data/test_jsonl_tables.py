"""JSONL and JSON arrays: every bad input by its line, every good one unchanged."""

import json
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.core.errors import StanceError, TableError
from stance.data import jsonl_tables
from stance.data.tables import LINE, NULS, read_table


@pytest.fixture
def json_file(tmp_path):
    """Write bytes to a file and return its path."""

    def write(data: bytes, name: str = "us.jsonl") -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


GOOD = b'{"id": "1", "text": "a"}\n'
DEEP = b'{"id": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"
REFUSED = {
    "1 empty": (b"", ["file is empty"]),
    "1 blank lines": (b" \n\n", ["file is empty"]),
    "1 empty objects": (b"{}\n{}\n", ["file is empty"]),
    "1 empty array": (b"[ ]", ["file is empty"]),
    "12 UTF-16": ('{"id": 1}'.encode("utf-16"), ["file is UTF-16"]),
    "12 unmarked": ('{"id": 1}'.encode("utf-16-le"), ["file is UTF-16 or UTF-32"]),
    "13 Latin-1": (GOOD + b'{"id": "caf\xe9"}\n', ["line 2: byte 0xe9 at offset 36", "--encoding"]),
    "14 cut character": (GOOD + b'{"id": "\xc3', ["line 2: file ends inside a character"]),
    "15 raw NUL": (GOOD + b'{"id": "\0"}\n', ["line 2", "is not JSON (Invalid control character"]),
    "17 surrogate": (GOOD + b'{"text": "ab\\ud800"}\n', ['line 2, column "text"', "\\ud800", "position 3"]),
    "17 in a list": (b'{"tags": ["a", "\\udfff"]}\n', ['line 1, column "tags"', "\\udfff", "position 1"]),
    "17 in a key": (b'{"a\\ud800": 1}\n', ["line 1, column", "surrogate"]),
    "25 NaN": (GOOD + b'{"id": NaN}\n', ["line 2", "holds NaN, which is not JSON", "write null"]),
    "25 Infinity": (b'{"id": -Infinity}\n', ["line 1", "holds -Infinity"]),
    "25 overflow": (b'{"id": 1e999}\n', ["line 1", "holds the number 1e999, out of range"]),
    "26 object": (b'{"id": {"a": 1}}\n', ['line 1, column "id"', "is an object"]),
    "26 mixed list": (b'{"id": ["a", 1]}\n', ['line 1, column "id"', "is a list that holds more than texts"]),
    "26 not an object": (GOOD + b"7\n", ['line 2: "7" is a number where an object belongs']),
    "26 null": (GOOD + b"null\n", ["line 2", "is null where an object belongs"]),
    "28 long text": (b'{"text": "' + b"a" * 100_001 + b'"}', ['line 1, column "text"', "100,001", "100,000"]),
    "28 long in a list": (b'{"tags": ["' + b"a" * 100_001 + b'"]}', ['line 1, column "tags"', "100,001"]),
    "30 broken": (GOOD + b'{"id": "2",}\n' + GOOD, ["line 2", "is not JSON (", "one object a line"]),
    "30 cut": (GOOD + GOOD + b'{"id": "3", "te', ["line 3", "is not JSON (Unterminated string"]),
    "30 two on a line": (b'{"id": "1"} {"id": "2"}\n', ["line 1", "more after the object, character 13"]),
    "31 key twice": (GOOD + b'{"id": "1", "id": "2"}\n', ["line 2", 'holds the key "id" twice']),
    "32 deep": (GOOD + DEEP, ["line 2", "is nested deeper than 64"]),
    "32 deep and cut": (GOOD + DEEP[:50_000], ["line 2", "is nested deeper than 64"]),
    "32 deep array": (b"[" * 100_000, ["line 1", "is nested deeper than 64"]),
    "32 only 65": (b'{"id": ' + b"[" * 64 + b"]" * 64 + b"}", ["line 1", "is nested deeper than 64"]),
    "33 400 digits": (
        GOOD + b'{"id": ' + b"9" * 400 + b"}\n",
        ["line 2", "integer of 400 digits, over 64 bits"],
    ),
    "33 5,000 digits": (b'{"id": ' + b"9" * 5000 + b"}\n", ["integer of 5000 digits"]),
    "33 one over": (b'{"id": 9223372036854775808}\n', ["integer of 19 digits"]),
    "34 type": (GOOD * 2 + b'{"id": 7}\n', ['line 3, column "id": "7" is a number', "held a text in line 1"]),
    "34 boolean": (b'{"id": 1}\n{"id": true}\n', ['line 2, column "id": "True" is a boolean', "a number"]),
    "34 after null": (b'{"a": null}\n{"a": 1}\n{"a": []}\n', ["line 3", "is a list of texts", "in line 2"]),
    "34 rounded": (b'{"a": 9007199254740993}\n{"a": 0.5}\n', ["line 1", "over 2**53"]),
    "35 broken array": (b'[{"id": "1"},\n {"id": }]', ["line 2", "is not JSON (Expecting value"]),
    "35 no comma": (b'[{"id": "1"}\n {"id": "2"}]', ["line 2", "a comma or ] is missing"]),
    "35 open array": (b'[{"id": "1"},\n{"id": "2"}', ["line 2", "a comma or ] is missing"]),
    "35 trailing": (b'[{"id": "1"}]\n\n[]', ["line 3", "more after the array"]),
    "35 doubled key": (b'[{"id": "1"},\n\n{"a": 1, "a": 1}]', ["line 3", 'the key "a" twice']),
    "35 not objects": (b'["a", "b"]\n', ["line 1", "is a text where an object belongs"]),
    "4 our column": (b'{"__line__": 1}\n', ['column "__line__": is a name kept']),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuses(json_file, case):
    data, fragments = REFUSED[case]
    with pytest.raises(TableError) as caught:
        read_table(json_file(data))
    for fragment in ["us.jsonl: ", *fragments]:
        assert fragment in str(caught.value)


def test_collects_all_problems_and_the_first_change_alone(json_file):
    data = GOOD + b"{\n" + b'{"id": 1}\n' * 2000 + b"7\n" + b'{"text": []}\n'
    with pytest.raises(TableError) as caught:
        read_table(json_file(data))
    assert [problem.line for problem in caught.value.problems] == [2, 3, 2003, 2004]


def test_values_keep_their_types_and_missing_keys_are_null(json_file):
    data = b"""\xef\xbb\xbf{"id": "007", "n": 1, "x": 1, "tags": ["a", "b"], "nothing": null}\r\n
{"id": null, "x": 0.5, "ok": true, "tags": []}\r{"tags": null, "id": "NA"}"""
    table = read_table(json_file(data))
    assert table.to_pydict() == {
        "id": ["007", None, "NA"],
        "n": [1, None, None],
        "x": [1.0, 0.5, None],
        "tags": [["a", "b"], [], None],
        "nothing": [None, None, None],
        "ok": [None, True, None],
        LINE: [1, 3, 4],
    }
    assert table.schema.field("tags").type == pa.list_(pa.string())
    assert table.schema.field("id").type == pa.string()


def test_columns_that_begin_late_or_turn_decimal_late(json_file):
    rows = [{"n": 1}] * 1500 + [{"n": 0.5, "late": "x"}]
    table = read_table(json_file("\n".join(map(json.dumps, rows)).encode()))
    assert table.column_names == ["n", "late", LINE]
    assert table["late"].to_pylist() == [None] * 1500 + ["x"]
    assert table.schema.field("n").type == pa.float64()


def test_34_an_integer_that_a_late_decimal_would_round(json_file):
    rows = [{"n": 2**53 + 1}] + [{"n": 1}] * 1500 + [{"n": 0.5}]
    with pytest.raises(TableError, match=r"an integer over 2\*\*53"):
        read_table(json_file("\n".join(map(json.dumps, rows)).encode()))


def test_15_nul_becomes_a_counted_space_or_an_error(json_file):
    path = json_file(b'{"text": "a\\u0000b", "tags": ["\\u0000", "x"]}\n{"text": null, "tags": null}\n')
    table = read_table(path)
    assert table["text"].to_pylist() == ["a b", None]
    assert table["tags"].to_pylist() == [[" ", "x"], None]
    assert table.schema.metadata[NULS] == b"2"
    with pytest.raises(TableError) as caught:
        read_table(path, strict=True)
    assert [problem.column for problem in caught.value.problems] == ["text", "tags"]


@pytest.mark.parametrize("name", ["us.jsonl", "us.json", "us.ndjson"])
@pytest.mark.parametrize("indent", [None, 2])
def test_35_array(json_file, name, indent):
    rows = [{"id": "1", "text": "a]"}, {"id": "2", "text": 'b"'}]
    table = read_table(json_file(json.dumps(rows, indent=indent).encode(), name))
    assert table.drop_columns(LINE).to_pylist() == rows
    assert table[LINE].to_pylist() == ([1, 1] if indent is None else [2, 6])


def test_35_array_over_the_limit(json_file, monkeypatch):
    monkeypatch.setattr(jsonl_tables, "MAX_ARRAY_CHARS", 20)
    with pytest.raises(TableError, match=r"file is a JSON array of over 20 characters; write JSONL \(jq"):
        read_table(json_file(b'[{"id": "1"},\n{"id": "2"}]'))


def test_agrees_with_pandas(json_file):
    rows = [{"id": "a1", "text": "Überfall 😀", "n": 3}, {"id": "NA", "text": "x\ny", "n": 4}]
    path = json_file("\n".join(map(json.dumps, rows)).encode())
    expected = pd.read_json(path, lines=True, dtype={"id": str, "text": str})
    assert read_table(path).drop_columns(LINE).to_pylist() == expected.to_dict("records")


WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
KINDS = [
    WORDS,
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.lists(WORDS, max_size=3),
]
TABLES = st.dictionaries(
    WORDS.filter(lambda name: name != LINE), st.sampled_from(KINDS), min_size=1, max_size=4
).flatmap(
    lambda kinds: st.lists(
        st.fixed_dictionaries({name: st.none() | kind for name, kind in kinds.items()}),
        min_size=1,
        max_size=5,
    )
)


@given(rows=TABLES, as_array=st.booleans(), ascii_only=st.booleans())
def test_what_the_json_module_writes_reads_back(tmp_path_factory, rows, as_array, ascii_only):
    lines = [json.dumps(row, ensure_ascii=ascii_only) for row in rows]
    text = f"[{','.join(lines)}]" if as_array else "\n".join(lines)
    path = tmp_path_factory.getbasetemp() / "round.jsonl"
    path.write_bytes(text.encode())
    table = read_table(path)
    assert table.drop_columns(LINE).to_pylist() == rows
    assert table[LINE].to_pylist() == ([1] * len(rows) if as_array else list(range(1, len(rows) + 1)))


JSON_LIKE = st.lists(
    st.sampled_from(["{", "}", "[", "]", '"a"', ":", ",", "1", "null", "\n", "\\ud800", '"', "NaN", "1e999", " "]),
    max_size=25,
).map("".join)


@given(data=st.binary(max_size=60) | JSON_LIKE.map(str.encode))
def test_any_bytes_are_read_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_bytes(data)
    with suppress(StanceError):
        assert read_table(path).num_rows
