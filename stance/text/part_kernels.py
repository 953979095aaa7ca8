"""Part kernels: the compiled loops from the words of texts to the columns of their n-grams, part by part."""

from __future__ import annotations

import numpy as np
from numba.core import types
from numba.extending import intrinsic

from stance.text import hashing
from stance.text.hash_kernels import compiled
from stance.text.kernel_arrays import Room
from stance.text.reading_kernels import LETTER_FACTOR, OK, ONE, ZERO, add_letter, inlined, read_words
from stance.text.segments import CLAUSE_WORDS, WINDOW_TOKENS

WORD_FACTOR = np.uint64(hashing.WORD_FACTOR)
LEFT, RIGHT = np.uint64(hashing.ROTATION), np.uint64(64 - hashing.ROTATION)
SIX, SIXTY_THREE = np.uint64(6), np.uint64(63)
SALTS = np.array([hashing.salt(part) for part in hashing.PARTS], np.uint64)
PARTS = {part: index for index, part in enumerate(hashing.PARTS)}
SENTENCE, CLAUSE = PARTS["sentence"], PARTS["clause"]
LEFT_OF, RIGHT_OF = PARTS["left_of_holder"], PARTS["right_of_holder"]
FORWARD, BACKWARD = PARTS["forward"], PARTS["backward"]
NEAR, NAMES, CHARACTERS = PARTS["near_holder"], PARTS["holder_names"], PARTS["characters"]
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
# Texts are read block by block, so that what was found of one is still in the processor's cache when it is used.
BLOCK_TEXTS, BLOCK_BYTES = 256, 1 << 16


@compiled
def _join(ngram, word):
    return (((ngram << LEFT) | (ngram >> RIGHT)) ^ word) * WORD_FACTOR


@intrinsic
def _count_bits(context, number):
    """Return how many bits of a number are set, in one instruction."""

    def generate(context, builder, signature, arguments):
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


@compiled
def _add(salted, shift, used, before, columns, n):
    """Append the place of a column among the used ones, if it is one; no branch depends on which it is."""
    column = (salted * WORD_FACTOR) >> shift
    if not len(used):
        columns[n] = column
        return n + 1
    word, bit = used[column >> SIX], column & SIXTY_THREE
    columns[n] = before[column >> SIX] + _count_bits(word & ((ONE << bit) - ONE))
    return n + np.int64((word >> bit) & ONE)


@compiled
def _add_ngrams(words, first, last, longest, part, shift, used, before, columns, n):
    """Append the columns of the n-grams of some words; return how many columns there are."""
    salt = SALTS[part]
    for i in range(first, last):
        ngram = words[i]
        n = _add(ngram ^ salt, shift, used, before, columns, n)
        for j in range(i + 1, min(i + longest, last)):
            ngram = _join(ngram, words[j])
            n = _add(ngram ^ salt, shift, used, before, columns, n)
    return n


@inlined
def _find_ranges(room, what):
    """Write the parts of a text to ``room.ranges``: number, first word, the one after the last, longest n-gram.

    Returns how many there are.
    """
    words, marks, found, ranges = room.words, room.marks, room.found, room.ranges
    n_words, n_marks, holder_place, target_place = found[0], found[1], found[4], found[5]
    ranges[0, 0], ranges[0, 1], ranges[0, 2], ranges[0, 3] = SENTENCE, 0, n_words, WORD_NGRAMS
    n = 1
    if what.segments and (holder_place >= 0 or target_place >= 0):
        target_first = holder_place < 0 or 0 <= target_place < holder_place
        target_last = holder_place < 0 or target_place > holder_place
        first = target_place if target_first else holder_place
        last = target_place if target_last else holder_place
        ranges[1, 0], ranges[1, 1], ranges[1, 2], ranges[1, 3] = LEFT_OF + target_first, 0, first + 1, WORD_NGRAMS
        ranges[2, 0], ranges[2, 1], ranges[2, 2], ranges[2, 3] = RIGHT_OF + target_last, last, n_words, WORD_NGRAMS
        n = 3
        if first < last:
            ranges[n, 0] = BACKWARD if target_first else FORWARD
            ranges[n, 1], ranges[n, 2], ranges[n, 3] = first, last + 1, WORD_NGRAMS
            n += 1
        for role in range(2):
            place = target_place if role else holder_place
            if place >= 0:
                ranges[n, 0], ranges[n, 1] = NEAR + role, max(0, place - WINDOW)
                ranges[n, 2], ranges[n, 3] = min(n_words, place + WINDOW + 1), WINDOW_NGRAMS
                n += 1
        focus = target_place if target_place >= 0 else first
        clause_first, clause_last = 0, n_words
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
        ranges[n, 0], ranges[n, 1], ranges[n, 2], ranges[n, 3] = CLAUSE, clause_first, clause_last, WORD_NGRAMS
        n += 1
    return n


