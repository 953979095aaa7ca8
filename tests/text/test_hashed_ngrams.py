"""Hashed n-grams: the compiled loops against plain Python, and against scikit-learn's own counting."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer

from stance.core.errors import InputError, InputTypeError
from stance.data.corpora import X_COLUMNS, load_corpus
from stance.text import compiled_ngrams, gist, hashed_ngrams
from stance.text.compiled_ngrams import CompiledNgrams
from stance.text.hashed_ngrams import HashedNgrams
from stance.text.hashing import PART_WEIGHTS, PARTS, hash_parts, hash_word, salt
from stance.text.marked import read_marked
from stance.text.segments import TOKEN

# Compiled once, by one process.
pytestmark = pytest.mark.xdist_group("compiled")

ALPHABET = st.sampled_from(
    [
        *"aAbBzZ019_ '’,;:—–()-.!?\n\t\0éÉßæøЖжΣσςİıǅﬃ한글\u0301\u1161\u200d😀𝒜中文#@",
        "but",
        " which ",
        " not ",
        " backs ",
        " crisis ",
    ]
)
TEXTS = st.one_of(st.text(ALPHABET.map(lambda s: s[0]), max_size=60), st.lists(ALPHABET).map("".join), st.text())
SETTINGS = st.fixed_dictionaries(
    {
        "mask_mentions": st.booleans(),
        "segments": st.booleans(),
        "char_ngrams": st.sampled_from([None, (1, 3), (3, 3)]),
        "gist": st.booleans(),
        "use_idf": st.booleans(),
    }
)


@st.composite
def sentences(draw):
    """Texts with spans that lie inside of them, some without."""
    rows = []
    for text in draw(st.lists(TEXTS, min_size=1, max_size=8)):
        row = {"text": text}
        for role in ("holder", "target"):
            start = end = None
            if text and draw(st.booleans()):
                start = draw(st.integers(0, len(text) - 1))
                end = draw(st.integers(start + 1, len(text)))
            row |= {f"{role}_start": start, f"{role}_end": end}
        rows.append(row)
    return pd.DataFrame(rows)


def both_ways(X, monkeypatch_from, **params):
    plain = HashedNgrams(n_bits=20, **params).fit(X)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashed_ngrams, "COMPILED_FROM", monkeypatch_from)
        compiled = clone(plain).fit(X)
        return plain, compiled.transform(X), compiled


def assert_same(one, other, within=1e-5):
    difference = abs(one - other)
    assert one.shape == other.shape
    assert difference.max() < within if difference.nnz else True


@settings(max_examples=100, deadline=None)
@given(sentences(), SETTINGS)
def test_the_compiled_loop_does_what_plain_python_does(X, params):
    plain, compiled, _ = both_ways(X, 0, **params)
    assert_same(plain.transform(X), compiled)


OVERLAPPING = pd.DataFrame(
    {"text": ["aaΣ"], "holder_start": [0], "holder_end": [2], "target_start": [0], "target_end": [1]}
)


@example(OVERLAPPING, {"mask_mentions": False, "segments": False}, 2)
@settings(max_examples=40, deadline=None)
@given(sentences(), SETTINGS, st.sampled_from([2, 3, 4, 5]))
def test_scores_are_those_of_the_matrix_and_of_plain_python_to_the_last_bit(X, params, n_classes):
    plain = HashedNgrams(n_bits=12, **params).fit(X)
    rng = np.random.default_rng(0)
    coef = rng.standard_normal((n_classes, 1 << 12)).astype(np.float32)
    intercept = rng.standard_normal(n_classes).astype(np.float32)
    compiled, marked = CompiledNgrams(plain), read_marked(X)
    scores = compiled.score(marked.parts, compiled.make_table(coef), intercept)
    np.testing.assert_allclose(scores, plain.transform(X) @ coef.T + intercept, atol=1e-4)
    slow = np.concatenate([plain.plain_scores(part, coef) for part in marked.parts]) + intercept
    np.testing.assert_array_equal(slow, scores)


PROBES = ["don't", "won’t 'quoted'", "''x'y'z'", "é–ß,", "Ünïcode’s", "longword" * 20, "ÀÀÀÀÀÀÀÀÀ", "中文 a", "end'"]


@pytest.mark.parametrize("unit", ["a ", "bc", "é", "x’"])
def test_it_does_not_matter_where_among_64_letters_a_word_stands(unit):
    """The loops look at 64 letters at once, and at eight of a word."""
    lengths = [*range(48, 68), *range(116, 130)]
    texts = [f"{(unit * 130)[:length]} {probe} tail" for length in lengths for probe in PROBES]
    spans = {"target_start": [len(text) - 4 for text in texts], "target_end": [len(text) for text in texts]}
    X = pd.DataFrame({"text": texts, "holder_start": 0, "holder_end": 1, **spans})
    for params in ({"gist": True, "mask_mentions": False}, {"char_ngrams": (1, 9)}):
        plain, compiled, _ = both_ways(X, 0, **params)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(hashed_ngrams, "COMPILED_FROM", 10**9)
            assert_same(plain.transform(X), compiled, within=1e-4)  # a word that repeats adds up roundings


@pytest.mark.parametrize("scheme", ["stance", "sentiment"])
def test_every_other_sentence_of_the_corpus_both_ways(scheme):
    X = load_corpus("four_actors", scheme=scheme).frame[list(X_COLUMNS)][::2]
    for params in ({}, {"mask_mentions": False, "char_ngrams": (2, 4)}, {"segments": False}, {"gist": True}):
        plain, compiled, _ = both_ways(X, 0, **params)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(hashed_ngrams, "COMPILED_FROM", 10**9)
            assert_same(plain.transform(X), compiled)


def test_counts_are_those_of_scikit_learn():
    texts = load_corpus("four_actors").frame["text"].str.replace("’", "'").tolist()
    counts = CountVectorizer(ngram_range=(1, 2), token_pattern=TOKEN.pattern).fit(texts)
    ours = HashedNgrams(n_bits=26, use_idf=False).fit_transform(texts)
    theirs = counts.transform(texts)
    # Values are 1.5 n / sqrt(N): the counts n come back where the row's N is known.
    N = np.asarray(theirs.sum(axis=1)).ravel()
    back = ours.multiply((np.sqrt(N) / 1.5)[:, None]).tocsr()
    np.testing.assert_allclose(np.asarray(back.sum(axis=1)).ravel(), N, rtol=1e-4)
    assert abs(ours.nnz - theirs.nnz) <= 20  # terms that share a column in one text


def test_words_of_a_corpus_have_hashes_of_their_own():
    texts = load_corpus("four_actors").frame["text"]
    counts = CountVectorizer(ngram_range=(1, 2), token_pattern=TOKEN.pattern).fit(texts)
    hashes = [part.hashes for term in counts.vocabulary_ for part in hash_parts(term)]
    single = {hash_word(term) for term in counts.vocabulary_ if " " not in term}
    assert len(single) == sum(" " not in term for term in counts.vocabulary_)
    longest = {tuple(part) for part in hashes}
    assert len(longest) == len(counts.vocabulary_)
    # Spread over the columns as chance would: of n balls in m boxes, m (1 - exp(-n / m)) boxes are filled.
    columns = {number >> 48 for part in hashes for number in part[:2]}
    n_ngrams = len({number for part in hashes for number in part[:2]})
    assert len(columns) == pytest.approx(65536 * (1 - np.exp(-n_ngrams / 65536)), rel=0.02)


def test_the_salts_of_parts_differ():
    assert len({salt(part) for part in PARTS}) == len(PARTS)


def test_a_part_around_a_mention_by_hand():
    parts = {p.name: p.hashes for p in hash_parts("Iran, they say, backs Oman but not Qatar", (0, 4), (22, 26))}
    clause = next(hash_parts("backs targetrole")).hashes
    assert len(parts["clause"]) == len(clause) == 3
    assert set(parts) == {
        "sentence",
        "left_of_holder",
        "right_of_target",
        "forward",
        "near_holder",
        "near_target",
        "clause",
    }


SAID = st.lists(st.sampled_from(["not", "never", "but", "backs", "condemned", "crisis", "he", "the", *",;(?!"]))


@given(SAID.map(" ".join))
@settings(deadline=None)
def test_the_gist_of_a_sentence_is_that_of_the_matrix_s_classifier_without_marks(text):
    marks = {*gist.MARKS.values(), *gist.SIGNS.values()}
    parts = {part.name: part.ngrams for part in hash_parts(text, gist=True)}
    assert parts.get("sentence_gist", []) == [word for word in gist.gist(text).split() if word not in marks]


def test_each_part_has_its_own_gist():
    text = "Iran did not back it, but Oman praised it"
    parts = {part.name: part.ngrams for part in hash_parts(text, (0, 4), (26, 30), gist=True)}
    assert parts["left_of_holder_gist"] == ["holderrole"]
    assert parts["forward_gist"] == ["holderrole", "not", "notfavor", "but", "targetrole"]
    assert parts["clause_gist"] == ["targetrole", "favor"]
    assert {name for name in parts if not name.endswith("_gist")} == {
        p.name for p in hash_parts(text, (0, 4), (26, 30))
    }


def test_overlapping_mentions_keep_the_target():
    names = [part.name for part in hash_parts("The Iran deal", (4, 8), (4, 13))]
    assert "near_target" in names
    assert "near_holder" not in names


@pytest.mark.parametrize("kind", ["string", "large_string", "string_view", "dictionary", "pandas", "list", "slice"])
def test_columns_of_any_kind_give_the_same(kind):
    texts = [f"Moscow’s envoy no. {i} objects — “again”" for i in range(3000)]
    arrow = {
        "string": lambda: pa.array(texts),
        "large_string": lambda: pa.chunked_array(
            [pa.array(texts[:7], pa.large_string()), pa.array(texts[7:], pa.large_string())]
        ),
        "string_view": lambda: pa.array(texts, pa.string_view()),
        "dictionary": lambda: pa.array(texts).dictionary_encode(),
        "pandas": lambda: pd.Series(texts, dtype="str", index=range(5, 3005)),
        "list": lambda: texts,
        "slice": lambda: pa.array(["x", *texts, "y"]).slice(1, 3000),
    }
    wanted = HashedNgrams(n_bits=16, use_idf=False).fit_transform(texts)
    assert_same(wanted, HashedNgrams(n_bits=16, use_idf=False).fit_transform(arrow[kind]()))


@pytest.mark.parametrize("n_texts", [3, 2000])
def test_bad_input_is_named(n_texts):
    ngrams = HashedNgrams(n_bits=10).fit(["a b"])
    texts = ["Iran objects."] * n_texts
    with pytest.raises(InputError, match=r"row 1 has no text"):
        ngrams.transform(pa.array([texts[0], None, *texts[2:]]))
    with pytest.raises(InputError, match=r"row 2: target span 9\.\.14 is not inside of a text of 13"):
        ngrams.transform(
            pd.DataFrame({"text": texts, "target_start": 9, "target_end": [13, 13, 14] + [13] * (n_texts - 3)})
        )
    ends = pa.py_buffer(np.arange(0, 2 * n_texts + 1, 2, dtype=np.int32))
    for bad in (0, 2, n_texts - 1):
        data = b"ab" * bad + b"a\xff" + b"ab" * (n_texts - bad - 1)
        broken = pa.Array.from_buffers(pa.string(), n_texts, [None, ends, pa.py_buffer(data)])
        with pytest.raises(InputError, match=rf"row {bad} is not UTF-8: .* byte 0xff"):
            ngrams.transform(broken)
    with pytest.raises(InputTypeError):
        ngrams.transform(["a", 3])


def test_bounds_hold_whatever_the_bytes_are():
    """The loops get bytes that no check let through: they must not read or write outside of their arrays."""
    from stance.text import kernels
    from stance.text.characters import fold_table
    from stance.text.kernel_arrays import Bytes, Hashed, make_meanings

    rng = np.random.default_rng(0)
    for longest in (1, 3, 40):
        lengths = rng.integers(0, longest + 1, 3000)
        ends = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        data = rng.integers(0, 256, ends[-1], dtype=np.uint8)
        spans = rng.integers(-1, longest + 3, (3000, 4)).astype(np.int32)
        spans[:, [1, 3]] = np.maximum(spans[:, [1, 3]], spans[:, [0, 2]] + 1)
        scores, states = np.empty((3000, 3), np.float32), np.empty(3000, np.uint8)
        intercept = np.zeros(3, np.float32)
        texts = Bytes(data, ends, spans, fold_table())
        used = np.arange(32, dtype=np.uint64) * np.uint64(977)
        used |= (np.cumsum(np.bitwise_count(used)) - np.bitwise_count(used)).astype(np.uint64) << np.uint64(32)
        for parameters in ((True, True, 1, 4), (True, True, 0, 0)):
            weights, meanings = PART_WEIGHTS, make_meanings(not parameters[-1])
            what = Hashed(np.uint64(54), used, *parameters, weights, meanings)
            kernels.score_texts(texts, what, np.ones((1024, 4), np.float32), intercept, scores, states)
            kernels.count_texts(texts, what, np.zeros((1024, 2), np.uint32), states)
        assert np.isfinite(scores).all()


PIECES = st.one_of(
    st.sampled_from("a’é中😀").map(str.encode),
    st.binary(max_size=4),
    st.sampled_from([b"\xc0\x80", b"\xed\xa0\x80", b"\xe0\x9f\xbf", b"\xf4\x90\x80\x80", b"\xf0\x8f\xbf\xbf"]),
    st.just(b"x" * 70),
)


@given(st.lists(PIECES, max_size=6).map(b"".join), st.booleans(), st.booleans())
@settings(max_examples=300, deadline=None)
def test_what_is_utf8_is_what_python_decodes(text, marked, compiled):
    """Bytes are refused where Python's own decoder refuses them, by either way, wherever a mention stands."""
    column = pa.array(["é", "x" * 80]).cast(pa.binary())
    column = pa.concat_arrays([column, pa.array([text]), column]).view(pa.string())
    X = pa.table({"text": column, "target_start": [0] * 5, "target_end": [1] * 5}) if marked and text else column
    try:
        text.decode()
        wanted = None
    except UnicodeDecodeError:
        wanted = "row 2 is not UTF-8"
    ngrams = HashedNgrams(n_bits=10, use_idf=False).fit(["a"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashed_ngrams, "COMPILED_FROM", 0 if compiled else 100)
        if wanted is None:
            assert ngrams.transform(X).shape == (5, 1024)
        else:
            with pytest.raises(InputError, match=wanted):
                ngrams.transform(X)


@pytest.mark.parametrize("ends", [[0, 9, 2, 4], [0, -3, 2, 4]])
def test_texts_that_lie_outside_of_their_bytes_are_refused(ends):
    offsets = pa.py_buffer(np.array(ends, np.int32))  # the first and the last are looked at by Arrow itself
    broken = pa.Array.from_buffers(pa.string(), 3, [None, offsets, pa.py_buffer(b"abcd")])
    with pytest.raises(InputTypeError, match="damaged Arrow array"):
        HashedNgrams(n_bits=10, use_idf=False).fit(broken)


def test_a_text_of_ten_megabytes_and_a_million_empty_ones():
    ngrams = HashedNgrams(n_bits=10, use_idf=False).fit(["a"])
    assert ngrams.transform(pa.array(["word " * 2_000_000] + [""] * 2000)).nnz == 2
    assert ngrams.transform(pa.array([""] * 1_000_000)).nnz == 0


@given(st.lists(TEXTS, min_size=1, max_size=6))
@settings(max_examples=30, deadline=None)
def test_threads_and_batches_change_nothing(texts):
    many = pa.array([text.encode("utf-8", "ignore").decode() for text in texts] * 400)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashed_ngrams, "COMPILED_FROM", 0)
        one = HashedNgrams(n_bits=10).fit_transform(many)
        patch.setattr(compiled_ngrams, "BATCH_TEXTS", 7)
        two = HashedNgrams(n_bits=10, n_jobs=2).fit_transform(many)
    assert_same(one, two)


@pytest.mark.parametrize("params", [{"n_bits": 3}, {"n_bits": True}, {"char_ngrams": (3, 2)}])
def test_parameters_out_of_range(params):
    with pytest.raises(InputError, match=next(iter(params))):
        HashedNgrams(**params).fit(["a"])
