"""The lexicon: names to be found in texts, in one pass of one regular expression."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from stance.core.errors import InputError, InputTypeError, show

APOSTROPHES: Final = "'’‘ʼ＇"
HYPHENS: Final = "-‐‑–"
# `re` counts no combining mark as part of a word; a decomposed "é" must not end one.
IN_WORD: Final = r"\w\u0300-\u036f"
WORDS: Final = re.compile(rf"[{IN_WORD}]+")
# Nothing is found inside of a web or mail address; a handle counts whole, where it is listed.
ADDRESS: Final = r"https?://\S++|www\.\S++|@\w++"
PLAIN: Final = {ord(c): "'" for c in APOSTROPHES} | {ord(c): "-" for c in HYPHENS}


@dataclass(frozen=True, slots=True)
class Mention:
    """A span of a text that names something.

    Attributes
    ----------
    name : str
        The key of what is named: ``russia``, ``ceasefire``.
    start, end : int
        Offsets in Unicode code points, end exclusive.
    text : str
        The words themselves: ``text[start:end]`` of the whole.

    Examples
    --------
    >>> Mention("iran", 0, 6, "Tehran").end
    6
    """

    name: str
    start: int
    end: int
    text: str


class Lexicon:
    """Names to be found in texts: whole words, the longest name first, no overlaps.

    Parameters
    ----------
    names : mapping of str to sequence of str
        By key. A capital in a name must be a capital in the text, a small letter may be either.
    any_case : mapping of str to sequence of str
        By key: names for which case does not count.
    excluded : iterable of str
        Phrases, in any case, inside of which nothing is found.

    Attributes
    ----------
    entries : dict of str to (str or None, str)
        By folded name: its key, None of an excluded phrase; the name as written, "" where case does not count.
    as_written : dict of str to str
        The key of each name as it was given, and in capitals.

    Raises
    ------
    InputError
        If two keys claim the same name.

    Examples
    --------
    >>> Lexicon({"un": ["UN"]}, {"truce": ["truce"]}).find("Truce holds, UN says; un-said")
    [Mention(name='truce', start=0, end=5, text='Truce'), Mention(name='un', start=13, end=15, text='UN')]
    """

    def __init__(
        self,
        names: Mapping[str, Sequence[str]],
        any_case: Mapping[str, Sequence[str]] | None = None,
        excluded: Iterable[str] = (),
    ) -> None:
        self.as_written: dict[str, str] = {}
        self.entries: dict[str, tuple[str | None, str]] = {fold_name(phrase): (None, "") for phrase in excluded}
        for keyed, strict in ((names, True), (any_case or {}, False)):
            for key, phrases in keyed.items():
                for phrase in phrases:
                    self._add(key, phrase, strict)
        inside = _trie(form for form in self.forms() if not form.startswith("@"))
        self._pattern = re.compile(rf"(?<![@{IN_WORD}])(?:({ADDRESS})|(?:{inside})(?![{IN_WORD}]))")

    def _add(self, key: str, phrase: str, strict: bool) -> None:
        folded = fold_name(phrase)
        owner = self.entries.get(folded, (key, ""))[0]
        if owner != key:
            other = "an excluded phrase" if owner is None else f'a name of "{show(owner)}"'
            raise InputError(f'"{show(phrase)}" is a name of "{show(key)}" and {other}')
        self.entries[folded] = (key, tidy_name(phrase) if strict else "")
        self.as_written |= {phrase: key, phrase.upper(): key}

    def forms(self) -> set[str]:
        """Return the names and excluded phrases as they are looked for, with composed and decomposed letters.

        Examples
        --------
        >>> sorted(Lexicon({"un": ["UN"]}).forms())
        ['UN', 'un']
        """
        # As written, too: the small form of a letter such as "İ" is two, its capital's pattern would be lost.
        forms = {*self.entries, *map(tidy_name, self.as_written)}
        return forms | {unicodedata.normalize("NFD", form) for form in forms}

    def find(self, text: str) -> list[Mention]:
        """Return the mentions from left to right; a possessive ending stays outside.

        Parameters
        ----------
        text : str
            Any text; characters that no name holds, NUL and lone surrogates included, only part words.

        Examples
        --------
        >>> lexicon = Lexicon({"iran": ["Iran"]})
        >>> [m.text for m in lexicon.find("IRAN’s envoy, Iran-backed, #iran; iran, Irangate")]
        ['IRAN', 'Iran', 'iran']
        """
        return list(self.scan(text))

    def scan(self, text: str) -> Iterator[Mention]:
        """Yield what `find` returns, one by one: who wants the first need not read on.

        Examples
        --------
        >>> next(Lexicon({"iran": ["Iran"]}).scan("Iran met Iran")).end
        4
        """
        if not isinstance(text, str):
            raise InputTypeError(f"text must be a str, not {type(text).__name__}")
        at = 0
        while match := self._pattern.search(text, at):
            start, end = match.span()
            if match.group(1) is None:
                key, at = self._longest(text, start, end)
            else:
                key, at = self.entries.get(fold_name(match.group()), (None, ""))[0], end
            if key is not None:
                yield Mention(key, start, at, text[start:at])

    def _longest(self, text: str, start: int, end: int) -> tuple[str | None, int]:
        """Return the key of the longest name at `start` whose case fits, and where to read on."""
        span = text[start:end]
        if span in self.as_written:
            return self.as_written[span], end
        hashtag = start > 0 and text[start - 1] == "#"
        for stop in (len(span), *sorted((w.end() for w in WORDS.finditer(span)), reverse=True)):
            key, written = self.entries.get(fold_name(span[:stop]), (None, None))
            if written is not None and (hashtag or case_fits(written, span[:stop])):
                return key, start + stop
        return None, start + 1


def fold_name(text: str) -> str:
    """Return a text as names are compared: composed, small letters, plain apostrophes, single blanks.

    Examples
    --------
    >>> fold_name("Trump’s  WHITE House")
    "trump's white house"
    """
    return tidy_name(text).lower()


def tidy_name(text: str) -> str:
    """Return a text composed, with plain apostrophes and hyphens and single blanks.

    Examples
    --------
    >>> tidy_name("Amir‑Abdollahian  told Sa’ar")
    "Amir-Abdollahian told Sa'ar"
    """
    return " ".join(unicodedata.normalize("NFC", text).translate(PLAIN).split())


def case_fits(written: str, found: str) -> bool:
    """Say whether each capital of a name is one in what was found, too.

    Examples
    --------
    >>> case_fits("US army", "US Army"), case_fits("US army", "us army")
    (True, False)
    """
    return all(w == f for w, f in zip(written, tidy_name(found), strict=False) if w.isupper())


def spellings(letter: str) -> str:
    """Return what a letter of a name may be in a text; a blank stands for any run of white space.

    Examples
    --------
    >>> spellings("a"), spellings("'"), spellings(".")
    ('Aa', "'’‘ʼ＇", '.')
    """
    for makes in (APOSTROPHES, HYPHENS):
        if letter == makes[0]:
            return makes
    return "".join(sorted({form for form in (letter, letter.lower(), letter.upper()) if len(form) == 1}))


def _trie(forms: Iterable[str]) -> str:
    """Return a regular expression that tries each letter once, however many phrases share it."""
    root: dict[str, Any] = {}
    for form in forms:
        node = root
        for letter in form:
            node = node.setdefault(_atom(letter), {})
        node[""] = {}
    return _render(root) if root else r"(?!)"


def _atom(letter: str) -> str:
    either = spellings(letter)
    if letter == " ":
        return r"\s++"
    return f"[{re.escape(either)}]" if len(either) > 1 else re.escape(either)


def _render(node: dict[str, Any]) -> str:
    branches = [atom + _render(child) for atom, child in sorted(node.items()) if atom]
    if not branches:
        return ""
    closed = f"(?:{'|'.join(branches)})" if len(branches) > 1 or "" in node else branches[0]
    return closed + ("?" if "" in node else "")
