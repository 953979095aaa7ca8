"""Transfer: train on one corpus or several, test on another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stance.core.errors import InputError
from stance.data.corpora import Corpus
from stance.data.rows import folded
from stance.data.splits import Fold

PROTOCOL = "transfer"


def make_transfer(train: Sequence[Corpus], test: Corpus, *, actors_only: bool = True) -> tuple[Corpus, list[Fold]]:
    """Join the training rows of some corpora with the test rows of another.

    With the tested corpus as the only one, this is the in-domain figure on the same test rows. Training
    rows whose sentence stands in the test are left out.

    Parameters
    ----------
    train : sequence of Corpus
    test : Corpus
        All of one scheme.
    actors_only : bool
        Test on the rows that are filed under a listed actor alone.

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
    >>> joined, folds = make_transfer([corpus], corpus)
    >>> joined.name, [fold.name for fold in folds]
    ('four_actors-to-four_actors', ['test'])
    """
    name = f"{'+'.join(one.name for one in train)}-to-{test.name}"
    for one in train:
        if one.scheme.name != test.scheme.name or not set(one.scheme.labels) <= set(test.scheme.labels):
            raise InputError(f"{name}: the schemes of {one.name} and {test.name} or their declared labels differ")
    tests = test.sheet.schemes[test.scheme.name].tests
    parts = [_rows(test.table, [split], actors_only=actors_only) for split in tests]
    tested = {folded(text) for part in parts for text in part["text"].to_pylist()}
    wanted = pa.concat_tables(
        [_without(_rows(one.table, one.sheet.schemes[one.scheme.name].train), tested) for one in train]
    )
    if not wanted.num_rows or not parts or not all(part.num_rows for part in parts):
        which = " of a listed actor" if actors_only else ""
        raise InputError(f"{name}: no training rows, or a test without rows{which}")
    ends = np.cumsum([wanted.num_rows, *(part.num_rows for part in parts)])
    rows = np.arange(ends[-1])
    folds = [
        Fold(name, rows[: ends[0]], rows[start:end]) for name, start, end in zip(tests, ends, ends[1:], strict=False)
    ]
    title = f"{' + '.join(one.sheet.title for one in train)} → {test.sheet.title}"
    sheet = test.sheet.model_copy(update={"name": name, "title": title})
    return Corpus(name, test.scheme, sheet, pa.concat_tables([wanted, *parts])), folds


def _rows(table: pa.Table, splits: list[str], *, actors_only: bool = False) -> pa.Table:
    named = pc.is_in(table["split"], value_set=pa.array(splits, pa.string()))
    return table.filter(pc.and_(named, pc.is_valid(table["actor"])) if actors_only else named)


def _without(table: pa.Table, tested: set[str]) -> pa.Table:
    return table.filter(pa.array([folded(text) not in tested for text in table["text"].to_pylist()], pa.bool_()))
