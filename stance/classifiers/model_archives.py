"""The archives of a model file: read without trust in what they say of themselves, written byte-stable."""

from __future__ import annotations

import hashlib
import io
import json
import math
import stat
import struct
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from stance.classifiers.model_types import UnsafeError, find_nodes
from stance.core.errors import show
from stance.core.files import CHUNK_BYTES

SCHEMA = "schema.json"
# skops holds the state three times while it builds the classifier; the cap keeps that below 1.5 GB.
MAX_STATE_BYTES = 400 << 20
MAX_SCHEMA_BYTES = 32 << 20
MAX_MEMBERS = 10_000
SEAL_BYTES = 64
_END = struct.Struct("<4s4H2LH")
_ZIP64_LOCATOR_BYTES = 20


def open_archive(file: BinaryIO, max_members: int) -> zipfile.ZipFile:
    """Open a zip whose directory is small, plain and free of doubles.

    The end record is read before `zipfile` gets to build an object for each of a million members.

    Raises
    ------
    UnsafeError, zipfile.BadZipFile
    """
    comment_bytes = _check_end(file, max_members)
    archive = zipfile.ZipFile(file)
    names = archive.namelist()
    if len(set(names)) != len(names) or len(names) > max_members or len(archive.comment) != comment_bytes:
        raise UnsafeError("it holds a member twice, or more than it says")
    for info in archive.infolist():
        kind = stat.S_IFMT(info.external_attr >> 16)
        if info.flag_bits or kind not in (0, stat.S_IFREG) or info.is_dir():
            raise UnsafeError(f"member {show(info.filename)} is encrypted, or no plain file")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UnsafeError(f"member {show(info.filename)} is compressed by method {info.compress_type}")
    return archive


def _check_end(file: BinaryIO, max_members: int) -> int:
    """Return the length of the comment: none, or a seal."""
    size = file.seek(0, io.SEEK_END)
    for comment_bytes in (0, SEAL_BYTES):
        start = size - _END.size - comment_bytes
        if start < 0:
            break
        file.seek(max(0, start - _ZIP64_LOCATOR_BYTES))
        before = file.read(start - file.tell())
        mark, *numbers = _END.unpack(file.read(_END.size))
        if mark == b"PK\5\6" and numbers[-1] == comment_bytes:
            if numbers[2] != numbers[3] or numbers[3] > max_members or before.startswith(b"PK\6\7"):
                raise UnsafeError(f"it says that it has more than {max_members:,} members")
            return comment_bytes
    raise UnsafeError("it does not end like a model file: cut off, or no model file at all")


def read_member(archive: zipfile.ZipFile, name: str, cap: int) -> bytes:
    """Read a member in chunks, up to a cap: the size that a zip declares cannot be trusted."""
    kept = io.BytesIO()
    with archive.open(name) as member:
        while chunk := member.read(CHUNK_BYTES):
            kept.write(chunk)
            if kept.tell() > cap:
                raise UnsafeError(f"{show(name)} inflates to over {cap:,} bytes")
    if kept.tell() != archive.getinfo(name).file_size:
        raise UnsafeError(f"{show(name)} is not as large as the zip says")
    return kept.getvalue()


def write_archive(file: BinaryIO | Path, members: Iterable[tuple[str, bytes]], *, compress: bool) -> None:
    """Write a zip that depends on the members alone: no clock, no owner."""
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, method)


def seal(path: Path) -> None:
    """Append the SHA-256 of everything before it, as the zip's comment."""
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"0" * SEAL_BYTES
    with path.open("r+b") as file:
        digest = _digest(file)
        file.write(digest)


def check_seal(file: BinaryIO) -> None:
    """Raise UnsafeError unless the file ends in the SHA-256 of what comes before it."""
    expected = _digest(file)
    if file.read() != expected:
        raise UnsafeError("its last bytes are not the sha256 of the others: damaged, cut off, or no model file")


