"""The parts of a loaded classifier: what scikit-learn's compiled code takes on trust is looked at first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.linear_model._base import LinearClassifierMixin

from stance.classifiers.calibration import MULTIPLES
from stance.classifiers.hashed_linear import HashedLinear
from stance.classifiers.model_types import UnsafeError
from stance.core.errors import show
from stance.core.schemes import get_scheme

LEAF = (str, bytes, int, float, bool, type(None), type, slice)


def check_parts(classifier: object) -> None:
    """Look at every part of a classifier that was read from a file.

    Raises
    ------
    UnsafeError
        If a weight is not finite, a shape does not fit the classes, a vocabulary or a tree points outside
        of its arrays, an attribute hides a method, or a classifier of ours has labels outside its scheme.
    """
    for part in find_parts(classifier):
        if isinstance(part, np.ndarray):
            if part.dtype.kind in "fc" and not np.isfinite(part).all():
                raise UnsafeError("it has weights that are not finite")
            continue
        hidden = [name for name in vars(part) if callable(getattr(type(part), name, None))]
        if hidden:
            raise UnsafeError(f"{type(part).__name__}.{show(hidden[0])} is a method, the file says otherwise")
        if isinstance(part, (CountVectorizer, HashingVectorizer)):
            _check_vocabulary(part)
        elif type(part).__name__ == "HistGradientBoostingClassifier" and hasattr(part, "_predictors"):
            _check_trees(part)
        elif isinstance(part, LinearClassifierMixin) and hasattr(part, "coef_"):
            _check_rows(part)
        if hasattr(part, "temperature_"):
            _check_calibration(part.temperature_, getattr(part, "shares_", None))
        if hasattr(part, "scheme") and hasattr(part, "classes_"):
            _check_classes(part)


def find_parts(classifier: object) -> Iterator[Any]:
    """Yield each array of numbers and each object inside of a classifier, once."""
    seen: set[int] = set()
    waiting = [classifier]
    while waiting:
        part = waiting.pop()
        if isinstance(part, LEAF) or id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, dict):
            waiting += [value for value in part.values() if not isinstance(value, LEAF)]
        elif isinstance(part, (list, tuple, set)):
            waiting += [value for value in part if not isinstance(value, LEAF)]
        elif isinstance(part, np.ndarray) and part.dtype == object:
            waiting += part.ravel().tolist()
        elif isinstance(part, np.ndarray):
            yield part
        elif hasattr(part, "__dict__") and not callable(part):
            yield part
            waiting += vars(part).values()


def _check_calibration(temperature: object, shares: object) -> None:
    if not (isinstance(temperature, float) and 0 < temperature < np.inf):
        raise UnsafeError("its temperature is no positive number")
    if not (isinstance(shares, np.ndarray) and shares.shape == (len(MULTIPLES),) and shares.dtype.kind == "f"):
        raise UnsafeError("the shares of its temperatures are no three numbers")
    if not ((shares >= 0).all() and np.isclose(shares.sum(), 1)):
        raise UnsafeError("the shares of its temperatures do not add up to 1")


def _check_vocabulary(part: Any) -> None:  # noqa: ANN401 - a vectoriser
    if part.input != "content":
        raise UnsafeError(f"{type(part).__name__} would read files instead of texts")
    vocabulary = getattr(part, "vocabulary_", {})
    columns = np.fromiter(vocabulary.values(), dtype=np.int64, count=len(vocabulary))
    if not np.array_equal(np.sort(columns), np.arange(len(columns))):
        raise UnsafeError(f"the vocabulary of {type(part).__name__} does not number its terms from 0 on")


def _check_rows(part: Any) -> None:  # noqa: ANN401 - a linear classifier
    n_classes = len(part.classes_)
    shape = np.shape(part.coef_)
    n_rows = 1 if n_classes == 2 and not isinstance(part, HashedLinear) else n_classes
    if len(shape) != 2 or shape[0] != n_rows:
        raise UnsafeError(f"{type(part).__name__} has weights of shape {shape} for {n_classes} classes")


def _check_trees(part: Any) -> None:  # noqa: ANN401 - the boosted trees
    if getattr(part, "_in_fit", False) or getattr(part, "_preprocessor", None) is not None:
        raise UnsafeError("its trees are half fitted, or want categories")
    for trees in part._predictors:
        if len(trees) != part.n_trees_per_iteration_:
            raise UnsafeError("a round of boosting lacks a tree")
        for tree in trees:
            _check_tree(tree.nodes, part.n_features_in_)


def _check_tree(nodes: np.ndarray, n_features: int) -> None:
    """Raise UnsafeError if following the tree could leave it, or never end."""
    splits = np.flatnonzero(nodes["is_leaf"] == 0)
    inner = nodes[splits]
    # scikit-learn numbers a node before its children.
    inside = all(
        (inner[side].astype(np.int64) > splits).all() and (inner[side] < len(nodes)).all() for side in ("left", "right")
    )
    features = inner["feature_idx"]
    if not (len(nodes) and inside and (features >= 0).all() and (features < n_features).all()):
        raise UnsafeError("a tree points outside of itself, or of its features")
    if nodes["is_categorical"].any() or not np.isfinite(nodes["value"]).all():
        raise UnsafeError("a tree has categories, or values that are not finite")


def _check_classes(part: Any) -> None:  # noqa: ANN401 - a classifier of ours
    strange = sorted(set(part.classes_) - set(get_scheme(part.scheme).labels))
    if strange:
        raise UnsafeError(f'label "{show(strange[0])}" is not of the scheme "{show(part.scheme)}"')
