"""Mentions in bulk: the compiled search finds what `Lexicon.find` finds, in every column that Arrow may hold."""

import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stance
from stance.core.errors import InputError, InputTypeError
from stance.core.paths import shipped
from stance.text import bulk_mentions
from stance.text.actors import load_actors
from stance.text.bulk_mentions import find_mentions, scan_texts
from stance.text.lexicon import Lexicon
from stance.text.mentions import ActorLexicon
from stance.text.targets import IssueLexicon, load_targets

# Compiled once, by one process.
pytestmark = pytest.mark.xdist_group("compiled")

ACTORS = ActorLexicon(load_actors())
ISSUES = IssueLexicon(load_targets())
# What the shipped names lack: letters whose small or capital form is another or two, names of one and two letters,
# names that begin or end with a mark, that share letters, that are addresses, that differ in their capitals only.
ODD = Lexicon(
    {
        "us": ["US", "US army", "U.S.", "us navy"],
        "tr": ["Erdoğan", "İzmir", "Türkiye", "ırmak", "IRMAK x"],
        "de": ["Gießen", "Giess", "ẞ"],
        "gr": ["ΟΔΟΣ", "Σ"],
        "x": ["X", "X (Twitter)", "#MAGA", ".NET", "C++", "at&t", "a@b", "Κ", "ſ", "ʼn", "Sa’ar", "in-law"],
        "ja": ["東京", "日本 Japan", "𐐀𐐁", "가나"],
        "h": ["https://a.example/X", "http", "www.a", "@a_b", "@ß"],
        "long": ["US Army Corps of (Engineers)", "US Army Corps"],
    },
    {"any": ["truce", "Truce Line", "us NAVY seal"]},
    ["White Truce", "truce, Idaho", "@excluded", "US army ant"],
)
LEXICONS = {"actors": ACTORS, "issues": ISSUES, "odd": ODD}
WORDS = sorted({word for lexicon in LEXICONS.values() for word in (*lexicon.entries, *lexicon.as_written)})
GLUE = [
    *" \n\t\u00a0\u2003\u2000\u3000\x1c\x85\0-‑–'’ʼ＇@#_.,(\u0301\u0307\u0345\u20d0\ufe0f\u200d🕊𐐀éſıİßẞςΣǅ\u212ax9",
    *["  ", "@@", "’s", "e\u0301", "http://", "https://", "http:// ", "www.", "www. ", "wwww.x"],
]
SPELLINGS = [str, str.upper, str.lower, str.title, str.swapcase, str.capitalize]


@st.composite
def mixed_texts(draw):
    pieces = []
    for _ in range(draw(st.integers(0, 8))):
        word = draw(st.sampled_from(SPELLINGS))(draw(st.sampled_from(WORDS)))
        if draw(st.integers(0, 3)) == 0:
            word = word[draw(st.integers(0, 3)) : draw(st.integers(1, len(word)))]
        pieces += [word, draw(st.sampled_from(GLUE)), draw(st.one_of(st.just(""), st.sampled_from(GLUE)))]
    return "".join(pieces)