@inlined
def _read_gist(room, what):
    """Write the hashes of what the words of a text say to ``room.said``, and how many stand before each word."""
    words, marks, said, said_before = room.words, room.marks, room.said, room.said_before
    listed, meanings, last_slot = what.gist.words, what.gist.meanings, what.gist.last_slot
    hashes, reaches = what.gist.hashes, what.gist.reaches
    n_words, n_marks = room.found[0], room.found[1]
    n = mark = negated = np.uint64(0)
    for i in range(n_words):
        said_before[i] = n
        while mark < n_marks and marks[mark] <= i:
            negated = ZERO
            mark += ONE
        slot = words[i] >> what.gist.shift
        while listed[slot] != words[i] and listed[slot] != ZERO:
            slot = (slot + ONE) & last_slot
        meaning = np.uint64(meanings[slot])
        said[n] = hashes[meaning, negated]  # no branch depends on whether it says anything
        n += np.uint64(meaning != ZERO)
        negated = np.uint64(reaches[meaning, negated])
    said_before[n_words] = n


@inlined
def _find_columns(room, what, n, parts):
    """Append the columns of a text's n-grams to those of its block, part by part; return how many of both there are.

    Part i has its number among `PARTS` in ``kinds[i]``, and ends at ``part_ends[i]`` in `columns`. A column counts if
    its bit in `used` is set, and is numbered among those.
    """
    words, names, name_roles, letters, found = room.words, room.names, room.name_roles, room.letters, room.found
    columns, kinds, ends, ranges = room.columns, room.kinds, room.part_ends, room.ranges
    said, said_before = room.said, room.said_before
    shift, used, before = what.shift, what.used, what.before
    n_names, n_letters = found[2], found[3]
    with_gist = len(what.gist.words) > 0
    if with_gist:
        _read_gist(room, what)
    for i in range(_find_ranges(room, what)):
        part, first, last, longest = ranges[i, 0], ranges[i, 1], ranges[i, 2], ranges[i, 3]
        n = _add_ngrams(words, first, last, longest, part, shift, used, before, columns, n)
        kinds[parts], ends[parts] = part, n
        parts += 1
        if with_gist:
            first, last = said_before[first], said_before[last]
            n = _add_ngrams(said, first, last, GIST_NGRAMS, GISTS + part, shift, used, before, columns, n)
            kinds[parts], ends[parts] = GISTS + part, n
            parts += 1
    if what.names:
        for role in range(2):
            already = n
            for i in range(n_names):
                if name_roles[i] == role:
                    n = _add(names[i] ^ SALTS[NAMES + role], shift, used, before, columns, n)
            if n > already:
                kinds[parts], ends[parts] = NAMES + role, n
                parts += 1
    if n_letters:
        already = n
        for i in range(n_letters):
            ngram = np.uint64(0)
            for j in range(i, min(i + what.longest, n_letters)):
                if letters[j] == 0:
                    break
                ngram = add_letter(ngram, letters[j])
                if j - i + 1 >= what.shortest:
                    n = _add((ngram * LETTER_FACTOR) ^ SALTS[CHARACTERS], shift, used, before, columns, n)
        if n > already:
            kinds[parts], ends[parts] = CHARACTERS, n
            parts += 1
    return n, parts


@compiled
def make_room(texts, what):
    """Return room enough for any text and any block of them, whatever they hold."""
    longest = 0
    for row in range(len(texts.ends) - 1):
        longest = max(longest, texts.ends[row + 1] - texts.ends[row])
    n_words = longest // 2 + 8
    n_letters = longest + 3 * n_words + 32 if what.longest else 0
    # Of a block: what its bytes can hold, and of each text what it has at least.
    n_bytes, n_texts = max(longest, BLOCK_BYTES), min(BLOCK_TEXTS, len(texts.ends))
    block_words = n_bytes // 2 + 8 * n_texts
    n_columns = 2 * block_words
    if what.longest:
        n_columns += (n_bytes + 3 * block_words + 32 * n_texts) * (what.longest - what.shortest + 1)
    if what.segments:
        n_columns += 4 * block_words + 80 * n_texts
    if what.names:
        n_columns += block_words
    if len(what.gist.words):  # a gist has no more n-grams than its words
        n_columns *= 2
    return Room(
        np.empty(n_words, np.uint64),
        np.empty(longest + 1, np.int64),
        np.empty(n_words, np.uint64),
        np.empty(n_words, np.uint8),
        np.empty(n_letters, np.uint32),
        np.empty(6, np.int64),
        np.empty(n_columns, np.uint32),
        np.empty(MAX_PARTS * n_texts, np.int64),
        np.empty(MAX_PARTS * n_texts, np.int64),
        np.empty(n_texts, np.int64),
        np.empty((MAX_RANGES, 4), np.int64),
        np.empty(n_words, np.uint64),
        np.empty(n_words + 1, np.int64),
    )


@compiled
def find_parts(texts, what, order, first, room, states):
    """Find the columns of a block of texts, those that stand in `order` from `first` on; return how many texts.

    The parts of the i-th of them end at ``room.text_parts[i]``; one that cannot be read has none, and `states` says
    why.
    """
    n = parts = n_bytes = 0
    n_texts = min(BLOCK_TEXTS, len(order) - first)
    for i in range(n_texts):
        row = order[first + i]
        start, stop = texts.ends[row], texts.ends[row + 1]
        n_bytes += stop - start
        if i and n_bytes > BLOCK_BYTES:
            return i
        spans = texts.spans[row if len(texts.spans) > 1 else 0]
        states[row] = read_words(texts.data, start, stop, spans, texts.folds, what.classes, what.longest > 0, room)
        if states[row] == OK:
            n, parts = _find_columns(room, what, n, parts)
        room.text_parts[i] = parts
    return n_texts
