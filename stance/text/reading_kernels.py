"""Reading kernels: the compiled loop from the bytes of a text to hashes of its words.

It does what `stance.text.hashing` does in plain Python. Nothing is read outside of the arrays, whatever the bytes are:
what is no UTF-8 parts words.
"""

from __future__ import annotations

import numba
import numpy as np

from stance.text import hashing
from stance.text.characters import RARE
from stance.text.hash_kernels import compiled
from stance.text.kernel_arrays import APOSTROPHE, SPECIAL
from stance.text.segments import HOLDER, TARGET

inlined = numba.njit(nogil=True, error_model="numpy", inline="always")

LETTER_FACTOR = np.uint64(hashing.LETTER_FACTOR)
ZERO, ONE, EIGHT = np.uint64(0), np.uint64(1), np.uint64(8)
HOLDER_HASH, TARGET_HASH = (np.uint64(hashing.hash_word(role)) for role in (HOLDER, TARGET))
TYPOGRAPHIC, BLANK = 0x2019, 0x20
NO_SPAN = -1
_RARE = np.uint64(RARE)
_MARK = np.zeros(0x2020, np.bool_)
_MARK[[ord(mark) for mark in hashing.MARKS]] = True
_ROLE_LETTERS = np.array([[*map(ord, f" {role} "), 0] for role in (HOLDER, TARGET)], np.uint32)
# What reading a text may come to.
OK, RARE_LETTER, BAD_SPAN = 0, 1, 2


@compiled
def add_letter(word, code):
    """Return the number of a word that goes on with a letter; times `LETTER_FACTOR` it is the word's hash."""
    return word + (word << EIGHT) + np.uint64(code)


@compiled
def _decode(data, i, stop):
    """Return the code point at a byte, and where the next one begins; 0 of bytes that are no UTF-8."""
    first = np.uint32(data[i])
    if first < 0x80:
        return first, i + 1
    if first < 0xE0:
        if i + 2 > stop:
            return np.uint32(0), stop
        return ((first & np.uint32(0x1F)) << np.uint32(6)) | (np.uint32(data[i + 1]) & np.uint32(0x3F)), i + 2
    if first < 0xF0:
        if i + 3 > stop:
            return np.uint32(0), stop
        second, third = np.uint32(data[i + 1]) & np.uint32(0x3F), np.uint32(data[i + 2]) & np.uint32(0x3F)
        return ((first & np.uint32(0x0F)) << np.uint32(12)) | (second << np.uint32(6)) | third, i + 3
    if i + 4 > stop:
        return np.uint32(0), stop
    second, third = np.uint32(data[i + 1]) & np.uint32(0x3F), np.uint32(data[i + 2]) & np.uint32(0x3F)
    fourth = np.uint32(data[i + 3]) & np.uint32(0x3F)
    code = ((first & np.uint32(0x07)) << np.uint32(18)) | (second << np.uint32(12)) | (third << np.uint32(6)) | fourth
    return code, i + 4


@inlined
def read_words(data, start, stop, spans, folds, classes, with_letters, room):
    """Read one text into words; return OK, RARE_LETTER or BAD_SPAN.

    `spans` are the code-point offsets of holder and target, -1 for none. Into `words` go the hashes of the words,
    a role word in the place of each mention; into `marks`, before which words clause marks stand; into `names`, the
    words of the mentions; into `letters`, where wanted, the words' letters with a blank on either side and 0 between
    them; into `found` the lengths of the four, and the places of holder and target.
    """
    words, marks, names, name_roles, letters, found = room[0], room[1], room[2], room[3], room[4], room[5]
    holder_start, holder_end, target_start, target_end = spans[0], spans[1], spans[2], spans[3]
    if 0 <= holder_start < target_end and 0 <= target_start < holder_end:
        holder_start = NO_SPAN
    n_words = n_marks = n_names = n_letters = 0
    holder_place = target_place = role = edge = NO_SPAN
    if holder_start >= 0:
        edge = holder_start
    if target_start >= 0 and (edge < 0 or target_start < edge):
        edge = target_start
    word = np.uint64(0)
    in_word = np.int64(0)
    i = np.int64(start)
    more_bytes = start  # than code points, before the one at i
    limit = stop if edge < 0 else min(stop, edge + more_bytes)
    while True:
        # Most bytes are read here, where no branch depends on them: a wrongly foreseen one costs ten letters.
        # Unsigned, an index is not looked at for being negative.
        here, end, n, was_letter = np.uint64(i), np.uint64(limit), np.uint64(n_words), np.uint64(in_word)
        while here < end:
            folded = np.uint64(classes[data[here]])
            if folded == SPECIAL:
                break
            words[n] = word * LETTER_FACTOR
            letter = np.uint64(folded != ZERO)
            n += was_letter & (letter ^ ONE)
            word = ((word << EIGHT) + (word + folded)) & (ZERO - letter)
            was_letter = letter
            here += ONE
        i, n_words, in_word = np.int64(here), np.int64(n), np.int64(was_letter)
        code = np.uint32(0)
        is_letter = 0
        at_edge = i >= limit
        if not at_edge:
            code, after = _decode(data, i, stop)
            folded = np.uint64(folds[code]) if code < len(folds) else _RARE
            if folded == _RARE:
                return RARE_LETTER
            more_bytes += after - i - 1
            i = after
            limit = stop if edge < 0 else min(stop, edge + more_bytes)
            if in_word and (code == APOSTROPHE or code == TYPOGRAPHIC) and i < limit:
                following = _decode(data, i, stop)[0]
                if following >= len(folds) or folds[following] != 0:
                    folded = np.uint64(APOSTROPHE)
            is_letter = np.int64(folded != 0)
        if is_letter:
            word = add_letter(word, folded)
            if with_letters and role < 0:
                if not in_word:
                    letters[n_letters] = BLANK
                    n_letters += 1
                letters[n_letters] = folded
                n_letters += 1
            in_word = 1
            continue
        if in_word:
            words[n_words] = word * LETTER_FACTOR
            n_words += 1
            word = np.uint64(0)
            in_word = 0
            if with_letters and role < 0:
                letters[n_letters], letters[n_letters + 1] = BLANK, 0
                n_letters += 2
        if not at_edge:
            if code < len(_MARK) and _MARK[code] and role < 0:
                marks[n_marks] = n_words
                n_marks += 1
            continue
        while i - more_bytes == edge:
            if role >= 0:
                place = target_place if role else holder_place
                for j in range(place + 1, n_words):
                    names[n_names], name_roles[n_names] = words[j], role
                    n_names += 1
                n_words = place + 1
                role = edge = NO_SPAN
                if holder_place < 0:
                    edge = holder_start
                if target_place < 0 and target_start >= 0:
                    edge = target_start
                continue
            if i - more_bytes == holder_start and holder_place < 0:
                holder_place, role, edge = n_words, 0, holder_end
                words[n_words] = HOLDER_HASH
            else:
                target_place, role, edge = n_words, 1, target_end
                words[n_words] = TARGET_HASH
            n_words += 1
            if with_letters:
                for letter in _ROLE_LETTERS[role]:
                    letters[n_letters] = letter
                    n_letters += 1
        limit = stop if edge < 0 else min(stop, edge + more_bytes)
        if i >= stop:
            break
    found[0], found[1], found[2], found[3] = n_words, n_marks, n_names, n_letters
    found[4], found[5] = holder_place, target_place
    return OK if edge < 0 else BAD_SPAN
