"""Store: one cell, one file. What is there is whole and unaltered, or counts as not there."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from stance.core.errors import BusyError, StorageError, show
from stance.core.files import canonical_json, replacing, sha256_file, sha256_text, write_text


class Store:
    """A results folder.

    ``cells/KEY.json`` and ``cells/KEY.parquet`` (predictions) are one finished cell, the first written
    last; ``timings/KEY.json`` one finished clock; ``failures/KEY.json`` a cell that failed, to be tried
    again; ``work/`` the sentences that workers read.

    Parameters
    ----------
    folder : pathlib.Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder for one run; the hold ends with the process, however it ends.

        Raises
        ------
        BusyError
            If another run holds it.
        StorageError
            If the folder cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle = (self.folder / ".lock").open("w")
        except OSError as error:
            raise StorageError(f"{show(self.folder)}: cannot be written: {error.strerror}") from None
        with handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise BusyError(f"{show(self.folder)}: another run is at work here; wait for it") from None
            for leftover in self.folder.glob("*/.*.tmp"):
                leftover.unlink(missing_ok=True)
            yield

    def path(self, kind: str, key: str, suffix: str = "json") -> Path:
        """Return where a record or its predictions lie."""
        return self.folder / kind / f"{key}.{suffix}"

    def write_cell(self, key: str, record: dict[str, Any], predictions: pa.Table) -> None:
        """Write a finished cell: the predictions first, then the record that names their hash."""
        path = self.path("cells", key, "parquet")
        with replacing(path) as temporary:
            pq.write_table(predictions, temporary, compression="zstd", write_page_checksum=True)
        self.write("cells", key, record | {"predictions_sha256": sha256_file(path)})

    def write(self, kind: str, key: str, record: dict[str, Any]) -> None:
        """Write a record with its own hash."""
        text = canonical_json(record)
        write_text(self.path(kind, key), canonical_json({"record": record, "sha256": sha256_text(text)}) + "\n")

    def read(self, kind: str, key: str) -> dict[str, Any] | None:
        """Return a record, or None where it is missing, damaged, or its predictions are."""
        try:
            held = json.loads(self.path(kind, key).read_text(encoding="utf-8"))
            record: dict[str, Any] = held["record"]
            whole = sha256_text(canonical_json(record)) == held["sha256"]
            if kind == "cells":
                whole = whole and sha256_file(self.path(kind, key, "parquet")) == record["predictions_sha256"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return record if whole else None

    def read_predictions(self, key: str) -> pa.Table:
        """Return the predictions of a finished cell."""
        return pq.read_table(self.path("cells", key, "parquet"), page_checksum_verification=True)

    def forget_failure(self, key: str) -> None:
        """Drop the record of a failure."""
        self.path("failures", key).unlink(missing_ok=True)
