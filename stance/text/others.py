"""Others: the mention of an actor that stands nearest to a sentence's target."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from stance.text.bulk_mentions import find_mentions
from stance.text.characters import mend_halves
from stance.text.inputs import Sentences
from stance.text.segments import TARGET, Span


def stand_in(sentences: Sentences) -> Sentences:
    """Let the nearest other mention of an actor stand where no holder is marked: what is said there is not said here.

    It may name the target's own actor: who the target is, is not looked at, and changes nothing.

    Parameters
    ----------
    sentences : Sentences

    Returns
    -------
    Sentences
        With a stand-in in those that have a target and no holder, and name one of the shipped actors elsewhere.

    Examples
    --------
    >>> stand_in(Sentences(["Iran, unlike Moscow, kept its word."], [None], [(0, 4)])).holders
    [(13, 19)]
    """
    pairs = zip(sentences.holders, sentences.targets, strict=True)
    rows = [row for row, (holder, target) in enumerate(pairs) if target is not None and holder is None]
    targets = [sentences.targets[row] or (0, 0) for row in rows]
    texts = [_mask(sentences.texts[row], target) for row, target in zip(rows, targets, strict=True)]
    found = find_mentions(pa.array(texts, pa.large_string()))
    place, start, end = (found[name].to_numpy() for name in ("row", "start", "end"))
    first, stop = np.array(targets, np.int64).reshape(-1, 2)[place].T
    shift = np.where(end > first, stop - first - len(TARGET), 0)
    start, end = start + shift, end + shift
    order = np.lexsort((np.maximum(first - end, start - stop), place))
    named, nearest = np.unique(place[order], return_index=True)
    holders, stand_ins = list(sentences.holders), [False] * len(sentences)
    for i, k in zip(named.tolist(), order[nearest].tolist(), strict=True):
        holders[rows[i]], stand_ins[rows[i]] = (int(start[k]), int(end[k])), True
    return Sentences(sentences.texts, holders, sentences.targets, stand_ins)


def _mask(text: str, target: Span) -> str:
    """Return a text with the role word in the place of its target."""
    return mend_halves(text[: target[0]]) + TARGET + mend_halves(text[target[1] :])
