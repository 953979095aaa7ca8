"""Corpora of the tests' own making, and the public ones where they are at hand."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from stance.data import download
from stance.data.fetch import fetch_corpus
from stance.data.sheets import Sheet, check_model

SHEET = """
name = "own"
title = "Our own"
version = "1"
reader = "{reader}"

[schemes.{scheme}]
{keys}
"""


@pytest.fixture
def make_corpus(tmp_path):
    """Return a function that writes a folder with a sheet and files, each for the split of its stem."""

    def make(files, reader="table", scheme="stance", keys="", splits=True):
        text = SHEET.format(reader=reader, scheme=scheme, keys=keys)
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
            split = f'split = "{name.split(".")[0]}"' if splits else ""
            text += f'\n[[files]]\npath = "{name}"\n{split}\n'
        (tmp_path / "sheet.toml").write_text(text, encoding="utf-8")
        return tmp_path

    return make


@pytest.fixture
def place(monkeypatch, tmp_path):
    """Return where the file ``sub/0.csv`` of the corpus ``own`` is to lie once it is fetched."""
    monkeypatch.setenv("STANCE_DATA", str(tmp_path / "data"))
    return tmp_path / "data" / "own" / "sub" / "0.csv"


class Handler(BaseHTTPRequestHandler):
    """Answers by path, from the server's `data`; what it was asked, with the range, is kept."""

    def do_GET(self):
        asked, data = self.headers["Range"], self.server.data
        self.server.asked.append((self.path, asked))
        size, half = len(data), len(data) // 2
        begin = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        html = {"Content-Length": "20"}
        answers = {  # path: status, body, headers; some differ where a range is asked for
            "/whole": (200, data, {}),
            "/cut": (200, data[:half], {}),
            "/cut-unsaid": (200, data[:half], {"Content-Length": None}),
            "/ranges": (200, data, {}),
            "/ranges-cut": (200, data[:half], {}),
            "/stuck": (200, b"", {}),
            "/slow": (200, data[:half], {}),
            "/wrong": (200, bytes([data[0] ^ 1]) + data[1:], {}),
            "/page": (200, b"<html>log in!</html>", html),
            "/long": (200, data + b"more", {"Content-Length": str(size + 4)}),
            "/endless": (200, data * 100, {"Content-Length": None}),
            "/moved": (302, b"", {"Location": "/ranges"}),
            "/moved-wrong": (302, b"", {"Location": "/wrong"}),
            "/round": (302, b"", {"Location": "/round"}),
            "/broken": (503, b"<html>later!!</html>", html),
            "/unasked": (206, data, {}),
        }
        right = {"Content-Range": f"bytes {begin}-{size - 1}/{size}", "Content-Length": str(size - begin)}
        ranged = {
            "/ranges": (206, data[begin:], right),
            "/ranges-cut": (206, data[begin:][:half], right),
            "/stuck": (206, b"", right),
            "/slow": (206, data[begin:], right),
            "/past-end": (416, b"", {"Content-Length": "0"}),
            "/other-begin": (206, data, {"Content-Range": f"bytes 0-{size - 1}/{size}"}),
            "/other-size": (206, data[begin:] + b"?", {"Content-Range": f"bytes {begin}-{size}/{size + 1}"}),
            "/no-range-said": (206, data, {}),
            "/zipped": (206, data, right | {"Content-Encoding": "gzip"}),
        }
        known = answers | (ranged if asked else dict.fromkeys(ranged.keys() - answers, answers["/whole"]))
        answer = known.get(self.path, (404, b"<html>unknown</html>", html))
        if begin >= size and answer[0] == 206:
            answer = ranged["/past-end"]
        self.answer(*answer)
        if self.path == "/slow" and not asked:
            self.server.ends.wait(20)

    def answer(self, status, body, headers):
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(self.server.data))} | headers).items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *args):
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Serves the `DATA` of a test module to this machine."""

    def __init__(self, data):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.data, self.asked, self.ends = data, [], threading.Event()

    def fetch(self, *paths, sha256=None, size_bytes=None):
        """Fetch a corpus whose files lie at `paths`, or at URLs elsewhere."""
        sha256 = sha256 or hashlib.sha256(self.data).hexdigest()
        urls = [self.url + path if path.startswith("/") else path for path in paths]
        files = [{"path": f"sub/{i}.csv", "url": u, "sha256": sha256, "bytes": size_bytes} for i, u in enumerate(urls)]
        raw = {"name": "own", "title": "t", "version": "1", "files": files, "schemes": {"stance": {}}}
        return fetch_corpus(check_model(raw, Sheet, "own"))

    def handle_error(self, request, client_address):
        """Take it that a reader may leave."""


@pytest.fixture
def server(monkeypatch, request):
    """Return a server of the module's `DATA`; nobody waits before asking again."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "WAITS_SECONDS", (0, 0, 0))
    with Server(request.module.DATA) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.ends.set()
        running.shutdown()
        thread.join()


@pytest.fixture
def write_csv(tmp_path):
    """Return a function that writes rows of cells, none of which needs a quote, as a CSV file."""

    def write(*rows, name="us.csv"):
        path = tmp_path / name
        path.write_text("".join(",".join(row) + "\n" for row in rows), encoding="utf-8")
        return path

    return write
