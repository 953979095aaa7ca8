"""Transfer: train on one corpus, test on the actors' rows of another."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stance.core.errors import InputError
from stance.data.corpora import Corpus
from stance.data.splits import Fold

PROTOCOL = "transfer"


def make_transfer(train: Corpus, test: Corpus) -> tuple[Corpus, list[Fold]]:
    """Join the training rows of one corpus with the test rows of another that are filed under an actor.

    With the same corpus twice, this is the in-domain figure on the same test rows.

    Parameters
    ----------
    train, test : Corpus
        Of one scheme.

    Returns
    -------
    corpus : Corpus
        Both parts in one table; its labels are those that the tested corpus declares.
    folds : list of Fold
        One for each official test.

    Raises
    ------
    InputError
        If the schemes differ, the training labels are not among the tested ones, or a part has no rows.

    Examples
    --------
    >>> from stance.data.corpora import load_corpus
    >>> corpus = load_corpus("four_actors", scheme="sentiment")
    >>> joined, folds = make_transfer(corpus, corpus)
    >>> joined.name, [fold.name for fold in folds]
    ('four_actors-to-four_actors', ['test'])
    """
    if train.scheme.name != test.scheme.name or not set(train.scheme.labels) <= set(test.scheme.labels):
        raise InputError(f"{train.name} to {test.name}: the schemes or their declared labels differ")
    wanted = _splits(train.table, train.sheet.schemes[train.scheme.name].train)
    tests = test.sheet.schemes[test.scheme.name].tests
    parts = [test.table.filter(pc.and_(_is_in(test.table, [name]), pc.is_valid(test.table["actor"]))) for name in tests]
    if not wanted.num_rows or not parts or not all(part.num_rows for part in parts):
        raise InputError(f"{train.name} to {test.name}: no training rows, or a test without rows of a listed actor")
    ends = np.cumsum([wanted.num_rows, *(part.num_rows for part in parts)])
    rows = np.arange(ends[-1])
    folds = [
        Fold(name, rows[: ends[0]], rows[start:end]) for name, start, end in zip(tests, ends, ends[1:], strict=False)
    ]
    name = f"{train.name}-to-{test.name}"
    sheet = test.sheet.model_copy(update={"name": name, "title": f"{train.sheet.title} → {test.sheet.title}"})
    return Corpus(name, test.scheme, sheet, pa.concat_tables([wanted, *parts])), folds


def _splits(table: pa.Table, names: list[str]) -> pa.Table:
    return table.filter(_is_in(table, names))


def _is_in(table: pa.Table, names: list[str]) -> pa.ChunkedArray:
    return pc.is_in(table["split"], value_set=pa.array(names, pa.string()))
