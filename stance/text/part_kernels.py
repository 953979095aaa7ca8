"""Part kernels: the compiled loops from the words of texts to the columns of their n-grams, part by part."""

from __future__ import annotations

import numpy as np

from stance.text import hashing
from stance.text.gist_kernels import find_meanings, read_gist
from stance.text.hash_kernels import compiled
from stance.text.kernel_arrays import Room
from stance.text.layout_kernels import (
    BLOCK_BYTES,
    BLOCK_TEXTS,
    N_PLACES,
    NAMES,
    NOWHERE,
    OK,
    PLACES,
    START,
    STOP,
    lay_texts,
)
from stance.text.reading_kernels import (
    BOUNDS_AT_ONCE,
    LETTER_FACTOR,
    ONE,
    TWO,
    ZERO,
    add_letter,
    count_before,
    find_marks,
    find_words,
    letter_at,
)
from stance.text.segments import CLAUSE_WORDS, WINDOW_TOKENS
from stance.text.vector_kernels import WIDTH, count_ones

WORD_FACTOR = np.uint64(hashing.WORD_FACTOR)
LEFT, RIGHT = np.uint64(hashing.ROTATION), np.uint64(64 - hashing.ROTATION)
FIVE, THIRTY_ONE, THIRTY_TWO = np.uint64(5), np.uint64(31), np.uint64(32)
SALTS = np.array([hashing.salt(part) for part in hashing.PARTS], np.uint64)
PARTS = {part: index for index, part in enumerate(hashing.PARTS)}
SENTENCE, CLAUSE = PARTS["sentence"], PARTS["clause"]
LEFT_OF, RIGHT_OF = PARTS["left_of_holder"], PARTS["right_of_holder"]
FORWARD, BACKWARD = PARTS["forward"], PARTS["backward"]
NEAR, NAMED, CHARACTERS = PARTS["near_holder"], PARTS["holder_names"], PARTS["characters"]
GISTS = PARTS["sentence" + hashing.GIST]  # the gist of a part is so much further on
WINDOW, WORD_NGRAMS, WINDOW_NGRAMS = WINDOW_TOKENS, hashing.WORD_NGRAMS, hashing.WINDOW_NGRAMS
GIST_NGRAMS, MAX_RANGES = hashing.GIST_NGRAMS, len(hashing.WORD_PARTS)
MAX_PARTS = len(PARTS)
_CLAUSE_WORDS = np.array([hashing.hash_word(word) for word in CLAUSE_WORDS], np.uint64)
# Sorted into a table by the first bits of the hash: one look tells.
_CLAUSE_BITS = 10
_CLAUSE_SHIFT = np.uint64(64 - _CLAUSE_BITS)
CLAUSE_TABLE = np.zeros(1 << _CLAUSE_BITS, np.uint64)
CLAUSE_TABLE[_CLAUSE_WORDS >> _CLAUSE_SHIFT] = _CLAUSE_WORDS
if np.count_nonzero(CLAUSE_TABLE) != len(_CLAUSE_WORDS):  # pragma: no cover - a fact of the words above
    raise AssertionError("two clause words share a place in the table")
_BLANK = 0x20
_SLACK = 2 * WIDTH  # what is read or written at once beyond the last letter
_MORE_LETTERS = 32  # that two role words, and what parts them, add to a text


@compiled
def _join(ngram, word):
    return (((ngram << LEFT) | (ngram >> RIGHT)) ^ word) * WORD_FACTOR


@compiled
def _add(salted, shift, used, columns, n):
    """Append the place of a column among the used ones, if it is one; no branch depends on which it is."""
    column = (salted * WORD_FACTOR) >> shift
    if not len(used):
        columns[n] = column
        return n + ONE
    known, bit = used[column >> FIVE], column & THIRTY_ONE
    columns[n] = (known >> THIRTY_TWO) + count_ones(known & ((ONE << bit) - ONE))
    return n + ((known >> bit) & ONE)


@compiled
def _add_ngrams(words, first, last, longest, part, shift, used, columns, n):
    """Append the columns of the n-grams of some words; return how many columns there are."""
    salt, at, first, last = SALTS[part], np.uint64(n), np.uint64(first), np.uint64(last)
    if longest == 2 and first < last:  # most are
        word = words[first]
        for i in range(first + ONE, last):
            at = _add(word ^ salt, shift, used, columns, at)
            pair = _join(word, words[i])
            word = words[i]
            at = _add(pair ^ salt, shift, used, columns, at)
        return np.int64(_add(word ^ salt, shift, used, columns, at))
    for i in range(first, last):
        ngram = words[i]
        at = _add(ngram ^ salt, shift, used, columns, at)
        for j in range(i + ONE, min(i + np.uint64(longest), last)):
            ngram = _join(ngram, words[j])
            at = _add(ngram ^ salt, shift, used, columns, at)
    return np.int64(at)


