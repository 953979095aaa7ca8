"""The manifest: what makes a folder of scores complete; and the reader that takes none without it."""

from __future__ import annotations

import glob
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from stance.core.errors import InputError, MissingDataError, RefusedFileError, StanceError, show
from stance.core.files import canonical_json, sha256_file, sha256_text, write_text
from stance.scoring.answers import STATUSES

MANIFEST = "_manifest.json"
FORMAT = 1


@dataclass(frozen=True)
class Scored:
    """What a run of `score` left.

    Attributes
    ----------
    folder : Path
    manifest : dict
        As `stance.scoring.manifest.read_manifest` returns it.
    n_parts, n_found : int
        Parts in all, and those that an earlier run had finished.
    """

    folder: Path
    manifest: dict[str, Any]
    n_parts: int
    n_found: int

    @property
    def status(self) -> dict[str, int]:
        """Rows by status."""
        counts = [part["status"] for part in self.manifest["parts"]]
        return {name: sum(one[name] for one in counts) for name in STATUSES}

    def describe(self) -> str:
        """Return what was done, in a line."""
        if self.n_found == self.n_parts:
            return f"{self.folder}: complete already, nothing to do"
        counts = ", ".join(f"{count:,} {name}" for name, count in self.status.items() if count)
        kept = f"; {self.n_found:,} of {self.n_parts:,} parts were there from an earlier run" if self.n_found else ""
        return f"{self.folder}: {sum(self.status.values()):,} rows ({counts or 'none'}){kept}"

    @property
    def leftovers(self) -> list[Path]:
        """What other jobs that were to write this folder have left unfinished beside it."""
        return sorted(self.folder.parent.glob(f"{glob.escape(self.folder.name)}.staging-*"))


def write_manifest(folder: Path, record: dict[str, Any]) -> None:
    """Write the manifest of a folder with its own hash, last of all files."""
    sealed = record | {"sha256": sha256_text(canonical_json(record))}
    write_text(folder / MANIFEST, json.dumps(sealed, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """Return the manifest of a folder of scores, after a check of every file that it names.

    Raises
    ------
    MissingDataError
        If there is no such folder.
    RefusedFileError
        If it has no manifest, or anything in it is not as the manifest says (exit 5).

    Examples
    --------
    >>> read_manifest(Path(__file__).parent)
    Traceback (most recent call last):
        ...
    stance.core.errors.RefusedFileError: ...: has no _manifest.json: the scores are not complete; ...
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise MissingDataError(f"{show(folder)}: there is no such folder of scores")
    record = _unsealed(folder)
    parts = {part["file"]: part["sha256"] for part in record["parts"]}
    strays = sorted(path.name for path in folder.glob("*.parquet") if path.name not in parts)
    if strays:
        raise _refused(folder / strays[0], "is not in the manifest")
    for name, sha256 in parts.items():
        if Path(name).name != name or not (folder / name).is_file():
            raise _refused(folder / name, "is missing")
        if sha256_file(folder / name) != sha256:
            raise _refused(folder / name, "is not the file that was written: its sha256 is another one")
    return record


def read_scores(folder: str | Path) -> pa.Table:
    """Read the scores that `stance.scoring.bulk.score` wrote, after a check that they are complete and unaltered.

    Parameters
    ----------
    folder : path

    Returns
    -------
    pyarrow.Table
        ``source``, ``id``, ``label``, ``confidence``, ``status``, in the order of the sources and their rows; with
        actors also ``actor``, ``target_start``, ``target_end``.

    Raises
    ------
    MissingDataError, RefusedFileError
        As `read_manifest` does.
    """
    folder = Path(folder)
    files = [folder / part["file"] for part in read_manifest(folder)["parts"]]
    try:
        tables = [pq.read_table(file, page_checksum_verification=True, partitioning=None) for file in files]
    except (pa.ArrowException, OSError) as error:
        raise _refused(folder, f"cannot be read: {show(error, 200)}") from error
    return pa.concat_tables(tables).unify_dictionaries()


def find_finished(folder: Path, key: str, *, overwrite: bool) -> dict[str, Any] | None:
    """Return the manifest of the folder that a job is to write, if the job is done; None if it may be written.

    Raises
    ------
    InputError
        If something else is there, and is not to be overwritten, or is no folder of scores.
    RefusedFileError
        If the job's own scores are there, damaged.
    """
    if not folder.exists() and not folder.is_symlink():
        return None
    if not folder.is_dir():
        raise InputError(f"{show(folder)}: is a file; choose another folder for the scores")
    if not any(folder.iterdir()):
        return None
    if not (folder / MANIFEST).is_file():
        raise InputError(f"{show(folder)}: is there and holds no scores of ours; choose another folder")
    try:
        record = read_manifest(folder)
    except StanceError as error:
        if overwrite:
            return None
        raise RefusedFileError(f"{error}; or say --overwrite") from None
    if record["key"] == key:
        return record
    if not overwrite:
        other = "holds the scores of another job (model, files or options differ)"
        raise InputError(f"{show(folder)}: {other}; choose another folder, or say --overwrite")
    return None


def _unsealed(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        sealed = json.loads(path.read_text(encoding="utf-8"))
        said = sealed.pop("sha256")
        whole = said == sha256_text(canonical_json(sealed))
    except FileNotFoundError:
        raise _refused(folder, f"has no {MANIFEST}: the scores are not complete") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _refused(path, "is damaged") from None
    if not whole:
        raise _refused(path, "was altered: its sha256 is another one")
    if sealed["format"] != FORMAT:
        raise _refused(path, f"is of format {show(sealed['format'])}, this stance reads {FORMAT}")
    record: dict[str, Any] = sealed
    return record


def _refused(path: Path, rule: str) -> RefusedFileError:
    return RefusedFileError(f"{show(path)}: {rule}; score the files again")