TEXTS = st.one_of(
    mixed_texts(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.binary(max_size=40).map(lambda data: data.decode("utf-8", "ignore")),
)


@pytest.fixture
def compiled(monkeypatch):
    """Read even the smallest column with the compiled loops."""
    monkeypatch.setattr(bulk_mentions, "SMALL_BYTES", 0)


def expected(texts, lexicon):
    return [(i, m.name, m.start, m.end) for i, text in enumerate(texts) if text for m in lexicon.find(text)]


def rows(table):
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def assert_same(texts, lexicon):
    texts = pa.array(texts, pa.large_string())
    part = bulk_mentions._Part(0, texts)
    found = bulk_mentions._table([bulk_mentions._by_kernels(part, lexicon)], bulk_mentions.keys_of(lexicon))
    assert rows(found) == expected(texts.to_pylist(), lexicon)


@pytest.mark.parametrize("lexicon", LEXICONS.values(), ids=LEXICONS)
@settings(deadline=None, max_examples=400)
@given(texts=st.lists(TEXTS, max_size=6))
def test_texts_of_all_sorts_are_read_as_one_by_one(lexicon, texts):
    assert_same(texts, lexicon)


LETTERS = "aAbBiIkKsS1_ -–'’ʼ.,@#/é\u0301ıİßẞſςΣσ\u212aǅ東\u00a0𐐀"
NAMES = st.lists(st.text(LETTERS, min_size=1, max_size=7).filter(str.strip), max_size=4)


@settings(deadline=None, max_examples=300)
@given(names=st.tuples(NAMES, NAMES, NAMES, NAMES), texts=st.lists(st.text(LETTERS, max_size=30), max_size=4))
def test_any_lexicon_is_read_as_one_by_one(names, texts):
    try:
        lexicon = Lexicon({"x": names[0], "y": names[1]}, {"x": names[2]}, names[3])
    except InputError:  # two claim the same name
        return
    told = [spelling(name) for listed in names for name in listed for spelling in SPELLINGS]
    assert_same([*texts, *told, " ".join(told), ".".join(told)], lexicon)


@pytest.mark.parametrize("lexicon", LEXICONS.values(), ids=LEXICONS)
def test_each_name_is_found_in_each_spelling_beside_each_mark(lexicon):
    names = sorted({*lexicon.entries, *lexicon.as_written})[:: 1 if lexicon is ODD else 5]
    texts = [spelling(name) for name in names for spelling in SPELLINGS]
    beside = [text for mark in GLUE for name in names for text in (name + mark, mark + name, f"{mark}{name}{mark}x")]
    assert_same([*texts, *beside], lexicon)


@pytest.mark.parametrize("before", ["a", "a ", "é", "’ ", "東"])
def test_names_that_stand_across_two_blocks_are_found(before):
    from stance.text.mention_kernels import BLOCK_BYTES

    names = "Iran’s Tehran, @IDF and the White House; Trump"
    room = BLOCK_BYTES // len(before.encode()) * before
    assert_same([room[: len(room) - n] + tail + names for n in range(50) for tail in ("", " ", "x", "é", "’")], ACTORS)


def test_the_loops_decide_what_the_press_writes():
    texts = pa.array(["Trump’s team met the Kremlin’s – “Iran,” said @POTUS45 🕊 http://a.example", "Café Moscow"])
    found, undecided = scan_texts(texts.cast(pa.large_string()), ACTORS)
    assert (len(found), undecided.any()) == (5, False)


def test_a_text_that_the_loops_cannot_decide_is_left_to_python():
    found, undecided = scan_texts(pa.array(["US İzmir", "US"], pa.large_string()), ODD)
    assert (found[:, 0].tolist(), undecided.tolist()) == ([1], [True, False])


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())], ids=str
)
def test_a_column_may_be_of_any_make_and_a_slice_of_another(kind):
    texts = ["é Iran", None, "Trump card", "", "🕊 Moscow, Idaho; Putin", "Israel’s Iran", None]
    column = pa.array(texts).cast(kind) if not pa.types.is_dictionary(kind) else pa.array(texts).dictionary_encode()
    assert rows(find_mentions(column)) == expected(texts, ACTORS) != []
    assert rows(find_mentions(column.slice(2, 4))) == expected(texts[2:6], ACTORS)
    chunks = pa.chunked_array([column.slice(4), column.slice(0, 0), column.slice(1, 2)])
    assert rows(find_mentions(chunks)) == expected([*texts[4:], *texts[1:3]], ACTORS)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("column", [pa.array([], pa.string()), pa.chunked_array([], pa.string()), pa.nulls(3)])
def test_where_there_is_no_text_there_is_no_mention(column):
    found = find_mentions(column)
    assert found.num_rows == 0
    assert found.schema == find_mentions(pa.array(["Iran"])).schema


def test_the_table_says_what_its_columns_hold():
    schema = find_mentions(pa.array(["Iran"])).schema
    assert dict(zip(schema.names, schema.types, strict=True)) == {
        "row": pa.int64(),
        "name": pa.dictionary(pa.int32(), pa.string()),
        "start": pa.int64(),
        "end": pa.int64(),
    }


