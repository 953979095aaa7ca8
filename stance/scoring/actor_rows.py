"""One row for each actor that a sentence names: whom the sentiment of the text is about."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from stance.text import bulk_mentions

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
    found = bulk_mentions.find_mentions(texts)
    row, start = found["row"].to_numpy(), found["start"].to_numpy()
    names = found["name"].chunk(0)
    code = names.indices.to_numpy()
    # Mentions come by row and start, and of each pair of row and actor the first is kept.
    first = np.sort(np.unique(row * (len(names.dictionary) + 1) + code, return_index=True)[1])
    actor = pa.DictionaryArray.from_arrays(pa.array(code[first].astype(np.int32)), names.dictionary)
    kept = [pa.array(column[first]) for column in (row, start, found["end"].to_numpy())]
    return pa.table([kept[0], actor, kept[1], kept[2]], schema=MENTIONS)
