"""Leaks: test sentences that stand in the training data of a plan, counted before anything is run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stance.core.errors import InputError, show
from stance.data.corpora import list_corpora
from stance.data.splits import Fold, folded_texts, leaked_rows
from stance.running.plan import Job


@dataclass(frozen=True)
class Leak:
    """What a fold's test shares with its training data.

    Attributes
    ----------
    corpus, scheme, protocol, fold : str
    leaked : int
        Test sentences whose folded text stands in the training data; 0 for a clean fold.
    sentences : int
        Test sentences in all.
    """

    corpus: str
    scheme: str
    protocol: str
    fold: str
    leaked: int
    sentences: int


def check_leaks(plan: Sequence[Job], *, allow: bool) -> list[Leak]:
    """Count the leaks of each fold of a plan.

    Parameters
    ----------
    plan : sequence of Job
    allow : bool
        Whether the official test of a corpus that does not come with the package may leak. The published
        split of one that does is run as it was published, and marked.

    Raises
    ------
    InputError
        If such a test leaks and may not; the message shows how much and an example.
    """
    texts: dict[str, np.ndarray] = {}
    found: dict[tuple[str, str, str, str], Leak] = {}
    for job in plan:
        place = (job.cell.corpus, job.cell.scheme, job.cell.protocol, job.cell.fold)
        if place in found:
            continue
        key = job.corpus.sha256
        texts[key] = texts[key] if key in texts else folded_texts(job.corpus)
        rows = leaked_rows(texts[key], job.fold)
        found[place] = Leak(*place, len(rows), len(job.fold.test))
        if len(rows) and not allow and job.cell.protocol == "official" and job.corpus.sheet not in list_corpora():
            raise InputError(_refusal(job, rows, job.fold))
    return list(found.values())


def _refusal(job: Job, rows: np.ndarray, fold: Fold) -> str:
    example = show(job.corpus.table.column("text")[int(rows[0])].as_py())
    held = f"{len(rows):,} of {len(fold.test):,} test sentences stand in train"
    remedy = "drop them, use the protocol official-clean, or allow it (--allow-leak)"
    return f'{job.corpus.name}: official, {fold.name}: {held}, such as "{example}"; {remedy}'
