"""Tables of characters against Python's own folding."""

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stance.text.characters import PARTS_WORDS, RARE, TABLE_SIZE, fold_table, fold_text, folded_table


def in_word(letter):
    return re.fullmatch(r"\w", letter) is not None


def test_every_settled_code_point_folds_as_python_folds_it():
    table = fold_table()
    for code in np.flatnonzero(table != RARE):
        folded = fold_text(chr(code))
        assert table[code] == (ord(folded) if in_word(folded) else PARTS_WORDS), hex(code)


@given(st.text())
def test_a_text_without_rare_letters_is_folded_letter_by_letter(text):
    table = fold_table()
    codes = [ord(letter) for letter in text]
    if all(code < TABLE_SIZE and table[code] != RARE for code in codes):
        folded = fold_text(text)
        assert [table[code] for code in codes] == [ord(letter) if in_word(letter) else 0 for letter in folded]


def test_letters_that_neighbours_change_are_rare():
    table = fold_table()
    assert [table[ord(letter)] for letter in "Σİ\u212b\u0301\u1161"] == [RARE] * 5  # the third is the ångström sign


def test_common_marks_and_pictures_are_not_rare():
    table = fold_table()
    assert all(table[ord(mark)] == PARTS_WORDS for mark in "“”‘’—–…€£•\u200b\u200d\ufe0f😀🚀🇮")


@given(st.text())
def test_folded_texts_need_no_folding(text):
    table = folded_table()
    for letter in fold_text(text):
        assert table[ord(letter)] == (ord(letter) if in_word(letter) else PARTS_WORDS)
