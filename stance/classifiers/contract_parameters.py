"""The contract, part 1: parameters, cloning, fitting."""

from __future__ import annotations

import random
import warnings
from functools import partial

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags

from stance.classifiers.contract_task import (
    BrokenRuleError,
    Make,
    answers,
    expect,
    expect_refusal,
    expect_same,
    fitted,
    make_task,
)


def check_parameters_are_read_and_set(make: Make) -> None:
    """Change nothing by `set_params(**get_params())`; refuse an unknown parameter."""
    classifier = make()
    before = classifier.get_params(deep=False)
    expect(classifier.set_params(**before) is classifier, "set_params returns the classifier")
    after = classifier.get_params(deep=False)
    expect(all(after[name] is before[name] for name in before), "set_params keeps what it is given")
    expect_refusal(partial(classifier.set_params, no_such_parameter=1), "an unknown parameter is refused")


def check_init_only_stores(make: Make) -> None:
    """Store the parameters in `__init__` as they are, and do nothing else there."""
    made = make()
    given = {name: object() for name in made.get_params(deep=False)}
    try:
        other = type(made)(**given)
    except Exception as error:
        raise BrokenRuleError(f"__init__ works on its parameters: {type(error).__name__}: {error}") from error
    expect(all(getattr(other, name) is given[name] for name in given), "__init__ changes a parameter")
    extra = sorted(set(vars(other)) - set(given))
    expect(not extra, f"__init__ makes {extra}")


def check_clone(make: Make) -> None:
    """Give an unfitted copy that learns the same to `sklearn.base.clone`."""
    classifier, task = fitted(make)
    copy = clone(classifier)
    expect_not_fitted(copy, task.texts)
    expect_same(
        answers(copy.fit(task.frame, task.y), task.frame),
        answers(classifier, task.frame),
        "a clone learns alike",
    )


def expect_not_fitted(classifier: object, texts: list[str]) -> None:
    """Expect every prediction method to raise scikit-learn's NotFittedError."""
    for name in ("predict", "predict_proba", "decision_function"):
        if not hasattr(classifier, name):
            continue
        try:
            getattr(classifier, name)(texts)
        except NotFittedError:
            continue
        except Exception as error:
            raise BrokenRuleError(f"{name} before fit raises {type(error).__name__}") from error
        raise BrokenRuleError(f"{name} answers before fit")


def check_not_fitted(make: Make) -> None:
    """Raise `NotFittedError` when asked before `fit`."""
    expect_not_fitted(make(), make_task(make).texts)


def check_fit_returns_self(make: Make) -> None:
    """Return the classifier from `fit`."""
    task = make_task(make)
    classifier = make()
    expect(classifier.fit(task.frame, task.y) is classifier, "fit returns something else")


def check_fit_keeps_parameters(make: Make) -> None:
    """Change no parameter in `fit`."""
    classifier, task = make(), make_task(make)
    before = classifier.get_params(deep=False)
    classifier.fit(task.frame, task.y)
    after = classifier.get_params(deep=False)
    changed = [name for name in before if after[name] is not before[name]]
    expect(not changed, f"fit changes {changed}")


def check_refit_forgets(make: Make) -> None:
    """Forget the first `fit` in the second."""
    classifier, task = fitted(make)
    labels = sorted(set(task.y))
    other = dict(zip(labels, labels[1:] + labels[:1], strict=True))
    y = [other[label] for label in task.y]
    expect_same(
        answers(classifier.fit(task.frame, y), task.frame),
        answers(make().fit(task.frame, y), task.frame),
        "fit on other data forgets the first",
    )


def check_failed_fit_keeps_model(make: Make) -> None:
    """Keep what was learned before when a `fit` is refused."""
    classifier, task = fitted(make)
    before = answers(classifier, task.frame)
    expect_refusal(partial(classifier.fit, task.frame, task.y[:-1]), "y shorter than X is refused")
    expect_same(answers(classifier, task.frame), before, "a refused fit changes nothing")


def check_same_data_same_model(make: Make) -> None:
    """Answer alike after two fits on the same data."""
    (first, task), (second, _) = fitted(make), fitted(make)
    expect_same(answers(first, task.frame), answers(second, task.frame), "two fits answer the same")


def check_global_random_state(make: Make) -> None:
    """Leave the global random generators alone: neither read nor move them."""
    state, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002 - the global one is meant
    classifier, task = fitted(make)
    wanted = answers(classifier, task.frame)
    moved = random.getstate() != state or any(
        not np.array_equal(a, b)
        for a, b in zip(numpy_state, np.random.get_state(), strict=True)  # noqa: NPY002
    )
    expect(not moved, "a global random generator was moved")
    random.random()  # noqa: S311 - moved on purpose
    np.random.random()  # noqa: NPY002
    try:
        expect_same(answers(fitted(make)[0], task.frame), wanted, "the global random state is not read")
    finally:
        random.setstate(state)
        np.random.set_state(numpy_state)  # noqa: NPY002


def check_jobs(make: Make) -> None:
    """Answer alike with one job and two, where there is a parameter `n_jobs`."""
    if "n_jobs" not in make().get_params(deep=False):
        return
    task = make_task(make)
    one, two = (make().set_params(n_jobs=n).fit(task.frame, task.y) for n in (1, 2))
    expect_same(answers(two, task.frame), answers(one, task.frame), "two jobs answer as one")


def check_no_warnings(make: Make) -> None:
    """Warn of nothing on clean data."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        classifier, task = fitted(make)
        answers(classifier, task.frame)
    said = sorted({f"{w.category.__name__}: {w.message}" for w in caught})
    expect(not said, f"it warns: {said}")


def check_tags(make: Make) -> None:
    """Say in scikit-learn's tags: a classifier, of strings, not of two-dimensional arrays."""
    made = make()
    tags = get_tags(made)
    expect(is_classifier(made), "it is no classifier")
    expect(tags.input_tags.string and not tags.input_tags.two_d_array, "its input is strings, no 2-D array")


def check_score(make: Make) -> None:
    """Score by the accuracy of `predict`."""
    classifier, task = fitted(make)
    found = np.asarray(classifier.predict(task.frame))
    for y in (task.y, task.y[1:] + task.y[:1]):
        accuracy = np.mean(found == np.asarray(y))
        expect(abs(classifier.score(task.frame, y) - accuracy) < 1e-12, "score is not the accuracy")
