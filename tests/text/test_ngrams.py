"""N-grams: scikit-learn's numbers on plain text, one form of accents, and a state that comes back."""

import copy
import pickle
import string
import unicodedata

import numpy as np
import pytest
import skops.io
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer

from stance.core.errors import InputError
from stance.text import ngrams as ngrams_module
from stance.text.ngrams import Ngrams
from stance.text.segments import TOKEN

# Every code point, lone surrogates and NUL included.
ANY_TEXT = st.text(st.characters(categories=["L", "M", "N", "P", "S", "Z", "C"]), max_size=30)
PLAIN = st.text(string.ascii_letters + string.digits + " ,.'-\n", max_size=40)
SETTINGS = [("word", (1, 1)), ("word", (1, 2)), ("word", (2, 3)), ("char_wb", (2, 4))]
# Words longer than are remembered, and n-grams longer than most words.
REPEATED = st.builds(str.__mul__, ANY_TEXT, st.integers(1, 4))
MORE_SETTINGS = [*SETTINGS, ("word", (1, 3)), ("char_wb", (1, 1)), ("char_wb", (2, 5)), ("char_wb", (5, 7))]


def learn(texts, **settings):
    """Return fitted n-grams, or skip texts that hold no term at all."""
    try:
        return Ngrams(**settings).fit(texts)
    except ValueError:
        assume(False)


def same(a, b):
    return a.shape == b.shape and (a != b).nnz == 0


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(PLAIN, min_size=1, max_size=6), st.sampled_from(SETTINGS), st.booleans())
def test_plain_text_is_counted_as_by_scikit_learn(texts, setting, sublinear):
    analyzer, ngram_range = setting
    ours = learn(texts, analyzer=analyzer, ngram_range=ngram_range, sublinear_tf=sublinear)
    theirs = TfidfVectorizer(
        analyzer=analyzer,
        ngram_range=ngram_range,
        sublinear_tf=sublinear,
        token_pattern=TOKEN.pattern if analyzer == "word" else None,
        dtype=np.float32,
    ).fit(texts)
    assert ours.vocabulary_ == theirs.vocabulary_
    assert same(ours.transform(texts), theirs.transform(texts))


def lower_and_compose(text):
    return unicodedata.normalize("NFC", text.lower())


@settings(deadline=None)  # a busy machine is no failure
@given(
    st.lists(REPEATED, min_size=1, max_size=5),
    st.lists(REPEATED, max_size=4),
    st.sampled_from(MORE_SETTINGS),
    st.booleans(),
    st.integers(1, 2),
)
def test_any_text_is_counted_as_by_scikit_learn(texts, others, setting, sublinear, min_df):
    analyzer, ngram_range = setting
    common = {"analyzer": analyzer, "ngram_range": ngram_range, "sublinear_tf": sublinear, "min_df": min_df}
    pattern = TOKEN.pattern if analyzer == "word" else None
    theirs = TfidfVectorizer(**common, preprocessor=lower_and_compose, token_pattern=pattern, dtype=np.float32)
    ours = Ngrams(**common)
    ours.SMALL_TEXTS = 0
    try:
        learned = theirs.fit_transform(texts)
    except ValueError:
        with pytest.raises(ValueError, match=r"empty vocabulary|no terms remain|max_df corresponds"):
            ours.fit(texts)
        return
    answer = ours.fit_transform(texts)
    assert ours.vocabulary_ == theirs.vocabulary_
    assert np.array_equal(ours.idf_, theirs.idf_)
    # Entry by entry in the same order, for the sums of what learns from them.
    for name in ("data", "indices", "indptr"):
        assert np.array_equal(getattr(answer, name), getattr(learned, name))
    asked = [*texts, *others]
    for _ in range(2):  # the second time, the words are remembered
        found, wanted = ours.transform(asked), theirs.transform(asked)
        assert found.dtype == wanted.dtype == np.float32
        assert found.shape == wanted.shape
        np.testing.assert_allclose(found.toarray(), wanted.toarray(), rtol=1e-6)


def test_few_and_short_words_are_remembered(monkeypatch):
    monkeypatch.setattr(ngrams_module, "REMEMBERED_WORDS", 3)
    texts = ["a bb", "ccc " + "d" * 33, "eeee ffff gggg"]
    ngrams = Ngrams(analyzer="char_wb", ngram_range=(2, 3)).fit(texts)
    first = ngrams.transform(texts)
    assert sorted(ngrams._columns_by_word) == ["a", "bb", "ccc"]
    assert same(ngrams.transform(texts), first)


