"""Parts: the scores of some rows, in a file that is whole or not there, and the record that proves it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from stance.core.errors import StorageError
from stance.core.files import canonical_json, replacing, sha256_file, write_text
from stance.scoring.actor_rows import ACTOR
from stance.scoring.answers import STATUSES
from stance.scoring.sources import Part
from stance.scoring.staging import LOCK

GROUP_ROWS = 1 << 18
NAMES = pa.dictionary(pa.int32(), pa.string())
ACTOR_FIELDS = (("actor", ACTOR), ("target_start", pa.int64()), ("target_end", pa.int64()))


def scores_schema(ids: pa.DataType, *, actors: bool) -> pa.Schema:
    """Return the columns of scores.

    Examples
    --------
    >>> scores_schema(pa.int64(), actors=False).names
    ['source', 'id', 'label', 'confidence', 'status']
    """
    between = ACTOR_FIELDS if actors else ()
    said = (("label", NAMES), ("confidence", pa.float32()), ("status", NAMES))
    return pa.schema([("source", NAMES), ("id", ids), *between, *said])


def write_part(folder: Path, part: Part, schema: pa.Schema, tables: Iterable[pa.Table]) -> dict[str, Any]:
    """Write the scores of a part, then the record of it, each whole or not at all; return the record.

    Parameters
    ----------
    folder : Path
    part : Part
    schema : pyarrow.Schema
    tables : iterable of pyarrow.Table
        In order; how they are cut leaves no trace in the file.

    Raises
    ------
    InputError
        If the source was changed meanwhile.
    StorageError
        If the folder cannot be written.
    """
    path = folder / part.file
    counts = np.zeros(len(STATUSES), np.int64)
    held: list[pa.Table] = []
    with replacing(path) as temporary:
        with pq.ParquetWriter(temporary, schema, compression="zstd", write_page_checksum=True) as writer:
            for table in tables:
                counts += np.bincount(_codes(table), minlength=len(STATUSES))
                held.append(table)
                while sum(map(len, held)) >= GROUP_ROWS:
                    joined = pa.concat_tables(held)
                    writer.write_table(joined.slice(0, GROUP_ROWS).combine_chunks())
                    held = [joined.slice(GROUP_ROWS)]
            rest = pa.concat_tables(held) if held else schema.empty_table()
            if len(rest):
                writer.write_table(rest.combine_chunks())
        part.source.check_unchanged()
    record = {
        "file": part.file,
        "source": part.source.name,
        "source_bytes": part.source.n_bytes,
        "source_mtime_ns": part.source.mtime_ns,
        "first_row": part.first_row,
        "rows_in": part.n_rows,
        "rows_out": int(counts.sum()),
        "status": dict(zip(STATUSES, counts.tolist(), strict=True)),
        "sha256": sha256_file(path),
    }
    write_text(_record_path(folder, part), canonical_json(record) + "\n")
    return record


def read_record(folder: Path, part: Part) -> dict[str, Any] | None:
    """Return the record of a part that is finished and unaltered, None where it has to be scored."""
    try:
        record: dict[str, Any] = json.loads(_record_path(folder, part).read_text(encoding="utf-8"))
        whole = record["file"] == part.file and sha256_file(folder / part.file) == record["sha256"]
    except (OSError, StorageError, ValueError, KeyError, TypeError):
        return None
    return record if whole else None


def clear_leftovers(folder: Path, parts: Iterable[Part]) -> None:
    """Remove what is neither one of these parts nor its record: of killed runs, of sources that changed."""
    kept = {name for part in parts for name in (part.file, _record_path(folder, part).name)} | {LOCK}
    for path in folder.iterdir():
        if path.name not in kept and path.is_file():
            path.unlink(missing_ok=True)


def _record_path(folder: Path, part: Part) -> Path:
    return folder / f".{Path(part.file).stem}.json"


def _codes(table: pa.Table) -> np.ndarray:
    return np.concatenate([chunk.indices.to_numpy() for chunk in table.column("status").chunks] or [np.empty(0, int)])
