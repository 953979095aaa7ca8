"""Fetch: bring a corpus's text to its place, whole and with the right hash, or not at all."""

from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stance.core.errors import (
    MAX_PATH_CHARS,
    InputError,
    MissingDataError,
    RefusedFileError,
    StorageError,
    show,
)
from stance.core.files import replacing, sha256_file
from stance.core.paths import data_folder
from stance.data.sheets import Sheet, SheetFile

TIMEOUT_SECONDS = 60


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
    """
    wanted = [file for file in sheet.files if file.url]
    if not wanted:
        raise InputError(f"{sheet.name}: ships with the package, nothing to fetch")
    paths = []
    for file in wanted:
        path = data_folder() / sheet.name / file.path
        paths.append(path)
        if path.is_file() and sha256_file(path) == file.sha256:
            said(f"{path}: already there")
            continue
        if origin is None:
            _download(file, path)
        else:
            _copy(origin / file.path, file, path)
        said(f"{path}: fetched, sha256 checked")
    return paths


def _copy(source: Path, file: SheetFile, path: Path) -> None:
    if not source.is_file():
        raise MissingDataError(f"{show(source)}: not there; --from wants a folder that holds {file.path}")
    with replacing(path) as temporary:
        shutil.copyfile(source, temporary)
        _check_fetched(temporary, file, show(source))


def _download(file: SheetFile, path: Path) -> None:
    import pooch

    pooch.get_logger().setLevel(logging.ERROR)
    answers: list[Any] = []
    keep = {"response": lambda answer, **_: answers.append(answer)}
    bar = sys.stderr.isatty()
    with replacing(path) as temporary:
        temporary.unlink()  # pooch takes a file that is there for one that was fetched
        try:
            pooch.retrieve(
                file.url,
                known_hash=None,
                fname=temporary.name,
                path=temporary.parent,
                downloader=pooch.HTTPDownloader(progressbar=bar, timeout=TIMEOUT_SECONDS, hooks=keep),
            )
        except (OSError, ValueError) as error:
            raise StorageError(f"{show(file.url, MAX_PATH_CHARS)}: cannot be fetched: {show(error, 200)}") from None
        finally:
            for answer in answers:  # pooch leaves the socket of a failed download open
                answer.close()
        _check_fetched(temporary, file, show(file.url, MAX_PATH_CHARS))


def _check_fetched(temporary: Path, file: SheetFile, source: str) -> None:
    found = sha256_file(temporary)
    if found != file.sha256:
        raise RefusedFileError(f"{source}: sha256 is {found}, the sheet says {file.sha256}; nothing kept")


def is_here(sheet: Sheet) -> bool:
    """Return whether every file of a corpus lies where it is looked for; hashes are not checked."""
    return all(not file.url or (data_folder() / sheet.name / file.path).is_file() for file in sheet.files)
