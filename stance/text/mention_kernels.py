"""Mention kernels: the compiled search for names in the UTF-8 of many texts.

They find what `Lexicon.find` finds, and say of a text that they cannot tell; a test compares the two. The bytes
must be valid UTF-8, each text on its own. Imported where they are used: numba takes a second.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from stance.text.hash_kernels import compiled, inlined
from stance.text.name_tree import (
    BLANK,
    EDGES,
    IN_WORD,
    IS_END,
    JOINED,
    LETTER,
    N_CAPITALS,
    N_EDGES,
    NAME_OF,
    NO_CHILD,
    NO_END,
    ROOT,
    UNDECIDED,
    UNSURE_END,
)

# Instead of a name: none, or an excluded phrase or another's handle; the address of a site.
NOTHING, URL = -1, -3
ROW, NAME, START, END = range(4)
_AT, _HASH, _SPACE, _H, _W = map(ord, "@# hw")
_FIRST_NON_ASCII = 0x80
BLOCK_BYTES = 1024  # are looked through at a time
_ONE, _JOINED_BIT = np.uint64(1), np.uint64(JOINED.bit_length() - 1)


@compiled
def scan(data: Any, offsets: Any, row: Any, tree: Any, kinds: Any, found: Any, undecided: Any) -> Any:
    """Fill `found` with the mentions of the texts from `row` on, until there may be no room for the next text's.

    Parameters
    ----------
    data, offsets : numpy.ndarray of uint8, of int64 (n_texts + 1,)
        The texts as Arrow holds them.
    row : int
        Where to begin.
    tree : NameTree
    kinds : numpy.ndarray of uint8
        As `character_kinds` returns them.
    found : numpy.ndarray of int64, shape (at least as many as the longest text has bytes, 4)
        Filled with the row, the name, the start and the end (code points) of each mention.
    undecided : numpy.ndarray of bool, shape (n_texts,)
        Set for each text that only `Lexicon.find` can read.

    Returns
    -------
    (int, int)
        The row to go on with, and how many mentions were found.
    """
    n_found = 0
    starts = np.empty((BLOCK_BYTES + 1, 2), np.int64)
    while row < len(offsets) - 1:
        begin, end = offsets[row], offsets[row + 1]
        if n_found + end - begin > len(found):
            break
        n_here = _read(data, begin, end, tree, kinds, starts, found[n_found:])
        if n_here == UNDECIDED:
            undecided[row] = True
        else:
            found[n_found : n_found + n_here, ROW] = row
            n_found += n_here
        row += 1
    return row, n_found


@compiled
def _read(data: Any, begin: Any, end: Any, tree: Any, kinds: Any, starts: Any, found: Any) -> Any:
    """Fill `found` with the mentions of one text and return their number, or `UNDECIDED`."""
    nodes, openers, named_urls = tree
    n_found = 0
    i = read_on = begin
    more_bytes = begin  # than code points, before the one at i
    joined = np.uint64(0)
    while i < end:
        i, more_bytes, joined, n_starts = _find_starts(data, i, end, more_bytes, joined, kinds, starts)
        for k in range(n_starts):
            start, before = starts[k]
            if start < read_on or (start + 3 < end and not _may_begin(openers, data, start)):
                continue
            name, stop = _find_at(data, begin, start, end, nodes, kinds)
            if name == UNDECIDED or (name == URL and named_urls):
                return UNDECIDED
            if stop > start:
                read_on = stop
            if name >= 0:
                found[n_found, NAME] = name
                found[n_found, START] = start - before
                found[n_found, END] = stop - before - _continuations(data, start, stop)
                n_found += 1
    return n_found


@compiled
def _find_starts(data: Any, i: Any, end: Any, more_bytes: Any, joined: Any, kinds: Any, starts: Any) -> Any:
    """Fill `starts` with the places in the next bytes where a name may start, and how many more bytes came before it.

    Where letters end cannot be foreseen, and to be wrong costs as much as ten bytes: no branch depends on it.
    """
    n_starts, last = np.uint64(0), min(end, i + BLOCK_BYTES)
    while i < last:
        here, stop = np.uint64(i), np.uint64(last)
        while here < stop:
            byte = data[here]
            if byte >= _FIRST_NON_ASCII:
                break
            starts[n_starts, 0], starts[n_starts, 1] = here, more_bytes
            n_starts += joined ^ _ONE
            joined = (np.uint64(kinds[byte]) >> _JOINED_BIT) & _ONE
            here += _ONE
        i = np.int64(here)
        if i < last:
            starts[n_starts, 0], starts[n_starts, 1] = i, more_bytes
            n_starts += joined ^ _ONE
            code, size = _decode(data, i)
            joined = (np.uint64(kinds[code]) >> _JOINED_BIT) & _ONE
            i += size
            more_bytes += size - 1
    return i, more_bytes, joined, np.int64(n_starts)


@inlined
def _find_at(data: Any, begin: Any, i: Any, end: Any, nodes: Any, kinds: Any) -> Any:
    """Return the name at a place where one may begin, and where to read on; `NOTHING` and `i` if there is none."""
    if data[i] == _AT:
        return _handle(data, i, end, nodes, kinds)
    if data[i] == _H or data[i] == _W:
        stop = _url_end(data, i, end, kinds)
        if stop > i:
            return URL, stop
    return _longest(data, begin, i, end, nodes, kinds)


@inlined
def _longest(data: Any, begin: Any, start: Any, end: Any, nodes: Any, kinds: Any) -> Any:
    """Return the longest name whose case fits: of those that end where a word does, or of the longest of all."""
    any_case = start > begin and data[start - 1] == _HASH
    name, stop = NOTHING, start
    last_name, last_stop = NOTHING, start
    node = ROOT
    i = start
    while i < end:
        code, i = _letter(data, i, end, kinds)
        node = _child(nodes, node, code)
        if node == NO_CHILD:
            break
        if node == UNDECIDED:
            return UNDECIDED, start
        if nodes[node + IS_END] != NO_END and not (i < end and kinds[_decode(data, i)[0]] & IN_WORD):
            if nodes[node + IS_END] == UNSURE_END:
                return UNDECIDED, start
            fits = any_case or _case_fits(data, start, nodes, node, kinds)
            last_name, last_stop = (nodes[node + NAME_OF], i) if fits else (NOTHING, start)
            if fits and kinds[code] & IN_WORD:
                name, stop = last_name, last_stop
    if last_stop > start:
        return last_name, last_stop
    return name, stop


@compiled
def _case_fits(data: Any, i: Any, nodes: Any, node: Any, kinds: Any) -> Any:
    """Say whether each capital of the name that ends at a node stands in the text, too."""
    first = node + EDGES + 2 * nodes[node + N_EDGES]
    for k in range(first, first + nodes[node + N_CAPITALS]):
        code, i = _letter(data, i, len(data), kinds)
        if nodes[k] != 0 and nodes[k] != code:
            return False
    return True


@compiled
def _handle(data: Any, start: Any, end: Any, nodes: Any, kinds: Any) -> Any:
    """Return the name that a handle is, whole and in any case, and its end; `start` if there is no handle."""
    node = _child(nodes, ROOT, _AT)
    i = start + 1
    while i < end:
        code, size = _decode(data, i)
        if kinds[code] & LETTER == 0:
            break
        if node != NO_CHILD:
            if code >= _FIRST_NON_ASCII:
                return UNDECIDED, start
            node = _child(nodes, node, code)
            if node == UNDECIDED:
                return UNDECIDED, start
        i += size
    if i == start + 1:
        return NOTHING, start
    if node == NO_CHILD or nodes[node + IS_END] == NO_END:
        return NOTHING, i
    return (UNDECIDED if nodes[node + IS_END] == UNSURE_END else nodes[node + NAME_OF]), i


@compiled
def _url_end(data: Any, start: Any, end: Any, kinds: Any) -> Any:
    """Return the end of the address of a site that starts here, `start` if none does."""
    i = start
    if _says(data, i, end, b"www."):
        i += 4
    elif _says(data, i, end, b"http://"):
        i += 7
    elif _says(data, i, end, b"https://"):
        i += 8
    else:
        return start
    first = i
    while i < end:
        code, size = _decode(data, i)
        if kinds[code] & BLANK:
            break
        i += size
    return i if i > first else start


@compiled
def _says(data: Any, start: Any, end: Any, letters: Any) -> Any:
    if start + len(letters) > end:
        return False
    for k in range(len(letters)):  # noqa: SIM110 - compiled
        if data[start + k] != letters[k]:
            return False
    return True


@inlined
def _may_begin(openers: Any, data: Any, i: Any) -> Any:
    """Say whether a name or an address may begin with the next four bytes."""
    number = (data[i] & 63) << 15 | (data[i + 1] & 31) << 10 | (data[i + 2] & 31) << 5 | data[i + 3] & 31
    return openers[number >> 3] >> (number & 7) & 1


@inlined
def _letter(data: Any, i: Any, end: Any, kinds: Any) -> Any:
    """Return the letter at a byte and where the next begins; a run of white space is one blank."""
    byte = data[i]
    if byte < _FIRST_NON_ASCII and not kinds[byte] & BLANK:
        return np.uint32(byte), i + 1
    code, size = _decode(data, i)
    i += size
    if kinds[code] & BLANK:
        code = np.uint32(_SPACE)
        while i < end:
            following, size = _decode(data, i)
            if kinds[following] & BLANK == 0:
                break
            i += size
    return code, i


@inlined
def _child(nodes: Any, node: Any, code: Any) -> Any:
    child = np.int32(NO_CHILD)
    first = node + EDGES
    for edge in range(first, first + 2 * nodes[node + N_EDGES], 2):
        if nodes[edge] == code:
            child = nodes[edge + 1]
            break
    return child


@inlined
def _decode(data: Any, i: Any) -> Any:
    """Return the code point at a byte of valid UTF-8, and how many bytes it takes."""
    first = np.uint32(data[i])
    size = 1
    code = first
    if first >= 0xF0:
        size = 4
        code = (first & 0x07) << 18 | (data[i + 1] & 0x3F) << 12 | (data[i + 2] & 0x3F) << 6 | (data[i + 3] & 0x3F)
    elif first >= 0xE0:
        size = 3
        code = (first & 0x0F) << 12 | (data[i + 1] & 0x3F) << 6 | (data[i + 2] & 0x3F)
    elif first >= _FIRST_NON_ASCII:
        size = 2
        code = (first & 0x1F) << 6 | (data[i + 1] & 0x3F)
    return np.uint32(code), size


@compiled
def _continuations(data: Any, start: Any, end: Any) -> Any:
    """Count the bytes that continue a code point."""
    n = 0
    for i in range(start, end):
        n += data[i] & 0xC0 == 0x80
    return n
