"""Download: bring the bytes of a URL behind those that an earlier, cut download left."""

from __future__ import annotations

import os
import re
import time
from io import FileIO
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from stance.core.errors import MAX_PATH_CHARS, RefusedFileError, StanceError, StorageError, show

if TYPE_CHECKING:
    import requests

TIMEOUT_SECONDS = 20
WAITS_SECONDS = (0.5, 1.0, 2.0)
CHUNK_BYTES = 1 << 13  # a chunk that a cut leaves unfilled is lost
OK, PARTIAL_CONTENT, RANGE_NOT_SATISFIABLE = 200, 206, 416


def download(url: str, file: FileIO, size_bytes: int | None = None) -> None:
    """Bring what is missing of a file, taking a cut connection up again after a short wait.

    Parameters
    ----------
    url : str
        Where the whole lies, ``http`` or ``https``.
    file : io.FileIO
        Opened for appending, unbuffered. The bytes in it are taken for the beginning of the whole and not
        asked for again (RFC 9110, section 14), unless they are too many or the server cannot go on.
    size_bytes : int, optional
        How many bytes the whole has.

    Raises
    ------
    StorageError
        If the server cannot be reached, refuses, or cuts once more after the last wait, and if the bytes
        cannot be written. What came stays in the file.
    RefusedFileError
        If the server sends more than `size_bytes`.

    Notes
    -----
    An answer that ended well may still be the wrong one: the caller checks the hash.
    """
    import requests

    cut = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
    waits = list(WAITS_SECONDS)
    while True:
        try:
            return _receive(url, file, size_bytes)
        except StanceError:
            raise
        except (OSError, ValueError) as error:  # what requests raises is one or the other
            if not isinstance(error, cut) or not waits:
                said = f"{_show_url(url)}: cannot be fetched: {show(error, 400)}"
                raise StorageError(said + _so_far(file, size_bytes)) from None
            time.sleep(waits.pop(0))


def _receive(url: str, file: FileIO, size_bytes: int | None) -> None:
    """Ask for what is missing; where the answer does not fit behind what is here, for the whole."""
    here = file.seek(0, os.SEEK_END)
    if here == size_bytes:
        return
    if size_bytes is not None and here > size_bytes:
        here = file.truncate(0)
    with _ask(url, here) as answer:
        begin = _find_begin(answer, here, size_bytes)
        file.truncate(begin or 0)
        if begin is not None:
            _append(url, answer, file, begin, size_bytes)
    if begin is None:
        _receive(url, file, size_bytes)


def _append(url: str, answer: requests.Response, file: FileIO, begin: int, size_bytes: int | None) -> None:
    from tqdm import tqdm

    end = begin + int(answer.headers.get("Content-Length", 0))
    _check_size(url, end, size_bytes)
    name = urlsplit(url).path.rpartition("/")[2]
    total = size_bytes or end or None
    with tqdm(total=total, initial=begin, desc=name, unit="B", unit_scale=True, leave=False, disable=None) as bar:
        for chunk in answer.iter_content(CHUNK_BYTES):
            begin += len(chunk)
            _check_size(url, begin, size_bytes)
            _write(file, chunk, size_bytes)
            bar.update(len(chunk))


def _ask(url: str, begin: int) -> requests.Response:
    import requests

    headers = {"Accept-Encoding": "identity"}  # a range of compressed bytes would be of no use
    if begin:
        headers["Range"] = f"bytes={begin}-"
    hooks = {"response": _refuse_downgrade}
    return requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_SECONDS, hooks=hooks)


def _refuse_downgrade(answer: requests.Response, **_: object) -> None:
    """Raise at a redirect from https to anything else, before it is followed."""
    import requests

    to = urljoin(answer.url, answer.headers.get("Location", ""))
    if answer.is_redirect and urlsplit(answer.url).scheme == "https" and urlsplit(to).scheme != "https":
        answer.close()
        raise requests.exceptions.InvalidSchema(f"redirects from https to {to}")


def _find_begin(answer: requests.Response, here: int, size_bytes: int | None) -> int | None:
    """Return where the answer's bytes belong, None where they fit nowhere."""
    import requests

    if answer.status_code == OK:
        return 0
    if here and answer.status_code in (PARTIAL_CONTENT, RANGE_NOT_SATISFIABLE):
        said = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", answer.headers.get("Content-Range", ""))
        first, last, whole = map(int, said.groups()) if said else (0, 0, 0)
        fits = first == here < whole == last + 1 and size_bytes in (None, whole)
        return here if fits and "Content-Encoding" not in answer.headers else None
    raise requests.HTTPError(f"the server says {answer.status_code} {answer.reason}")


def _check_size(url: str, end: int, size_bytes: int | None) -> None:
    if size_bytes is not None and end > size_bytes:
        raise RefusedFileError(f"{_show_url(url)}: sends more than the sheet's {size_bytes:,} bytes; nothing kept")


def _write(file: FileIO, chunk: bytes, size_bytes: int | None) -> None:
    rest = memoryview(chunk)
    try:
        while rest:  # a write that the disk cuts short says so with the next one
            rest = rest[file.write(rest) :]
    except OSError as error:
        said = f"{show(str(file.name), MAX_PATH_CHARS)}: cannot be written: {error.strerror}"
        raise StorageError(said + _so_far(file, size_bytes)) from None


def _so_far(file: FileIO, size_bytes: int | None) -> str:
    here = file.seek(0, os.SEEK_END)
    whole = f" of {size_bytes:,}" if size_bytes is not None else ""
    return f"; {here:,}{whole} bytes are here, the same command goes on" if here else ""


def _show_url(url: str) -> str:
    return show(url, MAX_PATH_CHARS)