@compiled
def _add_range(ranges, n, part, first, last, longest):
    ranges[n, 0], ranges[n, 1], ranges[n, 2], ranges[n, 3] = part, first, last, longest
    return n + 1


@compiled
def _find_ranges(words, first_word, end_word, marks, n_marks, holder, target, segments, ranges):
    """Write the parts of a text to `ranges`: number, first word, the one after the last, longest n-gram.

    All words are counted from the block's first one, role words among them. Returns how many parts there are.
    """
    n = _add_range(ranges, 0, SENTENCE, first_word, end_word, WORD_NGRAMS)
    if not segments or (holder < 0 and target < 0):
        return n
    target_first = holder < 0 or 0 <= target < holder
    target_last = holder < 0 or target > holder
    first = target if target_first else holder
    last = target if target_last else holder
    n = _add_range(ranges, n, LEFT_OF + target_first, first_word, first + 1, WORD_NGRAMS)
    n = _add_range(ranges, n, RIGHT_OF + target_last, last, end_word, WORD_NGRAMS)
    if first < last:
        n = _add_range(ranges, n, BACKWARD if target_first else FORWARD, first, last + 1, WORD_NGRAMS)
    for role in range(2):
        place = target if role else holder
        if place >= 0:
            nearest, farthest = max(first_word, place - WINDOW), min(end_word, place + WINDOW + 1)
            n = _add_range(ranges, n, NEAR + role, nearest, farthest, WINDOW_NGRAMS)
    focus = target if target >= 0 else first
    clause_first, clause_last = first_word, end_word
    for i in range(n_marks):
        if marks[i] <= focus:
            clause_first = marks[i]
        elif marks[i] < clause_last:
            clause_last = marks[i]
    for i in range(focus - 1, clause_first - 1, -1):
        if CLAUSE_TABLE[words[i] >> _CLAUSE_SHIFT] == words[i]:
            clause_first = i + 1
            break
    for i in range(focus + 1, clause_last):
        if CLAUSE_TABLE[words[i] >> _CLAUSE_SHIFT] == words[i]:
            clause_last = i
            break
    return _add_range(ranges, n, CLAUSE, clause_first, clause_last, WORD_NGRAMS)


@compiled
def find_parts(texts, what, first, room, states):
    """Find the columns of a block of texts, from `first` on; return how many texts.

    The columns of the block stand one behind the other, text by text, part by part. Part i has its number among `PARTS`
    in ``kinds[i]``, and ends at ``part_ends[i]``; the parts of the i-th text end at ``text_parts[i]``. A column counts
    if its bit in `used` is set, and is numbered among those. A text that cannot be read has no parts, and `states` says
    why.
    """
    n_texts, end = lay_texts(texts, what.names, first, room, states)
    find_words(room, end)
    # Taken out once: an array that is taken out of a tuple is counted, which for each text took a third of the time.
    words, places, marks, ranges = room.words, room.places, room.marks, room.ranges
    before_bits, start_bits, mark_bits = room.before, room.start_bits, room.mark_bits
    columns, kinds, ends, text_parts = room.columns, room.kinds, room.part_ends, room.text_parts
    found, said, said_before, gist = room.meanings, room.said, room.said_before, what.gist
    listed, meanings, hashes, reaches, steps = gist.words, gist.meanings, gist.hashes, gist.reaches, gist.steps
    shift, used, segments = what.shift, what.used, what.segments
    with_gist = len(gist.words) > 0
    n = parts = 0
    for text in range(n_texts):
        if states[first + text] != OK:
            text_parts[text] = parts
            continue
        start, stop = places[text, START], places[text, STOP]
        first_word = count_before(before_bits, start_bits, start)
        end_word = count_before(before_bits, start_bits, stop)
        holder, target = places[text, PLACES], places[text, PLACES + 1]
        is_marked, n_marks = holder >= 0 or target >= 0, 0
        if is_marked:
            holder = count_before(before_bits, start_bits, holder) if holder >= 0 else NOWHERE
            target = count_before(before_bits, start_bits, target) if target >= 0 else NOWHERE
        if with_gist or (segments and is_marked):
            n_marks = find_marks(mark_bits, before_bits, start_bits, start, stop, marks)
        if with_gist:
            find_meanings(words, first_word, end_word, listed, meanings, gist.factor, gist.shift, found)
            read_gist(found, first_word, end_word, marks, n_marks, hashes, reaches, steps, said, said_before)
        n_ranges = _find_ranges(words, first_word, end_word, marks, n_marks, holder, target, segments, ranges)
        for i in range(n_ranges):
            part, start_word, stop_word, longest = ranges[i, 0], ranges[i, 1], ranges[i, 2], ranges[i, 3]
            n = _add_ngrams(words, start_word, stop_word, longest, part, shift, used, columns, n)
            kinds[parts], ends[parts] = part, n
            parts += 1
            if with_gist:
                start_word, stop_word = said_before[start_word - first_word], said_before[stop_word - first_word]
                part += GISTS
                n = _add_ngrams(said, start_word, stop_word, GIST_NGRAMS, part, shift, used, columns, n)
                kinds[parts], ends[parts] = part, n
                parts += 1
        if what.names or what.longest:
            n, parts = _add_names_and_characters(room, what, text, first_word, end_word, n, parts)
        text_parts[text] = parts
    return n_texts


