"""skops, imported without all of scikit-learn.

skops lists every estimator of scikit-learn and every ufunc of NumPy and SciPy, to trust them by default: it imports
every module of scikit-learn, the bridge to torch among them, and looks for each ufunc in every module there is, which
takes a second or two. What we trust is listed by ourselves (`stance.classifiers.model_types`).
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import numpy as np
import scipy.special
import sklearn.utils


@contextmanager
def _empty(module: types.ModuleType, name: str) -> Iterator[None]:
    """Let a function of a module return an empty list within the block."""
    missing = object()
    before = vars(module).get(name, missing)
    setattr(module, name, list)
    try:
        yield
    finally:
        if before is missing:
            delattr(module, name)
        else:
            setattr(module, name, before)


with ExitStack() as _looking:
    _looking.enter_context(_empty(sklearn.utils, "all_estimators"))
    _looking.enter_context(_empty(np, "__dir__"))
    _looking.enter_context(_empty(scipy.special, "__dir__"))
    from skops.io import dumps, loads

__all__ = ["dumps", "loads"]
