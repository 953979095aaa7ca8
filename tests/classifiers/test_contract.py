"""The contract: every classifier of ours keeps to it, and whoever breaks a rule is told which."""

import pickle

import pytest

from stance.classifiers.baselines import LinearSVMClassifier, LogisticRegressionClassifier
from stance.classifiers.contract import (
    CHECKS,
    BrokenRuleError,
    ContractError,
    check_classifier,
    checks,
    iter_checks,
)
from stance.classifiers.contract_task import expect_refusal, labels_of, make_task
from stance.classifiers.registry import CLASSIFIERS
from stance.core.errors import InputError

BY_NAME = {check.name: check for check in CHECKS}


@pytest.mark.parametrize(("name", "check"), [pytest.param(n, c, id=f"{n}:{c}") for n in CLASSIFIERS for c in checks()])
def test_ours(name, check, maker):
    check(maker(name))


# The scheme decides over the labels alone: a check that reads them, for each of the other schemes.
@pytest.mark.parametrize("scheme", ["sentiment", "directed"])
@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize(
    "check", ["classes", "predict_is_likeliest", "refuses_other_labels", "sentence_order", "two_classes"]
)
def test_ours_on_other_schemes(name, scheme, check, maker):
    BY_NAME[check](maker(name, scheme))


def test_checks_have_names_and_rules():
    assert len(CHECKS) > 60
    assert len(BY_NAME) == len(CHECKS)
    assert all(check.rule.endswith(".") and len(check.rule) < 100 for check in CHECKS)
    assert tuple(iter_checks()) == checks() == CHECKS


@pytest.mark.parametrize("scheme", ["stance", "sentiment", "directed"])
def test_the_task_has_every_label_of_the_scheme(scheme, maker):
    task = make_task(maker("majority", scheme))
    assert set(task.y) == set(labels_of(maker("majority", scheme)()))
    assert len(set(task.texts)) == len(task.texts) == len(task.y)


def test_every_failed_check_is_named():
    class Unhappy(LogisticRegressionClassifier):
        def fit(self, X, y, sample_weight=None):
            super().fit(X, y)

    with pytest.raises(ContractError) as caught:
        check_classifier(Unhappy)
    failed = {result.name: result.cause for result in caught.value.results if result.status == "failed"}
    assert failed["fit_returns_self"] == "fit returns something else"
    assert failed["two_classes"].startswith("AttributeError: ")
    assert all(f"{name}: {cause}" in str(caught.value) for name, cause in failed.items())
    assert str(caught.value).startswith(f"{len(failed)} of {len(CHECKS)} checks failed")
    assert isinstance(caught.value, AssertionError)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_check_is_skipped_only_for_a_reason():
    reason = "it is the subject of another test"
    results = check_classifier(LinearSVMClassifier, skip={"accepts_dataset": reason})
    assert [(r.name, r.cause) for r in results if r.status == "skipped"] == [("accepts_dataset", reason)]
    with pytest.raises(InputError, match='check "accepts_dataset" is skipped without a reason'):
        check_classifier(LinearSVMClassifier, skip={"accepts_dataset": " "})
    with pytest.raises(InputError, match='did you mean "accepts_dataset"'):
        check_classifier(LinearSVMClassifier, skip={"accept_dataset": reason})


def test_a_refusal_of_another_kind_counts_as_none():
    with pytest.raises(BrokenRuleError, match="KeyError instead"):
        expect_refusal({}.popitem, "nothing is refused")
    with pytest.raises(BrokenRuleError, match="it was accepted"):
        expect_refusal(dict, "nothing is refused")
    with pytest.raises(BrokenRuleError, match='does not name "7"'):
        expect_refusal(lambda: int("x"), "a letter is refused", "7")
