"""What is said of a sentence: a label, how sure it is, and a status that says why there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stance.core.errors import InputError, show

STATUSES: Final = ("ok", "abstained", "truncated", "empty_text", "missing_text")
OK, ABSTAINED, TRUNCATED, EMPTY, MISSING = range(len(STATUSES))
# Anything but separators and what is never printed: controls, zero-width characters, private ones.
WORDED: Final = r"[^\p{Z}\p{C}]"


def find_status(texts: pa.Array | pa.ChunkedArray) -> np.ndarray:
    r"""Return for each text where it stands in `STATUSES`: ok, empty_text or missing_text.

    Parameters
    ----------
    texts : pyarrow.Array or ChunkedArray of string or null, shape (n_sentences,)

    Returns
    -------
    numpy.ndarray of int8, shape (n_sentences,)
        A text of blanks and zero-width characters alone is as empty as one of none.

    Examples
    --------
    >>> [STATUSES[code] for code in find_status(pa.array(["Truce!", " \u200b", None, "None"]))]
    ['ok', 'empty_text', 'missing_text', 'ok']
    """
    if pa.types.is_null(texts.type):
        return np.full(len(texts), MISSING, np.int8)
    worded = pc.fill_null(pc.match_substring_regex(texts, WORDED), False)
    status = np.where(worded.to_numpy(zero_copy_only=False), OK, EMPTY).astype(np.int8)
    if texts.null_count:
        status[texts.is_null().to_numpy(zero_copy_only=False)] = MISSING
    return status


def find_least(classifier: Any, abstain_below: float | None, model: str | Path) -> float:  # noqa: ANN401
    """Return the probability below which no label is given: as asked for, or as the model was made.

    Raises
    ------
    InputError
        If it is no probability, or the model gives none.

    Examples
    --------
    >>> find_least(object(), 0.6, "model.stance")
    Traceback (most recent call last):
        ...
    stance.core.errors.InputError: model.stance: gives no probabilities, so it cannot abstain; ...
    """
    if abstain_below is None:
        return float(getattr(classifier, "abstain_below", 0.0))
    if not 0 <= abstain_below <= 1:
        raise InputError(f"abstain_below is {abstain_below}, which is no probability; give one from 0 to 1")
    if abstain_below and not hasattr(classifier, "predict_proba"):
        raise InputError(f"{show(Path(model))}: gives no probabilities, so it cannot abstain; leave abstain_below out")
    return abstain_below


def ask(classifier: Any, sentences: pa.Table) -> tuple[np.ndarray, np.ndarray]:  # noqa: ANN401
    """Return the label of each sentence and how sure it is.

    Returns
    -------
    codes : numpy.ndarray of int32, shape (n_sentences,)
        Where the label stands in ``classifier.classes_``.
    confidence : numpy.ndarray of float64, shape (n_sentences,)
        The label's probability; NaN where the classifier gives none.
    """
    if not len(sentences):
        return np.empty(0, np.int32), np.empty(0)
    if hasattr(classifier, "predict_proba"):
        probabilities = classifier.predict_proba(sentences)
        codes = probabilities.argmax(axis=1)
        sure = probabilities[np.arange(len(codes)), codes]
        return codes.astype(np.int32), sure.astype(np.float64)
    said = pa.array(classifier.predict(sentences), pa.string())
    codes = pc.index_in(said, pa.array(classifier.classes_, pa.string())).to_numpy()
    return codes.astype(np.int32), np.full(len(codes), np.nan)
