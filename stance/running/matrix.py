"""Matrix: the values that a parameter is chosen from, as an experiment file gives them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from stance.classifiers.registry import make_classifier
from stance.core.errors import InputError, show

MAX_COMBINATIONS = 100
SET_ELSEWHERE = {"random_state": "the experiment's seeds", "scheme": "the corpus"}
Matrix = dict[str, list[Any]]


def read_matrix(place: str, given: object, class_name: str, params: Mapping[str, Any]) -> Matrix:
    """Check a matrix and return it, lists among its values as tuples.

    Parameters
    ----------
    place : str
        How messages call it.
    given : object
        What the file holds: a table of non-empty lists by parameter.
    class_name, params : str, mapping
        The classifier's class, and the parameters that are set plainly.

    Raises
    ------
    InputError
        If it is no such table, a parameter is unknown, set elsewhere or stands twice, or the values make
        more than 100 combinations.

    Examples
    --------
    >>> read_matrix("matrix", {"word_ngrams": [[1, 1], [1, 2]]}, "linear_svm", {"C": 0.3})
    {'word_ngrams': [(1, 1), (1, 2)]}
    >>> read_matrix("matrix", {"C": [0.1, 1.0]}, "linear_svm", {"C": 0.3})
    Traceback (most recent call last):
        ...
    stance.core.errors.InputError: matrix.C: is also set plainly; keep one of the two
    """
    if not isinstance(given, dict) or not given:
        raise InputError(f"{place}: {show(given)} is no table of lists; write matrix = {{ PARAMETER = [1, 2] }}")
    for key, values in given.items():
        where = f"{place}.{show(key)}"
        if not isinstance(values, list | tuple) or not values:
            raise InputError(f"{where}: {show(values)} is no list of values; write [VALUE, VALUE]")
        if key in params:
            raise InputError(f"{where}: is also set plainly; keep one of the two")
        if key in SET_ELSEWHERE:
            raise InputError(f"{where}: is set by {SET_ELSEWHERE[key]}, not chosen; remove it")
    make_classifier(class_name, {key: values[0] for key, values in given.items()})
    combinations = math.prod(len(values) for values in given.values())
    if combinations > MAX_COMBINATIONS:
        raise InputError(f"{place}: makes {combinations:,} combinations, more than {MAX_COMBINATIONS}; shorten a list")
    return {key: [tuple(v) if isinstance(v, list) else v for v in values] for key, values in given.items()}
