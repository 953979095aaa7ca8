"""Splits: the named protocols, as row numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from stance.core.errors import InputError, unknown
from stance.data.corpora import Corpus
from stance.data.rows import folded

N_FOLDS = 5
MAX_LEFT_OUT = 100  # actors or targets; a corpus of a thousand targets would make a thousand folds
FOLD_SEED = 0  # the folds belong to the protocol, not to a run: everybody's fold 3 is the same fold 3


@dataclass(frozen=True)
class Fold:
    """One training and one test set.

    Attributes
    ----------
    name : str
        The test's name, the actor left out, or the fold's number.
    train, test : numpy.ndarray of int
        Row numbers in the corpus's table, ascending.
    dev : numpy.ndarray of int
        Rows to choose and calibrate by, of texts and groups that are neither in `train` nor in a test; most folds have
        none.
    """

    name: str
    train: np.ndarray
    test: np.ndarray
    dev: np.ndarray = field(default_factory=lambda: np.arange(0))


def make_folds(corpus: Corpus, protocol: str) -> list[Fold]:
    """Return the folds of a protocol.

    Parameters
    ----------
    corpus : Corpus
    protocol : {"official", "official-clean", "grouped-kfold", "leave-one-actor-out", \
            "leave-one-target-out"}
        ``official``: the sheet's training splits against each of its tests; where the sheet says
        ``train_per = "target"``, each target of a test is a fold, trained on that target's rows alone.
        What the sheet has as dev and not as training is the fold's dev (`dev_rows`).
        ``official-clean``: without test rows whose folded text stands in train or dev, nor train rows
        whose text stands in the test.
        ``grouped-kfold``: five stratified folds that keep groups together, the official tests left
        unread. ``leave-one-actor-out``: train rows of the other actors against test rows of the one;
        ``leave-one-target-out``: the same by target. Both are for up to 100 of them.

    Raises
    ------
    InputError
        If the protocol is unknown, or the corpus cannot be split so.

    Examples
    --------
    >>> from stance.data.corpora import load_corpus
    >>> [fold.name for fold in make_folds(load_corpus("four_actors"), "leave-one-actor-out")]
    ['iran', 'israel', 'russia', 'trump']
    """
    if protocol not in PROTOCOLS:
        raise unknown("protocol", protocol, PROTOCOLS)
    folds = PROTOCOLS[protocol](corpus)
    for one in folds:
        for part, rows in (("train", one.train), ("test", one.test)):
            if not len(rows):
                raise InputError(f"{corpus.name}: {protocol}, {one.name}: no {part} rows")
    return folds


def default_protocol(corpus: Corpus) -> str:
    """Return ``official`` where the sheet names tests, else ``grouped-kfold``."""
    return "official" if corpus.sheet.schemes[corpus.scheme.name].tests else "grouped-kfold"


def folded_texts(corpus: Corpus) -> np.ndarray:
    """Return each row's folded text: two rows of one such text hold the same sentence."""
    return np.array([folded(text) for text in corpus.table.column("text").to_pylist()], dtype=object)


def leaked_rows(texts: np.ndarray, fold: Fold) -> np.ndarray:
    """Return the test rows of a fold whose text stands in its training rows.

    Examples
    --------
    >>> texts = np.array(["moscow agrees", "moscow agrees", "no"], dtype=object)
    >>> leaked_rows(texts, Fold("test", np.array([0]), np.array([1, 2])))
    array([1])
    """
    rows: np.ndarray = fold.test[~_not_in(texts[fold.test], set(texts[fold.train]))]
    return rows


def dev_rows(corpus: Corpus) -> np.ndarray:
    """Return the dev rows of a corpus that a classifier may choose and calibrate by.

    Those whose folded text or group stands in training or in a test are left out: what was learned looks easier than
    it is.

    Examples
    --------
    >>> from stance.data.corpora import load_corpus
    >>> len(dev_rows(load_corpus("four_actors")))  # there they are learned from as well
    0
    """
    part = corpus.sheet.schemes[corpus.scheme.name]
    rows = np.setdiff1d(_rows(corpus, part.dev), _rows(corpus, part.train))
    if not len(rows):
        return rows
    others = _rows(corpus, [*part.train, *part.tests])
    for names in (folded_texts(corpus), np.array(corpus.table.column("group").to_pylist(), dtype=object)):
        rows = rows[_not_in(names[rows], set(names[others]))]
    return rows


def _official(corpus: Corpus) -> list[Fold]:
    part = corpus.sheet.schemes[corpus.scheme.name]
    if not part.tests:
        raise InputError(f"{corpus.name}: has no official test; use the protocol grouped-kfold")
    train, dev = _rows(corpus, part.train), dev_rows(corpus)
    folds = [Fold(test, train, _rows(corpus, [test]), dev) for test in part.tests]
    return folds if part.train_per is None else [one for fold in folds for one in _by_target(corpus, fold)]


