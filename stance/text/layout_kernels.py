"""Layout kernels: the compiled loop from the bytes of texts to letters side by side, a byte a code point.

Mentions are replaced by role words. Nothing is read outside of the arrays, whatever the bytes are: what is no UTF-8
parts words.
"""

from __future__ import annotations

import numpy as np

from stance.text import hashing
from stance.text.characters import RARE
from stance.text.hash_kernels import compiled
from stance.text.segments import HOLDER, TARGET
from stance.text.vector_kernels import WIDTH, copy_64, first_one, high_64

APOSTROPHE, TYPOGRAPHIC = 0x27, 0x2019
A_WIDE_LETTER = 0xFF
NOWHERE = -1
# Columns of ``room.places``: where a text, its role words and the words of its mentions stand among the letters.
START, STOP, PLACES, NAMES = 0, 1, 2, 4
N_PLACES = 8
# Texts are read block by block, so that what was found of one is still in the processor's cache when it is used.
BLOCK_TEXTS, BLOCK_BYTES = 256, 1 << 15
# What reading a text may come to.
OK, RARE_LETTER, BAD_SPAN, NOT_UTF8 = 0, 1, 2, 3

_RARE, _CUT_OFF = np.uint32(RARE), np.uint32(0xFFFFFFFF)
_MARK = np.zeros(0x2020, np.bool_)
_MARK[[ord(mark) for mark in hashing.MARKS]] = True
_A_MARK = ord(";")
_ROLES = np.array([[*map(ord, role)] for role in (HOLDER, TARGET)], np.uint8)
_ALL = np.int64(1) << 40  # more code points than any text has
_NONE_HIGH = np.uint64(0)


@compiled
def _is_utf8(data, i, stop):
    """Say whether the bytes of a text are UTF-8."""
    while i < stop:
        if i + WIDTH <= len(data):
            i += np.int64(first_one(high_64(data, i)))
            if i >= stop or data[i] < 0x80:
                continue
        n_bytes = _letter_bytes(data, i, stop)
        if n_bytes == 0:
            return False
        i += n_bytes
    return True


@compiled
def _letter_bytes(data, i, stop):
    """Return how many bytes the letter at a byte takes; 0 where it is none: cut off, too long, or half of a pair."""
    first = data[i]
    if first < 0x80:
        return 1
    n = 2 if first < 0xE0 else 3 if first < 0xF0 else 4
    if first < 0xC2 or first > 0xF4 or i + n > stop:
        return 0
    lowest = 0xA0 if first == 0xE0 else 0x90 if first == 0xF0 else 0x80
    highest = 0x9F if first == 0xED else 0x8F if first == 0xF4 else 0xBF
    if data[i + 1] < lowest or data[i + 1] > highest:
        return 0
    for k in range(2, n):
        if data[i + k] < 0x80 or data[i + k] > 0xBF:
            return 0
    return n


@compiled
def _decode(data, i, stop):
    """Return the code point at a byte, and where the next one begins; if it is cut off, one that no table has."""
    first = np.uint32(data[i])
    if first < 0x80:
        return first, i + 1
    if first < 0xE0:
        if i + 2 > stop:
            return _CUT_OFF, stop
        return ((first & np.uint32(0x1F)) << np.uint32(6)) | (np.uint32(data[i + 1]) & np.uint32(0x3F)), i + 2
    if first < 0xF0:
        if i + 3 > stop:
            return _CUT_OFF, stop
        second, third = np.uint32(data[i + 1]) & np.uint32(0x3F), np.uint32(data[i + 2]) & np.uint32(0x3F)
        return ((first & np.uint32(0x0F)) << np.uint32(12)) | (second << np.uint32(6)) | third, i + 3
    if i + 4 > stop:
        return _CUT_OFF, stop
    second, third = np.uint32(data[i + 1]) & np.uint32(0x3F), np.uint32(data[i + 2]) & np.uint32(0x3F)
    fourth = np.uint32(data[i + 3]) & np.uint32(0x3F)
    code = ((first & np.uint32(0x07)) << np.uint32(18)) | (second << np.uint32(12)) | (third << np.uint32(6)) | fourth
    return code, i + 4


