"""Parse JSON objects, refusing what Python's parser lets pass: double keys, NaN, huge numbers, deep nests."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

from stance.core.errors import show

MAX_DEPTH = 64
BLANK = re.compile(r"[ \t\r\n]*+")
TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
NAMES = {
    str: "a text",
    int: "a number",
    float: "a number",
    bool: "a boolean",
    list: "a list",
    dict: "an object",
}


class RefusedJsonError(ValueError):
    """JSON that is broken or that we refuse, and its place in the text."""

    def __init__(self, rule: str, place: int) -> None:
        super().__init__(rule)
        self.place = place


def object_of_line(text: str) -> dict[str, Any]:
    """Return the one object that a line holds.

    Raises
    ------
    RefusedJsonError
        If the line is anything else.

    Examples
    --------
    >>> object_of_line('{"id": "007", "label": null}')
    {'id': '007', 'label': None}
    >>> object_of_line('{"id": 1, "id": 2}')
    Traceback (most recent call last):
        ...
    stance.data.json_objects.RefusedJsonError: holds the key "id" twice
    """
    if text.count("[") + text.count("{") > MAX_DEPTH:
        check_depth([text])
    row, end = _decoded(text, after_blank(text))
    if (rest := after_blank(text, end)) < len(text):
        raise RefusedJsonError(f"is not JSON (more after the object, character {rest + 1})", rest)
    return row


def objects_of_array(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each object of a JSON array and where in the text it begins.

    Raises
    ------
    RefusedJsonError
        At the first element that is not an object, or that is refused.

    Examples
    --------
    >>> list(objects_of_array('[{"id": "1"}, {}]'))
    [(1, {'id': '1'}), (14, {})]
    """
    check_depth([text])
    place = after_blank(text, text.index("[") + 1)
    closed = text.startswith("]", place)
    while not closed:
        row, end = _decoded(text, place)
        yield place, row
        place = after_blank(text, end)
        closed = text.startswith("]", place)
        if not closed and not text.startswith(",", place):
            raise RefusedJsonError("is not JSON (a comma or ] is missing)", place)
        place = place if closed else after_blank(text, place + 1)
    if (rest := after_blank(text, place + 1)) < len(text):
        raise RefusedJsonError("is not JSON (more after the array)", rest)


def after_blank(text: str, place: int = 0) -> int:
    """Return where the white space that begins at `place` ends.

    Examples
    --------
    >>> after_blank("  {}")
    2
    """
    found = BLANK.match(text, place)
    return found.end() if found else place


def check_depth(lines: Iterable[str]) -> None:
    """Refuse brackets nested deeper than 64, over all lines, before a parser that recurs meets them.

    Raises
    ------
    RefusedJsonError
        With the place in the line.

    Examples
    --------
    >>> check_depth(["[" * 40, "[" * 40])
    Traceback (most recent call last):
        ...
    stance.data.json_objects.RefusedJsonError: is nested deeper than 64
    """
    depth = 0
    for line in lines:
        for token in TOKEN.finditer(line):
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
            if depth > MAX_DEPTH:
                raise RefusedJsonError(f"is nested deeper than {MAX_DEPTH}", token.start())


def _decoded(text: str, place: int) -> tuple[dict[str, Any], int]:
    try:
        row, end = DECODER.raw_decode(text, place)
    except json.JSONDecodeError as error:
        raise RefusedJsonError(f"is not JSON ({error.msg}, character {error.colno})", error.pos) from error
    except ValueError as error:
        raise RefusedJsonError(str(error), place) from error
    if type(row) is not dict:
        raise RefusedJsonError(f"is {NAMES.get(type(row), 'null')} where an object belongs", place)
    return row, end


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f'holds the key "{show(twice)}" twice')
    return found


def _integer(digits: str) -> int:
    if len(digits) > 20 or not -(2**63) <= int(digits) < 2**63:
        length = len(digits.lstrip("-"))
        raise ValueError(f"holds an integer of {length} digits, over 64 bits; write it as a text")
    return int(digits)


def _decimal(digits: str) -> float:
    if math.isinf(number := float(digits)):
        raise ValueError(f"holds the number {show(digits)}, out of range; write it as a text")
    return number


def _constant(name: str) -> NoReturn:
    raise ValueError(f"holds {name}, which is not JSON; write null")


DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_decimal, parse_constant=_constant
)
