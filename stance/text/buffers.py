"""Buffers: a column of texts as the bytes that compiled loops read; Arrow's own are not copied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stance.core.errors import InputError, InputTypeError
from stance.text.characters import mend_halves


@dataclass(frozen=True)
class Texts:
    """Texts as UTF-8, one behind the other.

    Attributes
    ----------
    data : numpy.ndarray of uint8
    ends : numpy.ndarray of int64, shape (n_texts + 1,)
        Text i is ``data[ends[i]:ends[i + 1]]``.
    """

    data: NDArray[np.uint8]
    ends: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ends) - 1

    def __getitem__(self, row: int) -> str:
        return self.data[self.ends[row] : self.ends[row + 1]].tobytes().decode()

    def slice(self, start: int, stop: int) -> Texts:
        """Return some of them, not copied."""
        return Texts(self.data, self.ends[start : stop + 1])


def encode_texts(texts: Sequence[str]) -> Texts:
    """Return texts as bytes; a lone surrogate, which UTF-8 has no place for, becomes U+FFFD, which parts words, too.

    Examples
    --------
    >>> encode_texts(["é", "", "x"]).ends.tolist()
    [0, 2, 2, 3]
    """
    joined = "".join(texts)
    if joined.isascii():
        lengths = map(len, texts)
        data = joined.encode()
    else:
        try:
            coded = [text.encode() for text in texts]
        except UnicodeEncodeError:
            coded = [mend_halves(text).encode() for text in texts]
        lengths = map(len, coded)
        data = b"".join(coded)
    ends = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(np.fromiter(lengths, np.int64, len(texts)), out=ends[1:])
    return Texts(np.frombuffer(data, np.uint8), ends)


def read_only(buffer: Any, dtype: Any) -> NDArray[Any]:  # noqa: ANN401 - a buffer, of any library
    """Return a buffer as an array that nobody may write to; compiled loops need be compiled for no other kind.

    Examples
    --------
    >>> read_only(bytearray(b"ab"), np.uint8).flags.writeable
    False
    """
    return np.frombuffer(memoryview(buffer).toreadonly(), dtype)


def as_arrow(column: Any) -> pa.ChunkedArray | None:  # noqa: ANN401 - any column of any library
    """Return the Arrow strings of a column that is kept as such, not copied; None for another.

    A column of pyarrow, or of pandas' ``str`` and Arrow-backed types.

    Examples
    --------
    >>> import pandas as pd
    >>> len(as_arrow(pd.Series(["x", "y"], dtype="str"))), as_arrow(["x", "y"])
    (2, None)
    """
    if hasattr(column, "array"):  # a pandas Series
        column = column.array
    if not isinstance(column, (pa.Array, pa.ChunkedArray)):
        if not hasattr(column, "__arrow_array__"):
            return None
        try:
            column = column.__arrow_array__()
        except UnicodeEncodeError:  # a lone surrogate
            return None
    chunked = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
    return chunked if is_text(chunked.type) else None


def is_text(kind: pa.DataType) -> bool:
    """Return whether a column of a type holds strings of any of Arrow's makes, or a dictionary of them.

    Examples
    --------
    >>> is_text(pa.dictionary(pa.int8(), pa.large_string())), is_text(pa.binary())
    (True, False)
    """
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    return any(test(plain) for test in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view))


def find_bad_row(array: pa.Array) -> int | None:
    """Return the first text whose bytes are not UTF-8; None where all are."""
    if _is_valid(array):
        return None
    start, stop = 0, len(array)
    while stop - start > 1:
        middle = (start + stop) // 2
        start, stop = (middle, stop) if _is_valid(array.slice(start, middle - start)) else (start, middle)
    return start


def _is_valid(array: pa.Array) -> bool:
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def read_chunks(column: pa.ChunkedArray) -> Iterator[Texts]:
    """Yield the texts of an Arrow column, chunk by chunk; whether they are UTF-8 is found when they are read.

    Raises
    ------
    InputError
        At a missing text; the index is named.
    InputTypeError
        If texts do not lie within the bytes, one behind the other.

    Examples
    --------
    >>> [len(texts) for texts in read_chunks(pa.chunked_array([["a", "b"], ["c"]]))]
    [2, 1]
    """
    row = 0
    for chunk in column.chunks:
        plain = chunk
        if not (pa.types.is_string(chunk.type) or pa.types.is_large_string(chunk.type)):
            plain = chunk.cast(pa.large_string())
        if plain.null_count:
            missing = int(np.flatnonzero(plain.is_null().to_numpy(zero_copy_only=False))[0])
            raise InputError(f"X: row {row + missing} has no text: None")
        texts = _read_plain(plain)
        row += len(plain)
        if len(plain):
            yield texts


def _read_plain(array: pa.Array) -> Texts:
    _, offsets, data = array.buffers()
    width = np.int64 if pa.types.is_large_string(array.type) else np.int32
    ends = read_only(offsets, width)[array.offset : array.offset + len(array) + 1].astype(np.int64)
    found = read_only(data or b"", np.uint8)
    if len(array) and not (ends[0] >= 0 and ends[-1] <= len(found) and (ends[1:] >= ends[:-1]).all()):
        raise InputTypeError("X: the column of texts is a damaged Arrow array")
    return Texts(found, ends)
