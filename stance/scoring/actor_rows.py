"""One row for each actor that a sentence names: whom the sentiment of the text is about."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyarrow as pa

from stance.text.actors import load_actors
from stance.text.mentions import ActorLexicon

ACTOR = pa.dictionary(pa.int32(), pa.string())
MENTIONS = pa.schema([("row", pa.int64()), ("actor", ACTOR), ("start", pa.int64()), ("end", pa.int64())])


def find_mentions(texts: pa.Array | pa.ChunkedArray) -> pa.Table:
    """Return the first mention of each actor in each text.

    Parameters
    ----------
    texts : pyarrow.Array or ChunkedArray of string, shape (n_sentences,)
        A null names nobody.

    Returns
    -------
    pyarrow.Table, shape (n_mentions, 4)
        ``row`` (of `texts`, from 0), ``actor`` (its key, by dictionary), ``start`` and ``end`` (code points, end
        exclusive); by row, then by ``start``.

    Examples
    --------
    >>> find_mentions(pa.array(["Rain.", "Moscow and Tehran talk; Moscow leaves."])).to_pylist()
    [{'row': 1, 'actor': 'russia', 'start': 0, 'end': 6}, {'row': 1, 'actor': 'iran', 'start': 11, 'end': 17}]
    """
    lexicon, codes = _lexicon()
    found = []
    for i, text in enumerate(texts.to_pylist()):
        first = {mention.name: mention for mention in reversed(lexicon.find(text or ""))}
        mentions = sorted(first.values(), key=lambda mention: mention.start)
        found += [(i, codes[mention.name], mention.start, mention.end) for mention in mentions]
    row, code, start, end = np.array(found, np.int64).reshape(-1, 4).T.copy()
    actor = pa.DictionaryArray.from_arrays(pa.array(code.astype(np.int32)), pa.array(list(codes), pa.string()))
    return pa.table([pa.array(row), actor, pa.array(start), pa.array(end)], schema=MENTIONS)


@lru_cache(maxsize=1)
def _lexicon() -> tuple[ActorLexicon, dict[str, int]]:
    actors = load_actors()
    return ActorLexicon(actors), {key: code for code, key in enumerate(actors)}
