"""Tuning: parameters chosen by cross-validation within the training rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold

from stance.classifiers.calibrated import CalibratedTextClassifier
from stance.classifiers.held_out import fit_rows
from stance.core.errors import InputError, show
from stance.data.corpora import X_COLUMNS
from stance.data.splits import FOLD_SEED, N_FOLDS
from stance.evaluation.metrics import macro_f1
from stance.running.matrix import Matrix

InnerFolds = list[tuple[np.ndarray, np.ndarray]]


def tune(
    classifier: Any,  # noqa: ANN401 - any scikit-learn classifier
    matrix: Matrix,
    train: pd.DataFrame,
    labels: list[str],
    dev: pd.DataFrame | None = None,
) -> tuple[Any, dict[str, Any]]:
    """Choose the best of a matrix, and fit it on all training rows.

    Every combination is fitted and scored by macro-F1 on the same inner folds, which keep groups whole.
    The highest mean wins; of equals, the first of scikit-learn's ParameterGrid: parameters in
    alphabetical order, the last one varying fastest, values in the order given.

    Parameters
    ----------
    classifier : scikit-learn classifier
        Unfitted.
    matrix : dict of str to list
        Values by parameter.
    train : pandas.DataFrame, shape (n_sentences, n_columns)
        Rows of a corpus's frame, ``label`` and ``group`` included.
    labels : list of str
        The declared labels, all of which macro-F1 averages over.
    dev : pandas.DataFrame, optional
        Rows like those of `train` that the last fit may hold out (`fit_rows`); the inner ones do without.

    Returns
    -------
    classifier
        Fitted on all of `train` with the chosen parameters.
    dict
        ``tuned``: the chosen ``params``, their mean inner macro-F1 as ``score``, and ``n_folds``.
        ``inner_scores``: of every combination the ``params`` and the ``scores``, one a fold.

    Raises
    ------
    InputError
        If the rows cannot be parted (`inner_folds`).
    """
    folds = inner_folds(train["label"].to_numpy(), train["group"].to_numpy())

    def inner_score(fitted: Any, X: pd.DataFrame, y: pd.Series) -> float:  # noqa: ANN401 - any classifier
        return macro_f1(y, fitted.predict(X), labels)

    searched = clone(classifier)
    if isinstance(searched, CalibratedTextClassifier) and "calibrate" not in matrix and not searched.abstain_below:
        searched.set_params(calibrate=False)  # no label depends on it, and it takes three fits of four
    search = GridSearchCV(searched, matrix, scoring=inner_score, cv=folds, error_score="raise", refit=False)
    search.fit(train[list(X_COLUMNS)], train["label"])
    found = search.cv_results_
    scores = np.column_stack([found[f"split{i}_test_score"] for i in range(len(folds))]).tolist()
    tried = [{"params": params, "scores": row} for params, row in zip(found["params"], scores, strict=True)]
    chosen = {"params": search.best_params_, "score": float(search.best_score_), "n_folds": len(folds)}
    best = clone(classifier).set_params(**search.best_params_)
    return fit_rows(best, train, dev), {"tuned": chosen, "inner_scores": tried}


def inner_folds(labels: np.ndarray, groups: np.ndarray) -> InnerFolds:
    """Return the positions of each inner fold's training and validation rows.

    Groups are kept whole, and every training part holds every label. Five folds are made; fewer where the
    rarest label has fewer groups.

    Parameters
    ----------
    labels, groups : numpy.ndarray of str, shape (n_sentences,)

    Raises
    ------
    InputError
        If not even two such folds can be made.

    Examples
    --------
    >>> labels = np.array(["favor", "none"] * 4)
    >>> len(inner_folds(labels, np.array(["a", "a", "b", "b", "c", "c", "d", "d"])))
    4
    >>> inner_folds(labels, np.array(["a"] * 8))
    Traceback (most recent call last):
        ...
    stance.core.errors.InputError: matrix: label "favor" stands in 1 of 1 training groups, too few ...
    """
    names, codes = np.unique(labels.astype(str), return_inverse=True)
    groups = groups.astype(str)
    held = [len(np.unique(groups[codes == code])) for code in range(len(names))]
    for n_folds in range(min(N_FOLDS, *held), 1, -1):
        splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=FOLD_SEED)
        folds = list(splitter.split(codes, codes, groups))
        if all(len(np.unique(codes[train])) == len(names) for train, _ in folds):
            return folds
    rare = int(np.argmin(held))
    said = f'label "{show(names[rare])}" stands in {held[rare]} of {len(np.unique(groups))} training groups'
    raise InputError(f"matrix: {said}, too few to choose on; add groups, or set the parameters plainly")
