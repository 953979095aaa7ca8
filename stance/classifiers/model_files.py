"""Model files: a zip of a manifest and the estimator's state as data, never as code.

A linear model's state is one member, skops' archive; an encoder's are its configuration, tokenizer and weights.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

import stance
from stance.classifiers.encoder import EncoderStanceClassifier
from stance.classifiers.encoder_pool import MOST, Pool
from stance.classifiers.encoder_sources import MissingExtraError, check_extra
from stance.classifiers.model_archives import (
    MAX_STATE_BYTES,
    check_seal,
    open_archive,
    read_member,
    read_schema,
    seal,
    tidy_state,
    write_archive,
)
from stance.classifiers.model_parts import check_parts
from stance.classifiers.model_types import TRUSTED, UnsafeError, find_strange_types
from stance.classifiers.stance_classifier import StanceClassifier
from stance.core.errors import InputError, MissingDataError, RefusedFileError, show
from stance.core.files import replacing

FORMAT = 1
MANIFEST, ESTIMATOR = "manifest.json", "estimator.skops"
ENCODER_MEMBERS = ("config.json", "tokenizer.json", "weights.safetensors")
# A linear model; an encoder; an encoder with a linear model beside it.
_HOLDINGS = [sorted([MANIFEST, *members]) for members in ([ESTIMATOR], ENCODER_MEMBERS, [ESTIMATOR, *ENCODER_MEMBERS])]
MAX_FILE_BYTES = 1300 << 20
MAX_MANIFEST_BYTES = 1 << 20
SMOKE_TEXTS = ("Moscow backs the truce.", "Tehran rejects it, and Trump's envoy is of two minds.", "")


def save_model(classifier: BaseEstimator, path: str | Path) -> None:
    """Write a fitted classifier to a file, whole or not at all; the same classifier gives the same bytes.

    The file is read back before it takes the place of an older one: what `load_model` would refuse is
    not written.

    Parameters
    ----------
    classifier : fitted classifier
        Ours, or one made of scikit-learn's linear models, naive Bayes, boosted trees, text vectorisers
        and pipelines (`stance.classifiers.model_types`).
    path : str or path
        Customarily ends in ``.stance``.

    Raises
    ------
    InputError
        If it holds a type that `load_model` would refuse: a class of your own, or a lambda.
    sklearn.exceptions.NotFittedError
        If it has learned nothing yet.
    """
    path = Path(path)
    check_is_fitted(classifier)
    is_encoder = type(classifier) is EncoderStanceClassifier
    members = (_encoder_members if is_encoder else _estimator_members)(classifier, path)
    with replacing(path) as temporary:
        write_archive(temporary, members, compress=not is_encoder)
        seal(temporary)
        try:
            _load(temporary)
        except Exception as error:
            raise InputError(f"{show(path)}: not saved: {_reason(error)}") from error


def load_model(path: str | Path) -> Any:  # noqa: ANN401 - whatever classifier was saved
    """Read a classifier from a file that may come from a stranger.

    Sizes are capped while inflating, the hashes are checked, only types of a fixed list are built, what
    compiled code takes on trust is looked at, weights must be finite, and the classifier must predict
    what the manifest says it did.

    Raises
    ------
    MissingDataError
        If there is no such file.
    RefusedFileError
        If the file is damaged, altered, too large, or holds what a model has no need of (exit 5).
    InputError
        If it holds an encoder, and what encoders need is not installed.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingDataError(f"{show(path)}: no such model file")
    try:
        return _load(path)
    except MissingExtraError:
        raise
    except Exception as error:  # a hostile file may raise anything: it is refused whatever it raises
        raise RefusedFileError(f"{show(path)}: refused: {_reason(error)}") from None


def _estimator_members(classifier: BaseEstimator, path: Path) -> list[tuple[str, bytes]]:
    state = _dump_state(classifier, path)
    return [(MANIFEST, json.dumps(_manifest(classifier, state), indent=1).encode()), (ESTIMATOR, state)]


def _dump_state(classifier: BaseEstimator, path: Path) -> bytes:
    from stance.classifiers import skops_io

    try:
        state, schema = tidy_state(skops_io.dumps(classifier))
    except Exception as error:  # skops raises whatever a strange part of it raises
        reason = f"{type(error).__name__}: {show(error, 200)}"
        raise InputError(f"{show(path)}: not saved: a model file cannot hold it: {reason}") from None
    strange = find_strange_types(schema)
    if strange:
        raise InputError(f"{show(path)}: not saved: a model file cannot hold {', '.join(strange)}")
    return state


def _encoder_members(classifier: BaseEstimator, path: Path) -> list[tuple[str, bytes]]:
    from stance.classifiers.encoder_files import pack, plain_parameters

    members = pack(classifier)
    try:
        parameters = plain_parameters(classifier)
    except InputError as error:
        raise InputError(f"{show(path)}: {error}") from None
    pool = classifier.pool_
    if pool is not None:
        members[ESTIMATOR] = _dump_state(pool.linear, path)
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
    manifest = _about(classifier) | {"parameters": parameters, "sha256": hashes, "smoke": _smoke(classifier)}
    if pool is not None:
        manifest["pool"] = pool.weights.tolist()
    return [(MANIFEST, json.dumps(manifest, indent=1).encode()), *members.items()]