@compiled
def _lay(data, i, stop, n_points, folds, letters, wide, at):
    """Lay out so many code points of a text from byte `i` on; return the byte and the place after them, and the state.

    A letter beyond ASCII stands as one byte among the `letters`, and itself in `wide`.
    """
    n_data, limit = len(data), i + n_points
    while i < min(stop, limit):
        if i + WIDTH <= n_data:
            high = copy_64(data, i, letters, at)
            step = min(np.int64(first_one(high)), min(stop, limit) - i)
            i += step
            at += step
            if high == _NONE_HIGH or i >= min(stop, limit):
                continue
        code, after = _decode(data, i, stop)
        folded = folds[code] if code < len(folds) else _RARE
        if folded == _RARE:
            return i, at, RARE_LETTER
        limit += after - i - 1
        i = after
        byte = folded
        if code < 0x80:
            byte = code
        elif folded >= 0x80:
            byte = np.uint32(A_WIDE_LETTER)
            wide[at] = folded
        elif code == TYPOGRAPHIC:
            byte = np.uint32(APOSTROPHE)
        elif code < len(_MARK) and _MARK[code]:
            byte = np.uint32(_A_MARK)
        letters[at] = byte
        at += 1
    return i, at, OK


@compiled
def _lay_mentions(data, start, stop, spans, span, folds, letters, wide, at, places, text):
    """Lay out a text up to its last mention, role words in the place of mentions.

    Returns the byte and the place to go on with, and the state. Where the bytes of a mention stand is noted in `places`
    beside the place of its role word.
    """
    has_target = spans[span, 2] >= 0
    overlap = has_target and spans[span, 0] < spans[span, 3] and spans[span, 2] < spans[span, 1]
    has_holder = spans[span, 0] >= 0 and not overlap
    holder_first = has_holder and not (has_target and spans[span, 2] < spans[span, 0])
    i, point = np.int64(start), np.int64(0)
    for turn in range(2):
        role = turn if holder_first else 1 - turn
        if not (has_target if role else has_holder):
            continue
        begin, end = np.int64(spans[span, 2 * role]), np.int64(spans[span, 2 * role + 1])
        i, after, state = _lay(data, i, stop, begin - point, folds, letters, wide, at)
        if state != OK or after - at < begin - point:
            return i, at, BAD_SPAN if state == OK else state
        letters[after] = 0
        at = after + 1
        first_byte = i
        i, after, state = _lay(data, i, stop, end - begin, folds, letters, wide, at)  # what comes next overwrites it
        if state != OK or after - at < end - begin:
            return i, at, BAD_SPAN if state == OK else state
        places[text, PLACES + role] = at
        places[text, NAMES + 2 * role], places[text, NAMES + 2 * role + 1] = first_byte, i
        for letter in _ROLES[role]:
            letters[at] = letter
            at += 1
        letters[at] = 0
        at, point = at + 1, end
    return i, at, OK


@compiled
def _lay_names(data, folds, letters, wide, at, places, text):
    """Lay out the words of a text's mentions; return the place after them."""
    for role in range(2):
        first_byte, end_byte = places[text, NAMES + 2 * role], places[text, NAMES + 2 * role + 1]
        places[text, NAMES + 2 * role] = at
        if places[text, PLACES + role] >= 0:
            _, at, _ = _lay(data, first_byte, end_byte, _ALL, folds, letters, wide, at)
        places[text, NAMES + 2 * role + 1] = at
        letters[at] = 0
        at += 1
    return at


@compiled
def lay_texts(texts, with_names, first, room, states):
    """Lay out a block of texts, from `first` on; return how many, and the place after them.

    Where each text, its role words and, where wanted, the words of its mentions stand is written to ``room.places``. A
    text that cannot be read has no letters, and `states` says why.
    """
    data, ends, spans, folds = texts.data, texts.ends, texts.spans, texts.folds
    letters, wide, places = room.letters, room.wide, room.places
    n_texts, n_bytes, at = 0, 0, 0
    for row in range(first, min(first + len(places), len(ends) - 1)):
        i, stop, start, state = np.int64(ends[row]), np.int64(ends[row + 1]), at, OK
        n_bytes += stop - i
        if n_texts and n_bytes > BLOCK_BYTES:
            break
        span = row if len(spans) > 1 else 0
        for place in range(N_PLACES):
            places[n_texts, place] = NOWHERE
        first_byte, is_marked = i, spans[span, 0] >= 0 or spans[span, 2] >= 0
        if is_marked:
            i, at, state = _lay_mentions(data, i, stop, spans, span, folds, letters, wide, at, places, n_texts)
        if state == OK:
            i, at, state = _lay(data, i, stop, _ALL, folds, letters, wide, at)
        is_ascii = at - start == stop - first_byte and not is_marked  # whatever else has more bytes than letters
        if not is_ascii and not _is_utf8(data, first_byte, stop):
            state = NOT_UTF8
        if state != OK:
            places[n_texts, PLACES] = places[n_texts, PLACES + 1] = NOWHERE
            at = start
        places[n_texts, START], places[n_texts, STOP] = start, at
        letters[at] = 0
        at += 1
        if with_names:
            at = _lay_names(data, folds, letters, wide, at, places, n_texts)
        states[row] = state
        n_texts += 1
    return n_texts, at
