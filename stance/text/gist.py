"""Gist: a text in which each word is replaced by what it says, so that rare words count like common ones."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stance.text.polarity import NEGATIONS, load_valences
from stance.text.segments import HOLDER, TARGET
from stance.text.words import load_words

_TOKEN: Final = re.compile(r"\w+(?:['’]\w+)*|[,;:—–()\"“”?!]")
_KEPT: Final = f"""
{HOLDER} {TARGET} by against for with from of to over toward towards about at on in into and or because after before
until since if unless who which that whom whose when as than without may might could would should must will can shall
"""
_CONTRAST: Final = "but however although though despite yet nevertheless still while whereas even instead rather unlike"
MARKS: Final = {",": "comma", ";": "semicolon", ":": "colon", "—": "dash", "–": "dash", "(": "bracket", ")": "bracket"}
SIGNS: Final = {"?": "question", "!": "exclamation", '"': "quote", "“": "quote", "”": "quote"}
TURNED: Final = frozenset(["favor", "against", "good", "bad", "want", "pos", "neg"])
NEGATION_REACH: Final = 5  # words without a meaning of their own; a mark or a contrast ends it before
_COUNTED: Final = """
favor against good bad pos neg notfavor notagainst notgood notbad notpos notneg neutral hedge say want not but quote
"""
COUNTED: Final = tuple(_COUNTED.split())


def gist(text: str, *, negation: bool = True) -> str:
    """Replace each word by what it says; leave out those that say nothing of stance or sentiment.

    Negation is read through: it turns what the next words say into ``notfavor``, ``notbad`` and the like,
    up to the next mark. Kept are role words, prepositions and conjunctions, for who does what to whom.

    Parameters
    ----------
    text : str
        A sentence or part of it, the mentions replaced by role words.
    negation : bool
        Off, a negation is a word like others and turns nothing.

    Examples
    --------
    >>> gist("Yesterday holderrole refused to condemn the raid by targetrole.")
    'holderrole against to against against by targetrole'
    >>> gist("holderrole did not endorse the draft, but praised it")
    'holderrole not notfavor comma but favor'
    """
    return " ".join(meaning for _, meaning in find_meanings(text, negation=negation))


def find_meanings(text: str, *, negation: bool = True) -> Iterator[tuple[int, str]]:
    """Yield where each word begins that says something, and what it says, as in `gist`.

    Places are those of the text in small letters.

    Examples
    --------
    >>> list(find_meanings("It backs us, but"))
    [(3, 'favor'), (11, 'comma'), (13, 'but')]
    """
    meanings, left = load_meanings(), 0
    for found in _TOKEN.finditer(text.lower()):
        meaning, left = follow_negation(meanings.get(found.group(), ""), left)
        if found.group() in MARKS or not negation:
            left = 0
        if meaning:
            yield found.start(), meaning


def follow_negation(meaning: str, left: int) -> tuple[str, int]:
    """Return what a word says where a negation reaches so many words further, and how far it reaches after it.

    Parameters
    ----------
    meaning : str
        Of the word alone; empty if it says nothing.
    left : int

    Examples
    --------
    >>> follow_negation("favor", 3), follow_negation("", 3), follow_negation("not", 0), follow_negation("but", 3)
    (('notfavor', 3), ('', 2), ('not', 5), ('but', 0))
    """
    if not meaning:
        return "", max(left - 1, 0)
    if meaning == "not":
        return meaning, NEGATION_REACH
    if meaning == "but":
        return meaning, 0
    return f"not{meaning}" if left and meaning in TURNED else meaning, left


def count_meanings(gists: Iterable[str]) -> NDArray[np.float64]:
    """Return how often each gist says what, shape (n_texts, 19), columns as `COUNTED`.

    A count n is squashed to n / (2n + 2): half as heavy as an n-gram.

    Examples
    --------
    >>> count_meanings(["favor but favor"])[0, [0, 1, 17]].round(2).tolist()
    [0.33, 0.0, 0.25]
    """
    rows = []
    for said in gists:
        words = said.split()
        rows.append([words.count(meaning) for meaning in COUNTED])
    counts = np.array(rows, dtype=float).reshape(-1, len(COUNTED))
    squashed: NDArray[np.float64] = counts / (2 * counts + 2)
    return squashed


def name_meanings(transformer: object, names: object) -> NDArray[np.object_]:
    """Return the names of the columns of `count_meanings`, as scikit-learn asks for them."""
    return np.array(COUNTED, dtype=object)


@functools.cache
def load_meanings() -> dict[str, str]:
    """Return what each word and mark says; typographic apostrophes included."""
    meanings = {word: "pos" if valence > 0 else "neg" for word, valence in load_valences().items()}
    meanings |= {word: word for word in _KEPT.split()} | dict.fromkeys(_CONTRAST.split(), "but")
    meanings |= dict.fromkeys(["is", "are", "was", "were", "be", "been", "being"], "be")
    meanings |= load_words() | dict.fromkeys(NEGATIONS, "not") | MARKS | SIGNS
    return meanings | {word.replace("'", "’"): meaning for word, meaning in meanings.items()}
