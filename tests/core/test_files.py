"""Files are the old ones or the new ones, never a mixture."""

import errno
import hashlib
import math
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.core import files
from stance.core.errors import InputError, MissingDataError, RefusedFileError, StorageError
from stance.core.files import canonical_json, read_toml, replacing, sha256_file, sha256_text, write_bytes, write_text

OLD = "old\n"
TRY_TO_WRITE = """
import os, sys
from pathlib import Path
from stance.core.errors import StorageError
from stance.core.files import write_bytes
{before}
try:
    write_bytes(Path(sys.argv[1]), b"x" * 100_000)
except StorageError as error:
    print(error)
    sys.exit(error.exit_code)
"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "scores.jsonl"
    path.write_text(OLD)
    return path


def alone(path):
    """Say whether the folder holds nothing beside the file: no temporary one was left."""
    return [p.name for p in path.parent.iterdir()] == [path.name]


def write_half_and_raise(path, error):
    with replacing(path) as temporary:
        temporary.write_text("ne")
        raise error


def write_in_child(path, before):
    command = [sys.executable, "-c", TRY_TO_WRITE.format(before=before), str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_file_is_replaced_whole(path):
    write_text(path, "new\nlines\r\n")
    assert path.read_bytes() == b"new\nlines\r\n"
    assert alone(path)


def test_folders_are_made(tmp_path):
    write_text(tmp_path / "a" / "b" / "c.txt", "é")
    assert (tmp_path / "a" / "b" / "c.txt").read_bytes() == b"\xc3\xa9"


def test_the_new_name_stands_only_after_the_block(path):
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert temporary.parent == path.parent
        assert path.read_text() == OLD
    assert path.read_text() == "new"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, RefusedFileError, MissingDataError])
def test_a_failure_leaves_the_old_file_and_keeps_its_kind(path, error):
    with pytest.raises(error) as caught:
        write_half_and_raise(path, error("half-way"))
    assert type(caught.value) is error
    assert path.read_text() == OLD
    assert alone(path)


def test_a_full_disk_is_a_storage_error(path):
    with pytest.raises(StorageError, match=r"scores\.jsonl: cannot be written: No space left") as caught:
        write_half_and_raise(path, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert caught.value.exit_code == 4
    assert path.read_text() == OLD
    assert alone(path)


def test_a_file_that_outgrows_its_limit_is_not_kept(path):
    done = write_in_child(path, "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))")
    assert (done.returncode, done.stderr) == (4, "")
    assert done.stdout.startswith(f"{path}: cannot be written: File too large")
    assert path.read_text() == OLD
    assert alone(path)


def test_a_read_only_folder_is_a_storage_error():
    # Root writes wherever it likes, so the child becomes nobody; its folder must be reachable for nobody.
    folder = Path(tempfile.mkdtemp())
    path = folder / "model.stance"
    path.write_text(OLD)
    folder.chmod(0o555)
    try:
        done = write_in_child(path, "if os.getuid() == 0: os.setuid(65534)")
        assert (done.returncode, done.stderr) == (4, "")
        assert "model.stance: cannot be written: Permission denied" in done.stdout
        assert path.read_text() == OLD
        assert alone(path)
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


def test_a_folder_that_is_a_file_is_a_storage_error(path):
    with pytest.raises(StorageError, match="cannot be written"):
        write_text(path / "below.txt", "new")
    assert path.read_text() == OLD


def test_a_name_of_many_bytes_can_be_written(tmp_path):
    path = tmp_path / ("𝔸" * 62)  # 248 bytes of the 255 that a name may have
    write_text(path, "new")
    assert alone(path)


def test_a_killed_writer_leaves_the_old_file(path):
    kill = "import signal, stance.core.files as f; f._sync = lambda path: os.kill(os.getpid(), signal.SIGKILL)"
    assert write_in_child(path, kill).returncode == -signal.SIGKILL
    assert path.read_text() == OLD


def test_a_reader_never_sees_a_mixture(path):
    size, seen, done = 200_000, set(), threading.Event()
    write_bytes(path, b"a" * size)

    def read():
        while not done.is_set():
            seen.add(path.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for i in range(60):
        write_bytes(path, b"ab"[i % 2 : i % 2 + 1] * size)
    done.set()
    reader.join()
    assert seen <= {b"a" * size, b"b" * size}


def test_the_bytes_reach_the_disk_before_the_name_does(path, monkeypatch):
    done = []
    sync, replace = os.fsync, Path.replace
    monkeypatch.setattr(files.os, "fsync", lambda handle: (done.append("sync"), sync(handle)))
    monkeypatch.setattr(Path, "replace", lambda self, to: (done.append("name"), replace(self, to)))
    write_text(path, "new")
    assert done == ["sync", "name", "sync"]


def test_the_usual_permissions_are_given(path):
    before = os.umask(0o027)
    try:
        write_text(path, "new")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o640


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    ),
    st.randoms(use_true_random=False),
)
def test_the_same_value_gives_the_same_json(value, random):
    def shuffled(one):
        if isinstance(one, dict):
            keys = list(one)
            random.shuffle(keys)
            return {key: shuffled(one[key]) for key in keys}
        return [shuffled(item) for item in one] if isinstance(one, list) else one

    said = canonical_json(value)
    assert said == canonical_json(shuffled(value))
    assert "\n" not in said
    assert files.json.loads(said) == value


@pytest.mark.parametrize("value", [math.nan, math.inf, {"a": [-math.inf]}])
def test_json_that_is_none_is_not_written(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(value)


def test_hashes(tmp_path):
    data = b"truce" * 500_000  # more than a chunk
    (tmp_path / "a").write_bytes(data)
    assert sha256_file(tmp_path / "a") == hashlib.sha256(data).hexdigest()
    assert sha256_text("é") == hashlib.sha256(b"\xc3\xa9").hexdigest()
    assert sha256_text("\ud800") != sha256_text("\ud801")


def test_a_file_that_cannot_be_read_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError, match="cannot be read: Is a directory"):
        sha256_file(tmp_path)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"a = ", "cannot be read as TOML"),
        (b'a = "\xff"', "cannot be read as TOML"),
        (b"a = " + b"[" * 5000 + b"]" * 5000, "cannot be read as TOML"),
        (b"a = " + b"9" * 5000, "cannot be read as TOML"),
    ],
)
def test_what_is_no_toml_is_refused_in_one_line(data, words, tmp_path):
    (tmp_path / "x.toml").write_bytes(data)
    with pytest.raises(InputError, match=words) as caught:
        read_toml(tmp_path / "x.toml")
    assert "\n" not in str(caught.value)


def test_toml_may_begin_with_a_byte_order_mark(tmp_path):
    (tmp_path / "x.toml").write_bytes(b"\xef\xbb\xbfa = 1")
    assert read_toml(tmp_path / "x.toml") == {"a": 1}
    with pytest.raises(MissingDataError, match=r"y\.toml: no such file"):
        read_toml(tmp_path / "y.toml")
    with pytest.raises(InputError, match="Is a directory"):
        read_toml(tmp_path)
