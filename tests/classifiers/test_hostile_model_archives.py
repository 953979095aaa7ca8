"""Model files whose archive or manifest was made to hurt; every hash in them is right."""

import io
import json
import re
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from stance.classifiers import model_archives, model_files
from stance.classifiers.model_files import load_model

CANARY = Path("/tmp/stance_was_here")


@pytest.fixture(autouse=True)
def _nothing_runs():
    yield
    assert not CANARY.exists()


def test_a_forged_file_that_changes_nothing_loads(svm, path, forge):
    assert load_model(forge(path, svm)).predict(["Moscow backs it."]).shape == (1,)


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ({"format": 2}, ["format 2", "reads 1"]),
        ({"format": None}, ["format None"]),
        ({"scikit-learn": "99.0.1"}, ["99.0.1", "upgrade"]),
        ({"scikit-learn": "new"}, ["new is no version"]),
        ({"scikit-learn": 2}, ["TypeError"]),
        ({"estimator_sha256": "0" * 64}, ["sha256"]),
        ({"classes": ["against", "favor"]}, ["labels"]),
        ({"classes": ["none", "favor", "against"]}, ["labels"]),
        ({"class": "stance.classifiers.baselines.SGDTextClassifier"}, ["class"]),
        ({"smoke": ["favor", "favor", "nobody"]}, ["does not predict"]),
        ({"note": "x" * (2 << 20)}, ["manifest.json inflates to over"]),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(manifest, words, svm, path, forge, refused):
    refused(forge(path, svm, **manifest), *words)


def test_a_manifest_that_is_none_is_refused(path, refused, write):
    for manifest in ([], None, {}, "x"):
        refused(write(path, manifest, b""))


# Archives.


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "x/", "manifest.json", "3"])
def test_a_third_member_is_refused(name, svm, path, refused, write):
    with pytest.warns(UserWarning, match="Duplicate") if name == "manifest.json" else pytest.MonkeyPatch.context():
        write(path, {}, b"", [(name, b"")])
    refused(path)


def test_a_hundred_thousand_members_are_refused_unread(path, monkeypatch, refused, write):
    one = io.BytesIO()
    model_archives.write_archive(one, [("a", b"")], compress=False)
    data = one.getvalue()
    start = data.index(b"PK\1\2")
    directory = data[start:-22] * 100_000
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, len(directory), start, 64)
    body = data[:start] + directory + end
    path.write_bytes(body + b"0" * 64)
    with path.open("r+b") as file:
        file.write(model_archives._digest(file))
    monkeypatch.setattr(zipfile, "ZipFile", None)
    refused(path, "more than 5 members")


def test_too_many_arrays_are_refused(svm, path, forge, refused, write):
    def add(members):
        return members | {f"{i}x.npy": b"" for i in range(10_001)}

    refused(forge(path, svm, members=add), "10,000 members")


def patched(path, change):
    """Change a file's bytes and seal it again."""
    data = bytearray(path.read_bytes())
    change(data)
    path.write_bytes(data)
    with path.open("r+b") as file:
        file.write(model_archives._digest(file))
    return path


@pytest.mark.parametrize(
    ("offset", "form", "value", "words"),
    [
        (8, "<H", 1, "no plain file"),
        (10, "<H", 12, "is compressed by method 12"),
        (10, "<H", 14, "is compressed by method 14"),
        (38, "<L", 0o120777 << 16, "no plain file"),
        (38, "<L", 0o040755 << 16, "no plain file"),
    ],
    ids=["encrypted", "bzip2", "lzma", "symlink", "folder"],
)
def test_a_member_of_another_kind_is_refused(offset, form, value, words, svm, path, forge, refused):
    def change(data):
        struct.pack_into(form, data, data.index(b"PK\1\2") + offset, value)

    refused(patched(forge(path, svm), change), words)


def test_a_second_directory_is_refused(svm, path, forge, refused):
    def change(data):
        at = len(data) - 64 - 22
        data[at:at] = b"PK\6\7" + bytes(16)

    refused(patched(forge(path, svm), change), "more than 5 members")


def test_an_array_twice_is_refused(svm, path, write, refused):
    inner = io.BytesIO()
    with pytest.warns(UserWarning, match="Duplicate"):
        model_archives.write_archive(inner, [("0.npy", b""), ("0.npy", b""), ("schema.json", b"{}")], compress=True)
    refused(write(path, model_files._manifest(svm, inner.getvalue()), inner.getvalue()), "twice")


def test_other_members_are_refused(path, refused):
    model_archives.write_archive(path, [("manifest.json", b"{}"), ("estimator.pkl", b"")], compress=True)
    model_archives.seal(path)
    refused(path, "estimator.pkl", "not manifest.json and estimator.skops")


@pytest.mark.parametrize("size", [0, 10, 1 << 31])
def test_a_header_that_lies_about_size_is_refused(size, svm, path, forge, refused):
    def change(data):
        struct.pack_into("<L", data, data.rindex(b"PK\1\2") + 24, size)

    refused(patched(forge(path, svm), change))


def header(text):
    data = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()
    return lambda members: members | {"0.npy": data}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (100000000000,)}", ["800,000,000,000"]),
        ("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", ["holds objects"]),
        ("{'descr': '<U0', 'fortran_order': False, 'shape': (100000000000,)}", ["nothing at all"]),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, -1)}", ["nothing at all"]),
        ("__import__('os').system('touch /tmp/stance_was_here')", []),
        ("(" * 5000, []),
    ],
)
def test_an_array_that_lies_is_refused(text, words, svm, path, forge, refused, write):
    refused(forge(path, svm, members=header(text)), *words)


# Memory and time, measured in a process of its own.

MEASURE = """
import os
if os.fork():  # a program inherits the peak of the process that started it; a fork of it does not
    os.wait()
    raise SystemExit
import resource, sys, time
import stance.classifiers.baselines, stance.classifiers.stance_classifier
from stance.classifiers.model_files import load_model
from stance.core.errors import RefusedFileError
for path in sys.argv[1:]:
    start = time.perf_counter()
    try:
        load_model(path)
    except RefusedFileError as error:
        seconds = time.perf_counter() - start
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, round(seconds, 2), error)
    else:
        print("accepted", path)
"""


def bomb(path, n_megabytes):
    """Write a model file whose estimator inflates to that size."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", json.dumps({"format": 1, "scikit-learn": "1.7.0"}))
        with archive.open("estimator.skops", "w", force_zip64=False) as member:
            for _ in range(n_megabytes):
                member.write(bytes(1 << 20))
    model_archives.seal(path)
    return path


@pytest.mark.slow
def test_bombs_stay_within_memory_and_time(svm, tmp_path, forge):
    zeros = io.BytesIO()
    np.save(zeros, np.zeros(20 << 20))
    wide = b"[" + b"{}," * (11 << 20) + b"{}]"
    files = [
        bomb(tmp_path / "outer", 500),
        forge(tmp_path / "inner", svm, members=lambda m: m | {f"{i}z.npy": zeros.getvalue() for i in range(3)}),
        forge(tmp_path / "wide", svm, schema=lambda _: wide),
        forge(tmp_path / "wider", svm, schema=lambda _: wide[: 30 << 20].rstrip(b",{") + b"]"),
    ]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *map(str, files)],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert len(lines) == len(files), done.stdout
    for line in lines:
        found = re.match(r"(\d+) ([\d.]+) .*refused", line)
        assert found, line
        assert int(found[1]) < 1500, line
        assert float(found[2]) < 10, line
