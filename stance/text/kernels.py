"""Kernels: what compiled loops make of the hashed n-grams of texts: a matrix, counts, scores, weights learned.

They do what `stance.text.hashing` and scikit-learn do; tests compare the two. Imported where they are used: numba
takes a second.
"""

from __future__ import annotations

import numpy as np

from stance.text.descent import TINY
from stance.text.hash_kernels import compiled
from stance.text.part_kernels import find_parts, make_room
from stance.text.reading_kernels import ONE, ZERO
from stance.text.vector_kernels import grow_and_step_back, step_back, sum_rows, sum_scaled_rows

TWO, THREE, FOUR = np.uint64(2), np.uint64(3), np.uint64(4)


@compiled
def hash_texts(texts, what, importance, start, rows, columns, values, states):
    """Write the matrix of some texts from `start` on: `columns` and `values` by row, `rows` their ends.

    `importance` is the weight of each used column. Returns the text to go on with: the first of a block that has no
    room left.
    """
    room = make_room(texts, what)
    found, kinds, ends, text_parts = room.columns, room.kinds, room.part_ends, room.text_parts
    part_weights, block, written = what.part_weights, start, rows[start]
    while block < len(texts.ends) - 1:
        n_texts = find_parts(texts, what, block, room, states)
        n_parts = text_parts[n_texts - 1]
        if written + (ends[n_parts - 1] if n_parts else 0) > len(columns):
            break
        part = first = 0
        for text in range(n_texts):
            while part < text_parts[text]:
                last = ends[part]
                length = np.float32(0)
                for i in range(first, last):
                    length += importance[found[i]] ** 2
                scale = part_weights[kinds[part]] / np.sqrt(length) if length > 0 else np.float32(0)
                for i in range(first, last):
                    columns[written + i] = found[i]
                    values[written + i] = scale * importance[found[i]]
                first = last
                part += 1
            rows[block + text + 1] = written + first
        written += first
        block += n_texts
    return block


@compiled
def count_texts(texts, what, counts, states):
    """Add to `counts`, shape (n_columns, 2), in how many texts each column stands.

    Beside the number stands one more than the last row that had it, 0 beforehand.
    """
    room = make_room(texts, what)
    columns, ends, text_parts = room.columns, room.part_ends, room.text_parts
    block = np.int64(0)  # a literal would have the next loop compiled twice
    while block < len(texts.ends) - 1:
        n_texts = find_parts(texts, what, block, room, states)
        first = 0
        for text in range(n_texts):
            stop = ends[text_parts[text] - 1] if text_parts[text] else 0
            for i in range(first, stop):
                column = columns[i]
                if counts[column, 1] <= block + text:
                    counts[column, 1] = block + text + 1
                    counts[column, 0] += 1
            first = stop
        block += n_texts


@compiled
def score_texts(texts, what, weights, intercept, scores, states):
    """Write the scores of some texts, shape (n_texts, n_classes); `states` says how reading went.

    A row of `weights` holds a used column's weight for each class, zeros up to a multiple of four, and last the square
    of the column's importance, by which a part is brought to length 1. `intercept` is added to each text's scores.
    """
    room = make_room(texts, what)
    columns, kinds, ends, text_parts = room.columns, room.kinds, room.part_ends, room.text_parts
    part_weights, flat, n_weights, n_classes = what.part_weights, weights.reshape(-1), weights.shape[1], scores.shape[1]
    sums = np.zeros(n_weights, np.float32)
    block = np.int64(0)
    while block < len(texts.ends) - 1:
        n_texts = find_parts(texts, what, block, room, states)
        part = first = 0
        for text in range(n_texts):
            sums[:] = 0
            while part < text_parts[text]:
                last = ends[part]
                scale = np.float32(0)
                for four in range(n_weights - 4, -1, -4):
                    a, b, c, d = sum_rows(flat, columns, first, last, n_weights, four)
                    if four == n_weights - 4 and d > 0:
                        scale = part_weights[kinds[part]] / np.sqrt(d)
                    sums[four] += scale * a
                    sums[four + 1] += scale * b
                    sums[four + 2] += scale * c
                    sums[four + 3] += scale * d
                first = last
                part += 1
            for code in range(n_classes):
                scores[block + text, code] = sums[code] + intercept[code]
        block += n_texts


@compiled
def find_highest(scores, highest):
    """Write which class has the highest score of each text, the first of several."""
    for text in range(len(scores)):
        best, top = 0, scores[text, 0]
        for code in range(1, scores.shape[1]):
            score = scores[text, code]
            best = code if score > top else best  # a choice of two numbers is no branch
            top = max(score, top)
        highest[text] = best


@compiled
def learn_rows(ends, columns, values, order, codes, sentence_weights, rate, weights, intercept):
    """Learn from rows of a matrix in an order, one after the other, as `stance.text.descent.learn_rows`.

    A row of `weights` is a multiple of four long. Places are unsigned: none is looked at for being negative.
    """
    flat, n_weights, n_classes = weights.reshape(-1), np.uint64(weights.shape[1]), intercept.shape[0] - 1
    shares, last_four = np.zeros(n_weights, np.float32), n_weights - FOUR
    for row in order:
        first, last = np.uint64(ends[row]), np.uint64(ends[row + 1])
        for four in range(ZERO, n_weights, FOUR):
            a, b, c, d = sum_scaled_rows(flat, columns, values, first, last, n_weights, four)
            shares[four], shares[four + ONE], shares[four + TWO], shares[four + THREE] = a, b, c, d
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
            start, value = np.uint64(columns[i]) * n_weights, values[i]
            at = start + last_four
            step = grow_and_step_back(flat, at, square * value * value, rate * value, shares, last_four)
            for four in range(ZERO, last_four, FOUR):  # beyond the classes, shares are 0
                step_back(flat, start + four, step, shares, four)
