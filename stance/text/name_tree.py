"""The name tree: what a lexicon looks for, letter by letter, as flat arrays for compiled loops."""

from __future__ import annotations

import functools
import re
import sys
from collections import deque
from collections.abc import Iterator
from itertools import accumulate
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stance.text.characters import RARE, TABLE_SIZE, fold_table
from stance.text.lexicon import IN_WORD as IN_WORD_PATTERN
from stance.text.lexicon import Lexicon, case_fits, fold_name, spellings, tidy_name

# Instead of a child: there is none; there is one that only `Lexicon.find` can follow.
NO_CHILD: Final = -1
UNDECIDED: Final = -2
# What a node is: no end of a name, an end, one of which only `Lexicon.find` can say whose.
NO_END: Final = 0
SURE_END: Final = 1
UNSURE_END: Final = 2
EXCLUDED: Final = -1
ROOT: Final = 0
# Where in the record of a node stands what; its edges follow as pairs of letter and child, then its capitals.
IS_END, NAME_OF, N_EDGES, N_CAPITALS, EDGES = range(5)
# What a code point is: matched by `\w`, by IN_WORD, unfit to stand before a name, white space.
LETTER, IN_WORD, JOINED, BLANK = 1, 2, 4, 8
_URLS: Final = ("http://", "https://", "www.")


class NameTree(NamedTuple):
    """The names of a lexicon.

    Attributes
    ----------
    nodes : numpy.ndarray of int32, shape (n,)
        The records of the nodes; a node is the index where its record begins: `NO_END`, `SURE_END` or
        `UNSURE_END`; the index of the key, or `EXCLUDED`; the number of edges and that of capitals; by edge
        a code point (a blank stands for any run of white space) and a node or `UNDECIDED`; by letter of the
        name that ends here its code point where it must be a capital, else 0.
    openers : numpy.ndarray of uint8, shape (262,144,)
        A bit for each four bytes of UTF-8, numbered by the lower six, five, five and five bits of them (a letter and
        its capital share five): whether a name or an address may begin with them. As bits they fit into a cache.
    named_urls : bool
        Whether the address of a site is itself a name.
    """

    nodes: NDArray[np.int32]
    openers: NDArray[np.uint8]
    named_urls: bool


class _Node:
    """The names that begin alike; `children` by code point, None where a letter is undecided."""

    __slots__ = ("children", "end", "kin", "path")

    def __init__(self, path: str) -> None:
        self.path = path
        self.end = False
        self.kin: dict[tuple[str, str], _Node] = {}
        self.children: dict[int, _Node | None] = {}

    def child(self, letter: str) -> _Node:
        """Return the node of one more letter, made where there is none."""
        either = spellings(letter)
        kin = (either, letter.lower())
        if kin not in self.kin:
            node = self.kin[kin] = _Node(self.path + letter)
            for spelling in either:
                # Where two letters share a spelling, it takes a search that can go back.
                known = ord(spelling) in self.children
                self.children[ord(spelling)] = node if _folds_alone(spelling, letter) and not known else None
        return self.kin[kin]

    def walk(self, path: str) -> _Node:
        """Return the node at the end of a path."""
        return functools.reduce(_Node.child, path, self)


def _folds_alone(spelling: str, letter: str) -> bool:
    """Say whether a letter is folded to the name's whatever its neighbours are, and parts words as that does."""
    if letter in " '-":
        return not spelling.isalnum()
    settled = ord(spelling) < TABLE_SIZE and fold_table()[ord(spelling)] != RARE
    return settled and spelling.lower() == letter.lower()


def keys_of(lexicon: Lexicon) -> list[str]:
    """Return the keys of a lexicon, each once, in the order of `NameTree.names`.

    Examples
    --------
    >>> keys_of(Lexicon({"un": ["UN"], "iran": ["Iran", "Tehran"]}))
    ['un', 'iran']
    """
    return list(dict.fromkeys(key for key, _ in lexicon.entries.values() if key is not None))


