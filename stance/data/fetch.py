"""Fetch: bring a corpus's text to its place, whole and with the right hash, or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from stance.core.errors import (
    MAX_PATH_CHARS,
    InputError,
    MissingDataError,
    RefusedFileError,
    show,
)
from stance.core.files import put_in_place, sha256_file, writing
from stance.core.paths import data_folder
from stance.data.download import download
from stance.data.sheets import Sheet, SheetFile


def find_file(folder: Path, sheet: Sheet, file: SheetFile) -> Path:
    """Return where a file of a corpus lies, its hash checked.

    Raises
    ------
    MissingDataError
        If it was not fetched; the message is the command that fetches it.
    RefusedFileError
        If its SHA-256 is not the sheet's.
    """
    path = (data_folder() / sheet.name if file.url else folder) / file.path
    if not path.is_file():
        remedy = f"run: stance corpora fetch {sheet.name}" if file.url else "the sheet names it"
        raise MissingDataError(f"{show(path)}: not there; {remedy}")
    check_hash(path, file)
    return path


def check_hash(path: Path, file: SheetFile) -> None:
    """Raise RefusedFileError, both hashes shown, if the file is not the one the sheet names."""
    found = sha256_file(path) if file.sha256 else None
    if found != file.sha256:
        raise RefusedFileError(
            f"{show(path)}: sha256 is {found}, the sheet says {file.sha256}; fetch it again or mend the sheet"
        )


def fetch_corpus(
    sheet: Sheet, origin: Path | None = None, said: Callable[[str], None] = lambda line: None
) -> list[Path]:
    """Bring every file of a corpus to the data folder.

    Parameters
    ----------
    sheet : Sheet
        Its files give path, URL, bytes and SHA-256.
    origin : path, optional
        A folder that holds the sheet's paths verbatim; without it the files come from their URLs.
    said : callable
        Called with a line a file.

    Returns
    -------
    list of Path
        Where the files lie now. A file that was there with the right hash is left as it is.

    Raises
    ------
    MissingDataError
        If `origin` lacks a file.
    RefusedFileError
        If what came has another SHA-256 or is too long; nothing of it is kept.
    StorageError
        If a download fails or the folder cannot be written. What came lies in ``.<name>.<sha256>.part``
        beside the file's name, and the next fetch goes on with it.

    Notes
    -----
    Of several fetches at once the later ones wait for the first.
    """
    wanted = [file for file in sheet.files if file.url]
    if not wanted:
        raise InputError(f"{sheet.name}: ships with the package, nothing to fetch")
    folder = data_folder() / sheet.name
    for file in wanted:
        path = folder / file.path
        if not _is_right(path, file):
            source = _find_origin(origin, file) if origin else None
            with writing(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                with _alone(folder, said):
                    if not _is_right(path, file):  # another fetch may have brought it meanwhile
                        _bring(file, path, source)
            said(f"{path}: fetched, sha256 checked")
        else:
            said(f"{path}: already there")
    return [folder / file.path for file in wanted]


def _is_right(path: Path, file: SheetFile) -> bool:
    return path.is_file() and sha256_file(path) == file.sha256


def _find_origin(origin: Path, file: SheetFile) -> Path:
    source = origin / file.path
    if not source.is_file():
        raise MissingDataError(f"{show(source)}: not there; --from wants a folder that holds {file.path}")
    _check_fetched(source, file, show(source))
    return source


@contextmanager
def _alone(folder: Path, said: Callable[[str], None]) -> Iterator[None]:
    """Hold a corpus's folder for one fetch; the hold ends with the process, however it ends."""
    import fcntl  # which Windows lacks, where the rest of this module is still of use

    with (folder / ".lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            said(f"{folder}: another fetch is at work here; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _bring(file: SheetFile, path: Path, source: Path | None) -> None:
    """Fill the partial file beside `path` from `source`, else from the URL; move it there once it is right.

    Its name holds the hash that it is to have: only a fetch of the same bytes goes on with it.
    """
    partial = path.with_name(f".{path.name[:40]}.{str(file.sha256)[:16]}.part")
    try:
        if source is not None:
            shutil.copyfile(source, partial)
        else:
            with FileIO(partial, "a") as opened:
                download(str(file.url), opened, file.bytes)
        _check_fetched(partial, file, show(source or file.url, MAX_PATH_CHARS))
        put_in_place(partial, path)
    except Exception as error:
        if isinstance(error, RefusedFileError) or (partial.is_file() and not partial.stat().st_size):
            partial.unlink()
        raise


def _check_fetched(fetched: Path, file: SheetFile, source: str) -> None:
    found = sha256_file(fetched)
    if found != file.sha256:
        raise RefusedFileError(f"{source}: sha256 is {found}, the sheet says {file.sha256}; nothing kept")


def is_here(sheet: Sheet) -> bool:
    """Return whether every file of a corpus lies where it is looked for; hashes are not checked."""
    return all(not file.url or (data_folder() / sheet.name / file.path).is_file() for file in sheet.files)
