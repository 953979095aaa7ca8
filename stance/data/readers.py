"""Readers: each turns the files of one source into rows of the frame, and knows nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path, PurePath
from typing import Any, TypeVar

import pyarrow as pa

from stance.core.errors import InputError, Problem, TableError, show, unknown
from stance.data.json_objects import object_of_line
from stance.data.sheets import Columns, Sheet, SheetFile
from stance.data.streams import text_blocks
from stance.data.tables import LINE, read_table, require_columns, require_texts, with_offsets
from stance.text.inputs import SPAN_NAMES

Row = dict[str, Any]
Span = tuple[int, int]
Kind = TypeVar("Kind")
Reader = Callable[[Path, Sheet, SheetFile, str], Iterator[Row]]
AUTHOR = "author"
_BRACKETED = re.compile(r"\[[^\[\]]+\]")
_OUR_TEXTS = ("id", "text", "actor", "target", "stance", "sentiment", "group", "split")
_OUR_SPANS = ("actor_start", "actor_end", "target_start", "target_end")
_TEXT, _LABELS = "_text.txt", "_labels.txt"
_DSE_CODES = {"0": "none", "1": "favor", "2": "favor_back", "3": "against", "4": "against_back"}


def get_reader(name: str) -> Reader:
    """Return the reader of that name."""
    if name not in READERS:
        raise unknown("reader", name, READERS)
    return READERS[name]


def read_rows(path: Path, sheet: Sheet, file: SheetFile, scheme: str) -> Iterator[Row]:
    """Read a table of our own form, or of a user's, by the sheet's ``[columns]``.

    A column that the sheet leaves out is looked for under its own name, and so are the offsets of the
    holder and the target. An empty cell is no value.
    """
    given = sheet.columns.model_dump(exclude_none=True)
    table = read_table(path, separator=file.separator, encoding=file.encoding)
    require_columns(table, path, list(given.values()))
    require_texts(table, path, [given["text"]])
    columns = {key: given.get(key, key) for key in Columns.model_fields}
    values = {k: table.column(name).to_pylist() for k, name in columns.items() if name in table.column_names}
    spans = [name for name in SPAN_NAMES if name in table.column_names]
    offsets = with_offsets(table, path, spans).select(spans).to_pylist()
    rows = made_rows(values, table.column(LINE).to_pylist(), PurePath(file.path).with_suffix("").as_posix())
    for row, marked in zip(rows, offsets, strict=True):
        yield row | marked


def made_rows(columns: Mapping[str, Sequence[object]], lines: Sequence[int], place: str) -> Iterator[Row]:
    """Yield the rows of the frame's columns; an id that is not given is made of the place and the line.

    Examples
    --------
    >>> list(made_rows({"text": ["Truce now."], "target": [" "]}, [2], "train"))
    [{'text': 'Truce now.', 'target': None, 'id': 'train:2', 'holder': 'author', 'line': 2}]
    """
    for i, line in enumerate(lines):
        row: Row = {key: _cell(column[i]) for key, column in columns.items()}
        row.setdefault("id", f"{place}:{line}")
        row["holder"] = row.get("holder") or AUTHOR
        row["line"] = line
        yield row


def read_four_actors(path: Path, sheet: Sheet, file: SheetFile, scheme: str) -> Iterator[Row]:
    """Read our own corpus: one row gives a stance of the actor and a sentiment toward the actor.

    Raises
    ------
    TableError
        If a column is missing or holds another type, or one text has two sentiments toward one actor.
    """
    table = read_table(path)
    require_columns(table, path, [*_OUR_TEXTS, *_OUR_SPANS])
    require_texts(table, path, _OUR_TEXTS)
    _require_integers(table, path, _OUR_SPANS)
    seen: dict[tuple[str, str], Row] = {}
    for raw in table.to_pylist():
        row: Row = {key: raw[key] for key in ("id", "text", "group", "split", "actor")} | {"line": raw[LINE]}
        actor_span = {"start": raw["actor_start"], "end": raw["actor_end"]}
        if scheme == "stance":
            spans = {f"holder_{k}": v for k, v in actor_span.items()}
            spans |= {"target_start": raw["target_start"], "target_end": raw["target_end"]}
            yield row | spans | {"holder": raw["actor"], "target": raw["target"], "label": raw["stance"]}
            continue
        first = seen.setdefault((raw["text"], raw["actor"]), raw)
        if first["sentiment"] != raw["sentiment"]:
            rule = f'differs from line {first[LINE]}, the same text and actor: "{show(first["sentiment"])}"'
            raise TableError(path, [Problem(rule, raw[LINE], "sentiment", raw["sentiment"])])
        if first is raw:
            spans = {f"target_{k}": v for k, v in actor_span.items()}
            yield row | spans | {"holder": AUTHOR, "target": raw["actor"], "label": raw["sentiment"]}


def read_newsmtsc(path: Path, sheet: Sheet, file: SheetFile, scheme: str) -> Iterator[Row]:
    """Read NewsMTSC: a sentence a line, a row for each of its targets; the article is the group."""
    for number, line in _lines(path):
        try:
            record = object_of_line(line)
            text = _of_type(record, "sentence_normalized", str)
            article = "_".join(_of_type(record, "primary_gid", str).split("_")[:3])
            rows = [_newsmtsc_row(target) for target in _of_type(record, "targets", list)]
        except (ValueError, KeyError, TypeError) as error:
            raise TableError(path, [Problem(f"is no NewsMTSC record: {show(repr(error))}", number)]) from None
        for row in rows:
            yield row | {"text": text, "holder": AUTHOR, "group": article, "line": number}


def read_dse(path: Path, sheet: Sheet, file: SheetFile, scheme: str) -> Iterator[Row]:
    """Read DSE: a sentence with two bracketed entities p and q, and the code of who feels what."""
    for number, line in _lines(path):
        text, p, q, code = _dse_record(path, number, line)
        base = {"text": text, "line": number}
        row_id = f"{path.stem}-{number}"
        if scheme == "directed":
            yield base | {"id": row_id, "label": code} | _pair(text, p, q)
            continue
        forth = "none" if code.endswith("_back") else code
        back = code.removesuffix("_back") if code.endswith("_back") else "none"
        yield base | {"id": f"{row_id}-pq", "label": forth} | _pair(text, p, q)
        yield base | {"id": f"{row_id}-qp", "label": back} | _pair(text, q, p)


def read_tweeteval(path: Path, sheet: Sheet, file: SheetFile, scheme: str) -> Iterator[Row]:
    """Read TweetEval's stance: a tweet a line of ``*_text.txt``, its code on that line of ``*_labels.txt``.

    The folder's name is the target. A labels file gives no rows of its own; the sheet lists it all the
    same, so that its hash is checked too.
    """
    if path.name.endswith(_LABELS):
        return
    labels = path.with_name(path.name.removesuffix(_TEXT) + _LABELS)
    listed = PurePath(file.path).with_name(labels.name).as_posix()
    if listed not in {PurePath(other.path).as_posix() for other in sheet.files}:
        raise InputError(f"{sheet.name}: its sheet lists {show(file.path)} without {show(listed)}")
    codes = dict(_lines(labels))
    texts = dict(_lines(path))
    for number in sorted(set(codes) ^ set(texts)):
        at, other = (labels, path) if number in codes else (path, labels)
        raise TableError(at, [Problem(f"has no counterpart in {other.name}; both have a line a tweet", number)])
    target = path.parent.name
    for number, text in texts.items():
        row: Row = {"text": text, "holder": AUTHOR, "target": target, "label": codes[number].strip()}
        yield row | {"id": f"{target}-{path.name.removesuffix(_TEXT)}-{number}", "line": number}


def _cell(value: object) -> str | None:
    return None if value is None or not str(value).strip() else str(value)


def _require_integers(table: pa.Table, path: Path, columns: Sequence[str]) -> None:
    kinds = {name: table.schema.field(name).type for name in columns}
    problems = [
        Problem(f"holds {show(kind)} where integers belong", column=name)
        for name, kind in kinds.items()
        if not pa.types.is_integer(kind) and not pa.types.is_null(kind)
    ]
    if problems:
        raise TableError(path, problems)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank and their numbers; bytes that are not UTF-8 are a TableError."""
    problems: list[Problem] = []
    # Not `str.splitlines`, which also cuts at characters that stand in texts, such as U+2028.
    for number, line in enumerate(chain.from_iterable(text_blocks(path, "utf-8", problems)), 1):
        if problems:
            break
        if line.strip():
            yield number, line.rstrip("\r\n")
    if problems:
        raise TableError(path, problems)


