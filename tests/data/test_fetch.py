"""Fetching: a whole file of the right hash under its name, or none."""

import hashlib
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pooch
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
def place(monkeypatch, tmp_path):
    """Return where the first file of the sheet is to lie."""
    monkeypatch.setenv("STANCE_DATA", str(tmp_path / "data"))
    return tmp_path / "data" / "own" / "sub" / "0.csv"


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
        with pytest.raises(StorageError, match="cannot be written"):
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


class Server(BaseHTTPRequestHandler):
    """Answers by path; counts what it was asked."""

    asked: list[str]

    def do_GET(self):
        self.asked.append(self.path)
        status, body, length, to = {
            "/whole": (200, DATA, len(DATA), None),
            "/cut": (200, DATA[: len(DATA) // 2], len(DATA), None),
            "/cut-unsaid": (200, DATA[: len(DATA) // 2], None, None),
            "/wrong": (200, FLIPPED, len(FLIPPED), None),
            "/page": (200, b"<html>please log in</html>", 26, None),
            "/moved": (302, b"", 0, "/whole"),
            "/moved-wrong": (302, b"", 0, "/wrong"),
            "/round": (302, b"", 0, "/round"),
            "/broken": (503, b"later", 5, None),
        }.get(self.path, (404, b"<html>not found</html>", 22, None))
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        if to:
            self.send_header("Location", to)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture
def server(monkeypatch):
    """Return the address of a server on this machine, and what it was asked."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    asked = []
    handler = type("Handler", (Server,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}", asked
        running.shutdown()
        thread.join()


class TestOverHttp:
    """From the sheet's URLs."""

    @pytest.mark.parametrize("path", ["/whole", "/moved"])
    def test_a_whole_file_is_kept_in_silence(self, place, server, path, capfd, monkeypatch):
        url, asked = server
        for handler in pooch.get_logger().handlers:  # they speak to the stderr of their own first import
            monkeypatch.setattr(handler, "stream", sys.stderr)
        assert fetch_corpus(sheet_of(url + path)) == [place]
        assert place.read_bytes() == DATA
        assert [p.name for p in place.parent.iterdir()] == ["0.csv"]
        assert asked[0] == path
        assert capfd.readouterr() == ("", "")  # no bar where stderr is no terminal

    @pytest.mark.parametrize("path", ["/wrong", "/page", "/moved-wrong", "/cut-unsaid"])
    def test_other_bytes_are_refused_and_not_kept(self, place, server, path):
        with pytest.raises(RefusedFileError, match=f"{path}: sha256 is [0-9a-f]{{64}}, the sheet says {SHA256}; noth"):
            fetch_corpus(sheet_of(server[0] + path))
        assert nothing_lies_beside(place)

    @pytest.mark.parametrize(
        ("path", "said"),
        [("/cut", "IncompleteRead"), ("/nowhere", "404"), ("/broken", "503"), ("/round", "redirects")],
    )
    def test_a_failed_download_leaves_nothing(self, place, server, path, said):
        with pytest.raises(StorageError, match=f"{path}: cannot be fetched: .*{said}") as caught:
            fetch_corpus(sheet_of(server[0] + path))
        assert caught.value.exit_code == 4
        assert "\n" not in str(caught.value)
        assert nothing_lies_beside(place)

    def test_a_failure_leaves_what_lay_there(self, place, server):
        place.parent.mkdir(parents=True)
        place.write_bytes(b"older")
        with pytest.raises(StorageError):
            fetch_corpus(sheet_of(server[0] + "/cut"))
        assert place.read_bytes() == b"older"

    def test_a_right_file_is_not_asked_for(self, place, server):
        place.parent.mkdir(parents=True)
        place.write_bytes(DATA)
        fetch_corpus(sheet_of(server[0] + "/whole"))
        assert server[1] == []

    def test_what_came_stays_when_the_next_fails(self, place, server):
        with pytest.raises(StorageError):
            fetch_corpus(sheet_of(server[0] + "/whole", server[0] + "/nowhere"))
        assert place.read_bytes() == DATA
        assert [p.name for p in place.parent.iterdir()] == ["0.csv"]

    def test_a_silent_server_is_given_up(self, place, server, monkeypatch):
        monkeypatch.setattr(fetch, "TIMEOUT_SECONDS", 0.1)
        monkeypatch.setattr(Server, "do_GET", lambda self: threading.Event().wait(0.3))
        with pytest.raises(StorageError, match=r"cannot be fetched: .*timed out"):
            fetch_corpus(sheet_of(server[0] + "/whole"))
        assert nothing_lies_beside(place)

    @pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "file:///etc/passwd", "no-url"])
    def test_an_address_that_does_not_answer(self, place, url, monkeypatch):
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with pytest.raises(StorageError, match="cannot be fetched"):
            fetch_corpus(sheet_of(url))
        assert nothing_lies_beside(place)
