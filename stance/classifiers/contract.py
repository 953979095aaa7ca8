"""The contract: what every classifier must keep to, ours and yours, as checks that can be run.

In a test file of your own::

    import pytest
    from stance.classifiers.contract import checks
    from my_package.models import MyClassifier

    @pytest.mark.parametrize("check", checks(), ids=str)
    def test_contract(check):
        check(MyClassifier)

scikit-learn's own checks are made for matrices of numbers and leave classifiers of texts alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType, ModuleType

from stance.classifiers import (
    contract_answers,
    contract_inputs,
    contract_labels,
    contract_parameters,
    contract_tools,
)
from stance.classifiers.contract_task import BrokenRuleError, Make
from stance.core.errors import InputError, StanceError, show, unknown

__all__ = [
    "CHECKS",
    "BrokenRuleError",
    "Check",
    "CheckResult",
    "ContractError",
    "check_classifier",
    "checks",
    "iter_checks",
]

PREFIX = "check_"
NO_SKIPS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Check:
    """One rule of the contract, to be called with a function that makes an unfitted classifier.

    Attributes
    ----------
    name : str
        As it is skipped by, and shown as a test's id.
    rule : str
        The rule in one line.
    function : callable
        Raises `BrokenRuleError`, or whatever the classifier raises, where the rule is broken.

    Examples
    --------
    >>> check = next(check for check in CHECKS if check.name == "fit_returns_self")
    >>> print(check, "-", check.rule)
    fit_returns_self - Return the classifier from `fit`.
    """

    name: str
    rule: str
    function: Callable[[Make], None]

    def __call__(self, make: Make) -> None:
        """Run the check."""
        self.function(make)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class CheckResult:
    """How a check ended.

    Attributes
    ----------
    name : str
        The check's.
    status : {"passed", "failed", "skipped"}
    cause : str
        What broke, or why it was skipped; empty where it passed.
    """

    name: str
    status: str
    cause: str = ""


class ContractError(StanceError, AssertionError):
    """The checks that a classifier fails, all of them by name.

    Attributes
    ----------
    results : list of CheckResult
        Of every check.
    """

    def __init__(self, results: list[CheckResult]) -> None:
        self.results = results
        failed = [result for result in results if result.status == "failed"]
        lines = [f"{len(failed)} of {len(results)} checks failed"]
        super().__init__("\n".join([*lines, *(f"{result.name}: {result.cause}" for result in failed)]))

    def __reduce__(self) -> tuple[type[ContractError], tuple[list[CheckResult]]]:
        return ContractError, (self.results,)


def _checks_of(module: ModuleType) -> Iterator[Check]:
    for name, function in vars(module).items():
        if name.startswith(PREFIX) and function.__module__ == module.__name__:
            yield Check(name.removeprefix(PREFIX), function.__doc__.partition("\n")[0], function)


_PARTS = (contract_parameters, contract_inputs, contract_labels, contract_answers, contract_tools)
CHECKS: tuple[Check, ...] = tuple(check for part in _PARTS for check in _checks_of(part))


def checks() -> tuple[Check, ...]:
    """Return the checks of the contract, in the order in which they are read."""
    return CHECKS


def iter_checks() -> Iterator[Check]:
    """Yield the checks of the contract."""
    return iter(CHECKS)


def check_classifier(make: Make, *, skip: Mapping[str, str] = NO_SKIPS) -> list[CheckResult]:
    """Run every check of the contract on a classifier.

    Parameters
    ----------
    make : callable
        Returns an unfitted classifier each time it is called: the class itself, or a function.
    skip : mapping of str to str
        Names of checks to leave out, each with the reason.

    Returns
    -------
    list of CheckResult

    Raises
    ------
    ContractError
        If a check fails; the message names every one that does.
    InputError
        If `skip` names an unknown check, or gives no reason.

    Examples
    --------
    >>> from stance.classifiers.dummies import MajorityClassifier
    >>> {result.status for result in check_classifier(MajorityClassifier)}
    {'passed'}
    """
    names = [check.name for check in CHECKS]
    for name, reason in skip.items():
        if name not in names:
            raise unknown("check", name, names)
        if not isinstance(reason, str) or not reason.strip():
            raise InputError(f'check "{show(name)}" is skipped without a reason')
    results = [
        CheckResult(check.name, "skipped", skip[check.name]) if check.name in skip else _run(check, make)
        for check in CHECKS
    ]
    if any(result.status == "failed" for result in results):
        raise ContractError(results)
    return results


def _run(check: Check, make: Make) -> CheckResult:
    try:
        check(make)
    except BrokenRuleError as error:
        return CheckResult(check.name, "failed", show(error, 300))
    except Exception as error:  # a classifier may raise anything; the other checks go on
        return CheckResult(check.name, "failed", f"{type(error).__name__}: {show(error, 300)}")
    return CheckResult(check.name, "passed")
