"""skops, imported without all of scikit-learn.

skops lists every estimator of scikit-learn to trust them by default, and so imports every module of it, the bridge to
torch among them: half a second, or two. What we trust is listed by ourselves (`stance.classifiers.model_types`).
"""

from __future__ import annotations

import sklearn.utils

_all_estimators = sklearn.utils.all_estimators
sklearn.utils.all_estimators = list  # none, for as long as skops looks
try:
    from skops.io import dumps, loads
finally:
    sklearn.utils.all_estimators = _all_estimators

__all__ = ["dumps", "loads"]
