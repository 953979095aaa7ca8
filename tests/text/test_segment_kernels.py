"""The compiled loops against the Python that they stand for: letters, segments, tokens, gist, polarity."""

import re
import unicodedata
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stance.text import hash_kernels, segment_kernels, sentence_kernels
from stance.text.characters import RARE, TABLE_SIZE
from stance.text.gist import MARKS, SIGNS, gist
from stance.text.hash_kernels import NOWHERE, compiled, find, hash_terms
from stance.text.polarity import NEGATIONS, load_valences
from stance.text.segment_kernels import FIRST_MARK, LETTER, N_SEGMENTS, SENTENCE, cut, find_ranges, mark
from stance.text.segment_tables import hash_words, join_codes, load_tables, make_index
from stance.text.segments import CLAUSE_MARKS, CLAUSE_WORDS, TOKEN, Segments, cut_segments, mark_mentions

# Compiled once, by one process.
pytestmark = pytest.mark.xdist_group("compiled")

SAID = "Iran don't that's It’s but ifs Who, praised not never good (bad) hated — – ? “no” ' ’a b' 's x'y'z 7 _"
WORDS = SAID.split()


def read(text, holder, target, stands_in=False):
    """Return the segments of a sentence as the loops cut it, each as its tokens, and the gists as numbers."""
    tables, codes = load_tables(), join_codes([text])[0]
    mentions = np.array([span or (NOWHERE, NOWHERE) for span in (holder, target)], np.int64)
    room = sentence_kernels.make_room(np.array([len(text)], np.int64))
    places, ranges = np.empty((2, 2), np.int64), np.empty((N_SEGMENTS, 2), np.int64)
    length = mark(codes, mentions, tables, room.marked, places)
    if length == NOWHERE:
        return None
    find_ranges(room.marked, length, places, stands_in, tables, ranges)
    letters = "".join(map(chr, room.marked.letters[:length]))
    segments, gists = [], []
    for segment in range(N_SEGMENTS):
        first, last, n_meanings = cut(segment, room.marked, ranges, places, tables, room.tokens)
        spans = zip(room.tokens.starts[first:last], room.tokens.ends[first:last], strict=True)
        segments.append([letters[start:end] for start, end in spans])
        assert np.array_equal(room.tokens.hashes[first:last], hash_words(segments[-1]))
        n_said = sentence_kernels.read_gist(room.tokens.meanings, first, n_meanings, tables, True, room.said)
        gists.append(tables.meaning_hashes[room.said[:n_said]].tolist())
    return letters, segments, gists


@st.composite
def sentences(draw):
    pieces = draw(st.lists(st.sampled_from(WORDS) | st.text(max_size=3), max_size=12))
    text = draw(st.sampled_from([" ", "", "  "])).join(pieces).replace("#", "")
    ends = st.integers(0, len(text))
    spans = [sorted([draw(ends), draw(ends)]) for _ in range(2)]
    spans = [tuple(span) if span[0] < span[1] and draw(st.booleans()) else None for span in spans]
    return text, *spans, draw(st.booleans())


@given(sentences())
@settings(max_examples=300, deadline=None)
@example(("ifIran's who'dTrumpbut", (2, 6), (13, 18), True))
@example(("Iran's that's Trump's, and", (14, 19), (0, 4), True))
def test_segments_are_cut_as_python_cuts_them(sentence):
    found = read(*sentence)
    if found is None:
        return
    letters, segments, gists = found
    parts = cut_segments(*sentence)
    assert letters == parts.sentence.lower()
    for name, words, said in zip(Segments._fields, segments, gists, strict=False):
        text = getattr(parts, name)
        assert words == TOKEN.findall(text.lower()), name
        assert said == hash_words(gist(text).split()).tolist(), name


def test_hashtags_are_spelled_out_before():
    sentence = "Tehran's #PeaceNow, Trump's #DealsForAll", (0, 6), (20, 25)
    marked, places = mark_mentions(*sentence)
    segments = read(marked, places["holderrole"], places["targetrole"])[1]
    parts = cut_segments(*sentence)
    assert segments == [TOKEN.findall(part.lower()) for part in parts[:N_SEGMENTS]]
    assert segments[SENTENCE][1:4] == ["peacenow", "peace", "now"]


# The tables.


def test_small_letters_and_kinds_are_those_of_python():
    tables = load_tables()
    for code in np.flatnonzero(tables.small != RARE):
        letter, small = chr(code), chr(tables.small[code])
        assert letter.lower() == small
        assert (tables.kinds[ord(small)] == LETTER) == (re.fullmatch(r"\w", letter) is not None), hex(code)
        assert (tables.kinds[ord(small)] == segment_kernels.BLANK) == letter.isspace() == small.isspace(), hex(code)
        assert unicodedata.normalize("NFC", letter) == letter or 0xD800 <= code < 0xE000


