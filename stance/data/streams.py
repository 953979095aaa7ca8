"""The bytes and the text of a file, in blocks: unpacked under a cap, decoded with the place of a bad byte."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa

from stance.core.errors import InputError, Problem, RefusedFileError, StorageError, TableError, show

BLOCK_BYTES = 1 << 20
MAX_LINE_CHARS = 1 << 27
MAX_RATIO = 200
MAX_UNPACKED_BYTES = 10_000_000_000
PACKED = (".gz", ".zst")

# The longer marks first: UTF-32 little-endian begins with the mark of UTF-16.
WIDE_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
PACKED_MARKS = {
    b"PK\x03\x04": "a zip archive: unpack it and give the file inside",
    b"\x1f\x8b": "packed by gzip: let its name end in .gz",
    b"\x28\xb5\x2f\xfd": "packed by zstd: let its name end in .zst",
}
# Codecs of Python that are not encodings of files, or that can decode to half characters.
NOT_FOR_FILES = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "utf-7"})


def known_encoding(name: str) -> str:
    """Return the standard name of a text encoding.

    Examples
    --------
    >>> known_encoding("UTF8"), known_encoding("latin-1")
    ('utf-8', 'iso8859-1')
    >>> known_encoding("klingon")
    Traceback (most recent call last):
        ...
    stance.core.errors.InputError: encoding "klingon" is not known; usual ones: utf-8, latin-1, cp1252, utf-16
    """
    try:
        "a".encode(name)
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        found = ""
    if not found or found in NOT_FOR_FILES:
        raise InputError(f'encoding "{show(name)}" is not known; usual ones: utf-8, latin-1, cp1252, utf-16')
    return "utf-8" if found == "utf-8-sig" else found


def byte_blocks(path: Path) -> Iterator[bytes]:
    r"""Yield the bytes of a file in blocks of 1 MiB, those of ``.gz`` and ``.zst`` unpacked.

    Raises
    ------
    RefusedFileError
        If the packed file is damaged, or unpacks to over 200 times its size or over 10 GB.
    StorageError
        If the disk cannot be read.

    Examples
    --------
    >>> next(byte_blocks(Path(__file__)))[3:12]
    b'The bytes'
    """
    packed = path.suffix.lower() in PACKED
    try:
        # A file that unpacks to one block is no bomb, however well it was packed.
        cap = min(MAX_UNPACKED_BYTES, max(BLOCK_BYTES, MAX_RATIO * path.stat().st_size))
        done = 0
        with _opened(path) as stream:
            while block := stream.read(BLOCK_BYTES):
                done += len(block)
                if packed and done > cap:
                    raise _bomb(path)
                yield block
    except (EOFError, zlib.error) as error:
        raise _damaged(path, error) from error
    except OSError as error:
        if packed and error.errno is None:
            raise _damaged(path, error) from error
        raise StorageError(f"{show(path, 300)}: cannot be read: {error.strerror or error}") from error


def text_blocks(path: Path, encoding: str, problems: list[Problem]) -> Iterator[io.StringIO]:
    r"""Yield the text of a file in blocks of whole lines, each to be iterated line by line.

    Lines end in ``\n``, ``\r\n`` or ``\r`` and keep their ends; a byte order mark is dropped. The first
    byte that is not in the encoding, or a line of over 128 Mi characters, is added to `problems`.

    Examples
    --------
    >>> next(next(text_blocks(Path(__file__), "utf-8", [])))[3:12]
    'The bytes'
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    held: list[str] = []
    lines = offset = 0
    for block in chain(byte_blocks(path), [b""]):
        data = _first_block(path, block, encoding) if offset == 0 else block
        offset += len(block)
        try:
            text = decoder.decode(data, not block)
        except UnicodeDecodeError as error:
            problems.append(_bad_byte(error, "".join(held), lines, offset, encoding))
            decoder.errors = "replace"  # the place is known: the other rules can still be checked
            text = decoder.decode(data, not block)
        if held and held[-1].endswith("\r"):
            text = held.pop() + text
        cut = _line_end(text) if block else len(text)
        if cut or not block:
            whole = "".join([*held, text[:cut]])
            yield io.StringIO(whole, newline="")
            lines += line_breaks(whole)
            held, text = [], text[cut:]
        held.append(text)
        if sum(map(len, held)) > MAX_LINE_CHARS:
            rule = f"the line is longer than {MAX_LINE_CHARS:,} characters; of a JSON array, write JSONL"
            problems.append(Problem(rule, lines + 1))
            return


def line_breaks(text: str) -> int:
    r"""Count the line ends of a text, ``\r\n`` as one.

    Examples
    --------
    >>> line_breaks("a\r\nb\rc\nd")
    3
    """
    return text.count("\n") + (text.count("\r") - text.count("\r\n") if "\r" in text else 0)


def _opened(path: Path) -> BinaryIO:
    suffix = path.suffix.lower()
    if suffix == ".gz":
        return cast(BinaryIO, gzip.open(path))
    if suffix == ".zst":
        return cast(BinaryIO, pa.CompressedInputStream(path.open("rb"), "zstd"))
    return path.open("rb")


def _first_block(path: Path, block: bytes, encoding: str) -> bytes:
    """Return the first block without its byte order mark, or refuse what is not text in `encoding`."""
    for mark, kind in PACKED_MARKS.items():
        if block.startswith(mark):
            raise TableError(path, [Problem(f"file is {kind}")])
    kinds = [kind for mark, kind in WIDE_MARKS.items() if block.startswith(mark)]
    if block and encoding in {"utf-16", "utf-32"} and encoding.upper() not in kinds:
        rule = f"file has no byte order mark of {encoding}; name the order, as in --encoding utf-16-le"
        raise TableError(path, [Problem(rule)])
    if encoding != "utf-8":
        return block
    # Without a mark, the first line tells: each Latin letter has a zero byte beside it.
    if not kinds and b"\0" in re.split(rb"[\r\n]", block, maxsplit=1)[0]:
        kinds = ["UTF-16 or UTF-32, or not text (zero bytes in the first line)"]
    if kinds:
        raise TableError(path, [Problem(f"file is {kinds[0]}; say so (--encoding utf-16) or save it as UTF-8")])
    return block.removeprefix(codecs.BOM_UTF8)


def _line_end(text: str) -> int:
    r"""Return where the last whole line ends; a final ``\r`` may be half of a ``\r\n``."""
    return max(text.rfind("\n"), text.rfind("\r", 0, max(len(text) - 1, 0))) + 1


def _bad_byte(error: UnicodeDecodeError, rest: str, lines: int, offset: int, encoding: str) -> Problem:
    before = rest + error.object[: error.start].decode(encoding, "replace")
    place = offset - len(error.object) + error.start
    byte = f"byte 0x{error.object[error.start]:02x} at offset {place:,}"
    line = lines + line_breaks(before) + 1
    if error.end == len(error.object) and error.reason in {"unexpected end of data", "truncated data"}:
        return Problem(f"file ends inside a character ({byte}); it was cut: get it whole", line)
    return Problem(f"{byte} is not {encoding}; give the file's own encoding, as in --encoding cp1252", line)


def _bomb(path: Path) -> RefusedFileError:
    limit = f"{MAX_RATIO} times its size or {MAX_UNPACKED_BYTES // 10**9} GB"
    return RefusedFileError(f"{show(path, 300)}: unpacks to over {limit}; unpack it yourself if you trust it")


def _damaged(path: Path, error: Exception) -> RefusedFileError:
    return RefusedFileError(f"{show(path, 300)}: is damaged and cannot be unpacked ({show(error)}); get it anew")
