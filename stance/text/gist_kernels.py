"""Gist kernels: the compiled loops from the hashes of a text's words to the hashes of what they say.

They do what `stance.text.gist` does, but for the marks.
"""

from __future__ import annotations

import numpy as np

from stance.text.hash_kernels import compiled
from stance.text.reading_kernels import ONE, THREE, ZERO
from stance.text.vector_kernels import equal_eight, first_one

_SEVEN = np.uint64(7)


@compiled
def find_meanings(words, first_word, end_word, listed, meanings, factor, shift, found):
    """Write the number of what each word says, 0 of nothing; no branch depends on which it is."""
    for i in range(first_word, end_word):
        bucket = ((words[i] * factor) >> shift) << THREE
        equal = equal_eight(listed, bucket, words[i])
        meaning = np.uint64(meanings[bucket + (first_one(equal) & _SEVEN)])
        found[i - first_word] = meaning * np.uint64(equal != ZERO)


@compiled
def read_gist(found, first_word, end_word, marks, n_marks, hashes, reaches, steps, said, said_before):
    """Write the hashes of what the words of a text say, and how many stand before each word."""
    n = mark = negated = ZERO
    for i in range(first_word, end_word):
        said_before[i - first_word] = n
        while mark < n_marks and marks[mark] <= i:
            negated = ZERO
            mark += ONE
        meaning = np.uint64(found[i - first_word])
        said[n] = hashes[meaning * steps + negated]  # no branch depends on whether it says anything
        n += np.uint64(meaning != ZERO)
        negated = np.uint64(reaches[meaning * steps + negated])
    said_before[end_word - first_word] = n
