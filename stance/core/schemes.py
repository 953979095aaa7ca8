"""Schemes: the closed, ordered label sets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from stance.core.errors import InputError, show, suggest, unknown


@dataclass(frozen=True)
class Scheme:
    """A closed, ordered set of labels.

    Attributes
    ----------
    name : str
        ``stance``, ``sentiment`` or ``directed``, or the name of a user's own.
    labels : tuple of str
        In the order in which tables and confusion matrices show them.
    """

    name: str
    labels: tuple[str, ...]


STANCE = Scheme("stance", ("favor", "against", "none"))
SENTIMENT = Scheme("sentiment", ("positive", "negative", "neutral"))
DIRECTED = Scheme("directed", ("none", "favor", "against", "favor_back", "against_back"))
SCHEMES = {scheme.name: scheme for scheme in (STANCE, SENTIMENT, DIRECTED)}


def get_scheme(name: str) -> Scheme:
    """Return the scheme of that name.

    Raises
    ------
    InputError
        If the name is unknown; the message names the nearest one.

    Examples
    --------
    >>> get_scheme("sentiment").labels
    ('positive', 'negative', 'neutral')
    """
    if name not in SCHEMES:
        raise unknown("scheme", name, SCHEMES)
    return SCHEMES[name]


def check_labels(labels: Iterable[str], allowed: Iterable[str]) -> None:
    """Raise InputError at the first label outside of the allowed ones.

    Examples
    --------
    >>> check_labels(["favor", "Favour"], ("favor", "against"))
    Traceback (most recent call last):
        ...
    stance.core.errors.InputError: label 1: "Favour" is not one of favor, against (did you mean "favor"?)
    """
    allowed = tuple(allowed)
    known = frozenset(allowed)
    labels = list(labels)
    if known.issuperset(labels):
        return
    for i, label in enumerate(labels):
        if label not in known:
            hint = suggest(str(label), allowed)
            raise InputError(f'label {i}: "{show(label)}" is not one of {", ".join(allowed)}{hint}')
