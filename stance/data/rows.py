"""The frame: its columns, the rules that every row keeps, and the actor that it is filed under."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from stance.core.errors import Problem, TableError, show, suggest
from stance.core.files import sha256_text
from stance.data.readers import AUTHOR, Row
from stance.data.sheets import Sheet, meant_split
from stance.text.actors import load_actors
from stance.text.folding import fold
from stance.text.mentions import ActorLexicon

if TYPE_CHECKING:
    import pandas as pd

FRAME = pa.schema(
    [
        ("id", pa.string()),
        ("text", pa.string()),
        ("holder", pa.string()),
        ("target", pa.string()),
        ("holder_start", pa.int64()),
        ("holder_end", pa.int64()),
        ("target_start", pa.int64()),
        ("target_end", pa.int64()),
        ("label", pa.string()),
        ("actor", pa.string()),
        ("group", pa.string()),
        ("split", pa.string()),
    ]
)
Part = tuple[Path, list[Row]]  # a file, or a split of a dataset, and its rows
SPAN_COLUMNS = (("holder_start", "holder_end"), ("target_start", "target_end"))


def join_rows(sheet: Sheet, scheme: str, parts: Sequence[Part], unit: str = "line") -> tuple[list[Row], list[str]]:
    """Check the rows of each part and return them all, filed under actors, and what a person should be told.

    Raises
    ------
    TableError
        At the first part that breaks a rule of `check_rows` or `check_ids`.
    """
    notes = []
    for path, found in parts:
        notes += check_rows(path, found, sheet.schemes[scheme].label_map, sheet.labels(scheme), unit)
    check_ids([path for path, _ in parts], [found for _, found in parts], unit)
    rows = [row for _, found in parts for row in found]
    apart = sum(row["split"] is None for row in rows)
    if 0 < apart < len(rows):
        notes.append(f"{sheet.name}: {apart:,} of {len(rows):,} rows have no split")
    file_under_actors(rows, toward_target=scheme == "sentiment")
    return rows, notes


def check_rows(
    path: Path, rows: list[Row], label_map: Mapping[str, str], labels: tuple[str, ...], unit: str = "line"
) -> list[str]:
    """Map the labels, fill the groups, drop blank and repeated rows; return what a person should be told.

    Messages name the rows by `path` and by the number of their line, or of another `unit`.

    Raises
    ------
    TableError
        With every broken rule: an empty text, a missing or unknown label (each spelling once, with its
        count), a span outside of its text, one id with two texts, labels or splits.
    """
    blank = [row for row in rows if _is_blank(row)]
    rows[:] = [row for row in rows if not _is_blank(row)]
    problems = _label_problems(rows, label_map, labels)
    for row in rows:
        if not _has_words(row["text"] or ""):
            problems.append(Problem("is empty; remove the row or give it a text", row["line"], "text"))
        problems += _span_problems(row)
        row["group"] = row.get("group") or sha256_text(folded(row["text"] or ""))[:16]
    problems += _id_problems(rows, unit)
    if problems:
        raise TableError(path, sorted(problems, key=lambda p: p.line or 0), unit)
    once: dict[str, Row] = {}
    for row in rows:
        once.setdefault(row["id"], row)
    dropped = len(rows) - len(once)
    rows[:] = once.values()
    told = [f"{path.name}: {len(blank):,} blank row{'s' * (len(blank) > 1)} passed over"] if blank else []
    if dropped:
        told.append(f"{path.name}: {dropped:,} repeated rows dropped (same id, text and label)")
    return told


def check_splits(path: Path, rows: Sequence[Row]) -> None:
    """Check that no split of an own file merely looks like train, test or dev: it would have no role.

    Raises
    ------
    TableError
        Naming each spelling once, with its count.
    """
    counts = Counter(str(row["split"]) for row in rows if row["split"] is not None)
    lines = {str(row["split"]): row["line"] for row in reversed(rows)}
    problems = []
    for name, count in counts.items():
        if meant := meant_split(name):
            times = f" ({count:,} rows)" if count > 1 else ""
            problems.append(Problem(f'is no split that has a role{times}; write "{meant}"', lines[name], "split", name))
    if problems:
        raise TableError(path, problems)


def folded(text: str) -> str:
    """Return what two texts share that count as the same: their folded words, or the text if it has none.

    Examples
    --------
    >>> folded("Moscow: NO!") == folded("moscow no"), folded("?!")
    (True, '?!')
    """
    return fold(text) or text


def check_ids(paths: Sequence[Path], parts: Sequence[Sequence[Row]], unit: str = "line") -> None:
    """Check that no id of one file is an id of another.

    Raises
    ------
    TableError
        Naming both files and lines.
    """
    seen: dict[str, tuple[Path, Row]] = {}
    for path, rows in zip(paths, parts, strict=True):
        problems = []
        for row in rows:
            where, other = seen.setdefault(row["id"], (path, row))
            if where != path:
                rule = f"is also the id of {where.name}, {unit} {other['line']}; ids are unique in a corpus"
                problems.append(Problem(rule, row["line"], "id", row["id"]))
        if problems:
            raise TableError(path, problems, unit)


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Return an Arrow table as a DataFrame whose integers stay nullable integers."""
    import pandas as pd

    frame: pd.DataFrame = table.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    return frame


