"""Marked texts: X as compiled loops read it, bytes and offsets; large columns of Arrow are not copied."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from stance.core.errors import InputError, InputTypeError, show
from stance.text.buffers import Texts, as_arrow, encode_texts, read_chunks
from stance.text.characters import fold_text
from stance.text.inputs import NOT_MENTIONED, READ_NAMES, SPAN_NAMES, Sentences, read_sentences
from stance.text.segments import Span

OUTSIDE = np.iinfo(np.int32).max
NO_SPANS = np.full((1, 4), -1, np.int32)
_NAMES = ("holder", "target")


@dataclass(frozen=True)
class Marked:
    """Texts with the spans of their mentions.

    Attributes
    ----------
    texts : Texts
    spans : numpy.ndarray of int32, shape (n_texts, 4), or (1, 4) for texts without mentions
        ``holder_start, holder_end, target_start, target_end`` in code points; -1 for none.
    first_row : int
        The index of the first text in what was read.
    """

    texts: Texts
    spans: NDArray[np.int32]
    first_row: int = 0

    def __len__(self) -> int:
        return len(self.texts)

    def text(self, row: int) -> str:
        """Return a text, decoded.

        Raises
        ------
        InputError
            If it is not UTF-8; its index in what was read is named.
        """
        try:
            return self.texts[row]
        except UnicodeDecodeError as error:
            raise InputError(f"X: row {self.first_row + row} is not UTF-8: {show(error)}") from None

    def batches(self, n_texts: int) -> Iterator[Marked]:
        """Yield the texts in order, so many at a time, not copied."""
        for start in range(0, len(self), n_texts):
            stop = min(start + n_texts, len(self))
            spans = self.spans if len(self.spans) == 1 else self.spans[start:stop]
            yield Marked(self.texts.slice(start, stop), spans, self.first_row + start)

    def folded(self, rows: NDArray[np.int64]) -> Marked:
        """Return some of the texts, folded, their spans with them."""
        texts, spans = [], np.full((len(rows), 4), -1, np.int32)
        for i, row in enumerate(rows):
            text, found = self.text(row), self.spans[row if len(self.spans) > 1 else 0].copy()
            if 0 <= found[0] < found[3] and 0 <= found[2] < found[1]:
                found[:2] = -1  # a holder within the target is dropped, and parts no letters
            edges = sorted({0, len(text), *(int(edge) for edge in found if 0 <= edge <= len(text))})
            pieces = [fold_text(text[a:b]) for a, b in pairwise(edges)]
            places = dict(zip(edges, np.cumsum([0, *map(len, pieces)]), strict=True))
            spans[i] = [places.get(int(edge), OUTSIDE) if edge >= 0 else -1 for edge in found]
            texts.append("".join(pieces))
        return Marked(encode_texts(texts), spans)


@dataclass(frozen=True)
class MarkedTexts:
    """What X holds, in chunks as its columns have them.

    Attributes
    ----------
    parts : list of Marked
    """

    parts: list[Marked]

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    @property
    def texts(self) -> list[str]:
        """The texts, decoded."""
        return [part.text(row) for part in self.parts for row in range(len(part))]

    def take(self, rows: NDArray[np.int64]) -> MarkedTexts:
        """Return some of the texts, copied unless they are all."""
        if len(rows) == len(self) and (rows == np.arange(len(rows))).all():
            return self
        texts = self.texts
        spans = np.concatenate([np.broadcast_to(part.spans, (len(part), 4)) for part in self.parts])
        return MarkedTexts([Marked(encode_texts([texts[row] for row in rows]), spans[rows])])


def read_marked(X: object) -> MarkedTexts:
    """Read X as `stance.text.inputs.read_sentences` does, chunk by chunk; Arrow's texts are not copied.

    Raises
    ------
    InputError, InputTypeError
        As `read_sentences` does; a span outside of its text, and what is not UTF-8, is found when the text is read.

    Examples
    --------
    >>> table = pa.table({"text": ["Iran objects."], "holder_start": [0], "holder_end": [4]})
    >>> read_marked(table).parts[0].spans.tolist()
    [[0, 4, -1, -1]]
    """
    if isinstance(X, MarkedTexts):
        return X
    columns = None if isinstance(X, Sentences) else _arrow_columns(_as_table(X))
    if columns is None:
        return MarkedTexts([_from_sentences(X if isinstance(X, Sentences) else read_sentences(X))])
    text, spans = columns
    marked, row = [], 0
    for texts in read_chunks(text):
        marked.append(Marked(texts, spans if len(spans) == 1 else spans[row : row + len(texts)], row))
        row += len(texts)
    return MarkedTexts(marked)


def _from_sentences(sentences: Sentences) -> Marked:
    texts = encode_texts(sentences.texts)
    if not any(sentences.holders) and not any(sentences.targets):
        return Marked(texts, NO_SPANS)
    nothing: Span = (-1, -1)
    rows = [
        (holder or nothing) + (target or nothing)
        for holder, target in zip(sentences.holders, sentences.targets, strict=True)
    ]
    return Marked(texts, np.array(rows, np.int32).reshape(-1, 4))


def _as_table(X: Any) -> Any:  # noqa: ANN401
    """Return a `datasets.Dataset` as the table that it keeps, anything else as it is."""
    if not (hasattr(X, "with_format") and hasattr(X, "select_columns")):
        return X
    return X.select_columns([name for name in READ_NAMES if name in X.column_names]).with_format("arrow")[:]


def _arrow_columns(X: Any) -> tuple[pa.ChunkedArray, NDArray[np.int32]] | None:  # noqa: ANN401
    """Return texts and spans where both are columns that need no look at every row, else None."""
    names = ["text"]
    if isinstance(X, pa.Table) or (hasattr(X, "columns") and hasattr(X, "iloc")):
        names = list(X.column_names if isinstance(X, pa.Table) else X.columns)
        once = "text" in names and all(names.count(name) <= 1 for name in READ_NAMES)
        text = as_arrow(X["text"]) if once else None
    else:
        text = as_arrow(X)
    if text is None or not any(name in names for name in (*_NAMES, *SPAN_NAMES)):
        return None if text is None else (text, NO_SPANS)
    spans = np.full((len(text), 4), -1, np.int32)
    for role, first in (("holder", 0), ("target", 2)):
        starts, ends = (
            _offsets(X[name]) if name in names else np.full(len(text), np.nan)
            for name in (f"{role}_start", f"{role}_end")
        )
        if starts is None or ends is None or (np.isnan(starts) != np.isnan(ends)).any():
            return None  # the other way reads them, or names the row
        known = ~np.isnan(starts)
        start, end = starts[known], ends[known]
        whole = (start == np.floor(start)) & (end == np.floor(end))
        if not (whole & (start >= 0) & (start < end) & (end < np.iinfo(np.int32).max)).all():
            return None  # the other way names the row
        spans[known, first], spans[known, first + 1] = start, end
        if role in names:
            _search(X, role, np.flatnonzero(~known), spans[:, first : first + 2])
    return text, spans if len(spans) else NO_SPANS


def _offsets(column: Any) -> NDArray[np.float64] | None:  # noqa: ANN401
    """Return a column of numbers, NaN where it has none; None of one that holds anything else."""
    try:
        array = pa.array(column, from_pandas=True) if not isinstance(column, (pa.Array, pa.ChunkedArray)) else column
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return None
    if not (pa.types.is_integer(array.type) or pa.types.is_floating(array.type) or pa.types.is_null(array.type)):
        return None
    values: NDArray[np.float64] = array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return values


def _search(X: Any, role: str, rows: NDArray[np.int64], spans: NDArray[np.int32]) -> None:  # noqa: ANN401
    """Find the mentions of those who are named without a span; write them into `spans`."""
    try:
        names = _listed(X[role], rows)
        named = [i for i, name in enumerate(names) if not (isinstance(name, str) and name in NOT_MENTIONED)]
        rows = rows[named]
        if not len(rows):
            return
        texts = _listed(X["text"], rows)
        found = read_sentences(pd.DataFrame({"text": texts, "target": [names[i] for i in named]}, dtype=object))
    except (InputError, InputTypeError, UnicodeDecodeError):
        read_sentences(X)  # it names the row
        raise
    for row, span in zip(rows, found.targets, strict=True):
        if span:
            spans[row] = span


def _listed(column: Any, rows: NDArray[np.int64]) -> list[Any]:  # noqa: ANN401
    """Return some rows of a column of pyarrow or pandas."""
    found: list[Any] = (
        column.take(pa.array(rows)).to_pylist() if hasattr(column, "to_pylist") else column.iloc[rows].tolist()
    )
    return found


def check_spans(marked: Marked, row: int) -> None:
    """Raise InputError for the text whose span was found to lie outside."""
    text = marked.text(row)
    found = marked.spans[row if len(marked.spans) > 1 else 0]
    for role, (start, end) in zip(_NAMES, (found[:2], found[2:]), strict=True):
        if end > len(text):
            where = f"X: row {marked.first_row + row}: {role} span {start}..{end}"
            raise InputError(f"{where} is not inside of a text of {len(text)}")
    raise AssertionError("no span lies outside")  # pragma: no cover
