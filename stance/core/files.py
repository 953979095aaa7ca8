"""Files that are whole or not there: atomic writes and hashes; and how TOML is read."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from stance.core.errors import InputError, MissingDataError, StanceError, StorageError, show

CHUNK_BYTES = 1 << 20


def read_toml(path: Path) -> dict[str, Any]:
    """Return what a TOML file holds; a byte order mark, as some editors write it, is passed over.

    Raises
    ------
    MissingDataError
        If there is no such file.
    InputError
        If it cannot be read, is not UTF-8 or breaks TOML's rules.
    """
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise MissingDataError(f"{show(path)}: no such file") from None
    except (OSError, ValueError, RecursionError) as error:  # bad TOML and bad UTF-8 are ValueErrors
        raise InputError(f"{show(path)}: cannot be read as TOML: {show(error)}") from None


def read_toml_value(text: str) -> Any:  # noqa: ANN401 - any of TOML's values
    """Return what TOML takes a value for; one that it cannot read is a text, so that quotes may be left out.

    Examples
    --------
    >>> [read_toml_value(text) for text in ("3", "true", "True", "[1, 2]", "balanced", '"3"')]
    [3, True, True, [1, 2], 'balanced', '3']
    """
    spelling = text.lower() if text in ("True", "False") else text
    try:
        found = tomllib.loads(f"value = {spelling}")
    except (ValueError, RecursionError):
        return text
    return found["value"] if list(found) == ["value"] else text


def refuse_overwriting(output: Path, *inputs: str | Path) -> None:
    """Raise an InputError where `output` is one of the files that are read, by any of its names.

    Examples
    --------
    >>> refuse_overwriting(Path(__file__), __file__)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    stance.core.errors.InputError: ...files.py: is read for this and would be lost; write to another file
    """
    for one in map(Path, inputs):
        if output.is_file() and one.is_file() and output.samefile(one):
            raise InputError(f"{show(output)}: is read for this and would be lost; write to another file")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; move it there, synced, once the block ends well.

    A reader sees the old file or the new one, never a part: the temporary name is unique, the bytes
    reach the disk before the name does.

    Raises
    ------
    StorageError
        If the folder cannot be written or the disk is full. Nothing is left behind.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".tmp")
        os.close(handle)
    temporary = Path(name)
    try:
        with writing(path):
            yield temporary
            temporary.chmod(0o666 & ~_umask())
            put_in_place(temporary, path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an error of the operating system into a StorageError that names `path`."""
    try:
        yield
    except OSError as error:
        if isinstance(error, StanceError):
            raise
        raise StorageError(f"{show(path)}: cannot be written: {error.strerror or error}") from error


def put_in_place(temporary: Path, path: Path) -> None:
    """Move a whole file to its name in the same folder; its bytes reach the disk before the name does."""
    _sync(temporary)
    temporary.replace(path)
    _sync(path.parent)


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path`, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    r"""Write `text` to `path` as UTF-8 with ``\n`` line ends, whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def update_text(path: Path, text: str) -> None:
    """Write `text` to `path` unless it stands there already: what did not change keeps its time."""
    if not path.is_file() or path.read_bytes() != text.encode("utf-8"):
        write_text(path, text)


def canonical_json(value: object) -> str:
    """Return JSON with sorted keys and no spaces: the same value, the same bytes.

    Examples
    --------
    >>> canonical_json({"b": 1, "a": [1.5, None]})
    '{"a":[1.5,null],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256_text(text: str) -> str:
    """Return the SHA-256 of a text's UTF-8 bytes, in hexadecimal; a lone surrogate counts as its bytes."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal, reading it in chunks.

    Raises
    ------
    StorageError
        If the file cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise StorageError(f"{show(path)}: cannot be read: {error.strerror or error}") from error
    return digest.hexdigest()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
