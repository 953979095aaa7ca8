"""Errors that a user can act on: one line, a code, an exit status."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import ClassVar

MAX_VALUE_CHARS, MAX_PATH_CHARS = 80, 300
SHOWN_PROBLEMS = 20


class StanceError(Exception):
    """Base of every error that this package raises on purpose.

    Attributes
    ----------
    exit_code : int
        What the command line exits with: 2 usage or input, 3 results busy, 4 storage, 5 refused file.
    """

    exit_code: ClassVar[int] = 2


class InputError(StanceError, ValueError):
    """Input, configuration or usage that breaks a stated rule (exit 2)."""


class InputTypeError(StanceError, TypeError):
    """An argument of the wrong type (exit 2)."""


class MissingDataError(StanceError, FileNotFoundError):
    """A corpus or file that is not there; the message names the command that brings it (exit 2)."""


class BusyError(StanceError):
    """Another run holds the results folder (exit 3)."""

    exit_code = 3


class StorageError(StanceError, OSError):
    """The disk is full, read-only or failing (exit 4)."""

    exit_code = 4


class RefusedFileError(StanceError, ValueError):
    """A file that is damaged, altered or unsafe (exit 5)."""

    exit_code = 5


@dataclass(frozen=True)
class Problem:
    """One broken rule in one place of a file.

    Attributes
    ----------
    rule : str
        What is wrong and what would be right.
    line, column : int or str or None
        Where: the line of the file, or the row of a table (1-based), and the name of the column.
    value : str or None
        The value found, unescaped; it is escaped and cut when shown.
    """

    rule: str
    line: int | None = None
    column: str | None = None
    value: str | None = None

    def describe(self, unit: str = "line") -> str:
        """Return the problem as ``line 3, column "label": "Favour" rule``; a table has rows for lines."""
        place = [f"{unit} {self.line}"] if self.line is not None else []
        if self.column is not None:
            place.append(f'column "{show(self.column)}"')
        said = [f'"{show(self.value)}"'] if self.value is not None else []
        return (", ".join(place) + ": " if place else "") + " ".join([*said, self.rule])


class TableError(InputError):
    """The broken rules found in one file, all of them, the first twenty shown.

    Examples
    --------
    >>> print(TableError("us.csv", [Problem("is not one of favor, against", 7, "label", "Favour")]))
    us.csv: line 7, column "label": "Favour" is not one of favor, against
    """

    def __init__(self, path: str | Path, problems: Sequence[Problem], unit: str = "line") -> None:
        self.path = str(path)
        self.problems = list(problems)
        self.unit = unit
        file = show(self.path, MAX_PATH_CHARS)
        shown = [f"{file}: {p.describe(unit)}" for p in self.problems[:SHOWN_PROBLEMS]]
        if len(self.problems) > SHOWN_PROBLEMS:
            shown.append(f"{file}: {len(self.problems):,} problems in all, {SHOWN_PROBLEMS} shown")
        super().__init__("\n".join(shown))

    def __reduce__(self) -> tuple[type[TableError], tuple[str, list[Problem], str]]:
        return TableError, (self.path, self.problems, self.unit)


def show(value: object, limit: int | None = None) -> str:
    r"""Return a value fit for a message: printable, on one line, at most `limit` characters.

    Without a limit it is 80, and 300 for a path: its end is the name that the reader looks for.

    Examples
    --------
    >>> show("a\nb\u202e")
    'a\\nb\\u202e'
    """
    if limit is None:
        limit = MAX_PATH_CHARS if isinstance(value, PurePath) else MAX_VALUE_CHARS
    head = str(value)[: limit + 1]
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in head)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def suggest(word: str, known: Iterable[str]) -> str:
    """Return `` (did you mean "x"?)`` for the nearest known word, or an empty string.

    Examples
    --------
    >>> suggest("stanse", ["stance", "sentiment"])
    ' (did you mean "stance"?)'
    """
    folded = {k.casefold(): k for k in known}
    near = difflib.get_close_matches(str(word).strip().casefold(), list(folded), n=1, cutoff=0.6)
    return f' (did you mean "{show(folded[near[0]])}"?)' if near else ""


def unknown(kind: str, word: str, known: Iterable[str]) -> InputError:
    """Return the error for a name that is not known, with the nearest and all known names."""
    names = sorted(known)
    listed = ", ".join(map(show, names)) or "none"
    return InputError(f'{show(kind)} "{show(word)}" is not known{suggest(word, names)}; known: {listed}')
