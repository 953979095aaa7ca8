"""Folding: when two sentences count as the same."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"\w+")


def fold(text: str) -> str:
    """Return a text's words alone: compatibility forms, case, punctuation, brackets and spacing dropped.

    Examples
    --------
    >>> fold("[Moscow] 'backs'  the TRUCE.") == fold("Moscow backs the truce")
    True
    """
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))