def test_no_other_letter_is_taken_for_one_of_a_clause_word():
    tables = load_tables()
    effects = {}
    for letter in set("".join(CLAUSE_WORDS)):
        like = re.compile(letter, re.I)
        forms = {chr(tables.small[code]) for code in range(TABLE_SIZE) if like.fullmatch(chr(code))} - {chr(RARE)}
        effects |= dict.fromkeys(forms, letter)
    assert {small: letter for small, letter in effects.items() if small != letter} == {"ı": "i", "ſ": "s"}
    words = [word.replace("i", "ı").replace("s", "ſ") for word in CLAUSE_WORDS]
    rows = [find(tables.words, key) for key in hash_words([*CLAUSE_WORDS, *words])]
    assert all(tables.effects[row] & segment_kernels.PARTS_CLAUSES for row in rows)


def test_the_marks_of_the_gist_part_clauses_and_its_signs_do_not():
    kinds = load_tables().kinds
    assert set(MARKS) == set(CLAUSE_MARKS)
    for signs, parts in ((MARKS, True), (SIGNS, False)):
        assert all((kinds[ord(sign)] < FIRST_MARK + segment_kernels.CLAUSE_MARKS) == parts for sign in signs)


def test_listed_words_say_the_same_with_either_apostrophe():
    tables = load_tables()
    for word in NEGATIONS:
        for form in (word, word.replace("'", "’")):
            assert tables.effects[find(tables.words, hash_words([form])[0])] & segment_kernels.NEGATES
    valences = {word: valence for word, valence in load_valences().items() if TOKEN.fullmatch(word)}
    rows = [find(tables.words, key) for key in hash_words(list(valences))]
    assert tables.valences[rows].tolist() == list(valences.values())


# Hashes.


def test_an_index_finds_what_it_holds_and_nothing_else():
    keys = np.random.default_rng(0).integers(1, 2**63, 5000).astype(np.uint64)
    keys[:5] = [1, 2, 3, 1 << 40, 2 << 40]  # neighbours, and some that want the same slot
    index = make_index(keys[:2500], np.arange(2500))
    assert [find(index, key) for key in keys] == [*range(2500), *[NOWHERE] * 2500]


def test_an_index_of_nothing_finds_nothing():
    assert find(make_index(np.empty(0, np.uint64), np.empty(0, np.int64)), np.uint64(7)) == NOWHERE


def test_the_same_hash_twice_makes_no_index():
    assert make_index(np.array([5, 6, 5], np.uint64), np.arange(3)) is None
    assert make_index(np.array([5, 0], np.uint64), np.arange(2)) is None


@given(st.lists(st.text(st.characters(exclude_characters=" "), min_size=1), min_size=1, max_size=4))
def test_an_ngram_of_words_is_hashed_word_by_word(words):
    salt = np.uint64(3)
    together = hash_terms(*join_codes([" ".join(words)]), salt, True)[0]
    state = salt
    for word in hash_words(words):
        state = np.uint64(hash_kernels.mix(state, word))
    assert together == state


def test_terms_of_a_block_and_of_another_differ():
    terms = [" ".join(pair) for pair in pairwise(["left", "right", "left", "clause", "left"])] + ["left", "right"]
    salts = hash_words(["left:", "right:"])
    hashes = [hash_terms(*join_codes(terms[1:]), salt, words) for salt in salts for words in (True, False)]
    assert len(np.unique(np.concatenate(hashes))) == 4 * len(set(terms[1:]))


def test_without_a_place_to_keep_it_a_loop_is_compiled_all_the_same(monkeypatch):
    njit, asked = hash_kernels.numba.njit, []

    def nowhere_to_keep(cache=False, **options):
        asked.append(cache)
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return njit(**options)

    monkeypatch.setattr(hash_kernels, "numba", SimpleNamespace(njit=nowhere_to_keep))
    assert compiled(lambda number: number + 1)(1) == 2
    assert asked == [True, False]


@pytest.mark.parametrize("span", [(0, 0), (3, 2), (0, 99), (-5, 2), (-3, -2)])
def test_a_span_outside_of_its_text_marks_nothing(span):
    assert read("Iran backs it.", span, None) is None


def test_a_sentence_without_mentions_has_no_parts():
    segments = read("Tehran, for once, praised it", None, None)[1]
    assert segments[SENTENCE] == ["tehran", "for", "once", "praised", "it"]
    assert segments[1:] == [[]] * (N_SEGMENTS - 1)