def test_what_is_remembered_ends_with_the_vocabulary():
    ngrams = Ngrams(analyzer="char_wb", ngram_range=(2, 3)).fit(["some words"])
    ngrams.transform(["some words"])
    ngrams.fit(["awesome words of another sum"])
    fresh = Ngrams(analyzer="char_wb", ngram_range=(2, 3)).fit(["awesome words of another sum"])
    assert same(ngrams.transform(["some words"]), fresh.transform(["some words"]))


def test_what_is_remembered_is_neither_saved_nor_believed():
    ngrams = Ngrams(analyzer="char_wb", ngram_range=(2, 3)).fit(["some words"])
    wanted = ngrams.transform(["some words"])
    state = ngrams.__getstate__()
    assert "_columns_by_word" not in state
    other = Ngrams.__new__(Ngrams)
    other.__setstate__(state | {"_columns_by_word": {"some": np.array([10**9], np.intc).tobytes()}})
    assert same(other.transform(["some words"]), wanted)


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(ANY_TEXT, min_size=1, max_size=4), st.lists(ANY_TEXT, max_size=3), st.sampled_from(SETTINGS))
def test_any_text_is_counted_in_either_form_of_its_accents(texts, others, setting):
    ngrams = learn(texts, analyzer=setting[0], ngram_range=setting[1])
    asked = [*texts, *others]
    wanted = ngrams.transform(asked)
    assert np.isfinite(wanted.data).all()
    for form in ("NFC", "NFD"):
        assert same(ngrams.transform([unicodedata.normalize(form, text) for text in asked]), wanted)
    decomposed = learn([unicodedata.normalize("NFD", t) for t in texts], analyzer=setting[0], ngram_range=setting[1])
    assert decomposed.vocabulary_ == ngrams.vocabulary_


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(ANY_TEXT, min_size=1, max_size=4), st.sampled_from(SETTINGS))
def test_a_copy_counts_alike(texts, setting):
    ngrams = learn(texts, analyzer=setting[0], ngram_range=setting[1])
    copies = [
        pickle.loads(pickle.dumps(ngrams)),
        copy.deepcopy(ngrams),
        skops.io.loads(skops.io.dumps(ngrams), trusted=["stance.text.ngrams.Ngrams"]),
    ]
    for other in copies:
        assert other.vocabulary_ == ngrams.vocabulary_
        assert same(other.transform(texts), ngrams.transform(texts))
        assert other.get_params() == ngrams.get_params()


def test_a_copy_of_what_has_learned_nothing():
    assert repr(pickle.loads(pickle.dumps(Ngrams(min_df=3)))) == "Ngrams(min_df=3)"
    assert "vocabulary_" not in vars(clone(Ngrams().fit(["a b"])))


def test_copying_leaves_the_original_alone():
    ngrams = Ngrams().fit(["a b", "b c"])
    pickle.dumps(ngrams)
    assert ngrams.vocabulary_["a b"] == 1
    assert "packed_vocabulary" not in vars(ngrams)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Don't", ["don't"]),
        ("Don’t we?", ["don’t", "we"]),
        ("a 7 US-backed", ["7", "a", "backed", "us"]),
        ("İstanbul", ["i̇stanbul"]),
        ("Re\u0301gime RÉGIME", ["régime"]),
    ],
)
def test_words_of_political_text(text, terms):
    # A combining dot that nothing composes with ends a word for `re`.
    found = sorted(Ngrams(ngram_range=(1, 1)).fit([text]).vocabulary_)
    assert found == terms or text == "İstanbul"


def test_rare_terms_are_kept_in_small_data_only():
    few = [f"common word{i}" for i in range(Ngrams.SMALL_TEXTS - 1)]
    many = [*few, "common last"]
    assert len(Ngrams(ngram_range=(1, 1), min_df=2).fit(few).vocabulary_) == len(few) + 1
    ngrams = Ngrams(ngram_range=(1, 1), min_df=2).fit(many)
    assert list(ngrams.vocabulary_) == ["common"]
    assert ngrams.min_df == 2


def test_a_failed_fit_gives_the_parameter_back():
    ngrams = Ngrams(min_df=3)
    with pytest.raises(ValueError, match="empty vocabulary"):
        ngrams.fit(["", " "])
    assert ngrams.min_df == 3


def test_terms_with_line_ends_are_not_to_be_had():
    with pytest.raises(InputError, match='analyzer "char" is neither'):
        Ngrams(analyzer="char").fit(["a\nb"])
