"""Downloads that were cut: the rest comes behind what is here, and the end is right."""

import hashlib
import io
import signal
import subprocess
import sys
import time

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from stance.core.errors import RefusedFileError, StorageError
from stance.core.paths import PACKAGE
from stance.data.download import CHUNK_BYTES

DATA = b"text,label\nTruce now,favor\n" * 3000
FLIPPED = bytes([DATA[0] ^ 1]) + DATA[1:]
SHA256, SIZE, HALF = hashlib.sha256(DATA).hexdigest(), len(DATA), len(DATA) // 2
SHEET = """
name = "own"
title = "t"
version = "1"
files = [{{ path = "sub/0.csv", url = "{url}", sha256 = "{sha256}", bytes = {size_bytes} }}]
[schemes.stance]
"""

SERVERS = [
    "/whole",
    "/ranges",
    "/ranges-cut",
    "/moved",
    "/past-end",
    "/other-begin",
    "/other-size",
    "/no-range-said",
    "/zipped",
]


@pytest.fixture
def partial(place):
    """Return where the beginning of a file waits for the rest."""
    place.parent.mkdir(parents=True)
    return place.with_name(f".0.csv.{SHA256[:16]}.part")


def names_beside(place):
    return sorted(path.name for path in place.parent.iterdir()) if place.parent.exists() else []


def test_a_cut_connection_is_taken_up_in_the_same_run(place, server):
    server.fetch("/ranges-cut", size_bytes=SIZE)
    assert place.read_bytes() == DATA
    assert names_beside(place) == ["0.csv"]
    begins = [0 if asked is None else int(asked[6:-1]) for _, asked in server.asked]
    assert begins[0] == 0
    assert HALF - CHUNK_BYTES < begins[1] <= HALF
    assert begins == sorted(set(begins))


def test_after_three_more_tries_what_is_here_is_told_and_kept(place, partial, server):
    partial.write_bytes(DATA[:HALF])
    with pytest.raises(StorageError, match=f"; {HALF:,} of {SIZE:,} bytes are here, the same command goes on$") as e:
        server.fetch("/stuck", size_bytes=SIZE)
    assert "\n" not in str(e.value)
    assert server.asked == [("/stuck", f"bytes={HALF}-")] * 4
    assert names_beside(place) == [partial.name]
    assert server.fetch("/ranges", size_bytes=SIZE) == [place]
    assert server.asked[-1] == ("/ranges", f"bytes={HALF}-")
    assert names_beside(place) == ["0.csv"]


def test_a_failure_leaves_the_older_file_and_the_partial(place, partial, server):
    place.write_bytes(b"older")
    with pytest.raises(StorageError, match=r"IncompleteRead.*; 32,768 bytes are here"):
        server.fetch("/cut")
    assert place.read_bytes() == b"older"
    assert DATA.startswith(partial.read_bytes())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    begin=st.integers(0, SIZE + 100) | st.sampled_from([0, SIZE - 1, SIZE, SIZE + 1]),
    path=st.sampled_from(SERVERS),
    size_bytes=st.sampled_from([SIZE, None]),
)
def test_wherever_it_was_cut_and_whatever_the_server_can_the_end_is_right(
    place, partial, server, begin, path, size_bytes
):
    assume(size_bytes or path != "/other-size")  # nobody can tell
    place.unlink(missing_ok=True)
    server.asked.clear()
    partial.write_bytes((DATA + b"?" * 100)[:begin])
    server.fetch(path, size_bytes=size_bytes)
    assert place.read_bytes() == DATA
    assert names_beside(place) == ["0.csv"]
    if size_bytes:
        assert (server.asked == []) == (begin == SIZE)
        assert server.asked == [] or server.asked[0] == (path, f"bytes={begin}-" if 0 < begin < SIZE else None)


@pytest.mark.parametrize("begin", [HALF, SIZE])
def test_a_damaged_beginning_is_refused_once(place, partial, server, begin):
    partial.write_bytes(FLIPPED[:begin])
    with pytest.raises(RefusedFileError, match=hashlib.sha256(FLIPPED).hexdigest()):
        server.fetch("/ranges", size_bytes=SIZE)
    assert not names_beside(place)
    assert server.fetch("/ranges", size_bytes=SIZE) == [place]


def test_another_version_s_beginning_is_left_alone(place, partial, server):
    partial.write_bytes(DATA[:HALF])
    server.fetch("/wrong", sha256=hashlib.sha256(FLIPPED).hexdigest())
    assert place.read_bytes() == FLIPPED
    assert server.asked == [("/wrong", None)]


def test_killed_in_mid_download_then_fetched_again(place, partial, server, tmp_path):
    sheet = SHEET.format(url=server.url + "/slow", sha256=SHA256, size_bytes=SIZE)
    (tmp_path / "sheet.toml").write_text(sheet)
    with subprocess.Popen(
        [sys.executable, "-m", "stance", "corpora", "fetch", str(tmp_path)],
        cwd=PACKAGE.parent,
        stderr=subprocess.DEVNULL,
    ) as running:
        until = time.monotonic() + 20
        while not (partial.exists() and partial.stat().st_size > HALF - CHUNK_BYTES) and time.monotonic() < until:
            time.sleep(0.01)
        running.send_signal(signal.SIGKILL)
    here = partial.stat().st_size
    assert 0 < here < SIZE
    assert names_beside(place) == [partial.name]
    server.fetch("/slow", size_bytes=SIZE)
    assert server.asked == [("/slow", None), ("/slow", f"bytes={here}-")]
    assert place.read_bytes() == DATA
    assert names_beside(place) == ["0.csv"]


def test_a_full_disk_is_one_line_and_the_rest_comes_once_there_is_room(place, partial, server, tmp_path):
    (tmp_path / "sheet.toml").write_text(SHEET.format(url=server.url + "/ranges", sha256=SHA256, size_bytes=SIZE))
    code = "import resource as r, sys; from stance.__main__ import main; "
    code += "r.setrlimit(r.RLIMIT_FSIZE, (80_999, r.RLIM_INFINITY)); main(['corpora', 'fetch', sys.argv[1]])"
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path], cwd=PACKAGE.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 4
    said = f"{partial}: cannot be written: File too large; 80,999 of 81,000 bytes are here, the same command goes on"
    assert done.stderr.splitlines()[2:] == [f"error: {said}"]
    assert server.fetch("/ranges", size_bytes=SIZE) == [place]
    assert server.asked[-1] == ("/ranges", "bytes=80999-")


def test_a_terminal_sees_a_bar_that_begins_with_what_is_here(place, partial, server, monkeypatch):
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", terminal)
    partial.write_bytes(DATA[:HALF])
    server.fetch("/ranges", size_bytes=SIZE)
    assert "ranges:  50%" in terminal.getvalue()
    assert "40.5k/81.0k" in terminal.getvalue()
    assert "B/s" in terminal.getvalue()