def test_a_null_may_stand_on_bytes():
    held = pa.array(["Iran", "Iran"])
    column = pa.Array.from_buffers(pa.string(), 2, [pa.py_buffer(b"\x02"), *held.buffers()[1:]])
    assert rows(find_mentions(column)) == [(1, "iran", 0, 4)]


@pytest.mark.usefixtures("compiled")
def test_more_mentions_than_there_is_room_for_are_found(monkeypatch):
    monkeypatch.setattr(bulk_mentions, "_MIN_ROOM", 1)
    texts = ["Iran " * 50, "", "Iran", "Putin Iran " * 30] * 3
    assert rows(find_mentions(pa.array(texts))) == expected(texts, ACTORS)


@pytest.mark.usefixtures("compiled")
def test_two_threads_find_what_one_finds(monkeypatch):
    texts = ["é" * (i % 5) + " US " + "I\u0307zmir, " * (i % 2) + "Türkiye" for i in range(5_000)]
    alone = find_mentions(pa.array(texts), ODD)
    monkeypatch.setattr(bulk_mentions, "_PART_BYTES", 9_000)
    assert find_mentions(pa.array(texts), ODD, n_jobs=2).equals(alone)
    assert find_mentions(pa.array(texts), ODD).equals(alone)
    assert rows(alone) == expected(texts, ODD)


def test_a_small_column_is_read_without_the_compiler(monkeypatch):
    monkeypatch.delitem(sys.modules, "stance.text.mention_kernels", raising=False)
    monkeypatch.setattr(bulk_mentions, "_by_kernels", None)
    assert find_mentions(pa.array(["Iran"])).num_rows == 1


@pytest.mark.parametrize("bad_row", [0, 3, 4])
def test_bytes_that_are_no_utf8_are_refused_with_their_row(bad_row):
    data = [b"Iran", b"\xc3\xa9", b"", b"Putin", b"x"]
    data[bad_row] = b"Ir\xc3"
    ends = np.cumsum([0, *map(len, data)]).astype(np.int32)
    column = pa.Array.from_buffers(pa.string(), 5, [None, pa.py_buffer(ends), pa.py_buffer(b"".join(data))])
    with pytest.raises(InputError, match=rf"texts: row {bad_row + 2}: is not valid UTF-8; re-encode the file"):
        find_mentions(pa.chunked_array([pa.array(["a", "b"]), column]))


@pytest.mark.parametrize(
    ("texts", "rule"),
    [(["Iran"], "a list, not an Arrow column"), (pa.array([b"x"]), "a column of binary"), (pa.array([1]), "int64")],
)
def test_only_a_column_of_strings_is_read(texts, rule):
    with pytest.raises(InputTypeError, match=rule):
        find_mentions(texts)


@pytest.mark.parametrize("n_jobs", [0, -1, True, 1.0, None])
def test_the_number_of_threads_is_a_whole_number_from_one_on(n_jobs):
    with pytest.raises(InputError, match=r"n_jobs is .*; a whole number from 1 on is wanted"):
        find_mentions(pa.array(["Iran"]), n_jobs=n_jobs)


@pytest.mark.parametrize("lexicon", LEXICONS.values(), ids=LEXICONS)
def test_our_own_corpus_is_read_alike(lexicon):
    assert_same(stance.load_corpus("four_actors").frame["text"].tolist(), lexicon)


@pytest.mark.public
@pytest.mark.parametrize(("name", "scheme"), [("newsmtsc", "sentiment"), ("pstance", "stance")])
def test_public_corpora_are_read_alike(name, scheme, public):
    texts = public(name, scheme).frame["text"].tolist()
    for lexicon in LEXICONS.values():
        assert_same(texts, lexicon)
    _, undecided = scan_texts(pa.array(texts, pa.large_string()), ACTORS)
    assert undecided.mean() < 0.001


def test_the_shipped_lexicons_hold_no_name_that_the_loops_cannot_decide():
    text = (shipped("corpora") / "actors.toml").read_text("utf-8").splitlines()
    for lexicon in (ACTORS, ISSUES):
        assert not scan_texts(pa.array([*text, *lexicon.entries], pa.large_string()), lexicon)[1].any()
