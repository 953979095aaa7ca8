"""Reading kernels: the compiled loops from the bytes of texts to hashes of their words, a block of texts at a time.

They do what `stance.text.hashing` does in plain Python, 64 bytes at once. A block's texts are laid out side by side, a
byte a code point, mentions replaced by role words; then the bits of a number tell which of 64 bytes are letters, and
words are hashed eight letters at a time. Nothing is read outside of the arrays, whatever the bytes are: what is no
UTF-8 parts words.
"""

from __future__ import annotations

import numba
import numpy as np

from stance.text import hashing
from stance.text.characters import RARE
from stance.text.hash_kernels import compiled
from stance.text.segments import HOLDER, TARGET
from stance.text.vector_kernels import WIDTH, copy_64, count_ones, first_one, fold_64, load_eight, store_eight

inlined = numba.njit(nogil=True, error_model="numpy", inline="always")

LETTER_FACTOR = np.uint64(hashing.LETTER_FACTOR)
ZERO, ONE, TWO, THREE, EIGHT = (np.uint64(number) for number in (0, 1, 2, 3, 8))
APOSTROPHE, TYPOGRAPHIC = 0x27, 0x2019
NOWHERE = -1
# Columns of ``room.places``: where a text, its role words and the words of its mentions stand among the letters.
START, STOP, PLACES, NAMES = 0, 1, 2, 4
N_PLACES = 8
BOUNDS_AT_ONCE = 8
# Texts are read block by block, so that what was found of one is still in the processor's cache when it is used.
BLOCK_TEXTS, BLOCK_BYTES = 256, 1 << 16
# What reading a text may come to.
OK, RARE_LETTER, BAD_SPAN = 0, 1, 2

_RARE = np.uint32(RARE)
_MARK = np.zeros(0x2020, np.bool_)
_MARK[[ord(mark) for mark in hashing.MARKS]] = True
_A_MARK, _A_WIDE_LETTER = ord(";"), 0xFF
_ROLES = np.array([[*map(ord, role)] for role in (HOLDER, TARGET)], np.uint8)
_ALL = np.int64(1) << 40  # more code points than any text has
_SEVEN, _HIGH_BITS = np.uint64(7), np.uint64(0x8080808080808080)
_FEWER_BITS, _BITS = np.uint64(6), np.uint64(WIDTH - 1)
# A word is a number to the base 257; letters are taken by pairs, fours and eights, side by side in one number.
_BASE_2, _BASE_4, _BASE_8 = (np.uint64(pow(hashing.LETTER_BASE, n, 1 << 64)) for n in (2, 4, 8))
_BYTE, _PAIR, _FOUR = np.uint64(8), np.uint64(16), np.uint64(32)
_BYTES, _PAIRS, _FOURS = np.uint64(0x00FF00FF00FF00FF), np.uint64(0x0000FFFF0000FFFF), np.uint64(0xFFFFFFFF)


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
            if high == ZERO or i >= min(stop, limit):
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
            byte = np.uint32(_A_WIDE_LETTER)
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
        if spans[span, 0] >= 0 or spans[span, 2] >= 0:
            i, at, state = _lay_mentions(data, i, stop, spans, span, folds, letters, wide, at, places, n_texts)
        if state == OK:
            i, at, state = _lay(data, i, stop, _ALL, folds, letters, wide, at)
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


@inlined
def _add_eight(word, eight):
    """Return the number of a word that goes on with eight letters of ASCII, the lowest of them first."""
    pairs = eight & _BYTES
    pairs = pairs + (pairs << _BYTE) + ((eight >> _BYTE) & _BYTES)
    fours = (pairs & _PAIRS) * _BASE_2 + ((pairs >> _PAIR) & _PAIRS)
    return word * _BASE_8 + (fours & _FOURS) * _BASE_4 + (fours >> _FOUR)


