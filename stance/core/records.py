"""The records that the runner writes and the report reads."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from stance.core.files import canonical_json, sha256_text

STATUSES = ("ok", "error", "timeout", "out_of_memory", "crashed")


@dataclass(frozen=True)
class Cell:
    """The unit of work: one classifier, asked once; cells that differ in their test alone share its fit.

    Attributes
    ----------
    corpus, scheme, protocol, fold, classifier : str
        Names; `fold` is the test's name for official protocols, else the actor or fold number.
    seed : int or None
        None where the classifier uses none.
    key : str
        SHA-256 of everything that can change a prediction: data, split, classifier, code, libraries.
    """

    corpus: str
    scheme: str
    protocol: str
    fold: str
    classifier: str
    seed: int | None
    key: str

    def to_dict(self) -> dict[str, Any]:
        """Return the cell as a JSON-ready mapping."""
        return asdict(self)

    @property
    def title(self) -> str:
        """Return a short name for progress bars and messages."""
        seed = "" if self.seed is None else f" seed {self.seed}"
        return f"{self.corpus}/{self.scheme}/{self.protocol}/{self.fold}/{self.classifier}{seed}"


@dataclass(frozen=True)
class Score:
    """One metric of one slice of one cell's predictions.

    Attributes
    ----------
    part : str
        ``all``, or ``actor=NAME`` for the rows filed under an actor.
    metric : str
        A name in ``stance.evaluation.metrics.METRICS``.
    value : float or None
        The score; None where the metric is undefined.
    n_sentences : int
        Rows that the score was computed on.
    """

    cell: Cell
    part: str
    metric: str
    value: float | None
    n_sentences: int


@dataclass(frozen=True)
class Timing:
    """The clock and memory of one classifier on one corpus, raw readings kept.

    Attributes
    ----------
    fit_seconds : list of float
        One reading a repeat. Of a tuned classifier: with the parameters that its first cell chose, the
        search for them not counted.
    fit_sentences : int
        Training rows; divided by `fit_seconds` they give the fitting speed.
    predict_seconds : dict of str to list of float
        Readings by batch size: ``1``, ``64`` and ``all``; seconds for one call each.
    predict_sentences : dict of str to int
        Sentences that one such call was given.
    peak_memory_bytes : int
        Peak resident memory of the process that fitted and predicted, interpreter and data included.
    model_bytes : int or None
        Size of the saved model file; None where the classifier cannot be saved.
    """

    corpus: str
    scheme: str
    classifier: str
    fit_seconds: list[float]
    fit_sentences: int
    predict_seconds: dict[str, list[float]]
    predict_sentences: dict[str, int]
    peak_memory_bytes: int
    model_bytes: int | None


@dataclass(frozen=True)
class Provenance:
    """What a result stands on: versions, hashes and the machine."""

    stance_version: str
    code_sha256: str
    python_version: str
    platform: str
    cpu: str
    cores: int
    memory_bytes: int
    libraries: dict[str, str]
    experiment_sha256: str
    corpora_sha256: dict[str, str] = field(default_factory=dict)


def cell_key(parts: dict[str, Any]) -> str:
    """Return the key of a cell: the SHA-256 of the canonical JSON of its parts."""
    return sha256_text(canonical_json(parts))
