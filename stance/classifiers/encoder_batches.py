"""Batches of an encoder: sentences as tokens that know whether they name the holder or the target."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from stance.text.characters import mend_halves
from stance.text.inputs import Sentences
from stance.text.segments import Span

# The role of a token: 0 of neither mention, the sum where it is of both.
HOLDER, TARGET = 1, 2
N_ROLES = 4
ROLE_WORDS = {HOLDER: "someone", TARGET: "something"}
# Sentences of like length are put together within this many batches, so that the order stays random.
BATCHES_SORTED = 20


class Tokens(NamedTuple):
    """One sentence as an encoder sees it.

    Attributes
    ----------
    ids : numpy.ndarray of int64, shape (n_tokens,)
        Rows of the encoder's vocabulary, the special tokens included.
    roles : numpy.ndarray of int64, shape (n_tokens,)
        0, `HOLDER`, `TARGET` or their sum.
    """

    ids: np.ndarray
    roles: np.ndarray


class Batch(NamedTuple):
    """Some sentences side by side, padded to the longest.

    Attributes
    ----------
    rows : numpy.ndarray of int, shape (n_sentences,)
        Which sentences they are.
    ids, roles : numpy.ndarray of int64, shape (n_sentences, n_tokens)
    seen : numpy.ndarray of int64, shape (n_sentences, n_tokens)
        1 where there is a token, 0 where there is padding.
    """

    rows: np.ndarray
    ids: np.ndarray
    roles: np.ndarray
    seen: np.ndarray


def tokenise(tokenizer: Any, sentences: Sentences, max_tokens: int, *, mask: bool) -> list[Tokens]:  # noqa: ANN401
    """Return the sentences as tokens, at most `max_tokens` each, those around the mentions.

    Parameters
    ----------
    tokenizer : tokenizers.Tokenizer
        Without truncation and padding of its own.
    sentences : Sentences
    max_tokens : int
        Special tokens included.
    mask : bool
        Put role words in the place of the mentions.
    """
    before, after = _special_ids(tokenizer)
    room = max_tokens - len(before) - len(after)
    prepared = [_prepare(*row, mask) for row in zip(sentences.texts, sentences.holders, sentences.targets, strict=True)]
    found = []
    for encoding, (_, holder, target) in zip(
        tokenizer.encode_batch([row[0] for row in prepared], add_special_tokens=False), prepared, strict=True
    ):
        inner_ids, inner_roles = np.array(encoding.ids, dtype=np.int64), mark_roles(encoding.offsets, holder, target)
        if len(inner_ids) > room:
            kept = choose_tokens(inner_roles, room)
            inner_ids, inner_roles = inner_ids[kept], inner_roles[kept]
        roles = np.zeros(len(before) + len(inner_ids) + len(after), dtype=np.int64)
        roles[len(before) : len(before) + len(inner_ids)] = inner_roles
        found.append(Tokens(np.concatenate([before, inner_ids, after]), roles))
    return found


def mark_roles(offsets: Sequence[Span], holder: Span | None, target: Span | None) -> np.ndarray:
    """Return the role of each token: a token belongs to a mention where they share a character.

    Examples
    --------
    >>> mark_roles([(0, 4), (5, 10), (11, 13), (13, 15)], holder=(0, 4), target=(11, 15))
    array([1, 0, 2, 2])
    """
    roles = np.zeros(len(offsets), dtype=np.int64)
    for role, span in ((HOLDER, holder), (TARGET, target)):
        if span is not None:
            first, stop = span
            roles[[i for i, (start, end) in enumerate(offsets) if start < stop and first < end and start < end]] += role
    return roles


def choose_tokens(roles: np.ndarray, room: int) -> np.ndarray:
    """Return which tokens to keep, in their order: those nearest to a mention, or the first where there is none.

    Examples
    --------
    >>> choose_tokens(np.array([0, 0, 0, 1, 0, 0, 0, 0, 0, 2]), 5)
    array([2, 3, 4, 8, 9])
    """
    places = np.arange(len(roles))
    distance, rank = places, np.zeros_like(places)
    spans = [np.flatnonzero(roles & role) for role in (HOLDER, TARGET)]
    spans = [span for span in spans if len(span)]
    if spans:
        # Within a mention that is too long by itself, the first tokens count most.
        beside = [np.maximum(span[0] - places, places - span[-1]).clip(0) for span in spans]
        inside = [np.where(away, len(places), places - span[0]) for away, span in zip(beside, spans, strict=True)]
        distance, rank = np.minimum.reduce(beside), np.minimum.reduce(inside)
    return np.sort(np.lexsort((places, rank, distance))[:room])


def make_batches(tokens: Sequence[Tokens], size: int, pad_id: int, rng: Any = None) -> Iterator[Batch]:  # noqa: ANN401
    """Yield batches of sentences of like length; all by length, or in random order where an `rng` is given.

    Parameters
    ----------
    tokens : sequence of Tokens
    size : int
        Sentences a batch; the last ones may hold fewer.
    pad_id : int
        What stands where there is no token.
    rng : numpy.random.Generator, optional
    """
    lengths = np.array([len(one.ids) for one in tokens])
    order = np.arange(len(tokens)) if rng is None else rng.permutation(len(tokens))
    block = max(1, len(order)) if rng is None else size * BATCHES_SORTED
    batches = []
    for start in range(0, len(order), block):
        part = order[start : start + block]
        part = part[np.argsort(lengths[part], kind="stable")]
        batches += [part[i : i + size] for i in range(0, len(part), size)]
    if rng is not None:
        rng.shuffle(batches)
    for rows in batches:
        yield _pad(rows, tokens, int(lengths[rows].max()), pad_id)


def _pad(rows: np.ndarray, tokens: Sequence[Tokens], n_tokens: int, pad_id: int) -> Batch:
    ids = np.full((len(rows), n_tokens), pad_id, dtype=np.int64)
    roles, seen = np.zeros_like(ids), np.zeros_like(ids)
    for i, row in enumerate(rows):
        n = len(tokens[row].ids)
        ids[i, :n], roles[i, :n], seen[i, :n] = tokens[row].ids, tokens[row].roles, 1
    return Batch(rows, ids, roles, seen)


def _special_ids(tokenizer: Any) -> tuple[np.ndarray, np.ndarray]:  # noqa: ANN401
    """Return the special tokens that stand before and after every sentence."""
    example = tokenizer.encode("a")
    special = np.array(example.special_tokens_mask, dtype=bool)
    ids = np.array(example.ids, dtype=np.int64)
    inner = np.flatnonzero(~special)
    if not len(inner):
        return ids[:1], ids[1:]
    return ids[: inner[0]], ids[inner[-1] + 1 :]


def _prepare(text: str, holder: Span | None, target: Span | None, mask: bool) -> tuple[str, Span | None, Span | None]:
    """Return text and spans in composed letters, fit for UTF-8, with role words for the mentions if wanted."""
    text = mend_halves(text)
    if not unicodedata.is_normalized("NFC", text):
        holder, target = (
            span and (_composed_length(text, span[0]), _composed_length(text, span[1])) for span in (holder, target)
        )
        text = unicodedata.normalize("NFC", text)
    return _mask(text, holder, target) if mask else (text, holder, target)


def _composed_length(text: str, end: int) -> int:
    return len(unicodedata.normalize("NFC", text[:end]))


def _mask(text: str, holder: Span | None, target: Span | None) -> tuple[str, Span | None, Span | None]:
    """Put role words in the place of the mentions; where they overlap, the target's alone."""
    if holder and target and holder[0] < target[1] and target[0] < holder[1]:
        holder = None
    spans: dict[int, Span | None] = {HOLDER: None, TARGET: None}
    mentions = [(span, role) for role, span in ((HOLDER, holder), (TARGET, target)) if span is not None]
    masked, end = "", 0
    for (start, stop), role in sorted(mentions):
        masked += text[end:start]
        spans[role] = (len(masked), len(masked) + len(ROLE_WORDS[role]))
        masked += ROLE_WORDS[role]
        end = stop
    return masked + text[end:], spans[HOLDER], spans[TARGET]
