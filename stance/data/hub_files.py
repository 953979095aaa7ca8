"""The files of a hub dataset: looked at before the datasets library opens them, then read by it."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from stance.core.errors import InputError, RefusedFileError, StanceError, StorageError, show, unknown
from stance.core.files import sha256_file
from stance.data.json_objects import RefusedJsonError, check_depth
from stance.data.streams import PACKED, byte_blocks, text_blocks

if TYPE_CHECKING:
    import datasets

JSON = (".json", ".jsonl", ".ndjson")
READ = (".arrow", ".csv", ".parquet", ".tsv", *JSON)
CARD, SECOND_CARD = "README.md", ".huggingface.yaml"


@dataclass(frozen=True)
class HubTables:
    """What a dataset holds: its card, and of each split the files and the rows."""

    card: dict[str, Any]
    files: dict[str, list[Path]]
    splits: dict[str, datasets.Dataset]


def read_tables(source: str, folder: Path, config: str | None) -> HubTables:
    """Read one configuration of the dataset that lies in a folder; nothing is fetched, run or cached.

    Parameters
    ----------
    source : str
        How messages name the dataset.
    folder : path
        All files of the dataset at one commit.
    config : str or None
        May be left out where there is one, or the card names a default.

    Raises
    ------
    InputError
        If the configuration is unknown or not named, a file is of a kind that is not read, or the library
        cannot read one.
    RefusedFileError
        If a file is damaged, unpacks to too much or nests too deep.
    """
    import datasets

    with _explained(source), _quiet(), tempfile.TemporaryDirectory() as cache:
        card = _read_card(source, folder)
        options: dict[str, Any] = {"name": _config(source, folder, config), "cache_dir": cache}
        builder = datasets.load_dataset_builder(str(folder), **options)
        files = {str(name): [Path(file) for file in found] for name, found in (builder.config.data_files or {}).items()}
        for file in chain.from_iterable(files.values()):
            _check_file(source, folder, file)
        if hasattr(builder.config, "keep_default_na"):
            # Else a label "None" or "NA" would be read as missing, and an id 007 as the number 7.
            features = builder.info.features or _texts(next(iter(files.values()))[0], builder.config)
            builder = datasets.load_dataset_builder(str(folder), **options, features=features, keep_default_na=False)
        builder.download_and_prepare()
        splits = {str(name): builder.as_dataset(name, in_memory=True) for name in builder.info.splits}
    return HubTables(card, files, splits)


def _read_card(source: str, folder: Path) -> dict[str, Any]:
    """Return the keys of the dataset's card; data files that it names lie in the dataset itself."""
    from huggingface_hub import DatasetCard

    cards = []
    if (folder / CARD).is_file():
        cards.append(DatasetCard.load(folder / CARD))
    if (folder / SECOND_CARD).is_file():
        cards.append(DatasetCard(f"---\n{(folder / SECOND_CARD).read_text(encoding='utf-8')}\n---\n"))
    card = {key: value for one in cards for key, value in vars(one.data).items() if value is not None}
    for config in card.get("configs") or []:
        for place in _strings([config.get("data_files"), config.get("data_dir")]):
            if "://" in place or place.startswith("/") or ".." in PurePosixPath(place).parts:
                rule = "only files of the dataset itself are read; save them to a file of your own"
                raise InputError(f'{source}: its card names data elsewhere, "{show(place)}"; {rule}')
    return card


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _strings(part)


def _config(source: str, folder: Path, config: str | None) -> str | None:
    import datasets

    names = datasets.get_dataset_config_names(str(folder))
    if config is None and len(names) > 1 and datasets.get_dataset_default_config_name(str(folder)) is None:
        raise InputError(f"{source}: say which configuration, as in {source}:{names[0]}; known: {', '.join(names)}")
    if config is not None and config not in names:
        raise unknown(f"{source}: configuration", config, names)
    return config


def _check_file(source: str, folder: Path, file: Path) -> None:
    suffixes = [suffix.lower() for suffix in file.suffixes]
    packed = suffixes.pop() if suffixes and suffixes[-1] in PACKED else None
    kind = suffixes[-1] if suffixes else ""
    if kind not in READ:
        raise InputError(f'{source}: a file of kind "{show(kind)}" is not read ({file.name}); known: {", ".join(READ)}')
    if file.is_symlink() and not _is_whole(file.resolve()):
        raise RefusedFileError(f"{file}: is damaged; delete {folder.parent.parent} and fetch the dataset again")
    try:
        if kind in JSON:
            check_depth(chain.from_iterable(text_blocks(file, "utf-8", [])))
        elif packed:
            for _ in byte_blocks(file):  # raises if it unpacks to too much
                pass
    except RefusedJsonError as error:
        raise RefusedFileError(f"{file}: {error}; it is not read") from None


def _is_whole(blob: Path) -> bool:
    """Return whether a file of the cache has the hash that is its name: its SHA-256, or Git's of a small one."""
    if len(blob.name) == 64:
        return sha256_file(blob) == blob.name
    if len(blob.name) != 40:
        return True
    data = blob.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest() == blob.name


def _texts(file: Path, config: Any) -> datasets.Features:  # noqa: ANN401 - the library's, untyped
    """Return the columns of a CSV, each as texts."""
    import datasets
    import pandas as pd

    header = pd.read_csv(file, **(config.pd_read_csv_kwargs | {"nrows": 0, "chunksize": None}))
    return datasets.Features({name: datasets.Value("string") for name in header.columns})


@contextmanager
def _explained(source: str) -> Iterator[None]:
    """Turn whatever the library raises, which is not a closed list, into one line."""
    try:
        yield
    except StanceError:
        raise
    except Exception as error:
        cause = error.__cause__ or error
        said = show(str(cause).partition("\n")[0] or type(cause).__name__, 200)
        if isinstance(cause, OSError) and cause.errno is not None:
            raise StorageError(f"{source}: cannot be read: {said}") from error
        raise InputError(f"{source}: the datasets library cannot read it: {said}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the two libraries from drawing bars and from logging what is raised as well."""
    import datasets
    from datasets.utils import logging as ours
    from huggingface_hub.utils import logging as hub

    bars = datasets.are_progress_bars_disabled()
    levels = [(log, log.get_verbosity()) for log in (ours, hub)]
    datasets.disable_progress_bars()
    for log, _ in levels:
        log.set_verbosity(log.CRITICAL)
    try:
        yield
    finally:
        for log, level in levels:
            log.set_verbosity(level)
        if not bars:
            datasets.enable_progress_bars()
