"""Kernels: the compiled loops over the bytes of texts. Words, n-grams, hashes and scores in one pass.

They do what `stance.text.hashing` does in plain Python; a test compares the two. Nothing is read outside of the
arrays, whatever the bytes are: what is no UTF-8 parts words. Imported where they are used: numba takes a second.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from stance.text import hashing
from stance.text.characters import RARE, fold_table
from stance.text.hash_kernels import compiled
from stance.text.segments import HOLDER, TARGET

_inlined = numba.njit(nogil=True, error_model="numpy", inline="always")

LETTER_FACTOR = np.uint64(hashing.LETTER_FACTOR)
WORD_FACTOR = np.uint64(hashing.WORD_FACTOR)
LEFT, RIGHT, EIGHT = np.uint64(hashing.ROTATION), np.uint64(64 - hashing.ROTATION), np.uint64(8)
ZERO, ONE, SIX, SIXTY_THREE = np.uint64(0), np.uint64(1), np.uint64(6), np.uint64(63)
HOLDER_HASH, TARGET_HASH = (np.uint64(hashing.hash_word(role)) for role in (HOLDER, TARGET))
SALTS = np.array([hashing.salt(part) for part in hashing.PARTS], np.uint64)
PARTS = {part: index for index, part in enumerate(hashing.PARTS)}
SENTENCE, CLAUSE = PARTS["sentence"], PARTS["clause"]
LEFT_OF, RIGHT_OF = PARTS["left_of_holder"], PARTS["right_of_holder"]
FORWARD, BACKWARD = PARTS["forward"], PARTS["backward"]
NEAR, NAMES, CHARACTERS = PARTS["near_holder"], PARTS["holder_names"], PARTS["characters"]
WINDOW, WORD_NGRAMS, WINDOW_NGRAMS = hashing.WINDOW_TOKENS, hashing.WORD_NGRAMS, hashing.WINDOW_NGRAMS
MAX_PARTS = len(PARTS)
_CLAUSE_WORDS = np.array([hashing.hash_word(word) for word in hashing.CLAUSE_WORDS], np.uint64)
# Sorted into a table by the first bits of the hash: one look tells.
_CLAUSE_BITS = 10
_CLAUSE_SHIFT = np.uint64(64 - _CLAUSE_BITS)
CLAUSE_TABLE = np.zeros(1 << _CLAUSE_BITS, np.uint64)
CLAUSE_TABLE[_CLAUSE_WORDS >> _CLAUSE_SHIFT] = _CLAUSE_WORDS
if np.count_nonzero(CLAUSE_TABLE) != len(_CLAUSE_WORDS):  # pragma: no cover - a fact of the words above
    raise AssertionError("two clause words share a place in the table")
_RARE = np.uint64(RARE)
_MARK = np.zeros(0x2020, np.bool_)
_MARK[[ord(mark) for mark in hashing.MARKS]] = True
APOSTROPHE, TYPOGRAPHIC = 0x27, 0x2019
NO_SPAN = -1
BLANK = 0x20
_ROLE_LETTERS = np.array([[*map(ord, f" {role} "), 0] for role in (HOLDER, TARGET)], np.uint32)
# What reading a text may come to.
OK, RARE_LETTER, BAD_SPAN = 0, 1, 2
# A gradient below it teaches nothing, and its square would be lost.
TINY = np.float32(1e-12)
# Texts are read block by block, so that what was found of one is still in the processor's cache when it is used.
BLOCK_TEXTS, BLOCK_BYTES = 256, 1 << 16
# In a table of classes: a byte that wants a closer look.
SPECIAL = np.uint64(0xFF)


class Bytes(NamedTuple):
    """Texts as the loops read them.

    Attributes
    ----------
    data : numpy.ndarray of uint8
    ends : numpy.ndarray of int64, shape (n_texts + 1,)
        Text i is ``data[ends[i]:ends[i + 1]]``.
    spans : numpy.ndarray of int32, shape (n_texts or 1, 4)
        Code-point offsets of holder and target, -1 for none.
    folds : numpy.ndarray of uint32
        A table of `stance.text.characters`.
    """

    data: NDArray[np.uint8]
    ends: NDArray[np.int64]
    spans: NDArray[np.int32]
    folds: NDArray[np.uint32]


class Hashed(NamedTuple):
    """What of the texts is hashed, and how.

    Attributes
    ----------
    classes : numpy.ndarray of uint8, shape (256,)
        As `make_classes` makes it.
    shift : numpy.uint64
        64 less the bits of a column's number.
    used : numpy.ndarray of uint64
        A bit for each column that counts; empty where all do.
    before : numpy.ndarray of uint32
        How many bits are set before each number of `used`.
    segments, names : bool
        Whether the parts around the mentions, and the mentions' own words, are hashed.
    shortest, longest : int
        N-grams of characters; 0 for none.
    part_weights : numpy.ndarray of float32, shape (n_parts,)
    """

    classes: NDArray[np.uint8]
    shift: np.uint64
    used: NDArray[np.uint64]
    before: NDArray[np.uint32]
    segments: bool
    names: bool
    shortest: int
    longest: int
    part_weights: NDArray[np.float32]


class Room(NamedTuple):
    """Arrays that the loops write to: what was read of one text, and the columns and parts of a block of them."""

    words: NDArray[np.uint64]
    marks: NDArray[np.int64]
    names: NDArray[np.uint64]
    name_roles: NDArray[np.uint8]
    letters: NDArray[np.uint32]
    found: NDArray[np.int64]
    columns: NDArray[np.uint32]
    kinds: NDArray[np.int64]
    part_ends: NDArray[np.int64]
    text_parts: NDArray[np.int64]


def make_classes(segments: bool, with_letters: bool) -> NDArray[np.uint8]:
    """Return what each byte is, shape (256,): its small letter, 0 where it parts words, or `SPECIAL`."""
    classes = np.full(256, int(SPECIAL), np.uint8)
    if not with_letters:
        table = fold_table()[:128]
        classes[:128] = table
        classes[APOSTROPHE] = int(SPECIAL)
        if segments:
            classes[[ord(mark) for mark in hashing.MARKS if mark.isascii()]] = int(SPECIAL)
    return classes


@compiled
def _step(word, code):
    return word + (word << EIGHT) + np.uint64(code)


@compiled
def _join(ngram, word):
    return (((ngram << LEFT) | (ngram >> RIGHT)) ^ word) * WORD_FACTOR


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


@_inlined
def _read_words(data, start, stop, spans, folds, classes, with_letters, room):
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
            word = _step(word, folded)
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


@_inlined
def _find_columns(room, what, n, parts):
    """Append the columns of a text's n-grams to those of its block, part by part; return how many of both there are.

    Part i has its number among `PARTS` in ``kinds[i]``, and ends at ``part_ends[i]`` in `columns`. A column counts if
    its bit in `used` is set, and is numbered among those.
    """
    words, marks, names, name_roles, letters, found = room[0], room[1], room[2], room[3], room[4], room[5]
    columns, kinds, ends = room[6], room[7], room[8]
    shift, used, before = what.shift, what.used, what.before
    n_words, n_marks, n_names, n_letters = found[0], found[1], found[2], found[3]
    holder_place, target_place = found[4], found[5]
    n = _add_ngrams(words, 0, n_words, WORD_NGRAMS, SENTENCE, shift, used, before, columns, n)
    kinds[parts], ends[parts] = SENTENCE, n
    parts += 1
    if what.segments and (holder_place >= 0 or target_place >= 0):
        target_first = holder_place < 0 or 0 <= target_place < holder_place
        target_last = holder_place < 0 or target_place > holder_place
        first = target_place if target_first else holder_place
        last = target_place if target_last else holder_place
        n = _add_ngrams(words, 0, first + 1, WORD_NGRAMS, LEFT_OF + target_first, shift, used, before, columns, n)
        kinds[parts], ends[parts] = LEFT_OF + target_first, n
        n = _add_ngrams(words, last, n_words, WORD_NGRAMS, RIGHT_OF + target_last, shift, used, before, columns, n)
        kinds[parts + 1], ends[parts + 1] = RIGHT_OF + target_last, n
        parts += 2
        if first < last:
            kind = BACKWARD if target_first else FORWARD
            n = _add_ngrams(words, first, last + 1, WORD_NGRAMS, kind, shift, used, before, columns, n)
            kinds[parts], ends[parts] = kind, n
            parts += 1
        for role in range(2):
            place = target_place if role else holder_place
            if place >= 0:
                nearest, farthest = max(0, place - WINDOW), min(n_words, place + WINDOW + 1)
                n = _add_ngrams(words, nearest, farthest, WINDOW_NGRAMS, NEAR + role, shift, used, before, columns, n)
                kinds[parts], ends[parts] = NEAR + role, n
                parts += 1
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
        n = _add_ngrams(words, clause_first, clause_last, WORD_NGRAMS, CLAUSE, shift, used, before, columns, n)
        kinds[parts], ends[parts] = CLAUSE, n
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
                ngram = _step(ngram, letters[j])
                if j - i + 1 >= what.shortest:
                    n = _add((ngram * LETTER_FACTOR) ^ SALTS[CHARACTERS], shift, used, before, columns, n)
        if n > already:
            kinds[parts], ends[parts] = CHARACTERS, n
            parts += 1
    return n, parts


@compiled
def _make_room(texts, what):
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
    )


@compiled
def _find_parts(texts, what, order, first, room, states):
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
        states[row] = _read_words(texts.data, start, stop, spans, texts.folds, what.classes, what.longest > 0, room)
        if states[row] == OK:
            n, parts = _find_columns(room, what, n, parts)
        room.text_parts[i] = parts
    return n_texts


@compiled
def hash_texts(texts, what, importance, start, rows, columns, values, states):
    """Write the matrix of some texts from `start` on: `columns` and `values` by row, `rows` their ends.

    `importance` is the weight of each used column. Returns the text to go on with: the first of a block that has no
    room left.
    """
    room = _make_room(texts, what)
    order = np.arange(len(texts.ends) - 1)
    block, written = start, rows[start]
    while block < len(order):
        n_texts = _find_parts(texts, what, order, block, room, states)
        n_parts = room.text_parts[n_texts - 1]
        if written + (room.part_ends[n_parts - 1] if n_parts else 0) > len(columns):
            break
        part = first = 0
        for text in range(n_texts):
            while part < room.text_parts[text]:
                last = room.part_ends[part]
                length = np.float32(0)
                for i in range(first, last):
                    length += importance[room.columns[i]] ** 2
                scale = what.part_weights[room.kinds[part]] / np.sqrt(length) if length > 0 else np.float32(0)
                for i in range(first, last):
                    columns[written + i] = room.columns[i]
                    values[written + i] = scale * importance[room.columns[i]]
                first = last
                part += 1
            rows[block + text + 1] = written + first
        written += first
        block += n_texts
    return block


@compiled
def count_texts(texts, what, counts, last, states):
    """Add to `counts` in how many texts each column stands; `last` is the last row that had it, -1 beforehand."""
    room = _make_room(texts, what)
    order = np.arange(len(texts.ends) - 1)
    block = 0
    while block < len(order):
        n_texts = _find_parts(texts, what, order, block, room, states)
        first = 0
        for text in range(n_texts):
            stop = room.part_ends[room.text_parts[text] - 1] if room.text_parts[text] else 0
            for i in range(first, stop):
                column = room.columns[i]
                if last[column] != block + text:
                    last[column] = block + text
                    counts[column] += 1
            first = stop
        block += n_texts


@_inlined
def _sum_rows(weights, columns, first, last, block):
    """Return the sums of four neighbouring weights over some columns."""
    a = b = c = d = np.float32(0)
    for i in range(first, last):
        column = columns[i]
        a += weights[column, block]
        b += weights[column, block + 1]
        c += weights[column, block + 2]
        d += weights[column, block + 3]
    return a, b, c, d


@compiled
def score_texts(texts, what, weights, scores, states):
    """Write the scores of some texts, shape (n_texts, n_classes); `states` says how reading went.

    A row of `weights` holds a used column's weight for each class, zeros up to a multiple of four, and last the square
    of the column's importance, by which a part is brought to length 1.
    """
    room = _make_room(texts, what)
    order = np.arange(len(texts.ends) - 1)
    n_weights, n_classes = weights.shape[1], scores.shape[1]
    sums = np.zeros(n_weights, np.float32)
    block = 0
    while block < len(order):
        n_texts = _find_parts(texts, what, order, block, room, states)
        part = first = 0
        for text in range(n_texts):
            sums[:] = 0
            while part < room.text_parts[text]:
                last = room.part_ends[part]
                scale = np.float32(0)
                for four in range(n_weights - 4, -1, -4):
                    a, b, c, d = _sum_rows(weights, room.columns, first, last, four)
                    if four == n_weights - 4 and d > 0:
                        scale = what.part_weights[room.kinds[part]] / np.sqrt(d)
                    sums[four] += scale * a
                    sums[four + 1] += scale * b
                    sums[four + 2] += scale * c
                    sums[four + 3] += scale * d
                first = last
                part += 1
            scores[block + text] = sums[:n_classes]
        block += n_texts


@compiled
def learn_rows(ends, columns, values, order, codes, sentence_weights, rate, weights, intercept):
    """Learn from rows of a matrix in an order, one after the other: AdaGrad on the logistic loss of all classes.

    A row of `weights` holds a column's weight for each class, zeros up to a multiple of four, and last the sum of its
    squared gradients; so does `intercept`.
    """
    n_weights, n_classes = weights.shape[1], intercept.shape[0] - 1
    shares = np.zeros(n_weights, np.float32)
    for row in order:
        first, last = ends[row], ends[row + 1]
        for four in range(0, n_weights, 4):
            a = b = c = d = np.float32(0)
            for i in range(first, last):
                column, value = columns[i], values[i]
                a += value * weights[column, four]
                b += value * weights[column, four + 1]
                c += value * weights[column, four + 2]
                d += value * weights[column, four + 3]
            shares[four], shares[four + 1], shares[four + 2], shares[four + 3] = a, b, c, d
        highest = shares[0] + intercept[0]
        for label in range(n_classes):
            shares[label] += intercept[label]
            highest = max(highest, shares[label])
        total = np.float32(0)
        for label in range(n_classes):
            shares[label] = np.exp(shares[label] - highest)
            total += shares[label]
        shares[n_classes:] = 0
        square = np.float32(0)
        for label in range(n_classes):
            error = shares[label] / total - np.float32(codes[row] == label)
            shares[label] = sentence_weights[row] * error
            square += shares[label] * shares[label]
        if square < TINY:
            continue
        intercept[n_classes] += square
        for label in range(n_classes):
            intercept[label] -= rate / np.sqrt(intercept[n_classes]) * shares[label]
        for i in range(first, last):
            column, value = columns[i], values[i]
            weights[column, n_weights - 1] += square * value * value
            step = rate * value / np.sqrt(weights[column, n_weights - 1])
            for four in range(0, n_weights, 4):  # beyond the classes, shares are 0
                weights[column, four] -= step * shares[four]
                weights[column, four + 1] -= step * shares[four + 1]
                weights[column, four + 2] -= step * shares[four + 2]
                weights[column, four + 3] -= step * shares[four + 3]
