"""Fetching: a whole file of the right hash under its name, or none."""

import hashlib
import os
import queue
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from stance.core.errors import InputError, MissingDataError, RefusedFileError, StorageError
from stance.data import fetch
from stance.data.fetch import fetch_corpus, find_file, is_here
from stance.data.sheets import Sheet, check_model

DATA = b"text,label\nTruce now,favor\n" * 3000
FLIPPED = bytes([DATA[0] ^ 1]) + DATA[1:]
SHA256 = hashlib.sha256(DATA).hexdigest()


def sheet_of(*urls, sha256=SHA256):
    files = [{"path": f"sub/{i}.csv", "url": url, "sha256": sha256} for i, url in enumerate(urls)]
    return check_model(
        {"name": "own", "title": "t", "version": "1", "files": files, "schemes": {"stance": {}}}, Sheet, "own"
    )


@pytest.fixture
def origin(tmp_path):
    (tmp_path / "from" / "sub").mkdir(parents=True)
    for i in range(2):
        (tmp_path / "from" / "sub" / f"{i}.csv").write_bytes(DATA)
    return tmp_path / "from"


def nothing_lies_beside(place):
    return not place.parent.exists() or not list(place.parent.iterdir())


class TestFromFolder:
    """``--from DIR``: DIR holds the sheet's paths verbatim."""

    def test_right_files_are_copied_and_told(self, place, origin):
        said = []
        sheet = sheet_of("https://x.org/0.csv", "https://x.org/1.csv")
        assert not is_here(sheet)
        paths = fetch_corpus(sheet, origin, said.append)
        assert paths == [place, place.parent / "1.csv"]
        assert [path.read_bytes() for path in paths] == [DATA, DATA]
        assert sorted(p.name for p in place.parent.iterdir()) == ["0.csv", "1.csv"]
        assert said == [f"{path}: fetched, sha256 checked" for path in paths]
        assert is_here(sheet)
        assert find_file(origin, sheet, sheet.files[0]) == place

    def test_one_flipped_bit_is_refused_with_both_hashes(self, place, origin):
        (origin / "sub" / "0.csv").write_bytes(FLIPPED)
        with pytest.raises(RefusedFileError) as caught:
            fetch_corpus(sheet_of("https://x.org/0.csv"), origin)
        assert caught.value.exit_code == 5
        assert SHA256 in str(caught.value)
        assert hashlib.sha256(FLIPPED).hexdigest() in str(caught.value)
        assert "\n" not in str(caught.value)
        assert nothing_lies_beside(place)

    def test_a_missing_file_is_named(self, place, origin):
        (origin / "sub" / "0.csv").unlink()
        with pytest.raises(MissingDataError, match=r"0\.csv: not there; --from wants a folder that holds sub/0\.csv"):
            fetch_corpus(sheet_of("https://x.org/0.csv"), origin)
        assert nothing_lies_beside(place)

    def test_a_right_file_is_left_alone(self, place, origin):
        place.parent.mkdir(parents=True)
        place.write_bytes(DATA)
        before, said = place.stat(), []
        fetch_corpus(sheet_of("https://x.org/0.csv"), origin / "nowhere", said.append)
        assert (place.stat().st_ino, place.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
        assert said == [f"{place}: already there"]

    def test_a_wrong_file_is_replaced(self, place, origin):
        place.parent.mkdir(parents=True)
        place.write_bytes(FLIPPED)
        fetch_corpus(sheet_of("https://x.org/0.csv"), origin)
        assert place.read_bytes() == DATA

    def test_a_wrong_file_stays_where_nothing_better_comes(self, place, origin):
        place.parent.mkdir(parents=True)
        place.write_bytes(b"older")
        (origin / "sub" / "0.csv").write_bytes(FLIPPED)
        with pytest.raises(RefusedFileError):
            fetch_corpus(sheet_of("https://x.org/0.csv"), origin)
        assert place.read_bytes() == b"older"

    def test_a_folder_that_cannot_be_made_is_a_storage_error(self, place, origin):
        place.parent.parent.parent.write_text("a file")
        with pytest.raises(StorageError, match=r"0\.csv: cannot be written: Not a directory$"):
            fetch_corpus(sheet_of("https://x.org/0.csv"), origin)


def test_a_corpus_that_ships_has_nothing_to_fetch(place):
    sheet = check_model(
        {
            "name": "own",
            "title": "t",
            "version": "1",
            "files": [{"path": "a.csv"}],
            "schemes": {"stance": {}},
        },
        Sheet,
        "own",
    )
    with pytest.raises(InputError, match="own: ships with the package, nothing to fetch"):
        fetch_corpus(sheet)
    assert is_here(sheet)


def test_a_file_is_found_with_its_own_hash_alone(place, tmp_path):
    sheet = sheet_of("https://x.org/0.csv")
    with pytest.raises(MissingDataError, match=r"0\.csv: not there; run: stance corpora fetch own"):
        find_file(tmp_path, sheet, sheet.files[0])
    place.parent.mkdir(parents=True)
    place.write_bytes(FLIPPED)
    with pytest.raises(RefusedFileError, match=f"sha256 is {hashlib.sha256(FLIPPED).hexdigest()}, .* {SHA256}"):
        find_file(tmp_path, sheet, sheet.files[0])


def test_two_fetches_at_once_end_as_one(place, origin, monkeypatch):
    """The second waits for the first, then finds the file there."""
    at_work, go_on, brought = threading.Event(), threading.Event(), []

    def slowly(file, path, source, bring=fetch._bring):
        brought.append(path)
        at_work.set()
        assert go_on.wait(10)
        bring(file, path, source)

    monkeypatch.setattr(fetch, "_bring", slowly)
    sheet, said = sheet_of("https://x.org/0.csv"), queue.SimpleQueue()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(fetch_corpus, sheet, origin)
        assert at_work.wait(10)
        second = threads.submit(fetch_corpus, sheet, origin, said.put)
        waiting = said.get(timeout=10)
        assert not second.done()
        go_on.set()
        assert first.result() == second.result() == brought == [place]
    assert waiting == f"{place.parent.parent}: another fetch is at work here; waiting for it"
    assert [path.name for path in place.parent.iterdir()] == ["0.csv"]


def test_the_lock_of_a_dead_fetch_holds_nobody(place, origin):
    place.parent.mkdir(parents=True)
    (place.parent.parent / ".lock").touch()
    assert fetch_corpus(sheet_of("https://x.org/0.csv"), origin) == [place]


def test_a_copy_that_was_cut_is_made_anew(place, origin):
    place.parent.mkdir(parents=True)
    (place.parent / f".0.csv.{SHA256[:16]}.part").write_bytes(FLIPPED + b"more")
    fetch_corpus(sheet_of("https://x.org/0.csv"), origin)
    assert place.read_bytes() == DATA
    assert [path.name for path in place.parent.iterdir()] == ["0.csv"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_read_only_is_a_storage_error(place, origin):
    place.parent.parent.mkdir(parents=True)
    place.parent.parent.chmod(0o555)
    with pytest.raises(StorageError, match=r"0\.csv: cannot be written: Permission denied$"):
        fetch_corpus(sheet_of("https://x.org/0.csv"), origin)