def _by_target(corpus: Corpus, fold: Fold) -> list[Fold]:
    """Return a fold for each target that the test holds, trained on that target's rows alone."""
    targets = np.array(corpus.table.column("target").to_pylist(), dtype=object)
    unnamed = sum(target is None for target in targets[fold.test])
    if unnamed:
        raise InputError(f'{corpus.name}: train_per = "target", but {unnamed:,} rows of {fold.name} name no target')
    named = list(dict.fromkeys(targets[fold.test].tolist()))
    names = [fold.name] if len(named) == 1 else [f"{fold.name}: {target}" for target in named]
    parts = [[rows[targets[rows] == target] for rows in (fold.train, fold.test, fold.dev)] for target in named]
    return [Fold(name, *part) for name, part in zip(names, parts, strict=True)] or [fold]


def _official_clean(corpus: Corpus) -> list[Fold]:
    part = corpus.sheet.schemes[corpus.scheme.name]
    texts = folded_texts(corpus)
    dev = set(texts[_rows(corpus, part.dev)])
    folds = []
    for one in _official(corpus):
        train = one.train[_not_in(texts[one.train], set(texts[one.test]))]
        test = one.test[_not_in(texts[one.test], dev | set(texts[one.train]))]
        folds.append(replace(one, train=train, test=test))
    return folds


def _grouped_kfold(corpus: Corpus) -> list[Fold]:
    from sklearn.model_selection import StratifiedGroupKFold

    tests = _rows(corpus, corpus.sheet.schemes[corpus.scheme.name].tests)
    rows = np.setdiff1d(np.arange(corpus.table.num_rows), tests)
    labels = np.array(corpus.table.column("label").to_pylist(), dtype=str)[rows]
    groups = np.array(corpus.table.column("group").to_pylist(), dtype=str)[rows]
    if len(np.unique(groups)) < N_FOLDS:
        raise InputError(f"{corpus.name}: {len(np.unique(groups))} groups are too few for {N_FOLDS} folds")
    names, counts = np.unique(labels, return_counts=True)
    if counts.min() < N_FOLDS:
        rare = f'label "{names[counts.argmin()]}" has {counts.min()} rows'
        raise InputError(f"{corpus.name}: {rare}, fewer than the {N_FOLDS} folds; add rows or drop the label")
    splitter = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=FOLD_SEED)
    parts = splitter.split(rows, labels, groups)
    return [Fold(str(i), rows[train], rows[test]) for i, (train, test) in enumerate(parts, 1)]


def _leave_one_actor_out(corpus: Corpus) -> list[Fold]:
    return _leave_one_out(corpus, "actor")


def _leave_one_target_out(corpus: Corpus) -> list[Fold]:
    return _leave_one_out(corpus, "target")


def _leave_one_out(corpus: Corpus, column: str) -> list[Fold]:
    """Return a fold for each value of a column: tested on its rows, trained on the named other ones' rows."""
    part = corpus.sheet.schemes[corpus.scheme.name]
    values = np.array([value or "" for value in corpus.table.column(column).to_pylist()], dtype=object)
    named = sorted(set(values.tolist()) - {""})
    if not 2 <= len(named) <= MAX_LEFT_OUT:
        raise InputError(
            f"{corpus.name}: leave-one-{column}-out wants 2 to {MAX_LEFT_OUT} {column}s, the rows name {len(named):,}"
        )
    everything = np.arange(corpus.table.num_rows)
    tests = _rows(corpus, part.tests) if part.tests else everything
    train = _rows(corpus, part.train) if part.tests else everything
    groups = np.array(corpus.table.column("group").to_pylist(), dtype=str)
    folds = []
    for value in named:
        test = tests[values[tests] == value]
        others = train[(values[train] != value) & (values[train] != "")]
        folds.append(Fold(value, others[~np.isin(groups[others], groups[test])], test))
    folds = [one for one in folds if len(one.test) and len(one.train)]
    if not folds:
        raise InputError(f"{corpus.name}: no {column} has test rows and, in other groups, training rows of others")
    return folds


def _rows(corpus: Corpus, splits: list[str]) -> np.ndarray:
    return np.flatnonzero(np.isin(np.array(corpus.table.column("split").to_pylist(), dtype=str), splits))


def _not_in(texts: np.ndarray, known: set[str]) -> np.ndarray:
    return np.array([text not in known for text in texts], dtype=bool)


PROTOCOLS: dict[str, Callable[[Corpus], list[Fold]]] = {
    "official": _official,
    "official-clean": _official_clean,
    "grouped-kfold": _grouped_kfold,
    "leave-one-actor-out": _leave_one_actor_out,
    "leave-one-target-out": _leave_one_target_out,
}
