"""Results: what a finished run left on disk, and the scores derived from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from stance.core.errors import MissingDataError, RefusedFileError, show
from stance.core.files import canonical_json, update_text
from stance.core.records import Cell, Provenance, Score, Timing
from stance.core.schemes import Scheme
from stance.evaluation.metrics import BY_TARGET, confusion, score
from stance.running.store import Store

MANIFEST = "results.json"
SCORES, TIMINGS, PROVENANCE = "scores.jsonl", "timings.jsonl", "provenance.json"


@dataclass(frozen=True)
class Results:
    """A results folder, read.

    Attributes
    ----------
    folder : pathlib.Path
    name : str
        The experiment's.
    metrics : tuple of str
        Those that the experiment asks for.
    corpora : list of dict
        ``name, title, version, scheme, labels, licence, terms, citation, sha256, n_sentences, tests,
        train_per, metric, notes`` of each corpus and scheme, in the experiment's order.
    classifiers : list of dict
        ``name, class, params, matrix``, in the experiment's order.
    cells : tuple of Cell
        The finished ones.
    warnings : dict of str to list of str
        What a cell's classifier warned of, by the cell's key.
    tuned : dict of str to dict
        ``params, score, n_folds`` by the cell's key: what inner cross-validation chose, its mean inner
        macro-F1, and of how many folds.
    leaks : tuple of dict
        ``corpus, scheme, protocol, fold, leaked, sentences``: how many test sentences of each fold stand
        in its training data.
    failures : tuple of dict
        ``title, status, cause`` of those that failed.
    timings : tuple of Timing
    provenance : Provenance
    """

    folder: Path
    name: str
    metrics: tuple[str, ...]
    corpora: list[dict[str, Any]]
    classifiers: list[dict[str, Any]]
    cells: tuple[Cell, ...]
    warnings: dict[str, list[str]]
    tuned: dict[str, dict[str, Any]]
    leaks: tuple[dict[str, Any], ...]
    failures: tuple[dict[str, Any], ...]
    timings: tuple[Timing, ...]
    provenance: Provenance

    def predictions(self, cell: Cell) -> pd.DataFrame:
        """Return a cell's predictions: ``id, target, actor, group, label, prediction`` and ``probability_*``."""
        frame: pd.DataFrame = Store(self.folder).read_predictions(cell.key).to_pandas()
        return frame

    def corpus(self, name: str, scheme: str) -> dict[str, Any]:
        """Return what is held of a corpus under a scheme."""
        return next(c for c in self.corpora if (c["name"], c["scheme"]) == (name, scheme))

    def scheme(self, corpus: str, scheme: str) -> Scheme:
        """Return a corpus's scheme with its declared labels."""
        return Scheme(scheme, tuple(self.corpus(corpus, scheme)["labels"]))

    def metrics_of(self, corpus: str, scheme: str) -> tuple[str, ...]:
        """Return the metrics of a corpus: those that the experiment asks for, and its own official one."""
        return tuple(dict.fromkeys([*self.metrics, self.corpus(corpus, scheme)["metric"]]))

    def scores(self) -> Iterator[Score]:
        """Yield each metric of each finished cell: on all its sentences, and on those of each actor."""
        for cell in self.cells:
            labels = self.scheme(cell.corpus, cell.scheme).labels
            frame = self.predictions(cell)
            parts = {"all": frame} | {f"actor={actor}": rows for actor, rows in frame.groupby("actor")}
            for part, rows in parts.items():
                counts = confusion(rows["label"], rows["prediction"], labels)
                for metric in self.metrics_of(cell.corpus, cell.scheme):
                    # A metric by target needs the folds of all targets: the leaderboard has them.
                    value = None if metric in BY_TARGET else score(metric, counts, labels)
                    if value is not None:
                        yield Score(cell, part, metric, float(value), len(rows))


def load_results(folder: str | Path) -> Results:
    """Read a results folder that `stance.run` wrote.

    Raises
    ------
    MissingDataError
        If the folder holds no results.
    RefusedFileError
        If its manifest is damaged, or names a cell that is.
    """
    folder = Path(folder)
    path = folder / MANIFEST
    if not path.is_file():
        raise MissingDataError(f"{show(folder)}: holds no {MANIFEST}; run: stance run EXPERIMENT.toml")
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        provenance = Provenance(**json.loads((folder / PROVENANCE).read_text(encoding="utf-8")))
        results = Results(
            folder=folder,
            name=held["name"],
            metrics=tuple(held["metrics"]),
            corpora=held["corpora"],
            classifiers=held["classifiers"],
            cells=tuple(Cell(**cell) for cell in held["cells"]),
            warnings=held["warnings"],
            tuned=held.get("tuned", {}),
            leaks=tuple(held.get("leaks", ())),
            failures=tuple(held["failures"]),
            timings=tuple(_timing(folder, key) for key in held["timings"]),
            provenance=provenance,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RefusedFileError(f"{show(path)}: damaged: {show(repr(error))}; run the experiment again") from None
    store = Store(folder)
    lost = [cell.key for cell in results.cells if store.read("cells", cell.key) is None]
    if lost:
        path = store.path("cells", lost[0])
        raise RefusedFileError(f"{show(path)}: missing or damaged, or its predictions are; run the experiment again")
    return results


def write_scores(results: Results) -> None:
    """Write ``scores.jsonl`` (the same bytes for the same predictions) and ``timings.jsonl``."""
    scores = [_score_line(one) for one in results.scores()]
    update_text(results.folder / SCORES, "".join(line + "\n" for line in scores))
    timings = [canonical_json(asdict(one)) for one in results.timings]
    update_text(results.folder / TIMINGS, "".join(line + "\n" for line in timings))


def _score_line(one: Score) -> str:
    cell = {key: value for key, value in one.cell.to_dict().items() if key != "key"}
    value = None if one.value is None else round(one.value, 12)
    return canonical_json(cell | {"part": one.part, "metric": one.metric, "value": value, "n": one.n_sentences})


def _timing(folder: Path, key: str) -> Timing:
    record = Store(folder).read("timings", key)
    if record is None:
        raise ValueError(f"timing {key} is damaged")
    return Timing(**record)