def _digest(file: BinaryIO) -> bytes:
    left = max(0, file.seek(0, io.SEEK_END) - SEAL_BYTES)
    file.seek(0)
    digest = hashlib.sha256()
    while left and (chunk := file.read(min(left, CHUNK_BYTES))):
        digest.update(chunk)
        left -= len(chunk)
    return digest.hexdigest().encode()


def tidy_state(state: bytes) -> tuple[bytes, dict[str, Any]]:
    """Return skops' archive without memory addresses, and its schema: the same classifier, the same bytes.

    skops names members and nodes by the address of the object. The names of nodes go altogether: by
    them, a hostile file could make a few kilobytes stand for a tree without end.
    """
    with zipfile.ZipFile(io.BytesIO(state)) as archive:
        schema = json.loads(archive.read(SCHEMA))
        names: dict[bytes, str] = {}
        for node in find_nodes(schema):
            node.pop("__id__", None)
            if "file" in node:
                data = archive.read(node["file"])
                node["file"] = names.setdefault(data, f"{len(names)}{Path(node['file']).suffix}")
    members = [(name, data) for data, name in names.items()]
    tidied = io.BytesIO()
    write_archive(tidied, [*members, (SCHEMA, json.dumps(schema).encode())], compress=False)
    return tidied.getvalue(), schema


def read_schema(state: bytes) -> dict[str, Any]:
    """Return the schema of skops' archive after a look at every member: arrays only, all of their size.

    Raises
    ------
    UnsafeError
        If anything is larger than it may be, is no array, or is asked for more often than memory allows.
    """
    with open_archive(io.BytesIO(state), MAX_MEMBERS) as archive:
        sizes: dict[str, int] = {}
        for name in archive.namelist():
            if name != SCHEMA:
                data = read_member(archive, name, MAX_STATE_BYTES - sum(sizes.values()))
                check_array(name, data)
                sizes[name] = len(data)
        schema = json.loads(read_member(archive, SCHEMA, MAX_SCHEMA_BYTES))
    if not isinstance(schema, dict):
        raise UnsafeError(f"{SCHEMA} is no table")
    _check_references(schema, sizes)
    return schema


def _check_references(schema: dict[str, Any], sizes: dict[str, int]) -> None:
    used = 0
    for node in find_nodes(schema):
        if "__id__" in node:
            raise UnsafeError(f"{SCHEMA} has a node that may stand for another")
        if "file" in node:
            if node["file"] not in sizes:
                raise UnsafeError(f"{SCHEMA} asks for {show(node['file'])}, which is no array of the file")
            used += sizes[node["file"]]
            if used > MAX_STATE_BYTES:
                raise UnsafeError(f"{SCHEMA} asks for more than {MAX_STATE_BYTES:,} bytes of arrays")


def check_array(name: str, data: bytes) -> None:
    """Raise UnsafeError unless the bytes are one array of plain numbers or texts, as large as it says.

    Examples
    --------
    >>> buffer = io.BytesIO()
    >>> np.save(buffer, np.zeros(3))
    >>> check_array("0.npy", buffer.getvalue()[:-1])
    Traceback (most recent call last):
        ...
    stance.classifiers.model_types.UnsafeError: array 0.npy says 24 bytes and has 23
    """
    buffer = io.BytesIO(data)
    version = np.lib.format.read_magic(buffer)
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in readers:
        raise UnsafeError(f"array {show(name)} is of an unknown kind")
    shape, _, dtype = readers[version](buffer)
    n_items = math.prod(map(int, shape))
    if dtype.hasobject or not (dtype.itemsize or n_items == 0) or min(shape, default=0) < 0:
        raise UnsafeError(f"array {show(name)} holds objects, or nothing at all")
    said, held = n_items * dtype.itemsize, len(data) - buffer.tell()
    if said != held:
        raise UnsafeError(f"array {show(name)} says {said:,} bytes and has {held:,}")