@compiled
def _add_names_and_characters(room, what, text, first_word, end_word, n, parts):
    """Append the columns of the words of a text's mentions, and of its n-grams of characters, where wanted."""
    for role in range(2 if what.names else 0):
        first = count_before(room.before, room.start_bits, room.places[text, NAMES + 2 * role])
        last = count_before(room.before, room.start_bits, room.places[text, NAMES + 2 * role + 1])
        already = n
        n = _add_ngrams(room.words, first, last, 1, NAMED + role, what.shift, what.used, room.columns, n)
        if n > already:
            room.kinds[parts], room.part_ends[parts] = NAMED + role, n
            parts += 1
    if what.longest:
        already = n
        for word in range(first_word, end_word):
            n = _add_characters(room, what, word, n)
        if n > already:
            room.kinds[parts], room.part_ends[parts] = CHARACTERS, n
            parts += 1
    return n, parts


@compiled
def _add_characters(room, what, word, n):
    """Append the columns of the n-grams of a word's letters, a blank on either side; return how many there are."""
    start, stop = np.int64(room.bounds[TWO * np.uint64(word)]), np.int64(room.bounds[TWO * np.uint64(word) + ONE])
    for i in range(start - 1, stop + 1):
        ngram = ZERO
        for j in range(i, min(i + what.longest, stop + 1)):
            letter = letter_at(room.letters, room.wide, j) if start <= j < stop else np.uint32(_BLANK)
            ngram = add_letter(ngram, letter)
            if j - i + 1 >= what.shortest:
                salted = (ngram * LETTER_FACTOR) ^ SALTS[CHARACTERS]
                n = np.int64(_add(salted, what.shift, what.used, room.columns, np.uint64(n)))
    return n


@compiled
def make_room(texts, what):
    """Return room enough for any text and any block of them, whatever they hold."""
    longest = 0
    for row in range(len(texts.ends) - 1):
        longest = max(longest, texts.ends[row + 1] - texts.ends[row])
    # Of a block: what its bytes can hold, and of each text what it has at least.
    n_texts = min(BLOCK_TEXTS, len(texts.ends))
    n_letters = max(longest, BLOCK_BYTES) + _MORE_LETTERS * n_texts + _SLACK
    n_chunks, n_words = n_letters // WIDTH + 2, n_letters // 2 + 1
    text_words = (longest + _MORE_LETTERS) // 2 + 2
    n_columns = 2 * n_words
    if what.longest:
        n_columns += (n_letters + 2 * n_words) * (what.longest - what.shortest + 1)
    if what.segments:
        n_columns += 4 * n_words + 80 * n_texts
    if what.names:
        n_columns += n_words
    if len(what.gist.words):  # a gist has no more n-grams than its words
        n_columns *= 2
    return Room(
        np.empty(n_letters, np.uint8),
        np.empty(n_letters, np.uint32),
        np.empty((n_texts, N_PLACES), np.int64),
        np.empty(n_chunks, np.uint64),
        np.empty(n_chunks, np.uint64),
        np.empty(n_chunks, np.uint64),
        np.empty(n_chunks, np.uint64),
        np.empty(n_chunks, np.uint64),
        np.empty(2 * n_words + BOUNDS_AT_ONCE, np.uint64),
        np.empty(n_words, np.uint64),
        np.empty(longest + _MORE_LETTERS, np.int64),
        np.empty(n_columns, np.uint32),
        np.empty(MAX_PARTS * n_texts, np.int64),
        np.empty(MAX_PARTS * n_texts, np.int64),
        np.empty(n_texts, np.int64),
        np.empty((MAX_RANGES, 4), np.int64),
        np.empty(text_words, np.uint8),
        np.empty(text_words, np.uint64),
        np.empty(text_words + 1, np.int64),
    )
