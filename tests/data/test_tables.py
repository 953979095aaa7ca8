"""The front of the readers: kinds of file, packing, ids, columns."""

import gzip
import os
from pathlib import Path

import pyarrow as pa
import pytest

from stance.core.errors import InputError, MissingDataError, RefusedFileError, StorageError, TableError
from stance.data import streams
from stance.data.tables import LINE, read_table, require_columns, require_texts

CSV = b"id,text\n007,a\n008,b\n"
ROWS = {"id": ["007", "008"], "text": ["a", "b"], LINE: [2, 3]}


@pytest.fixture
def any_file(tmp_path):
    """Write bytes to a file and return its path."""

    def write(data: bytes, name: str) -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


def zstd(data: bytes) -> bytes:
    """Return the bytes packed by zstd, with a frame that tells its end."""
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize("name", ["us.csv", "US.CSV", "us.backup.csv", "us.csv.gz", "us.CSV.GZ", "us.csv.zst"])
def test_60_reads_by_suffix(any_file, name):
    pack = {"gz": gzip.compress, "st": zstd}.get(name[-2:].lower(), bytes)
    assert read_table(any_file(pack(CSV), name)).to_pydict() == ROWS
    assert read_table(str(any_file(pack(CSV), name))).to_pydict() == ROWS


@pytest.mark.parametrize("name", ["us.xlsx", "us", "us.gz", "us.txt.gz", ".csv"])
def test_refuses_unknown_kinds(name):
    with pytest.raises(InputError, match=r"known: \.csv, \.tsv, \.jsonl, \.ndjson, \.json, \.parquet, each also"):
        read_table(name)


@pytest.mark.parametrize("name", ["us.zip", "us.tar", "us.tar.gz", "us.csv.zip", "us.tgz", "us.csv.bz2"])
def test_60_refuses_archives_with_advice(name):
    with pytest.raises(InputError, match="unpack it and give the file inside"):
        read_table(name)


def test_missing_file(tmp_path):
    with pytest.raises(MissingDataError, match=r"us\.csv: is not there .*No such file") as caught:
        read_table(tmp_path / "us.csv")
    assert "\n" not in str(caught.value)
    with pytest.raises(MissingDataError):
        read_table(tmp_path / ("x" * 5000 + ".csv"))
    with pytest.raises(MissingDataError):
        read_table("a\0b.csv")


def test_folders_and_pipes(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match="is a folder; give a file in it"):
        read_table(tmp_path / "folder.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(InputError, match="not a regular file"):
        read_table(tmp_path / "pipe.csv")


def test_disk_that_fails(any_file, monkeypatch):
    def fail(*_):
        raise OSError(5, "Input/output error")

    path = any_file(CSV, "us.csv")
    monkeypatch.setattr(streams, "_opened", fail)
    with pytest.raises(StorageError, match=r"us\.csv: cannot be read: Input/output error"):
        read_table(path)


@pytest.mark.parametrize("name", ["us.csv.gz", "us.csv.zst"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "other"])
def test_60_damaged_packing(any_file, name, damage):
    data = (gzip.compress if name.endswith("gz") else zstd)(CSV * 1000)
    middle = bytes(byte ^ 0xFF for byte in data[20:40])
    broken = {"cut": data[:-12], "flipped": data[:20] + middle + data[40:], "other": CSV}[damage]
    with pytest.raises(RefusedFileError, match=r"is damaged and cannot be unpacked"):
        read_table(any_file(broken, name))


@pytest.mark.parametrize("name", ["us.csv.gz", "us.csv.zst"])
def test_60_bombs(any_file, name):
    pack = gzip.compress if name.endswith("gz") else zstd
    with pytest.raises(RefusedFileError, match="unpacks to over 200 times its size or 10 GB") as caught:
        read_table(any_file(pack(b"a\n" * 10_000_000), name))
    assert caught.value.exit_code == 5


def test_60_the_cap_in_bytes(any_file, monkeypatch):
    monkeypatch.setattr(streams, "MAX_UNPACKED_BYTES", 10)
    with pytest.raises(RefusedFileError, match="unpacks to over"):
        read_table(any_file(gzip.compress(CSV), "us.csv.gz"))


def test_37_makes_ids(any_file):
    path = any_file(b"text\na\nb\n", "us.csv")
    assert read_table(path, make_ids=True).to_pydict() == {
        "id": ["line-2", "line-3"],
        "text": ["a", "b"],
        LINE: [2, 3],
    }
    path = any_file(b'{"text": "a", "id": 7}\n{"text": "b"}\n', "us.jsonl")
    assert read_table(path, make_ids=True)["id"].to_pylist() == ["7", "line-2"]
    path = any_file(b"id,text\n,a\n007,b\n", "us.csv")
    assert read_table(path, make_ids=True)["id"].to_pylist() == ["line-2", "007"]


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"separator": ";;"}, 'separator ";;" is not one character'),
        ({"separator": '"'}, "is not one character"),
        ({"separator": ""}, "is not one character"),
        ({"encoding": "klingon"}, 'encoding "klingon" is not known'),
        ({"encoding": "rot13"}, 'encoding "rot13" is not known'),
        ({"encoding": "unicode_escape"}, "is not known"),
        ({"encoding": "a\0b"}, "is not known"),
        ({"max_chars": 0}, "max_chars is 0"),
    ],
)
def test_refuses_options(any_file, options, rule):
    with pytest.raises(InputError, match=rule):
        read_table(any_file(CSV, "us.csv"), **options)


def test_a_separator_is_for_csv(any_file):
    with pytest.raises(InputError, match=r"a separator is for \.csv and \.tsv, not for \.jsonl"):
        read_table(any_file(b"{}", "us.jsonl"), separator=",")


def test_3_names_missing_and_found_columns():
    table = pa.table({"id": ["1"], "txt": ["a"], LINE: [2]})
    with pytest.raises(TableError) as caught:
        require_columns(table, "us.csv", ["id", "text", "label"])
    assert str(caught.value).splitlines() == [
        'us.csv: column "text": is missing (did you mean "txt"?); found: id, txt',
        'us.csv: column "label": is missing; found: id, txt',
    ]
    require_columns(table, "us.csv", ["txt", "id"])


@pytest.mark.parametrize(("mark", "shown"), [(";", ";"), ("\t", "\\t"), ("|", "|")])
def test_9_hints_at_the_separator(any_file, mark, shown):
    path = any_file(f"id{mark}text\n1{mark}a\n".encode(), "us.csv")
    with pytest.raises(TableError) as caught:
        require_columns(read_table(path), path, ["id", "text"])
    assert f"give --sep '{shown}'" in str(caught.value)
    require_columns(read_table(path, separator=shown), path, ["id", "text"])


def test_26_texts_are_wanted():
    table = pa.table({"text": [1], "label": ["a"], "holder": pa.nulls(1)})
    with pytest.raises(TableError, match='column "text": holds int64 where text belongs'):
        require_texts(table, "us.jsonl", ["text", "label"])
    require_texts(table, "us.jsonl", ["label", "holder"])
