"""The rules that every row of a corpus keeps, and the actor that it is filed under."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from stance.core.errors import Problem, TableError, suggest
from stance.core.files import sha256_text
from stance.data.readers import AUTHOR, Row
from stance.text.actors import load_actors
from stance.text.folding import fold
from stance.text.mentions import ActorLexicon

SPAN_COLUMNS = (("holder_start", "holder_end"), ("target_start", "target_end"))


def check_rows(
    path: Path, rows: list[Row], label_map: Mapping[str, str], labels: tuple[str, ...]
) -> list[str]:
    """Map the labels, fill the groups, drop repeated rows; return what a person should be told.

    Raises
    ------
    TableError
        With every broken rule: an empty text, a missing or unknown label (each spelling once, with its
        count), a span outside of its text, one id with two labels.
    """
    problems = _label_problems(rows, label_map, labels)
    for row in rows:
        if not (row["text"] or "").strip():
            problems.append(Problem("is empty; remove the row or give it a text", row["line"], "text"))
        problems += _span_problems(row)
        row["group"] = row.get("group") or sha256_text(fold(row["text"] or ""))[:16]
    problems += _id_problems(rows)
    if problems:
        raise TableError(path, sorted(problems, key=lambda p: p.line or 0))
    once = {row["id"]: row for row in reversed(rows)}
    dropped = len(rows) - len(once)
    if dropped:
        rows[:] = list(reversed(once.values()))
    return [f"{path.name}: {dropped:,} repeated rows dropped (same id, text and label)"] if dropped else []


def file_under_actors(rows: list[Row], *, toward_target: bool) -> None:
    """Fill ``actor``: the target's (sentiment), or the holder's if it is a listed actor, else the target's."""
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
        return not float(word).is_integer()
    except (ValueError, OverflowError):
        return False


def _span_problems(row: Row) -> list[Problem]:
    problems = []
    for start_name, end_name in SPAN_COLUMNS:
        start, end = row.get(start_name), row.get(end_name)
        if (start is None) != (end is None):
            problems.append(Problem("needs both ends of the span, or neither", row["line"], start_name))
        elif start is not None and not 0 <= start < end <= len(row["text"] or ""):
            value = f"{start}..{end}"
            problems.append(Problem("is not a span inside of the text", row["line"], start_name, value))
    return problems


def _id_problems(rows: list[Row]) -> list[Problem]:
    seen: dict[str, Row] = {}
    problems = []
    for row in rows:
        if row["id"] is None:
            problems.append(
                Problem("is missing; give every row an id, or drop the column", row["line"], "id")
            )
            continue
        other = seen.setdefault(row["id"], row)
        same = all(other.get(k) == row.get(k) for k in ("text", "label", "holder", "target"))
        if not same:
            rule = f"is also the id of line {other['line']}, whose text or label differs"
            problems.append(Problem(rule, row["line"], "id", row["id"]))
    return problems
