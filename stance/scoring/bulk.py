"""Bulk scoring: Parquet files of any size in, a folder of labels out, with no more memory for more rows."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
from tqdm import tqdm

from stance import __version__
from stance.classifiers.model_files import load_model
from stance.core.errors import InputError, show
from stance.core.files import canonical_json, sha256_file, sha256_text
from stance.core.schemes import SCHEMES
from stance.scoring.answers import find_least
from stance.scoring.batches import read_part
from stance.scoring.columns import Columns, find_columns, find_id_type
from stance.scoring.in_order import map_in_order
from stance.scoring.manifest import FORMAT, Scored, find_finished, write_manifest
from stance.scoring.parts import clear_leftovers, read_record, scores_schema, write_part
from stance.scoring.sources import Part, find_sources, plan_parts
from stance.scoring.staging import drop_staging, held, publish, staging_folder, tidy
from stance.scoring.worker import Labelled, Worker

# From so many rows on, loading the compiled search for actors is worth it.
MANY_ROWS = 50_000


def score(  # noqa: PLR0913 - each is an option of the command line
    model: str | Path,
    sources: str | Path | Sequence[str | Path],
    output: str | Path,
    *,
    text: str = "text",
    id: str | None = None,
    holder: str | None = None,
    target: str | None = None,
    actors: bool = False,
    abstain_below: float | None = None,
    truncate: bool = False,
    overwrite: bool = False,
    jobs: int | None = None,
    progress: bool | None = None,
) -> Scored:
    """Label the sentences of Parquet files; killed at any moment, the same call goes on where it stopped.

    Parameters
    ----------
    model : path
        A model file that `stance.save_model` wrote.
    sources : path or sequence of path
        Parquet files, or folders of them.
    output : path
        The folder to be made: Parquet files of scores, and ``_manifest.json``, without which they are not complete.
        Read it with `stance.scoring.manifest.read_scores`.
    text, id, holder, target : str, optional
        The names of the columns. Without `id` a row is known by its place in its file, from 0. ``holder``,
        ``target`` and their spans (``holder_start``, ``holder_end``, ...) are read where the files have them.
    actors : bool
        Find the actors that each sentence names and label the sentence once for each; for models of the scheme
        ``sentiment``, whose target is the actor. A sentence that names none has no row.
    abstain_below : float, optional
        Give no label to a sentence whose probability is below this; by default as the model was made.
    truncate : bool
        Cut texts of over 100,000 characters instead of refusing them.
    overwrite : bool
        Replace the scores of another job, once the new ones are complete.
    jobs : int, optional
        Threads; by default as many as cores. The scores are the same, byte for byte, however many.
    progress : bool, optional
        Whether to draw a progress bar; by default where stderr is a terminal.

    Returns
    -------
    Scored

    Raises
    ------
    InputError, MissingDataError, RefusedFileError, StorageError, BusyError
        Parts that were finished are kept for the next call.
    """
    output = Path(os.path.abspath(output))  # noqa: PTH100 - a link is not followed: it is the name that is wanted
    paths = [sources] if isinstance(sources, (str, Path)) else list(sources)
    if jobs is not None and jobs < 1:
        raise InputError(f"jobs is {jobs}; it is at least 1")
    _check_apart(output, paths)
    classifier = load_model(model)
    least = find_least(classifier, abstain_below, model)
    if actors and _scheme_of(classifier) != "sentiment":
        rule = "tells no sentiment; actors are found for models of the scheme sentiment"
        raise InputError(f"{show(Path(model))}: {rule}")
    found = find_sources(paths)
    columns = find_columns(found, Columns(text, id, holder, target), spans=not actors)
    parts = plan_parts(found)
    if actors and sum(part.n_rows for part in parts) >= MANY_ROWS:
        importlib.import_module("stance.text.mention_kernels")  # from then on, every batch is searched by it
    options = asdict(columns) | {"spans": list(columns.spans)}
    options |= {"actors": actors, "abstain_below": least, "truncate": truncate}
    job = _describe(Path(model), classifier) | {"options": options}
    run = sha256_text(canonical_json([job, [source.name for source in found]]))[:16]
    key = sha256_text(canonical_json([job, [part.file for part in parts]]))
    staging = staging_folder(output, run)
    schema = scores_schema(find_id_type(found[0], columns), actors=actors)
    worker = Worker(classifier, least, columns, schema, actors=actors, truncate=truncate)
    with held(staging):
        done = find_finished(output, key, overwrite=overwrite)
        if done is not None:
            drop_staging(staging)
            tidy(output, run)
            return Scored(output, done, len(parts), len(parts))
        clear_leftovers(staging, parts)
        records = {part.number: record for part in parts if (record := read_record(staging, part))}
        n_found = len(records)
        with _bar(parts, progress) as bar:
            bar.update(sum(record["rows_in"] for record in records.values()))
            missing = [part for part in parts if part.number not in records]
            records |= _score_parts(staging, missing, worker, jobs or _cores(), bar)
        manifest = job | {"key": key, "parts": [records[part.number] for part in parts]}
        write_manifest(staging, manifest)
        find_finished(output, key, overwrite=overwrite)  # something may have come there meanwhile
        publish(staging, output, run)
        tidy(output, run)
    return Scored(output, manifest, len(parts), n_found)


def _score_parts(
    folder: Path,
    parts: Sequence[Part],
    worker: Worker,
    jobs: int,
    bar: Any,  # noqa: ANN401 - tqdm
) -> dict[int, dict[str, Any]]:
    """Score parts, one after the other, their batches by threads; return their records by number."""
    records = {}
    by_number = {part.number: part for part in parts}
    batches = (batch for part in parts for batch in read_part(part, worker.columns))
    with closing(map_in_order(worker.label, batches, jobs)) as labelled:
        for number, results in groupby(labelled, key=lambda result: result.part.number):
            records[number] = write_part(folder, by_number[number], worker.schema, _counted(results, bar))
            pa.default_memory_pool().release_unused()
    return records


def _counted(results: Iterable[Labelled], bar: Any) -> Iterator[pa.Table]:  # noqa: ANN401 - tqdm
    for result in results:
        bar.update(result.n_read)
        yield result.scores


def _bar(parts: Sequence[Part], progress: bool | None) -> Any:  # noqa: ANN401 - tqdm
    hidden = None if progress is None else not progress
    return tqdm(total=sum(part.n_rows for part in parts), unit=" sentences", unit_scale=True, disable=hidden)


def _describe(model: Path, classifier: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "format": FORMAT,
        "stance": __version__,
        "model": model.name,
        "model_sha256": sha256_file(model),
        "class": type(classifier).__name__,
        "scheme": _scheme_of(classifier),
        "classes": [str(label) for label in classifier.classes_],
    }


def _scheme_of(classifier: Any) -> str | None:  # noqa: ANN401
    """Return the scheme of a classifier: what it says, or the first that has all its labels."""
    said = getattr(classifier, "scheme", None)
    labels = {str(label) for label in classifier.classes_}
    return said or next((name for name, scheme in SCHEMES.items() if labels <= set(scheme.labels)), None)


def _check_apart(output: Path, sources: Sequence[str | Path]) -> None:
    """Raise InputError if the scores would lie among the files to be scored."""
    for path in map(Path, sources):
        if path.is_dir() and output.resolve().is_relative_to(path.resolve()):
            raise InputError(f"{show(output)}: lies in the folder to be scored, {show(path)}; choose another")


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
