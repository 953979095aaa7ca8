"""Teaching: a classifier of an experiment that learns from another one's answers to unlabelled sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from stance.classifiers.registry import CLASSIFIERS, make_classifier
from stance.core.errors import InputError, show
from stance.data.corpora import X_COLUMNS, Corpus


@dataclass(frozen=True)
class Teaching:
    """Who teaches, and about what.

    Attributes
    ----------
    class_name : str
        The teacher's.
    params : dict
    unlabelled : tuple of str
        Corpora, by name or path, whose training sentences the teacher labels; their own labels are not read.
    """

    class_name: str
    params: dict[str, Any]
    unlabelled: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON-ready mapping."""
        return {"class": self.class_name, "params": self.params, "unlabelled": list(self.unlabelled)}


def read_teaching(place: str, table: Mapping[str, Any]) -> Teaching | None:
    """Check the keys ``teacher`` and ``unlabelled`` of a classifier's table; None where it has neither.

    Raises
    ------
    InputError
        If one lacks, the teacher is a peer or one of your own, gives no probabilities, or there is a matrix as well.

    Examples
    --------
    >>> read_teaching("classifiers.fast", {"teacher": {"class": "stance"}, "unlabelled": ["dse"]}).class_name
    'stance'
    """
    teacher, unlabelled = table.get("teacher"), table.get("unlabelled")
    if teacher is None and unlabelled is None:
        return None
    if not (isinstance(teacher, dict) and isinstance(teacher.get("class"), str)):
        raise InputError(
            f'{place}.teacher: {show(teacher)} names no classifier; write teacher = {{ class = "encoder" }}'
        )
    if not (isinstance(unlabelled, list) and unlabelled and all(isinstance(one, str) for one in unlabelled)):
        raise InputError(f'{place}.unlabelled: {show(unlabelled)} is no list of corpora; write unlabelled = ["dse"]')
    if "matrix" in table:
        raise InputError(f"{place}.matrix: is not chosen beside a teacher; keep one of the two")
    params = {key: value for key, value in teacher.items() if key != "class"}
    made = make_classifier(teacher["class"], params)
    if teacher["class"] not in CLASSIFIERS or not hasattr(made, "predict_proba"):
        raise InputError(
            f'{place}.teacher: "{show(teacher["class"])}" cannot teach; '
            "take a classifier of this package that gives probabilities"
        )
    return Teaching(teacher["class"], params, tuple(unlabelled))


def training_sentences(corpora: Sequence[Corpus]) -> pd.DataFrame:
    """Return the sentences of some corpora's training splits, each mention once; of a corpus without splits, all."""
    parts = []
    for corpus in corpora:
        frame = corpus.frame
        if corpus.splits:
            frame = frame[frame["split"].isin(corpus.sheet.schemes[corpus.scheme.name].train)]
        parts.append(frame[list(X_COLUMNS)])
    return pd.concat(parts, ignore_index=True).drop_duplicates(ignore_index=True)
