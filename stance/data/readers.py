"""Readers: each turns the files of one source into rows of the frame, and knows nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from stance.core.errors import InputError, Problem, TableError, show, unknown
from stance.core.files import sha256_text
from stance.data.sheets import Sheet, SheetFile
from stance.data.tables import LINE, read_table, require_columns

Row = dict[str, Any]
Reader = Callable[[Path, Sheet, SheetFile, str], Iterator[Row]]
AUTHOR = "author"
_BRACKETED = re.compile(r"\[([^\]]*)\]")
_DSE_BACK = {"favor": "favor_back", "against": "against_back"}
_DSE_CODES = {"0": "none", "1": "favor", "2": "favor_back", "3": "against", "4": "against_back"}


def get_reader(name: str) -> Reader:
    """Return the reader of that name."""
    if name not in READERS:
        raise unknown("reader", name, READERS)
    return READERS[name]


def read_rows(path: Path, sheet: Sheet, file: SheetFile, scheme: str) -> Iterator[Row]:
    """Read a table of our own form, or of a user's, by the sheet's ``[columns]``."""
    columns = {k: v for k, v in sheet.columns.model_dump().items() if v is not None}
    table = read_table(path)
    require_columns(table, path, list(columns.values()))
    lines = table.column(LINE).to_pylist()
    values = {key: table.column(name).to_pylist() for key, name in columns.items()}
    for i, line in enumerate(lines):
        row: Row = {key: column[i] for key, column in values.items()}
        wrong = [key for key, value in row.items() if value is not None and not isinstance(value, str)]
        for key in wrong:
            if key == "text":
                raise TableError(path, [Problem("is not text", line, columns[key], str(row[key]))])
            row[key] = str(row[key])
        row.setdefault("id", f"{path.stem}:{line}")
        row.setdefault("holder", AUTHOR)
        row["line"] = line
        yield row


def read_four_actors(path: Path, sheet: Sheet, file: SheetFile, scheme: str) -> Iterator[Row]:
    """Read our own corpus: one row gives a stance of the actor and a sentiment toward the actor."""
    seen: set[tuple[str, str]] = set()
    for raw in read_table(path).to_pylist():
        row: Row = {key: raw[key] for key in ("id", "text", "group", "split", "actor")} | {"line": raw[LINE]}
        actor_span = {"start": raw["actor_start"], "end": raw["actor_end"]}
        if scheme == "stance":
            spans = {f"holder_{k}": v for k, v in actor_span.items()}
            spans |= {"target_start": raw["target_start"], "target_end": raw["target_end"]}
            yield row | spans | {"holder": raw["actor"], "target": raw["target"], "label": raw["stance"]}
        elif (raw["text"], raw["actor"]) not in seen:
            seen.add((raw["text"], raw["actor"]))
            spans = {f"target_{k}": v for k, v in actor_span.items()}
            yield row | spans | {"holder": AUTHOR, "target": raw["actor"], "label": raw["sentiment"]}


def read_newsmtsc(path: Path, sheet: Sheet, file: SheetFile, scheme: str) -> Iterator[Row]:
    """Read NewsMTSC: a sentence a line, a row for each of its targets; the article is the group."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            record = json.loads(line)
            article = "_".join(record["primary_gid"].split("_")[:3])
            for target in record["targets"]:
                yield {
                    "id": target["Input.gid"],
                    "text": record["sentence_normalized"],
                    "holder": AUTHOR,
                    "target": target["mention"],
                    "target_start": target["from"],
                    "target_end": target["to"],
                    "label": str(target["polarity"]),
                    "group": article,
                    "line": number,
                }
        except (ValueError, KeyError, TypeError) as error:
            raise TableError(path, [Problem(f"is no NewsMTSC record: {show(repr(error))}", number)]) from None


def read_dse(path: Path, sheet: Sheet, file: SheetFile, scheme: str) -> Iterator[Row]:
    """Read DSE: a sentence with two bracketed entities p and q, and the code of who feels what."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fields = line.split("\t")
        marks = [m.span() for m in _BRACKETED.finditer(fields[0])]
        if len(fields) != 4 or len(marks) != 2 or fields[3] not in _DSE_CODES:
            rule = "is not: sentence with two [entities], p, q, code 0-4, tab-separated"
            raise TableError(path, [Problem(rule, number, value=line)])
        text = fields[0].replace("[", "").replace("]", "")
        (a, b), (c, d) = marks
        p, q = (a, b - 2), (c - 2, d - 4)
        if text[slice(*p)] != fields[1] and text[slice(*q)] != fields[2]:
            p, q = q, p
        code = _DSE_CODES[fields[3]]
        base = {"text": text, "line": number, "group": sha256_text(text)[:16]}
        row_id = f"{path.stem}-{number}"
        if scheme == "directed":
            yield base | {"id": row_id, "label": code} | _pair(text, p, q)
            continue
        yield (
            base
            | {"id": f"{row_id}-pq", "label": code if not code.endswith("_back") else "none"}
            | _pair(text, p, q)
        )
        back = code.removesuffix("_back") if code.endswith("_back") else "none"
        yield base | {"id": f"{row_id}-qp", "label": back} | _pair(text, q, p)


def _pair(text: str, holder: tuple[int, int], target: tuple[int, int]) -> Row:
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
}

__all__ = ["AUTHOR", "READERS", "InputError", "Reader", "Row", "get_reader"]
