"""Tokens of an encoder: their roles, what is kept of a long sentence, and batches."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.classifiers.encoder_batches import (
    HOLDER,
    ROLE_WORDS,
    TARGET,
    Tokens,
    choose_tokens,
    make_batches,
    mark_roles,
    tokenise,
)
from stance.text.inputs import Sentences
from tests.tiny_encoder import make_tokenizer, need_torch

WORDS = st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd", "Mn", "So"]), min_size=1, max_size=8)


@pytest.fixture(scope="module")
def tokenizer():
    need_torch()
    return make_tokenizer()


def one(text, holder=None, target=None):
    return Sentences([text], [holder], [target])


def named(tokens, role):
    return tokens.ids[(tokens.roles & role) > 0].tolist()


# Roles.


@given(text=st.text(min_size=1, max_size=40), data=st.data())
def test_the_marked_tokens_cover_the_mention_and_touch_nothing_else(tokenizer, text, data):
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    encoding = tokenizer.encode(
        "".join("?" if "\ud800" <= c <= "\udfff" else c for c in text), add_special_tokens=False
    )
    roles = mark_roles(encoding.offsets, None, (start, end))
    letters = set(range(start, end))
    for (first, last), role in zip(encoding.offsets, roles, strict=True):
        assert (role == TARGET) == bool(letters & set(range(first, last)))


@given(
    before=st.lists(WORDS, max_size=4),
    mention=st.lists(WORDS, min_size=1, max_size=3),
    after=st.lists(WORDS, max_size=4),
)
def test_the_marked_tokens_are_those_of_the_mention_alone(tokenizer, before, mention, after):
    text, name = " ".join([*before, *mention, *after]), " ".join(mention)
    start = len(" ".join([*before, ""]))
    (found,) = tokenise(tokenizer, one(text, target=(start, start + len(name))), 500, mask=False)
    composed = unicodedata.normalize("NFC", name)
    assert named(found, TARGET) == tokenizer.encode(composed, add_special_tokens=False).ids
    assert named(found, HOLDER) == []
    assert found.roles[0] == found.roles[-1] == 0


def test_a_mention_inside_of_another_has_both_roles(tokenizer):
    (found,) = tokenise(tokenizer, one("moscow backs it", (0, 15), (0, 6)), 50, mask=False)
    assert found.roles.tolist()[1:3] == [HOLDER + TARGET, HOLDER]


def test_accents_and_surrogates_move_no_mention(tokenizer):
    text = "cafe\u0301 \ud800 moscow"
    (found,) = tokenise(tokenizer, one(text, target=(8, 14)), 50, mask=False)
    assert named(found, TARGET) == tokenizer.encode("moscow", add_special_tokens=False).ids
    (composed,) = tokenise(tokenizer, one(unicodedata.normalize("NFC", text), target=(7, 13)), 50, mask=False)
    assert np.array_equal(found.ids, composed.ids)


@pytest.mark.parametrize(("holder", "target"), [((0, 6), (13, 19)), ((13, 19), (0, 6)), (None, (0, 6)), ((0, 6), None)])
def test_masked_mentions_are_role_words(tokenizer, holder, target):
    (found,) = tokenise(tokenizer, one("moscow backs tehran", holder, target), 50, mask=True)
    for role, span in ((HOLDER, holder), (TARGET, target)):
        wanted = tokenizer.encode(ROLE_WORDS[role], add_special_tokens=False).ids if span else []
        assert named(found, role) == wanted
    kept = tokenizer.encode("moscow", add_special_tokens=False).ids[0] in found.ids
    assert kept == ((0, 6) not in (holder, target))


def test_masked_mentions_that_overlap_are_the_target_s(tokenizer):
    (found,) = tokenise(tokenizer, one("moscow backs", (0, 12), (0, 6)), 50, mask=True)
    assert named(found, TARGET) == tokenizer.encode(ROLE_WORDS[TARGET], add_special_tokens=False).ids
    assert named(found, HOLDER) == []


# Long sentences.

RUNS = st.tuples(st.integers(0, 60), st.integers(1, 6), st.integers(0, 60), st.integers(1, 6), st.integers(0, 60))


@given(runs=RUNS, room=st.integers(2, 80), swap=st.booleans())
def test_what_is_kept_holds_both_mentions(runs, room, swap):
    roles = np.repeat([0, TARGET if swap else HOLDER, 0, HOLDER if swap else TARGET, 0], runs)
    kept = choose_tokens(roles, room)
    assert len(kept) == min(room, len(roles))
    assert (np.diff(kept) > 0).all()
    assert set(roles[kept]) >= {HOLDER, TARGET}
    if runs[1] + runs[3] <= room:
        assert (roles[kept] > 0).sum() == runs[1] + runs[3]
    elif len(kept) < len(roles):
        assert (roles[kept] > 0).all()


def test_without_a_mention_the_beginning_is_kept():
    assert choose_tokens(np.zeros(9, dtype=int), 4).tolist() == [0, 1, 2, 3]


def test_a_long_sentence_is_cut_around_its_mentions(tokenizer):
    text = "a " * 400 + "moscow rejects tehran" + " z" * 400
    (found,) = tokenise(tokenizer, one(text, (800, 806), (815, 821)), 32, mask=False)
    assert len(found.ids) == len(found.roles) == 32
    assert [tokenizer.id_to_token(i) for i in found.ids[found.roles > 0]] == ["moscow", "tehran"]
    assert tokenizer.id_to_token(found.ids[0]) == "[CLS]"
    assert tokenizer.id_to_token(found.ids[-1]) == "[SEP]"
    assert 12 < np.flatnonzero(found.roles)[0] < 18


# Batches.


@given(lengths=st.lists(st.integers(1, 30), max_size=50), size=st.integers(1, 9), seed=st.none() | st.integers(0, 9))
def test_every_sentence_is_in_one_batch_with_its_own_tokens(lengths, size, seed):
    tokens = [Tokens(np.arange(1, n + 1), np.full(n, TARGET)) for n in lengths]
    rng = None if seed is None else np.random.default_rng(seed)
    batches = list(make_batches(tokens, size, 0, rng))
    assert sorted(row for batch in batches for row in batch.rows) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch.rows) <= size
        assert batch.ids.shape[1] == max(lengths[row] for row in batch.rows)
        for row, ids, roles, seen in zip(*batch, strict=True):
            n = lengths[row]
            assert ids.tolist() == [*range(1, n + 1), *[0] * (batch.ids.shape[1] - n)]
            assert seen.tolist() == (ids > 0).tolist()
            assert roles.tolist() == (TARGET * seen).tolist()


def test_sentences_of_like_length_stand_together():
    tokens = [Tokens(np.ones(n, dtype=int), np.zeros(n, dtype=int)) for n in [9, 1] * 40]
    assert {batch.ids.shape[1] for batch in make_batches(tokens, 8, 0)} == {1, 9}
    shuffled = [batch.ids.shape[1] for batch in make_batches(tokens, 8, 0, np.random.default_rng(0))]
    assert sorted(shuffled) == [1] * 5 + [9] * 5
    assert shuffled != sorted(shuffled)
