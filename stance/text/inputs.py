"""Inputs: what a classifier accepts as X and y, checked once, in one place."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from numbers import Integral
from typing import Any

import numpy as np

from stance.core.errors import InputError, InputTypeError, show
from stance.core.schemes import check_labels
from stance.text.actors import load_actors
from stance.text.lexicon import Lexicon
from stance.text.mentions import ActorLexicon
from stance.text.segments import Span, find_phrase
from stance.text.targets import IssueLexicon, load_targets

NOT_MENTIONED = frozenset({"", "author"})
# From so many texts on, the compiled loops find the mentions of all sooner than Python those of the named.
MANY_TEXTS = 50_000
LOADED_TEXTS = 300  # once they are loaded, from so few

# By row and name.
_Found = dict[tuple[int, str], Span]


@dataclass(frozen=True)
class Sentences:
    """Texts and, where known, the spans of their holder and target.

    Attributes
    ----------
    texts : list of str
    holders, targets : list of (int, int) or None
        Code-point offsets, end exclusive.
    stand_ins : list of bool
        Whether the holder is only a stand-in (`stance.text.others`); empty where none is.
    """

    texts: list[str]
    holders: list[Span | None]
    targets: list[Span | None]
    stand_ins: list[bool] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: Iterable[int]) -> Sentences:
        """Return the sentences of some rows."""
        kept = list(rows)
        return Sentences(
            [self.texts[i] for i in kept],
            [self.holders[i] for i in kept],
            [self.targets[i] for i in kept],
            [self.stand_ins[i] for i in kept] if self.stand_ins else [],
        )

    def batches(self, n_sentences: int) -> Iterator[Sentences]:
        """Yield the sentences in order, so many at a time."""
        for start in range(0, len(self), n_sentences):
            part = slice(start, start + n_sentences)
            yield Sentences(self.texts[part], self.holders[part], self.targets[part], self.stand_ins[part])


def read_sentences(X: object) -> Sentences:
    """Read X: a table with a ``text`` column, or a 1-D sequence of texts without marked mentions.

    Parameters
    ----------
    X : pandas.DataFrame, pyarrow.Table, datasets.Dataset or 1-D sequence of str
        A table may also have ``holder`` and ``target`` (a phrase, an actor or an issue by name) and
        ``holder_start, holder_end, target_start, target_end``. Where a span is missing, the first
        mention of the name in the text is taken, the names of actors and issues in any case; ``author``
        is never mentioned.

    Raises
    ------
    InputError, InputTypeError
        For a table without ``text``, for anything that is neither, for a text that is missing or no
        ``str`` (the index is named), for a span outside of its text.

    Examples
    --------
    >>> read_sentences([b"bytes"])
    Traceback (most recent call last):
        ...
    stance.core.errors.InputTypeError: X: row 0 is bytes, not str: b'bytes'
    """
    columns = _columns_of(X)
    texts = _texts(columns["text"])
    spans = {role: _spans(texts, columns, role) for role in ("holder", "target")}
    return Sentences(texts, spans["holder"], spans["target"])


def read_labels(y: object, n_sentences: int, labels: Sequence[str]) -> np.ndarray:
    """Read y: a 1-D sequence of labels of the scheme, as long as X.

    Raises
    ------
    InputError, InputTypeError
        For a missing, unknown or non-text label (the index is named), or another length.

    Examples
    --------
    >>> read_labels(["favor", "none"], 2, ("favor", "against", "none"))
    array(['favor', 'none'], dtype=object)
    """
    if isinstance(y, (str, bytes, Mapping, set, frozenset)) or not hasattr(y, "__len__"):
        raise InputTypeError(f"y is {_kind(y)}; a 1-D sequence of labels is wanted")
    if getattr(y, "ndim", 1) != 1:
        raise InputError(f"y has {y.ndim} dimensions, not 1")  # type: ignore[attr-defined]
    values = _listed(y, "y")
    if len(values) != n_sentences:
        raise InputError(f"X has {n_sentences:,} sentences, y has {len(values):,} labels")
    for i, value in enumerate(values):
        if not isinstance(value, str):
            rule = "is missing" if _is_missing(value) else f"is {_kind(value)}, not str"
            # As `cross_val_predict(method="predict_proba")`, voting and stacking make them.
            coded = "; wrappers of scikit-learn that number the labels cannot be used" if _is_whole(value) else ""
            raise InputError(f"y: label {i} {rule}: {show(repr(value))}{coded}")
    check_labels(values, labels)
    return np.array(values, dtype=object)


def _columns_of(X: object) -> dict[str, list[Any]]:
    if isinstance(X, (str, bytes, Mapping, set, frozenset)):
        raise InputTypeError(f"X is {_kind(X)}; give a sequence of texts, or a table with a text column")
    names = getattr(X, "column_names", None)
    if names is None and hasattr(X, "columns") and hasattr(X, "iloc"):
        names = list(X.columns)
    if names is not None:
        if "text" not in names:
            found = ", ".join(show(name) for name in list(names)[:8])
            raise InputError(f'X has no column "text"; it has: {found or "none"}')
        wanted = [name for name in READ_NAMES if name in names]
        for name in wanted:
            if list(names).count(name) > 1:
                raise InputError(f'X has more than one column "{name}"')
        return {name: _listed(X[name]) for name in wanted}  # type: ignore[index]
    if hasattr(X, "toarray") or getattr(X, "ndim", 1) != 1 or np.isscalar(X):
        raise InputTypeError(f"X is {_kind(X)}; give a 1-D sequence of texts, or a table with a text column")
    if not hasattr(X, "__len__") or not hasattr(X, "__iter__"):
        raise InputTypeError(f"X is {_kind(X)}, which can be read only once or not at all; give a list")
    return {"text": _listed(X)}


SPAN_NAMES = ("holder_start", "holder_end", "target_start", "target_end")
READ_NAMES = ("text", "holder", "target", *SPAN_NAMES)


def _listed(values: Any, given_as: str = "X") -> list[Any]:  # noqa: ANN401 - any column of any library
    try:
        return _as_list(values)
    except UnicodeDecodeError as error:  # Arrow takes any bytes for strings
        row = next(row for row in range(len(values)) if not _decodes(values[row : row + 1]))
        raise InputError(f"{given_as}: row {row} is not UTF-8: {show(error)}") from None


def _as_list(values: Any) -> list[Any]:  # noqa: ANN401
    for method in ("to_pylist", "tolist", "to_list"):
        if hasattr(values, method):
            return list(getattr(values, method)())
    return list(values)


def _decodes(values: object) -> bool:
    try:
        _as_list(values)
    except UnicodeDecodeError:
        return False
    return True


def _texts(values: list[Any]) -> list[str]:
    if set(map(type, values)) <= {str}:
        return values
    for i, value in enumerate(values):
        if not isinstance(value, str):
            if _is_missing(value):
                raise InputError(f"X: row {i} has no text: {show(repr(value))}")
            raise InputTypeError(f"X: row {i} is {_kind(value)}, not str: {show(repr(value))}")
    return values


def _spans(texts: list[str], columns: dict[str, list[Any]], role: str) -> list[Span | None]:
    nothing = [None] * len(texts)
    names = columns.get(role, nothing)
    starts, ends = (columns.get(f"{role}_{end}", nothing) for end in ("start", "end"))
    unmarked = [
        name
        for name, *span in zip(names, starts, ends, strict=True)
        if set(map(type, span)) != {int} and all(map(_is_missing, span))
    ]
    found = _mentions_in_bulk(texts, unmarked)
    spans: list[Span | None] = []
    for i, (text, name, start, end) in enumerate(zip(texts, names, starts, ends, strict=True)):
        if type(start) is type(end) is int and 0 <= start < end <= len(text):  # most are: asked first, it is cheap
            spans.append((start, end))
        elif _is_missing(start) and _is_missing(end):
            spans.append(_named_span(text, name, i, role, found))
        elif _is_missing(start) or _is_missing(end):
            raise InputError(f"X: row {i}: {role} span {show(f'{start}..{end}')} needs both ends, or neither")
        elif not (_is_whole(start) and _is_whole(end)):
            said = show(f"{start!r}..{end!r}")
            raise InputTypeError(f"X: row {i}: {role} span {said} is not made of whole numbers")
        elif not 0 <= start < end <= len(text):
            raise InputError(f"X: row {i}: {role} span {start}..{end} is not inside of a text of {len(text)}")
        else:
            spans.append((int(start), int(end)))
    return spans


def _named_span(text: str, name: object, i: int, role: str, found: _Found | None) -> Span | None:
    if _is_missing(name):
        return None
    if not isinstance(name, str):
        raise InputTypeError(f"X: row {i}: {role} is {_kind(name)}, not str: {show(repr(name))}")
    if name in NOT_MENTIONED:
        return None
    key = name.strip().casefold()
    lexicon = next((lexicon for lexicon, keys in _lexicons() if key in keys), None)
    if name != key or lexicon is None:  # "Russia" is a phrase first; where the text says Moscow, the actor
        span = find_phrase(text, name)
        if span or lexicon is None:
            return span
    if found is not None:
        return found.get((i, key))
    return next(((m.start, m.end) for m in lexicon.scan(text) if m.name == key), None)


def _mentions_in_bulk(texts: list[str], names: list[Any]) -> _Found | None:
    """Return the first mention of each actor and issue that is named; None where one by one is as good."""
    named = {name.strip().casefold() for name in names if isinstance(name, str)}
    loaded = "stance.text.mention_kernels" in sys.modules
    if len(names) < (LOADED_TEXTS if loaded else MANY_TEXTS) or not any(keys & named for _, keys in _lexicons()):
        return None
    import pyarrow as pa

    from stance.text.bulk_mentions import find_mentions

    try:
        column = pa.array(texts, pa.large_string())
    except UnicodeEncodeError:  # a lone surrogate, which Arrow cannot hold
        return None
    found: _Found = {}
    for lexicon, keys in _lexicons():
        if wanted := keys & named:
            named -= wanted
            rows = find_mentions(column, lexicon).to_pydict()
            for row, name, *span in zip(*rows.values(), strict=True):
                if name in wanted:
                    found.setdefault((row, name), (span[0], span[1]))
    return found


@lru_cache(maxsize=1)
def _lexicons() -> tuple[tuple[Lexicon, frozenset[str]], ...]:
    actors, issues = load_actors(), load_targets()
    return (ActorLexicon(actors), frozenset(actors)), (IssueLexicon(issues), frozenset(issues))


def _is_missing(value: object) -> bool:
    return value is None or type(value).__name__ == "NAType" or (isinstance(value, float) and math.isnan(value))


def _is_whole(value: object) -> bool:
    # A column of offsets with gaps comes as floats: 3.0 is an offset, 3.5 and True are none.
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, Integral) and not isinstance(value, bool)


def _kind(value: object) -> str:
    name = type(value).__name__
    return f"a {name}" if name not in ("bytes", "NoneType") else name
