"""Tasks: what a worker is told; light, so that a run with nothing to do imports no learner."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from stance.running.matrix import Matrix


@dataclass(frozen=True)
class Task:
    """What a worker is told.

    Attributes
    ----------
    kind : {"cells", "timings"}
    key, title : str
    record : dict
        What is known beforehand and belongs into the stored record.
    folder, table : pathlib.Path
        The results folder, and the Arrow file of the corpus.
    train, test : numpy.ndarray of int
    class_name, params, scheme, seed
        What makes the classifier.
    matrix : dict of str to list
        Of parameters that are to be chosen on the training rows.
    """

    kind: str
    key: str
    title: str
    record: dict[str, Any]
    folder: Path
    table: Path
    train: np.ndarray
    test: np.ndarray
    class_name: str
    params: dict[str, Any]
    scheme: str
    seed: int | None
    matrix: Matrix = field(default_factory=dict)

    def make(self) -> Any:  # noqa: ANN401 - any classifier
        """Return the unfitted classifier."""
        from stance.classifiers.registry import make_classifier

        return make_classifier(self.class_name, self.params, self.scheme, self.seed)
