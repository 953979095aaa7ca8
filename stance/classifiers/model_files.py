"""Model files: a zip of a manifest and the estimator's state as data, never as code."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
from sklearn.base import BaseEstimator

import stance
from stance.classifiers.registry import CLASSIFIERS
from stance.core.errors import InputError, MissingDataError, RefusedFileError, show
from stance.core.files import replacing

FORMAT = 1
MANIFEST, ESTIMATOR = "manifest.json", "estimator.skops"
MAX_FILE_BYTES = 2 << 30
MAX_STATE_BYTES = 1 << 30
MAX_MANIFEST_BYTES = 1 << 20
MAX_MEMBERS = 10_000
SMOKE_TEXTS = ("Moscow backs the truce.", "Tehran rejects it, and Trump's envoy is of two minds.", "")
# Types of ours that a file may hold, beside what skops trusts by itself; a fixed list, never asked of the file.
TRUSTED = [
    *(path.replace(":", ".") for path in CLASSIFIERS.values()),
    "stance.classifiers.baselines.Components",
    "stance.classifiers.baselines.DrawnLabels",
    "stance.classifiers.baselines.draw_texts",
    "stance.classifiers.stance_classifier.SegmentNgrams",
    "stance.text.ngrams.Ngrams",
    "sklearn.compose._column_transformer._RemainderColsList",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.linear_model._sgd_fast.ModifiedHuber",
    "sklearn.linear_model._sgd_fast.Hinge",
    "sklearn.linear_model._sgd_fast.Log",
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.MultinomialLogit",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.loss.HalfMultinomialLoss",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn._loss._loss.CyHalfMultinomialLoss",
    "sklearn._loss._loss.CyHalfBinomialLoss",
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
]


def save_model(classifier: BaseEstimator, path: str | Path) -> None:
    """Write a fitted classifier to a file, whole or not at all.

    Parameters
    ----------
    classifier : fitted classifier
        Ours, or any made of scikit-learn's parts.
    path : str or path
        Customarily ends in ``.stance``.

    Raises
    ------
    InputError
        If it holds a type that `load_model` would refuse: a class of your own, or a lambda.
    """
    state = skops.io.dumps(classifier)
    strange = sorted(set(skops.io.get_untrusted_types(data=state)) - set(TRUSTED))
    if strange:
        raise InputError(f"{show(path)}: not saved: a model file cannot hold {', '.join(strange)}; pickle it yourself")
    manifest = {
        "format": FORMAT,
        "stance": stance.__version__,
        "python": platform.python_version(),
        "scikit-learn": version("scikit-learn"),
        "class": f"{type(classifier).__module__}.{type(classifier).__name__}",
        "classes": [str(label) for label in classifier.classes_],
        "estimator_bytes": len(state),
        "estimator_sha256": hashlib.sha256(state).hexdigest(),
        "smoke": [str(label) for label in classifier.predict(list(SMOKE_TEXTS))],
    }
    with replacing(Path(path)) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(MANIFEST), json.dumps(manifest, indent=1))
        archive.writestr(zipfile.ZipInfo(ESTIMATOR), state)


def load_model(path: str | Path) -> Any:  # noqa: ANN401 - whatever classifier was saved
    """Read a classifier from a file that may come from a stranger.

    Sizes are capped while inflating, the state's hash is checked, only types of a fixed list are built,
    weights must be finite, and the classifier must predict what the manifest says it did.

    Raises
    ------
    MissingDataError
        If there is no such file.
    RefusedFileError
        If the file is damaged, altered, too large, or holds what a model has no need of (exit 5).
    """
    path = Path(path)
    if not path.is_file():
        raise MissingDataError(f"{show(path)}: no such model file")
    try:
        return _load(path)
    except RefusedFileError:
        raise
    except Exception as error:  # noqa: BLE001 - a hostile file may raise anything; it is refused whatever it raises
        kind = type(error).__name__
        raise RefusedFileError(f"{show(path)}: refused: {kind}: {show(error, 200)}") from None


def _load(path: Path) -> BaseEstimator:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise RefusedFileError(f"{show(path)}: refused: larger than {MAX_FILE_BYTES:,} bytes")
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if sorted(names) != [ESTIMATOR, MANIFEST]:
            raise RefusedFileError(f"{show(path)}: refused: it holds {show(names)}, not {MANIFEST} and {ESTIMATOR}")
        manifest = json.loads(_inflate(archive, MANIFEST, MAX_MANIFEST_BYTES))
        state = _inflate(archive, ESTIMATOR, MAX_STATE_BYTES)
    if manifest["format"] != FORMAT:
        raise RefusedFileError(f"{show(path)}: refused: format {show(manifest['format'])}, this is {FORMAT}")
    if hashlib.sha256(state).hexdigest() != manifest["estimator_sha256"]:
        raise RefusedFileError(f"{show(path)}: refused: the estimator's sha256 is not the manifest's")
    _check_members(path, state)
    classifier = skops.io.loads(state, trusted=TRUSTED)
    _check_weights(path, classifier)
    if [str(label) for label in classifier.classes_] != manifest["classes"]:
        raise RefusedFileError(f"{show(path)}: refused: its classes are not the manifest's")
    if [str(label) for label in classifier.predict(list(SMOKE_TEXTS))] != manifest["smoke"]:
        raise RefusedFileError(f"{show(path)}: refused: it does not predict what it did when it was saved")
    return classifier


def _inflate(archive: zipfile.ZipFile, name: str, cap: int) -> bytes:
    """Read a member in chunks, up to a cap: the size that a zip declares cannot be trusted."""
    kept = io.BytesIO()
    with archive.open(name) as member:
        while chunk := member.read(1 << 20):
            kept.write(chunk)
            if kept.tell() > cap:
                raise RefusedFileError(f"{show(archive.filename)}: refused: {name} inflates to over {cap:,} bytes")
    return kept.getvalue()


def _check_members(path: Path, state: bytes) -> None:
    """Inflate the inner archive once, in chunks, before skops reads it without a cap."""
    with zipfile.ZipFile(io.BytesIO(state)) as inner:
        names = inner.namelist()
        if len(names) > MAX_MEMBERS or len(set(names)) != len(names):
            raise RefusedFileError(f"{show(path)}: refused: {len(names):,} members, or one twice")
        total = 0
        for name in names:
            with inner.open(name) as member:
                while chunk := member.read(1 << 20):
                    total += len(chunk)
                    if total > MAX_STATE_BYTES:
                        raise RefusedFileError(f"{show(path)}: refused: inflates to over {MAX_STATE_BYTES:,} bytes")


def _check_weights(path: Path, classifier: BaseEstimator) -> None:
    learner = getattr(classifier, "model_", [classifier])[-1]
    for name in ("coef_", "intercept_", "feature_log_prob_"):
        weights = getattr(learner, name, None)
        if weights is not None and not np.isfinite(np.asarray(weights, dtype=float)).all():
            raise RefusedFileError(f"{show(path)}: refused: {name} holds values that are not finite")
