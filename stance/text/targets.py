"""The issues: what a stance is taken toward, and where a text names one."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from stance.core.paths import shipped
from stance.text.actors import Phrase, StrictTable, check_claims, read_tables
from stance.text.lexicon import Lexicon

__all__ = ["Issue", "IssueLexicon", "load_targets"]


@dataclass(frozen=True)
class Issue:
    """Something that a stance is taken toward, other than an actor.

    Attributes
    ----------
    key : str
        How labels and files call it: ``nuclear_programme``.
    name : str
        How tables and plots call it: ``Nuclear programme``.
    definition : str
        What counts as this issue, in one sentence.
    triggers : tuple of str
        Words and phrases that name it, in any case.
    excluded : tuple of str
        Phrases that hold a trigger and mean something else (``not`` in the file).

    Examples
    --------
    >>> Issue("tariffs", "Tariffs", "Duties on imports.", ("tariff", "tariffs")).key
    'tariffs'
    """

    key: str
    name: str
    definition: str
    triggers: tuple[str, ...]
    excluded: tuple[str, ...] = ()


class _IssueTable(StrictTable):
    name: Phrase
    definition: Annotated[str, Field(min_length=1)]
    triggers: Annotated[list[Phrase], Field(min_length=1)]
    excluded: list[Phrase] = Field(default=[], alias="not")


def load_targets(path: str | Path | None = None) -> dict[str, Issue]:
    """Return the issues by key: the shipped ones and, where given, those of a file of the same form.

    An issue of the file replaces the shipped one of the same key.

    Parameters
    ----------
    path : str or Path or None
        A TOML file with a table an issue: ``name``, ``definition``, ``triggers`` and, if need be, ``not``.

    Raises
    ------
    InputError
        If the file breaks a rule, or two issues claim the same trigger.

    Examples
    --------
    >>> load_targets()["sanctions"].triggers[:2]
    ('sanctions', 'sanction')
    """
    issues = dict(_shipped_targets())
    if path is not None:
        issues |= _read_targets(Path(path))
        _check_issues(Path(path), issues)
    return issues


class IssueLexicon(Lexicon):
    """The trigger words of some issues, to be found in texts in any case.

    Parameters
    ----------
    issues : mapping of str to Issue
        As `load_targets` returns them.

    Examples
    --------
    >>> found = IssueLexicon(load_targets()).find("Talks on the prisoner swap outlived the Truce.")
    >>> [(mention.name, mention.text) for mention in found]
    [('negotiations', 'Talks'), ('hostages_and_prisoners', 'prisoner swap'), ('ceasefire', 'Truce')]
    """

    def __init__(self, issues: Mapping[str, Issue]) -> None:
        triggers = {key: issue.triggers for key, issue in issues.items()}
        super().__init__({}, triggers, [phrase for issue in issues.values() for phrase in issue.excluded])


@functools.cache
def _shipped_targets() -> dict[str, Issue]:
    path = shipped("corpora") / "targets.toml"
    issues = _read_targets(path)
    _check_issues(path, issues)
    return issues


def _read_targets(path: Path) -> dict[str, Issue]:
    return {
        key: Issue(key, t.name, t.definition, tuple(t.triggers), tuple(t.excluded))
        for key, t in read_tables(path, _IssueTable).items()
    }


def _check_issues(path: Path, issues: Mapping[str, Issue]) -> None:
    triggers = [(f"{i.key}.triggers", trigger) for i in issues.values() for trigger in i.triggers]
    check_claims(path, triggers, [(f"{i.key}.not", phrase) for i in issues.values() for phrase in i.excluded])