@compiled
def letter_at(letters, wide, at):
    """Return the folded letter at a place."""
    letter = np.uint32(letters[at])
    return wide[at] if letter == _A_WIDE_LETTER else letter


@compiled
def _hash_wide(letters, wide, start, stop):
    word = ZERO
    for at in range(start, stop):
        word = add_letter(word, letter_at(letters, wide, at))
    return word


@compiled
def find_words(room, end):
    """Find the words of the letters that are laid out before a place: hash them, and note where each begins."""
    letters, wide, bounds, words = room.letters, room.wide, room.bounds, room.words
    for at in range(end, end + WIDTH, 8):
        store_eight(letters, at, ZERO)
    n_words = _find_bounds(
        letters, end // WIDTH + 1, room.letter_bits, room.apostrophe_bits, room.mark_bits, room.start_bits,
        room.before, bounds,
    )  # fmt: skip
    for i in range(n_words):
        start, stop = bounds[TWO * i], bounds[TWO * i + ONE]
        n_first = ((stop - start - ONE) & _SEVEN) + ONE
        eight = load_eight(letters, start) << ((EIGHT - n_first) << THREE)
        high, word, at = eight, _add_eight(ZERO, eight), start + n_first
        while at < stop:
            eight = load_eight(letters, at)
            high |= eight
            word = _add_eight(word, eight)
            at += EIGHT
        if high & _HIGH_BITS:
            word = _hash_wide(letters, wide, start, stop)
        words[i] = word * LETTER_FACTOR


@compiled
def _find_bounds(letters, n_chunks, letter_bits, apostrophe_bits, mark_bits, start_bits, before, bounds):
    """Write where each word begins and ends; return how many there are."""
    for chunk in range(n_chunks):
        letter_bits[chunk], apostrophe_bits[chunk], mark_bits[chunk] = fold_64(letters, chunk * WIDTH)
    letter_bits[n_chunks] = ZERO
    n_bounds = n_words = was_letter = was_word = ZERO
    for chunk in range(n_chunks):
        after_letter = (letter_bits[chunk] << ONE) | was_letter
        before_letter = (letter_bits[chunk] >> ONE) | (letter_bits[chunk + 1] << _BITS)
        word_bits = letter_bits[chunk] | (apostrophe_bits[chunk] & after_letter & before_letter)
        after_word = (word_bits << ONE) | was_word
        was_letter, was_word = letter_bits[chunk] >> _BITS, word_bits >> _BITS
        start_bits[chunk], before[chunk] = word_bits & ~after_word, n_words
        n_words += count_ones(word_bits & ~after_word)
        changes, place = word_bits ^ after_word, np.uint64(chunk * WIDTH)
        n_after = n_bounds + count_ones(changes)
        while n_bounds < n_after:  # some too many are written, which costs less than a wrongly foreseen branch
            for i in range(BOUNDS_AT_ONCE):
                bounds[n_bounds + np.uint64(i)] = place + first_one(changes)
                changes &= changes - ONE
            n_bounds += np.uint64(BOUNDS_AT_ONCE)
        n_bounds = n_after
    return n_words


@compiled
def count_before(before, start_bits, place):
    """Return how many words of the block begin before a place."""
    at = np.uint64(place)
    bits = start_bits[at >> _FEWER_BITS] & ((ONE << (at & _BITS)) - ONE)
    return np.int64(before[at >> _FEWER_BITS] + count_ones(bits))


@compiled
def find_marks(mark_bits, before, start_bits, start, stop, marks):
    """Write before which word of the block each clause mark of a text stands; return how many there are."""
    n_marks = 0
    for chunk in range(start // WIDTH, stop // WIDTH + 1):
        bits = mark_bits[chunk]
        while bits:
            place = chunk * WIDTH + np.int64(first_one(bits))
            bits &= bits - ONE
            if start <= place < stop:
                marks[n_marks] = count_before(before, start_bits, place)
                n_marks += 1
    return n_marks
