"""Corpora of the Hugging Face Hub: a dataset at one commit, read from the cache; only a fetch goes online."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stance.core.errors import InputError, MissingDataError, StorageError, show
from stance.data.hub_files import HubTables, read_tables
from stance.data.hub_rows import read_split
from stance.data.rows import Part
from stance.data.sheets import Columns, SchemeSheet, Sheet, SheetFile, check_model, split_roles

PREFIX = "hf://"
SPLITS = {"validation": "dev"}
_SOURCE = re.compile(r"hf://([\w-][\w.-]*/[\w-][\w.-]*)(?::([^/\\:]+))?", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_NEEDLESS = [".gitattributes"]


@dataclass(frozen=True)
class HubDataset:
    """A dataset of the hub at one commit.

    Attributes
    ----------
    repo : str
        ``org/name``.
    config : str or None
        One of its configurations.
    revision : str
        The commit, 40 hexadecimal digits.

    Examples
    --------
    >>> one = HubDataset("org/name", "en", "0" * 40)
    >>> str(one), one.name
    ('hf://org/name:en', 'org--name--en')
    """

    repo: str
    config: str | None
    revision: str

    def __str__(self) -> str:
        return f"{PREFIX}{self.repo}" + (f":{self.config}" if self.config else "")

    @property
    def name(self) -> str:
        """The corpus's name, fit for a folder."""
        config = [re.sub(r"[^\w.+-]", "_", self.config)] if self.config else []
        return "--".join([*self.repo.split("/"), *config])


def is_hub(source: object) -> bool:
    """Return whether a corpus is named as a dataset of the hub."""
    return isinstance(source, str) and source.startswith(PREFIX)


def hub_dataset(source: str, revision: str | None) -> HubDataset:
    """Return the dataset that ``hf://org/name`` or ``hf://org/name:config`` names.

    Raises
    ------
    InputError
        If the name is of another form, or the revision is not a whole commit.

    Examples
    --------
    >>> hub_dataset("hf://org/name", "main")
    Traceback (most recent call last):
        ...
    stance.core.errors.InputError: hf://org/name: the revision "main" is not a commit of 40 hexadecimal digits; ...
    """
    found = _SOURCE.fullmatch(source)
    if not found:
        raise InputError(f'"{show(source)}" is not of the form hf://ORG/NAME or hf://ORG/NAME:CONFIGURATION')
    if revision is None or not _COMMIT.fullmatch(revision):
        said = f'the revision "{show(revision)}" is not' if revision else "needs a revision:"
        where = "the dataset's page shows it under Files and versions, History"
        raise InputError(f"{show(source)}: {said} a commit of 40 hexadecimal digits; {where}")
    return HubDataset(found[1], found[2], revision)


def fetch_hub(one: HubDataset, said: Callable[[str], None] = lambda line: None) -> Path:
    """Bring a dataset at its commit to the Hugging Face cache; return its folder there.

    Raises
    ------
    InputError
        If ``HF_HUB_OFFLINE`` is set, or the dataset is made by a script.
    MissingDataError
        If there is no such dataset or commit, or it is not for everybody.
    StorageError
        If the hub cannot be reached or the disk written.
    """
    from huggingface_hub import constants, errors, snapshot_download
    from huggingface_hub.utils.tqdm import disable_progress_bars

    if constants.HF_HUB_OFFLINE:
        raise InputError(f"{one}: cannot be fetched while HF_HUB_OFFLINE is set; unset it")
    if not sys.stderr.isatty():
        disable_progress_bars()
    try:
        snapshot_download(one.repo, repo_type="dataset", revision=one.revision, ignore_patterns=_NEEDLESS)
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError):
        rule = "the hub has no such dataset and commit, or not for you; if it asks for consent, run: hf auth login"
        raise MissingDataError(f"{one}: {rule}") from None
    except Exception as error:  # the library's own, those of its HTTP client, and the disk's
        raise StorageError(f"{one}: cannot be fetched: {show(str(error).partition(chr(10))[0], 200)}") from error
    folder = find_hub(one)
    said(f"{folder}: fetched")
    return folder


def find_hub(one: HubDataset) -> Path:
    """Return the folder of a dataset in the Hugging Face cache, never going online.

    Raises
    ------
    MissingDataError
        If it is not there, or not all of it; the message is the command that fetches it.
    InputError
        If it is made by a script.
    """
    from huggingface_hub import errors, snapshot_download

    options: dict[str, Any] = {"repo_type": "dataset", "revision": one.revision, "ignore_patterns": _NEEDLESS}
    try:
        folder = Path(snapshot_download(one.repo, **options, local_files_only=True))
    except errors.LocalEntryNotFoundError:
        remedy = f"run: stance corpora fetch {PREFIX}{one.repo} --revision {one.revision}"
        raise MissingDataError(f"{one}: this commit is not in the cache, or not all of it; {remedy}") from None
    script = one.repo.split("/")[1] + ".py"
    if (folder / script).is_file():
        remedy = "take a commit of its branch refs/convert/parquet"
        raise InputError(f"{one}: is made by a script ({script}), which is never run; {remedy}")
    return folder


def load_hub(
    one: HubDataset, scheme: str, columns: Mapping[str, str], label_map: Mapping[str, str]
) -> tuple[Sheet, list[Part], list[str]]:
    """Return the sheet that a dataset would have, the rows of each split, and what a person should be told.

    Class labels become their names. A split without any label is left out.

    Raises
    ------
    MissingDataError
        If the dataset was not fetched.
    InputError, RefusedFileError
        If it cannot be read as a table of texts and labels.
    """
    wanted = check_model(dict(columns), Columns, "columns")
    if wanted.split:
        raise InputError(f"{one}: its splits are its own; leave split out of columns")
    folder = find_hub(one)
    tables = read_tables(str(one), folder, one.config)
    parts: list[Part] = []
    notes: list[str] = []
    for split, dataset in tables.splits.items():
        place = Path(f"{str(one).removeprefix(PREFIX)}, split {split}")
        rows = [row | {"split": SPLITS.get(split, split)} for row in read_split(place, split, dataset, wanted)]
        if any(row["label"] for row in rows):
            parts.append((place, rows))
        else:
            notes.append(f"{place.name}: has no labels and is left out")
    if not parts:
        raise InputError(f'{one}: column "{show(wanted.label)}" holds no labels')
    names = {str(rows[0]["split"]) for _, rows in parts}
    facts = _facts(tables.card) | {"version": one.revision, "columns": wanted, "files": _files(folder, tables)}
    schemes = {scheme: check_model(split_roles(names) | {"label_map": dict(label_map)}, SchemeSheet, "label_map")}
    sheet = {"name": one.name, "title": str(one).removeprefix(PREFIX), "schemes": schemes}
    return check_model(sheet | facts, Sheet, str(one)), parts, notes


def _facts(card: Mapping[str, Any]) -> dict[str, str]:
    """Return what the dataset's card says of its licence."""
    licence = card.get("license_name") or card.get("license")
    listed = licence if isinstance(licence, list) else [licence]
    return {"licence": ", ".join(map(str, listed))} if licence else {}


def _files(folder: Path, tables: HubTables) -> list[SheetFile]:
    return [
        SheetFile(path=file.relative_to(folder).as_posix(), split=SPLITS.get(split, split))
        for split, files in tables.files.items()
        for file in files
    ]
