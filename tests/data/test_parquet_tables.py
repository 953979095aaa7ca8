"""Parquet: plain texts out, damage and foreign types refused."""

import gzip
import random
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.core.errors import RefusedFileError, StanceError, StorageError, TableError
from stance.data import parquet_tables
from stance.data.tables import LINE, NULS, read_table

WORDS = ["truce", None, "none", "007"]
LISTS = [["a"], [], None, ["b", "c"]]


@pytest.fixture
def parquet_file(tmp_path):
    """Write a table to a file and return its path."""

    def write(columns: dict[str, pa.Array], **options: object) -> Path:
        path = tmp_path / "us.parquet"
        pq.write_table(pa.table(columns), path, write_page_checksum=True, **options)
        return path

    return write


def bad_utf8(kind: pa.DataType) -> pa.Array:
    """Return four strings, the third of which is not UTF-8."""
    data = pa.py_buffer(b"abc\xe9d")
    offsets = pa.array([0, 1, 2, 4, 5], pa.int64() if pa.types.is_large_string(kind) else pa.int32())
    return pa.Array.from_buffers(kind, 4, [None, offsets.buffers()[1], data])


@pytest.mark.parametrize(
    "kind",
    [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())],
    ids=str,
)
def test_58_texts_become_plain(parquet_file, kind):
    table = read_table(parquet_file({"text": pa.array(WORDS).cast(kind)}))
    assert table.schema.field("text").type == pa.string()
    assert table.to_pydict() == {"text": WORDS, LINE: [1, 2, 3, 4]}


@pytest.mark.parametrize("kind", [pa.list_(pa.string()), pa.large_list(pa.large_string())], ids=str)
def test_58_lists_of_texts_become_plain(parquet_file, kind):
    table = read_table(parquet_file({"tags": pa.array(LISTS, kind)}))
    assert table.schema.field("tags").type == pa.list_(pa.string())
    assert table["tags"].to_pylist() == LISTS


def test_58_one_row_a_group(parquet_file):
    table = read_table(parquet_file({"text": pa.array(WORDS)}, row_group_size=1))
    assert table["text"].to_pylist() == WORDS


@pytest.mark.parametrize(
    "array",
    [
        pa.array([{"a": 1}]),
        pa.array([[1]]),
        pa.array([[["a"]]]),
        pa.array([b"a"]),
        pa.array([b"a"], pa.large_binary()),
        pa.array([b"a"], pa.binary(1)),
        pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())),
    ],
    ids=lambda array: str(array.type),
)
def test_57_58_refuses_nested_and_binary_columns(parquet_file, array):
    with pytest.raises(TableError, match=r'us\.parquet: column "odd": is of type .* not read; write it as a string'):
        read_table(parquet_file({"text": pa.array(["a"]), "odd": array}))


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()], ids=str)
def test_57_bad_utf8_by_group_and_row(parquet_file, kind):
    path = parquet_file({"text": bad_utf8(kind)}, row_group_size=2)
    with pytest.raises(TableError, match=r'column "text": holds bytes that are not UTF-8.*\(row group 1, row 3\)'):
        read_table(path)


def test_57_bad_utf8_in_a_list(parquet_file):
    lists = pa.ListArray.from_arrays(pa.array([0, 2, 4], pa.int32()), bad_utf8(pa.string()))
    with pytest.raises(TableError, match=r'column "tags": .*not UTF-8.*\(row group 0, row 2\)'):
        read_table(parquet_file({"tags": lists}))


def test_57_bad_utf8_in_a_dictionary(parquet_file):
    array = pa.DictionaryArray.from_arrays(pa.array([0, 2, 1]), bad_utf8(pa.string()))
    # Arrow refuses to build such a dictionary, before we could name the row.
    with pytest.raises(RefusedFileError, match="Invalid UTF8 payload"):
        read_table(parquet_file({"text": array}))


def test_58_a_column_that_does_not_fit_its_type(parquet_file, monkeypatch):
    monkeypatch.setattr(parquet_tables, "plain_type", lambda _: pa.int32())
    with pytest.raises(TableError, match=r'column "text": cannot be read as int32 .*\(row group 0, row 1\)'):
        read_table(parquet_file({"text": pa.array(WORDS)}))