def file_under_actors(rows: list[Row], *, toward_target: bool) -> None:
    """Fill ``actor``: the target's, but for stance the holder's if the holder is a listed actor."""
    lexicon = ActorLexicon(load_actors())
    find = lru_cache(maxsize=None)(lexicon.actor_of)
    for row in rows:
        if row.get("actor") is None:
            target = row.get("target")
            holder = None if toward_target or row["holder"] == AUTHOR else row["holder"]
            row["actor"] = (find(holder) if holder else None) or (find(target) if target else None)


def _label_problems(rows: list[Row], label_map: Mapping[str, str], labels: tuple[str, ...]) -> list[Problem]:
    wrong: Counter[str] = Counter()
    first: dict[str, int | None] = {}
    problems = []
    for row in rows:
        said = row["label"]
        if said is None or not str(said).strip():
            problems.append(Problem("has no label; label it or remove the row", row["line"], "label"))
            continue
        row["label"] = label_map.get(said, said)
        if row["label"] not in labels:
            wrong[said] += 1
            first.setdefault(said, row["line"])
    remedy = "map it in label_map" if not label_map else "add it to label_map"
    for said, count in wrong.items():
        times = f" ({count:,} rows)" if count > 1 else ""
        looks = "looks like a score, " if _is_fraction(said) else ""
        rule = f"{looks}is not one of {', '.join(labels)}{suggest(said, labels)}{times}; {remedy}"
        problems.append(Problem(rule, first[said], "label", said))
    return problems


def _is_fraction(word: str) -> bool:
    try:
        number = float(word)
    except ValueError:
        return False
    return math.isfinite(number) and not number.is_integer()


def _is_blank(row: Row) -> bool:
    """Say whether a row holds nothing, as the ones that spreadsheets leave below a table."""
    return not any(str(row.get(key) or "").strip() for key in ("text", "label", "target", "group"))


def _has_words(text: str) -> bool:
    return any(char.isprintable() and not char.isspace() for char in text)


def _span_problems(row: Row) -> list[Problem]:
    problems = []
    for start_name, end_name in SPAN_COLUMNS:
        start, end = row.get(start_name), row.get(end_name)
        if (start is None) != (end is None):
            problems.append(Problem("needs both ends of the span, or neither", row["line"], start_name))
        elif start is not None and end is not None and not 0 <= start < end <= len(row["text"] or ""):
            value = f"{start}..{end}"
            problems.append(Problem("is not a span inside of the text", row["line"], start_name, value))
    return problems


def _id_problems(rows: list[Row], unit: str) -> list[Problem]:
    seen: dict[str, Row] = {}
    problems = []
    for row in rows:
        if row["id"] is None or not row["id"].strip():
            problems.append(Problem("is missing; give every row an id, or drop the column", row["line"], "id"))
            continue
        other = seen.setdefault(row["id"], row)
        same = all(other.get(k) == row.get(k) for k in ("text", "label", "holder", "target", "split"))
        if not same:
            what = f"{unit} {other['line']} (label {show(other['label'])}, here {show(row['label'])})"
            rule = f"is also the id of {what}, which is another row; give it an id of its own"
            problems.append(Problem(rule, row["line"], "id", row["id"]))
    return problems
