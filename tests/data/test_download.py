"""Downloads from a server of our own: whole and right under their name, or not there."""

import hashlib
import io
import threading

import pytest
import requests

from stance.core.errors import RefusedFileError, StorageError
from stance.data import download

DATA = b"text,label\nTruce now,favor\n" * 3000
SHA256, SIZE = hashlib.sha256(DATA).hexdigest(), len(DATA)


def names_beside(place):
    return sorted(path.name for path in place.parent.iterdir()) if place.parent.exists() else []


@pytest.mark.parametrize("size_bytes", [None, SIZE])
@pytest.mark.parametrize("path", ["/whole", "/ranges", "/moved"])
def test_a_whole_file_is_kept_in_silence(place, server, path, size_bytes, capfd):
    assert server.fetch(path, size_bytes=size_bytes) == [place]
    assert place.read_bytes() == DATA
    assert names_beside(place) == ["0.csv"]
    assert server.asked[0] == (path, None)
    assert capfd.readouterr() == ("", "")  # no bar where stderr is no terminal


@pytest.mark.parametrize("size_bytes", [None, SIZE])
@pytest.mark.parametrize("path", ["/wrong", "/page", "/moved-wrong", "/cut-unsaid"])
def test_other_bytes_are_refused_and_not_kept(place, server, path, size_bytes):
    said = f"{path}: sha256 is [0-9a-f]{{64}}, the sheet says {SHA256}; nothing kept$"
    with pytest.raises(RefusedFileError, match=said) as caught:
        server.fetch(path, size_bytes=size_bytes)
    assert caught.value.exit_code == 5
    assert not names_beside(place)


@pytest.mark.parametrize("path", ["/long", "/endless"])
def test_more_than_the_sheet_s_bytes_is_refused_at_once(place, server, path, monkeypatch):
    written = []
    monkeypatch.setattr(download, "_write", lambda file, chunk, size: written.append(len(chunk)))
    with pytest.raises(RefusedFileError, match=f"{path}: sends more than the sheet's 81,000 bytes; nothing kept$"):
        server.fetch(path, size_bytes=SIZE)
    assert sum(written) <= (SIZE if path == "/endless" else 0)
    assert not names_beside(place)


@pytest.mark.parametrize(
    ("path", "said"), [("/nowhere", "404"), ("/broken", "503"), ("/unasked", "206"), ("/round", "redirects")]
)
def test_a_refusal_leaves_nothing_and_is_not_asked_again(place, server, path, said):
    with pytest.raises(StorageError, match=f"{path}: cannot be fetched: .*{said}") as caught:
        server.fetch(path)
    assert caught.value.exit_code == 4
    assert "\n" not in str(caught.value)
    assert not names_beside(place)
    assert len(server.asked) == 1 or path == "/round"


def test_a_right_file_is_not_asked_for(place, server):
    place.parent.mkdir(parents=True)
    place.write_bytes(DATA)
    server.fetch("/whole")
    assert server.asked == []


def test_what_came_stays_when_the_next_fails(place, server):
    with pytest.raises(StorageError):
        server.fetch("/whole", "/nowhere")
    assert place.read_bytes() == DATA
    assert names_beside(place) == ["0.csv"]


def test_a_silent_server_is_given_up(place, server, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT_SECONDS", 0.1)
    monkeypatch.setattr(server.RequestHandlerClass, "do_GET", lambda self: threading.Event().wait(0.3))
    with pytest.raises(StorageError, match=r"cannot be fetched: .*timed out"):
        server.fetch("/whole")
    assert not names_beside(place)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "file:///etc/passwd", "no-url"])
def test_an_address_that_does_not_answer(place, server, url):
    with pytest.raises(StorageError, match="cannot be fetched"):
        server.fetch(url)
    assert not names_beside(place)


@pytest.mark.parametrize("to", ["http://127.0.0.1:{port}/whole", "HTTP://127.0.0.1:{port}/whole", "file:///x"])
def test_a_redirect_from_https_to_less_is_not_followed(place, server, to, monkeypatch):
    to = to.format(port=server.server_port)
    send = requests.adapters.HTTPAdapter.send

    def moved(self, request, **kwargs):
        if not request.url.startswith("https:"):
            return send(request, **kwargs)
        answer = requests.Response()
        answer.status_code, answer.url, answer.request, answer.raw = 302, request.url, request, io.BytesIO()
        answer.headers["Location"] = to
        return answer

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", moved)
    with pytest.raises(StorageError, match=r"^https://x\.org/0\.csv: cannot be fetched: redirects from https to"):
        server.fetch("https://x.org/0.csv")
    assert server.asked == []
    assert not names_beside(place)
