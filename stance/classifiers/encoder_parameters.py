"""The parameters of an encoder: each looked at before hours of training, or a stranger's file, depend on it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from stance.core.errors import InputError, show

PRECISIONS = ("auto", "float32", "bfloat16")
CHOICES = {
    "class_weight": (None, "balanced"),
    "pool_early": (False, True),
    "precision": PRECISIONS,
    "prediction_precision": PRECISIONS,
    "with_linear": (False, True),
}
# The largest that is taken for meant.
COUNTS = {
    "epochs": 10_000,
    "batch_size": 65_536,
    "intermediate_size": 65_536,
    "max_tokens": 65_536,
    "n_layers": 1_000,
    "n_jobs": 1_024,
    "n_trainings": 1_000,
}
OPTIONAL = ("epochs", "intermediate_size", "n_layers", "n_jobs", "start_from")
RATES = ("learning_rate", "head_learning_rate", "layer_decay")
SHARES = ("dropout", "validation_share")
TEXTS = ("device", "encoder", "start_from")


def check_parameters(parameters: Mapping[str, Any]) -> None:
    """Raise InputError at a parameter of an encoder that is out of its range.

    Examples
    --------
    >>> check_parameters({"epochs": 0})
    Traceback (most recent call last):
        ...
    stance.core.errors.InputError: epochs is 0; a whole number from 1 to 10,000 is wanted
    """
    for name, value in parameters.items():
        if not (value is None and name in OPTIONAL):
            rule = _broken_rule(name, value)
            if rule:
                raise InputError(f"{name} is {show(repr(value))}; {rule} is wanted")


def _broken_rule(name: str, value: Any) -> str:  # noqa: ANN401 - whatever was given
    """Return what is wanted of a parameter where its value is not that, else nothing."""
    is_number = not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)
    if name in COUNTS and not (is_number and isinstance(value, Integral) and 1 <= int(value) <= COUNTS[name]):
        return f"a whole number from 1 to {COUNTS[name]:,}"
    if name in RATES and not (is_number and value > 0):
        return "a number above 0"
    if name in SHARES and not (is_number and 0 <= value < 1):
        return "a share from 0 to below 1"
    if name in TEXTS and not isinstance(value, (str, Path)):
        return "a text"
    if name in CHOICES and value not in CHOICES[name]:
        return f"one of {', '.join(map(str, CHOICES[name]))}"
    return ""
