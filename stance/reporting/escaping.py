"""Escaping: text that comes from data, made fit for each format and harmless in it."""

from __future__ import annotations

import re
import unicodedata

JOINERS = "\u200c\u200d"  # Persian and Indic spelling needs them; they draw nothing
MARKDOWN = re.compile(r"[\\`*_{}\[\]<>#!|~&@$]|:(?=[\w/+-])|(?<=[wW]{3})\.")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
TEX = {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "–": "--",
    "…": r"\ldots{}",
    "·": r"\textperiodcentered{}",
} | {char: "\\" + char for char in "&%$#_{}"}


def visible(text: object, *, marks: bool = False) -> str:
    r"""Return a text on one line, what cannot be printed spelled out.

    Parameters
    ----------
    text : object
    marks : bool
        Whether marks of writing direction may stay, as they may inside of HTML's ``<bdi>``.

    Examples
    --------
    >>> visible("a\n\x1b[31mb\u202e")
    'a \\x1b[31mb\\u202e'
    """
    line = " ".join(str(text).split())
    return "".join(c if _kept(c, marks) else c.encode("unicode_escape").decode() for c in line)


def printable(text: object) -> str:
    r"""Return a text on one line without what a terminal would obey.

    Examples
    --------
    >>> printable("a\n\x1b[31mb\u202e")
    'a [31mb'
    """
    return "".join(c for c in " ".join(str(text).split()) if c.isprintable())


def markdown(text: object) -> str:
    r"""Return a text as Markdown that shows just this text: no markup, link or image comes of it.

    Examples
    --------
    >>> markdown("![x](http://a.b) | <b>")
    '\\!\\[x\\](http\\://a.b) \\| \\<b\\>'
    """
    return MARKDOWN.sub(lambda found: "\\" + found.group(), visible(text))


def tex(text: object) -> str:
    r"""Return a text for LaTeX's text mode.

    Examples
    --------
    >>> tex("50 % of f_avg \\input{x}")
    '50 \\% of f\\_avg \\textbackslash{}input\\{x\\}'
    """
    return "".join(TEX.get(char, char) for char in visible(text))


def csv_cell(text: object) -> str:
    r"""Return a text for a cell of a CSV file, quoted by ``'`` where a spreadsheet would compute it.

    Dropping the first ``'`` of a cell whose next character that is no ``'`` starts a formula gives the
    text back.

    Examples
    --------
    >>> csv_cell("=1+1"), csv_cell("'=1"), csv_cell("a=1")
    ("'=1+1", "''=1", 'a=1')
    """
    said = str(text).encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
    return "'" + said if said.lstrip("'").startswith(FORMULA) else said


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes; East Asian wide characters take two.

    Examples
    --------
    >>> width("Iran"), width("伊朗")
    (4, 4)
    """
    return sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def cut(text: str, columns: int) -> str:
    """Return a text of at most so many columns, ``…`` where the rest was.

    Examples
    --------
    >>> cut("logistic_regression", 10)
    'logistic_…'
    """
    if width(text) <= columns:
        return text
    kept = ""
    for char in text:
        if width(kept + char) > columns - 1:
            break
        kept += char
    return kept + "…"


def _kept(char: str, marks: bool) -> bool:
    return char.isprintable() or char in JOINERS or (marks and unicodedata.category(char) == "Cf")
