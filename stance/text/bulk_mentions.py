"""Mentions in bulk: where the texts of a whole Arrow column name actors, found by compiled loops."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stance.core.errors import InputError, InputTypeError
from stance.text.actors import load_actors
from stance.text.buffers import find_bad_row, is_text, read_only
from stance.text.lexicon import Lexicon
from stance.text.mentions import ActorLexicon
from stance.text.name_tree import character_kinds, grow_tree, keys_of

# Fewer bytes are read by Python sooner than the compiled loops are loaded.
SMALL_BYTES: Final = 8_000_000
_PART_BYTES: Final = 32_000_000
_MIN_ROOM: Final = 1 << 16

# Rows of row, name, start, end.
Found = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Part:
    """Texts that stand together in memory, and the row of the first."""

    first_row: int
    texts: pa.LargeStringArray


def find_mentions(texts: pa.Array | pa.ChunkedArray, lexicon: Lexicon | None = None, *, n_jobs: int = 1) -> pa.Table:
    """Find the mentions in each text of an Arrow column: what `Lexicon.find` finds, at the speed of compiled loops.

    Texts that the loops cannot decide (a combining mark or a letter such as "İ" within what may be a name) are
    left to `Lexicon.find`, and so are columns too small to be worth loading the loops, until others have loaded them.

    Parameters
    ----------
    texts : pyarrow.Array or pyarrow.ChunkedArray
        Strings of any of Arrow's makes, or a dictionary of them; sliced or not. A null has no mentions.
    lexicon : Lexicon, optional
        The names; default, those of the shipped actors.
    n_jobs : int
        How many threads.

    Returns
    -------
    pyarrow.Table
        A mention a row, sorted: ``row`` (int64), ``name`` (dictionary of string), ``start`` and ``end`` (int64,
        Unicode code points, end exclusive).

    Raises
    ------
    InputTypeError
        If the column holds no strings.
    InputError
        If a text is not valid UTF-8 (the row is named), or `n_jobs` is below one.

    Examples
    --------
    >>> found = find_mentions(pa.array(["Tehran thanked the Kremlin.", None, "Rain."]))
    >>> found.select(["row", "start", "end"]).to_pylist()[1], found["name"].to_pylist()
    ({'row': 0, 'start': 19, 'end': 26}, ['iran', 'russia'])
    """
    lexicon = _actors() if lexicon is None else lexicon
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, int) or n_jobs < 1:
        raise InputError(f"n_jobs is {n_jobs!r}; a whole number from 1 on is wanted")
    parts = list(_parts(texts, n_jobs))
    loaded = "stance.text.mention_kernels" in sys.modules
    small = not loaded and sum(part.texts.nbytes for part in parts) < SMALL_BYTES
    search = _by_python if small else _by_kernels
    return _table(_search(parts, lexicon, search, n_jobs), keys_of(lexicon))


@functools.cache
def _actors() -> ActorLexicon:
    return ActorLexicon(load_actors())


def _parts(texts: pa.Array | pa.ChunkedArray, n_jobs: int) -> Iterator[_Part]:
    """Yield the texts as large strings without nulls, in parts of about as many bytes."""
    if not isinstance(texts, pa.Array | pa.ChunkedArray):
        raise InputTypeError(f"texts is a {type(texts).__name__}, not an Arrow column")
    if not (is_text(texts.type) or pa.types.is_null(texts.type)):
        raise InputTypeError(f"texts is a column of {texts.type}, not of strings")
    row = 0
    for chunk in texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]:
        plain = chunk if pa.types.is_large_string(chunk.type) else chunk.cast(pa.large_string())
        bad = find_bad_row(plain)
        if bad is not None:
            raise InputError(f"texts: row {row + bad}: is not valid UTF-8; re-encode the file")
        if plain.null_count:
            plain = pc.fill_null(plain, "")
        n_parts = max(n_jobs, -(-plain.nbytes // _PART_BYTES))
        n_rows = max(1, -(-len(plain) // n_parts))
        for start in range(0, len(plain), n_rows):
            yield _Part(row + start, plain.slice(start, n_rows))
        row += len(chunk)


def _search(
    parts: list[_Part], lexicon: Lexicon, search: Callable[[_Part, Lexicon], Found], n_jobs: int
) -> list[Found]:
    if n_jobs == 1 or len(parts) < 2:
        return [search(part, lexicon) for part in parts]
    with ThreadPoolExecutor(n_jobs) as threads:
        return list(threads.map(lambda part: search(part, lexicon), parts))


def _by_python(part: _Part, lexicon: Lexicon) -> Found:
    return _find_rows(part, np.arange(len(part.texts)), lexicon)


def _find_rows(part: _Part, rows: NDArray[np.intp], lexicon: Lexicon) -> Found:
    numbers = {key: i for i, key in enumerate(keys_of(lexicon))}
    found = [
        (part.first_row + row, numbers[mention.name], mention.start, mention.end)
        for row, text in zip(rows.tolist(), part.texts.take(pa.array(rows)).to_pylist(), strict=True)
        for mention in lexicon.find(text)
    ]
    return np.array(found, np.int64).reshape(-1, 4)


def _by_kernels(part: _Part, lexicon: Lexicon) -> Found:
    found, undecided = scan_texts(part.texts, lexicon)
    found[:, 0] += part.first_row
    rest = _find_rows(part, np.flatnonzero(undecided), lexicon)
    if not len(rest):
        return found
    both = np.concatenate([found, rest])
    return both[np.argsort(both[:, 0], kind="stable")]


def scan_texts(texts: pa.LargeStringArray, lexicon: Lexicon) -> tuple[Found, NDArray[np.bool_]]:
    """Run the compiled loops over valid texts without nulls.

    Returns
    -------
    (numpy.ndarray of int64, shape (n_mentions, 4), numpy.ndarray of bool, shape (n_texts,))
        Row, name, start and end of each mention; the texts left to `Lexicon.find`, which have none there.

    Examples
    --------
    >>> found, undecided = scan_texts(pa.array(["Iran", "Ira\u0301n"], pa.large_string()), _actors())
    >>> found[:, [0, 2, 3]].tolist(), undecided.tolist()
    ([[0, 0, 4]], [False, False])
    """
    from stance.text import mention_kernels as kernels

    _, ends, letters = texts.buffers()
    undecided = np.zeros(len(texts), np.bool_)
    if ends is None or letters is None:
        return np.empty((0, 4), np.int64), undecided
    data = read_only(letters, np.uint8)
    offsets = read_only(ends, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    tree, kinds = grow_tree(lexicon), character_kinds()
    room = np.empty((max(_MIN_ROOM, int(np.diff(offsets).max(initial=0))), 4), np.int64)
    found, row = [], 0
    while row < len(texts):
        row, n_found = kernels.scan(data, offsets, row, tree, kinds, room, undecided)
        found.append(room[:n_found].copy())
    return np.concatenate(found) if found else np.empty((0, 4), np.int64), undecided


def _table(found: list[Found], keys: list[str]) -> pa.Table:
    rows = np.concatenate([np.empty((0, 4), np.int64), *found])
    row, name, start, end = (pa.array(np.ascontiguousarray(column)) for column in rows.T)
    names = pa.DictionaryArray.from_arrays(name.cast(pa.int32()), pa.array(keys, pa.string()))
    return pa.table({"row": row, "name": names, "start": start, "end": end})
