"""Reading kernels: the compiled loops from letters laid out side by side to the hashes of their words.

They do what `stance.text.hashing` does in plain Python: the bits of a number tell which of 64 bytes are letters, and
words are hashed eight letters at a time.
"""

from __future__ import annotations

import numpy as np

from stance.text import hashing
from stance.text.hash_kernels import compiled, inlined
from stance.text.layout_kernels import A_WIDE_LETTER
from stance.text.vector_kernels import WIDTH, count_ones, first_one, fold_64, load_eight, store_eight

LETTER_FACTOR = np.uint64(hashing.LETTER_FACTOR)
ZERO, ONE, TWO, THREE, EIGHT = (np.uint64(number) for number in (0, 1, 2, 3, 8))
BOUNDS_AT_ONCE = 8
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
    return wide[at] if letter == A_WIDE_LETTER else letter


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
