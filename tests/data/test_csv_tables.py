"""CSV and TSV: every bad input by its line, every good one unchanged."""

import csv
import io
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.core.errors import InputError, StanceError, TableError
from stance.data import csv_tables
from stance.data.tables import LINE, NULS, read_table

HEADER = b"id,text,label\n"


@pytest.fixture
def csv_file(tmp_path):
    """Write bytes to a file and return its path."""

    def write(data: bytes, name: str = "us.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


REFUSED = {
    "1 empty": (b"", ["us.csv: file is empty"]),
    "1 mark alone": (b"\xef\xbb\xbf", ["us.csv: file is empty"]),
    "1 blank lines": (b"\n\r\n\r", ["us.csv: file is empty"]),
    "2 header only": (HEADER, ["us.csv: header but no rows"]),
    "2 header of another separator": (b"id;text\n", ["header but no rows", "--sep ';'"]),
    "4 column twice": (b"id,text,id\n1,a,2\n", ['line 1, column "id": stands twice']),
    "4 our column": (b"id,__line__\n1,2\n", ['line 1, column "__line__": is a name kept']),
    "6 short": (HEADER + b"1,a,favor\n2,b\n", ['line 3, column "label": is missing', "2 fields", "header 3"]),
    "7 long": (
        HEADER + b"1,a, b,favor\n",
        ['line 2: "favor" is one field too many', "4 fields", "quote a text"],
    ),
    "8 quote": (
        HEADER + b'1,"a\nb",favor\n2,\n3,"open,none\n4,x,none\n',
        ['line 5: ""open,none" opens a quote'],
    ),
    "8 in a record": (HEADER + b'1,"a\nb","never\n2,b,none\n', ['line 3: ""never" opens', "never closed"]),
    "8 undoubled": (HEADER + b'1,"say "no"",x\n', ['line 2: ""say "no"",x"', "double the quotes"]),
    "8 met later": (HEADER + b'1,"open,none\n2,"b",none\n', ['line 2: ""open,none', "(in line 3)"]),
    "9 other separator": (b"id;text\n1;a, b\n", ["line 2", "--sep ';'"]),
    "12 UTF-16": (b"\xff\xfei\0d\0", ["file is UTF-16;", "--encoding utf-16"]),
    "12 UTF-32": (b"\xff\xfe\0\0i\0\0\0", ["file is UTF-32;"]),
    "12 unmarked": ("id,text\n1,a\n".encode("utf-16-be"), ["file is UTF-16 or UTF-32"]),
    "13 Latin-1": (
        HEADER + b"1,ok,x\n2,caf\xe9,x\n",
        ["line 3: byte 0xe9 at offset 26", "--encoding cp1252"],
    ),
    "43 another separator, with quotes": (
        b'text;label\n"Yes; it does.";favor\n"No.";against\n',
        ["line 2: ", "closes before its field ends; the fields look separated otherwise: give --sep ';'"],
    ),
    "14 cut": (HEADER + b"1,a,favo\xc3", ["line 2: file ends inside a character", "0xc3 at offset 22"]),
    "28 long text": (
        HEADER + b"1," + b"a" * 100_001 + b",x\n",
        ['line 2, column "text"', "100,001 char", "100,000"],
    ),
    "60 gzip by another name": (b"\x1f\x8b\x08", ["packed by gzip", ".gz"]),
    "60 zip by another name": (b"PK\x03\x04", ["zip archive", "unpack"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuses(csv_file, case):
    data, fragments = REFUSED[case]
    with pytest.raises(TableError) as caught:
        read_table(csv_file(data))
    for fragment in ["us.csv: ", *fragments]:
        assert fragment in str(caught.value)
    assert caught.value.exit_code == 2


def test_collects_all_problems_in_the_order_of_lines(csv_file):
    long = b"x" * 11
    data = HEADER + b'1,caf\xe9,x\n2,b\n3,"a"b,x\n4,' + long + b",x\n5,a,x,y\n6,ok,x\n"
    with pytest.raises(TableError) as caught:
        read_table(csv_file(data), max_chars=10)
    assert [problem.line for problem in caught.value.problems] == [2, 3, 4, 5, 6]


def test_counts_what_it_does_not_show(csv_file):
    with pytest.raises(TableError, match="1,500 problems in all, 20 shown"):
        read_table(csv_file(HEADER + b"1,a\n" * 1_500))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=repr)
def test_10_line_ends(csv_file, end):
    table = read_table(csv_file(end.join(["id,text", '1,"a', 'b"', "", "2,c", ""]).encode()))
    assert table.to_pydict() == {"id": ["1", "2"], "text": [f"a{end}b", "c"], LINE: [2, 5]}


def test_10_mixed_line_ends_across_blocks(csv_file, monkeypatch):
    monkeypatch.setattr("stance.data.streams.BLOCK_BYTES", 3)
    table = read_table(csv_file(b"id\r\nab\rcd\nef\r\n\r\rgh"))
    assert table.to_pydict() == {"id": ["ab", "cd", "ef", "gh"], LINE: [2, 3, 4, 7]}


def test_11_drops_the_byte_order_mark(csv_file):
    assert read_table(csv_file(b"\xef\xbb\xbfid\n1\n")).column_names == ["id", LINE]


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1", "utf-8-sig", "UTF8", "cp1252"])
def test_13_reads_the_encoding_given(csv_file, encoding):
    path = csv_file("id,text\n1,café\n".encode(encoding))
    assert read_table(path, encoding=encoding)["text"].to_pylist() == ["café"]


def test_13_an_encoding_that_needs_a_mark(csv_file):
    with pytest.raises(TableError, match=r"no byte order mark of utf-16; .* --encoding utf-16-le"):
        read_table(csv_file(HEADER), encoding="utf-16")


def test_17_an_encoding_that_decodes_to_half_characters(csv_file):
    with pytest.raises(InputError, match='encoding "utf-7" is not known'):
        read_table(csv_file(HEADER), encoding="utf-7")


def test_15_nul_becomes_a_counted_space_or_an_error(csv_file):
    path = csv_file(HEADER + b"1,a\0b\0,x\n2,c,x\n")
    table = read_table(path)
    assert table["text"].to_pylist() == ["a b ", "c"]
    assert table.schema.metadata[NULS] == b"2"
    with pytest.raises(TableError, match=r'line 2, column "text": "a\\x00b\\x00" holds a NUL'):
        read_table(path, strict=True)


def test_16_18_20_24_36_leaves_texts_as_they_are(csv_file):
    texts = [
        "\x1b[31mred",
        "\u202eabc",
        "e\u0301 é",
        "None",
        "NA",
        "null",
        "007",
        "1e5",
        " 7",
        "=1",
        "\x0b\u2028",
    ]
    path = csv_file("\n".join(["text,x", *(f"{text},1" for text in texts)]).encode())
    assert read_table(path)["text"].to_pylist() == texts


@pytest.mark.parametrize("char", ["a", " ", "(", '""', "@", ".", "#"])
def test_27_29_long_texts(csv_file, char):
    path = csv_file(HEADER + b'1,"' + char.encode() * 1_000_000 + b'",x\n')
    assert len(read_table(path, max_chars=1_000_000)["text"][0].as_py()) == len(char.replace('""', '"')) * 1_000_000


def test_27_a_line_or_field_without_end(csv_file, monkeypatch):
    monkeypatch.setattr("stance.data.streams.BLOCK_BYTES", 1000)
    monkeypatch.setattr("stance.data.streams.MAX_LINE_CHARS", 10_000)
    with pytest.raises(TableError, match="line 3: the line is longer than 10,000"):
        read_table(csv_file(HEADER + b"1,a,x\n2," + b"a" * 20_000))


def test_8_a_field_over_the_limit_of_the_csv_module(csv_file):
    limit = csv.field_size_limit()
    path = csv_file(HEADER + b'1,"' + b"line\n" * 100)
    try:
        read_table(csv_file(HEADER + b"1,a,x\n", "good.csv"))
        csv.field_size_limit(200)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(csv_tables, "MAX_LINE_CHARS", 100)
            with pytest.raises(TableError, match=r"line 2: .*opens a field of over 100 characters"):
                read_table(path)
    finally:
        csv.field_size_limit(limit)


def test_separators(csv_file):
    assert read_table(csv_file(b"id\ttext\n1\ta, b\n", "us.tsv"))["text"].to_pylist() == ["a, b"]
    path = csv_file(b"id;text\n1;a, b\n")
    assert read_table(path, separator=";")["text"].to_pylist() == ["a, b"]
    assert read_table(csv_file(b"id\ttext\n1\ta\n"), separator="\\t").column_names == ["id", "text", LINE]


def test_many_chunks_keep_rows_and_lines(csv_file):
    rows = [[str(i), "a\nb" if i % 1000 == 0 else "c"] for i in range(3 * csv_tables.CHUNK_ROWS)]
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows([["id", "text"], *rows])
    table = read_table(csv_file(out.getvalue().encode()))
    assert table["id"].to_pylist() == [row[0] for row in rows]
    lines = out.getvalue().split("\n")
    assert all(
        lines[at - 1].startswith(f"{name},")
        for name, at in zip(table["id"].to_pylist(), table[LINE].to_pylist(), strict=True)
    )


def test_chunks_of_blank_lines_and_of_broken_ones(csv_file):
    blank = b"\n" * (3 * csv_tables.CHUNK_ROWS)
    assert read_table(csv_file(blank + HEADER + blank + b"1,a,x\n" + blank))[LINE].to_pylist() == [2 * len(blank) + 2]
    bad = 2 * csv_tables.CHUNK_ROWS
    with pytest.raises(TableError) as caught:
        read_table(csv_file(HEADER + b'1,"a"b,x\n' * bad))
    assert [problem.line for problem in caught.value.problems] == list(range(2, bad + 2))


def test_agrees_with_pandas(csv_file):
    rows = [["007", 'He said "no", twice', "none"], ["1e5", "two\nlines", ""], ["", "Überfall", "NA"]]
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["id", "text", "label"], *rows])
    path = csv_file(out.getvalue().encode())
    expected = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert read_table(path).drop_columns(LINE).to_pylist() == expected.to_dict("records")


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
TABLES = st.integers(1, 4).flatmap(
    lambda width: st.tuples(
        st.lists(TEXTS.filter(lambda name: name != LINE), min_size=width, max_size=width, unique=True),
        st.lists(st.lists(TEXTS, min_size=width, max_size=width), min_size=1, max_size=6),
    )
)


@given(table=TABLES, separator=st.sampled_from(",;\t|"), end=st.sampled_from(["\n", "\r\n"]))
def test_what_the_csv_module_writes_reads_back(tmp_path_factory, table, separator, end):
    names, rows = table
    out = io.StringIO(newline="")
    # Quoted throughout: csv.writer leaves a byte order mark that begins the file bare.
    csv.writer(out, delimiter=separator, lineterminator=end, quoting=csv.QUOTE_ALL).writerows([names, *rows])
    path = tmp_path_factory.getbasetemp() / "round.csv"
    path.write_bytes(out.getvalue().encode())
    read = read_table(path, separator=separator)
    assert read.column_names == [*names, LINE]
    assert [list(row.values())[:-1] for row in read.to_pylist()] == rows
    text = out.getvalue().replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert all(text[line - 1].startswith('"') for line in read[LINE].to_pylist())


@given(data=st.binary(max_size=60) | st.text('id,"\n\r;\0é', max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(data)
    with suppress(StanceError):
        assert read_table(path).num_rows