def _of_type(record: Row, key: str, kind: type[Kind]) -> Kind:
    value = record[key]
    if type(value) is not kind:
        raise TypeError(f"{key} is {value!r}, not {kind.__name__}")
    if isinstance(value, str):
        value.encode()  # a lone surrogate is a ValueError
    return value


def _newsmtsc_row(target: Row) -> Row:
    return {
        "id": _of_type(target, "Input.gid", str),
        "target": _of_type(target, "mention", str),
        "target_start": _of_type(target, "from", int),
        "target_end": _of_type(target, "to", int),
        "label": str(target["polarity"]),
    }


def _dse_record(path: Path, number: int, line: str) -> tuple[str, Span, Span, str]:
    """Return text, span of p, span of q and label; the brackets may stand in either order."""
    sentence, *fields = line.split("\t")
    marks = [m.span() for m in _BRACKETED.finditer(sentence)]
    brackets = sentence.count("["), sentence.count("]")
    if len(fields) != 3 or len(marks) != 2 or brackets != (2, 2) or fields[2] not in _DSE_CODES:
        rule = "is not: sentence with two [entities], p, q, code 0-4, tab-separated"
        raise TableError(path, [Problem(rule, number, value=line)])
    text = sentence.replace("[", "").replace("]", "")
    (a, b), (c, d) = marks
    first, second = (a, b - 2), (c - 2, d - 4)
    entities = [_unquoted(text[slice(*span)]) for span in (first, second)]
    named = [_unquoted(field) for field in fields[:2]]
    if entities == named:
        return text, first, second, _DSE_CODES[fields[2]]
    if entities == named[::-1]:
        return text, second, first, _DSE_CODES[fields[2]]
    rule = "p and q are not the two [entities] of the sentence"
    raise TableError(path, [Problem(rule, number, value=line)])


def _unquoted(entity: str) -> str:
    """Return an entity without the quotes and blanks that the source's own table writer put around it."""
    return entity.strip(' "')


def _pair(text: str, holder: Span, target: Span) -> Row:
    return {
        "holder": text[slice(*holder)],
        "target": text[slice(*target)],
        "holder_start": holder[0],
        "holder_end": holder[1],
        "target_start": target[0],
        "target_end": target[1],
    }


READERS: dict[str, Reader] = {
    "table": read_rows,
    "four_actors": read_four_actors,
    "newsmtsc": read_newsmtsc,
    "dse": read_dse,
    "tweeteval": read_tweeteval,
}

__all__ = ["AUTHOR", "READERS", "Reader", "Row", "get_reader"]