@functools.lru_cache(maxsize=8)
def grow_tree(lexicon: Lexicon) -> NameTree:
    """Return the names of a lexicon as a tree in flat arrays.

    Examples
    --------
    >>> nodes = grow_tree(Lexicon({"un": ["UN"]})).nodes.tolist()
    >>> nodes[:4], [chr(letter) for letter in nodes[4:8:2]], nodes[5:8:2]
    ([0, -1, 2, 0], ['U', 'u'], [8, 8])
    >>> nodes[-6:-2], [chr(letter) for letter in nodes[-2:]]
    ([1, 0, 0, 2], ['U', 'N'])
    """
    root = _Node("")
    for form in sorted(lexicon.forms() - {""}):
        root.walk(form).end = True
    unsure = {id(root.walk(tidy_name(name))) for name in lexicon.as_written if not _is_plain(lexicon, name)}
    keys = {key: i for i, key in enumerate(keys_of(lexicon))}
    nodes = list(_level_by_level(root))
    heads = [_head(node, lexicon, keys, is_unsure=id(node) in unsure) for node in nodes]
    lengths = [len(head) + 2 * len(node.children) for head, node in zip(heads, nodes, strict=True)]
    places = dict(zip(map(id, nodes), accumulate(lengths, initial=ROOT), strict=False)) | {id(None): UNDECIDED}
    records: list[int] = []
    for head, node in zip(heads, nodes, strict=True):
        edges = [number for letter, child in sorted(node.children.items()) for number in (letter, places[id(child)])]
        records += [*head[:EDGES], *edges, *head[EDGES:]]
    return NameTree(
        nodes=np.array(records, np.int32),
        openers=_openers(root),
        named_urls=any(name.startswith(_URLS) for name in lexicon.entries),
    )


@functools.cache
def character_kinds() -> NDArray[np.uint8]:
    """Return what each code point is, shape (1,114,112,): a sum of `LETTER`, `IN_WORD`, `JOINED`, `BLANK`.

    Examples
    --------
    >>> kinds = character_kinds()
    >>> [int(kinds[ord(character)]) for character in "a\u0301@\u00a0."]
    [7, 6, 4, 8, 0]
    """
    kinds = np.zeros(sys.maxunicode + 1, np.uint8)
    characters = "".join(map(chr, range(len(kinds))))
    for pattern, kind in ((r"\w", LETTER), (f"[{IN_WORD_PATTERN}]", IN_WORD), (f"[@{IN_WORD_PATTERN}]", JOINED)):
        for run in re.finditer(f"{pattern}+", characters):
            kinds[slice(*run.span())] |= kind
    for run in re.finditer(r"\s+", characters):
        kinds[slice(*run.span())] |= BLANK
    return kinds


def _head(node: _Node, lexicon: Lexicon, keys: dict[str, int], *, is_unsure: bool) -> list[int]:
    """Return the record of a node without its edges."""
    # No name ends with a blank; folding would drop it.
    entry = None if node.path.endswith(" ") else lexicon.entries.get(fold_name(node.path))
    key, written = entry or (None, "")
    capitals = [ord(letter) if letter.isupper() else 0 for letter in written]
    end = SURE_END if node.end else NO_END
    is_unsure = is_unsure or node.end != (entry is not None)
    name = EXCLUDED if key is None else keys[key]
    return [UNSURE_END if is_unsure else end, name, len(node.children), len(capitals), *capitals]


def _is_plain(lexicon: Lexicon, name: str) -> bool:
    """Say whether a name as written is found by its folded form, too."""
    key, written = lexicon.entries.get(fold_name(name), (None, ""))
    return key == lexicon.as_written[name] and case_fits(written, name)


def _level_by_level(root: _Node) -> Iterator[_Node]:
    waiting = deque([root])
    while waiting:
        node = waiting.popleft()
        yield node
        waiting.extend(node.kin.values())


def _openers(root: _Node) -> NDArray[np.uint8]:
    openers = np.zeros((64, 32, 32, 32), np.bool_)
    waiting: list[tuple[bytes, _Node | None]] = [(b"@", None), (b"http", None), (b"www.", None), (b"", root)]
    while waiting:
        begun, node = waiting.pop()
        # After a name of three bytes, and after a blank, which stands for any white space, may come anything.
        if len(begun) >= openers.ndim or node is None or node.end or begun.endswith(b" "):
            openers[tuple(byte & mask for byte, mask in zip(begun.rstrip(b" "), (63, 31, 31, 31), strict=False))] = True
        else:
            waiting.extend((begun + _encode(letter), child) for letter, child in node.children.items())
    return np.packbits(openers, bitorder="little")


def _encode(letter: int) -> bytes:
    return chr(letter).encode("utf-8", "surrogatepass")
