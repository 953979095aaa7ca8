"""The folder in which scores are made: held by one run, taken up by the next, renamed when all is there."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stance.core.errors import BusyError, StorageError, show
from stance.core.files import writing

LOCK = ".lock"


def staging_folder(output: Path, run: str) -> Path:
    """Return where the scores of a run are made: beside the folder that they become.

    Examples
    --------
    >>> staging_folder(Path("out/scores"), "3f2a").as_posix()
    'out/scores.staging-3f2a'
    """
    return output.with_name(f"{output.name}.staging-{run}")


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Make a folder and hold it for one run; the hold ends with the process, however it ends.

    If nothing was made in it, it goes.

    Raises
    ------
    BusyError
        If another run holds it.
    StorageError
        If it cannot be written.
    """
    path = folder / LOCK
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle = path.open("w")
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The run that held it may have renamed the folder since it was opened here.
            mine = os.path.samestat(path.stat(), os.fstat(handle.fileno()))
        except OSError:
            mine = False
        if not mine:
            raise BusyError(f"{show(folder)}: another run is at work here; wait for it")
        try:
            yield
        finally:
            if folder.is_dir() and [one.name for one in folder.iterdir()] == [LOCK]:
                drop_staging(folder)


def publish(staging: Path, output: Path, run: str) -> None:
    """Give a finished folder its name; scores of another job that stood there step aside.

    Raises
    ------
    StorageError
        If the folders cannot be renamed.
    """
    try:
        if output.is_dir() and any(output.iterdir()):
            old = _old_folder(output, run)
            shutil.rmtree(old, ignore_errors=True)
            output.rename(old)
        staging.rename(output)
    except OSError as error:
        said = f"cannot be renamed to {show(output)}: {error.strerror or error}"
        raise StorageError(f"{show(staging)}: {said}") from error


def tidy(output: Path, run: str) -> None:
    """Remove what a run needs no more once its scores have their name, or left there when it was killed."""
    for path in (*output.glob(".part-*.json"), output / LOCK):
        path.unlink(missing_ok=True)
    shutil.rmtree(_old_folder(output, run), ignore_errors=True)


def drop_staging(staging: Path) -> None:
    """Remove the folder of a run that has nothing to do."""
    shutil.rmtree(staging, ignore_errors=True)


def _old_folder(output: Path, run: str) -> Path:
    return output.with_name(f"{output.name}.old-{run}")