def _about(classifier: BaseEstimator) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "stance": stance.__version__,
        "python": platform.python_version(),
        "scikit-learn": version("scikit-learn"),
        "class": _class_of(classifier),
        "classes": [str(label) for label in classifier.classes_],
    }


def _manifest(classifier: BaseEstimator, state: bytes) -> dict[str, Any]:
    return _about(classifier) | {
        "estimator_bytes": len(state),
        "estimator_sha256": hashlib.sha256(state).hexdigest(),
        "smoke": _smoke(classifier),
    }


def _load(path: Path) -> Any:  # noqa: ANN401 - whatever classifier was saved
    if path.stat().st_size > MAX_FILE_BYTES:
        raise UnsafeError(f"larger than {MAX_FILE_BYTES:,} bytes")
    with path.open("rb") as file:
        check_seal(file)
        with open_archive(file, max(map(len, _HOLDINGS))) as archive:
            names = sorted(archive.namelist())
            if names not in _HOLDINGS:
                raise UnsafeError(f"it holds {show(archive.namelist())}, not {MANIFEST} and {ESTIMATOR}")
            manifest = json.loads(read_member(archive, MANIFEST, MAX_MANIFEST_BYTES))
            _check_versions(manifest)
            read = _read_estimator if names == _HOLDINGS[0] else _read_encoder
            classifier = read(archive, manifest)
    check_parts(classifier)
    if (_class_of(classifier), [*map(str, classifier.classes_)]) != (manifest["class"], manifest["classes"]):
        raise UnsafeError("its class or its labels are not the manifest's")
    if _smoke(classifier) != manifest["smoke"]:
        raise UnsafeError("it does not predict what it did when it was saved")
    return classifier


def _read_estimator(archive: zipfile.ZipFile, manifest: dict[str, Any]) -> Any:  # noqa: ANN401
    state = read_member(archive, ESTIMATOR, MAX_STATE_BYTES)
    if hashlib.sha256(state).hexdigest() != manifest["estimator_sha256"]:
        raise UnsafeError("the estimator's sha256 is not the manifest's")
    return _load_state(state)


def _load_state(state: bytes) -> Any:  # noqa: ANN401
    strange = find_strange_types(read_schema(state))
    if strange:
        raise UnsafeError(f"it holds {', '.join(strange[:8])}, which no model has need of")
    from stance.classifiers import skops_io

    return skops_io.loads(state, trusted=TRUSTED)


def _read_encoder(archive: zipfile.ZipFile, manifest: dict[str, Any]) -> Any:  # noqa: ANN401
    check_extra()
    from stance.classifiers.encoder_files import read_members, unpack

    members = read_members(archive)
    if ESTIMATOR in archive.namelist():
        members[ESTIMATOR] = read_member(archive, ESTIMATOR, MAX_STATE_BYTES)
    if {name: hashlib.sha256(data).hexdigest() for name, data in members.items()} != manifest["sha256"]:
        raise UnsafeError("the sha256 of its members are not the manifest's")
    classifier = unpack(manifest["parameters"], manifest["classes"], members)
    if ESTIMATOR in members:
        classifier.pool_ = _read_pool(_load_state(members[ESTIMATOR]), manifest)
    return classifier


def _read_pool(linear: object, manifest: dict[str, Any]) -> Pool:
    """Return the linear model beside an encoder, and the weight of either."""
    weights = manifest.get("pool")
    known = isinstance(linear, StanceClassifier) and sorted({*linear.classes_} & {*manifest["classes"]})
    if type(linear) is not StanceClassifier or len(linear.classes_) < 2 or [*linear.classes_] != known:
        raise UnsafeError("what stands beside the encoder is no linear model of its labels")
    if not (isinstance(weights, list) and len(weights) == 2 and all(map(_is_weight, weights))):
        raise UnsafeError(f"the weights of the encoder and the linear model are not two numbers from 0 to {MOST:,.0f}")
    return Pool(linear, np.array(weights))


def _is_weight(value: object) -> bool:
    return isinstance(value, float) and 0 <= value <= MOST


def _check_versions(manifest: dict[str, Any]) -> None:
    if manifest["format"] != FORMAT:
        raise UnsafeError(f"it is of format {show(manifest['format'])}, this stance reads {FORMAT}")
    made, here = manifest["scikit-learn"], version("scikit-learn")
    if _major_minor(made) > _major_minor(here):
        raise UnsafeError(f"it was made by scikit-learn {show(made)}, here is {here}: upgrade scikit-learn")


def _major_minor(number: str) -> tuple[int, int]:
    found = re.match(r"(\d{1,4})\.(\d{1,4})\b", number)
    if not found:
        raise UnsafeError(f"{show(number)} is no version of scikit-learn")
    return int(found[1]), int(found[2])


def _class_of(classifier: object) -> str:
    return f"{type(classifier).__module__}.{type(classifier).__name__}"


def _smoke(classifier: BaseEstimator) -> list[str]:
    return [str(label) for label in classifier.predict(list(SMOKE_TEXTS))]


def _reason(error: Exception) -> str:
    return show(error, 300) if isinstance(error, UnsafeError) else f"{type(error).__name__}: {show(error, 200)}"
