"""The classifiers by name, and yours by ``module:Class``."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

from stance.core.errors import InputError, show, suggest, unknown

CLASSIFIERS = {
    "majority": "stance.classifiers.dummies:MajorityClassifier",
    "stratified": "stance.classifiers.dummies:StratifiedClassifier",
    "complement_nb": "stance.classifiers.baselines:ComplementNaiveBayes",
    "logistic_regression": "stance.classifiers.baselines:LogisticRegressionClassifier",
    "linear_svm": "stance.classifiers.baselines:LinearSVMClassifier",
    "sgd": "stance.classifiers.baselines:SGDTextClassifier",
    "gradient_boosting": "stance.classifiers.baselines:GradientBoostingTextClassifier",
    "stance": "stance.classifiers.stance_classifier:StanceClassifier",
    "fast": "stance.classifiers.fast:FastStanceClassifier",
    "encoder": "stance.classifiers.encoder:EncoderStanceClassifier",
}
# Others' work, run beside ours: not saved as model files, and bound by less of the contract.
PEERS = {
    "vader": "stance.classifiers.peers:VaderClassifier",
    "textblob": "stance.classifiers.peers:TextBlobClassifier",
    "fasttext": "stance.classifiers.peer_learners:FastTextClassifier",
    "vowpal_wabbit": "stance.classifiers.peer_learners:VowpalWabbitClassifier",
}


def get_class(name: str) -> type[BaseEstimator]:
    """Return the class of a classifier of ours by name, or of yours by ``module:Class``.

    Raises
    ------
    InputError
        If there is none; the message names the nearest name, or what failed to import.

    Examples
    --------
    >>> get_class("linear_svm").__name__
    'LinearSVMClassifier'
    """
    known = CLASSIFIERS | PEERS
    path = known.get(name, name)
    module_name, _, class_name = path.partition(":")
    if not class_name:
        raise unknown("classifier", name, known)
    try:
        found = getattr(importlib.import_module(module_name), class_name)
    except Exception as error:  # a module of yours may raise anything when it is imported
        raise InputError(f'classifier "{show(name)}" cannot be imported: {show(error)}') from None
    if not (isinstance(found, type) and hasattr(found, "fit") and hasattr(found, "predict")):
        raise InputError(f'classifier "{show(name)}" is no class with fit and predict')
    return found


def make_classifier(
    name: str, params: Mapping[str, Any] | None = None, scheme: str | None = None, seed: int | None = None
) -> BaseEstimator:
    """Return an unfitted classifier; `scheme` and `seed` are set where it has such parameters.

    Raises
    ------
    InputError
        If a parameter is unknown (the message names the nearest), or a text is given for true or false.

    Examples
    --------
    >>> make_classifier("sgd", {"alpha": 0.001}, scheme="sentiment", seed=3)
    SGDTextClassifier(alpha=0.001, random_state=3, scheme='sentiment')
    """
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in (params or {}).items()}
    try:
        made = get_class(name)()
    except TypeError as error:
        raise InputError(f'classifier "{show(name)}" wants parameters without a default: {show(error)}') from None
    known = made.get_params()
    for key, value in given.items():
        if key not in known:
            raise InputError(f'classifier "{show(name)}": unknown parameter "{show(key)}"{suggest(key, known)}')
        if isinstance(known[key], bool) and isinstance(value, str):  # any text would count as true
            raise InputError(f'classifier "{show(name)}": {key} is {show(repr(value))}; true or false is wanted')
    if scheme is not None and "scheme" in known:
        given.setdefault("scheme", scheme)
    if seed is not None and uses_seed(made):
        given["random_state"] = seed
    return made.set_params(**given)


def speaks(classifier: BaseEstimator, scheme: str) -> bool:
    """Return whether a classifier can learn a scheme: any, unless its ``schemes`` says which.

    Examples
    --------
    >>> speaks(make_classifier("vader"), "stance")
    False
    """
    return scheme in getattr(classifier, "schemes", (scheme,))


def uses_seed(classifier: BaseEstimator) -> bool:
    """Return whether a classifier's predictions depend on a seed: it has the parameter ``random_state``."""
    return "random_state" in classifier.get_params(deep=False)
