"""Timing: the clock and the memory of one classifier, measured alone."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

FIT_REPEATS, MAX_REPEATS = 3, 5
SECONDS_A_PART = 1.0
LATENCY_CALLS = 100
BATCH = 64
MANY = 4096
Readings = dict[str, list[float]]


def time_classifier(
    make: Callable[[], Any], fit: Callable[[Any], object], n_fitted: int, X: pd.DataFrame
) -> dict[str, Any]:
    """Measure fitting and predicting; keep every reading.

    A clock covers the whole call, as a user makes it: the input is checked, and a mention that the table gives
    no span of is looked for in the text, anew in each call.

    Parameters
    ----------
    make : callable
        Returns an unfitted classifier.
    fit : callable
        Fits it, in place: up to three times, fewer where one takes more than a second.
    n_fitted : int
        Sentences that it is fitted on.
    X : pandas.DataFrame, shape (n_sentences, n_columns)
        What it predicts, in calls of 1 sentence (up to 100 of them), of 64, and of all, repeated to 4,096
        where they are fewer. Each size is called once unmeasured; later calls stop when a second is spent.

    Returns
    -------
    dict
        The fields of `stance.core.records.Timing` that one process can know.
    """
    fitted: Any = None
    fit_seconds: list[float] = []
    while len(fit_seconds) < FIT_REPEATS and sum(fit_seconds) < SECONDS_A_PART:
        fitted = make()
        fit_seconds.append(_clock(lambda one=fitted: fit(one)))  # type: ignore[misc]
    predict = fitted.predict
    single = [X.iloc[[i % len(X)]] for i in range(LATENCY_CALLS)]
    dozens = [X.iloc[_wrapped(i * BATCH, len(X))] for i in range(MAX_REPEATS)]
    many = X.iloc[np.arange(max(MANY, len(X))) % len(X)]
    readings = {
        "1": _readings(predict, single),
        "64": _readings(predict, dozens),
        "all": _readings(predict, [many] * MAX_REPEATS),
    }
    return {
        "fit_seconds": fit_seconds,
        "fit_sentences": n_fitted,
        "predict_seconds": readings,
        "predict_sentences": {"1": 1, "64": BATCH, "all": len(many)},
        "peak_memory_bytes": peak_memory_bytes(),
        "model_bytes": model_bytes(fitted),
    }


def peak_memory_bytes() -> int:
    """Return the peak resident memory of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def model_bytes(classifier: Any) -> int | None:  # noqa: ANN401 - any classifier
    """Return the size of the saved model file, or None where the classifier cannot be saved."""
    from stance.classifiers.model_files import save_model

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.stance"
        try:
            save_model(classifier, path)
        except Exception:  # a classifier of a user's may hold anything
            return None
        return path.stat().st_size


def per_second(sentences: int, seconds: list[float]) -> float:
    """Return sentences per second from the median reading.

    Examples
    --------
    >>> per_second(100, [0.5, 0.1, 0.2])
    500.0
    """
    return float(sentences / np.median(seconds))


def _readings(predict: Callable[[Any], Any], batches: list[Any]) -> list[float]:
    predict(batches[0])
    seconds: list[float] = []
    for batch in batches:
        seconds.append(_clock(lambda one=batch: predict(one)))  # type: ignore[misc]
        if sum(seconds) > SECONDS_A_PART:
            break
    return seconds


def _wrapped(start: int, n: int) -> np.ndarray:
    return np.arange(start, start + BATCH) % n


def _clock(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