def test_disk_that_fails(parquet_file, monkeypatch):
    def fail(_):
        raise OSError(5, "Input/output error")

    path = parquet_file({"text": pa.array(WORDS)})
    monkeypatch.setattr(parquet_tables, "_seekable", fail)
    with pytest.raises(StorageError, match=r"us\.parquet: cannot be read: Input/output error"):
        read_table(path)


def test_2_no_rows(parquet_file):
    with pytest.raises(TableError, match=r"us\.parquet: file has no rows"):
        read_table(parquet_file({"text": pa.array([], pa.string())}))


def test_4_names(tmp_path):
    path = tmp_path / "us.parquet"
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]), path)
    with pytest.raises(TableError, match=r'column "a": stands twice'):
        read_table(path)


def test_15_28_texts_keep_the_rules(parquet_file):
    path = parquet_file({"text": pa.array(["a" * 9, "b\0c", "d" * 11])}, row_group_size=2)
    with pytest.raises(TableError, match=r'column "text": "ddd.*11 characters, over the 10 .*\(row group 1, row 3\)'):
        read_table(path, max_chars=10)
    table = read_table(path)
    assert table["text"][1].as_py() == "b c"
    assert table.schema.metadata == {NULS: b"1"}
    with pytest.raises(TableError, match=r"NUL .*\(row group 0, row 2\)"):
        read_table(path, strict=True)


@pytest.mark.parametrize("data", [b"", b"PAR1", b"not parquet at all", b"PAR1" + b"\0" * 100 + b"PAR1"])
def test_56_refuses_what_is_no_parquet(tmp_path, data):
    path = tmp_path / "us.parquet"
    path.write_bytes(data)
    with pytest.raises(RefusedFileError, match=r"us\.parquet: is damaged or no Parquet file") as caught:
        read_table(path)
    assert caught.value.exit_code == 5
    assert "\n" not in str(caught.value)


def test_56_truncations_are_refused(parquet_file):
    path = parquet_file({"text": pa.array(WORDS * 100)})
    data = path.read_bytes()
    for length in range(0, len(data), max(1, len(data) // 64)):
        path.write_bytes(data[:length])
        with pytest.raises(RefusedFileError):
            read_table(path)


def test_56_flipped_bits_in_the_pages_are_never_silent(parquet_file):
    path = parquet_file({"text": pa.array([f"text {i * 7919}" for i in range(400)])}, use_dictionary=False)
    data = path.read_bytes()
    true = read_table(path).to_pydict()
    pages = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    chance = random.Random(7)
    for _ in range(200):
        flipped = bytearray(data)
        flipped[chance.randrange(4, pages)] ^= 1 << chance.randrange(8)
        path.write_bytes(flipped)
        try:
            assert read_table(path).to_pydict() == true
        except StanceError:
            continue


def test_60_packed(parquet_file, tmp_path):
    packed = tmp_path / "us.parquet.gz"
    packed.write_bytes(gzip.compress(parquet_file({"text": pa.array(WORDS)}).read_bytes()))
    assert read_table(packed)["text"].to_pylist() == WORDS
    packed.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(RefusedFileError, match=r"us\.parquet\.gz: is damaged"):
        read_table(packed)


def test_agrees_with_pandas(parquet_file):
    path = parquet_file({"text": pa.array(["a", "b"]), "n": pa.array([1, 2]), "x": pa.array([0.5, 1.5])})
    assert read_table(path).drop_columns(LINE).to_pylist() == pd.read_parquet(path).to_dict("records")


@given(
    texts=st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1),
    group=st.integers(1, 5),
)
def test_what_arrow_writes_reads_back(tmp_path_factory, texts, group):
    path = tmp_path_factory.getbasetemp() / "round.parquet"
    pq.write_table(pa.table({"text": pa.array(texts, pa.string())}), path, row_group_size=group)
    assert read_table(path).to_pydict() == {"text": texts, LINE: list(range(1, len(texts) + 1))}
