"""Markdown: the report for a repository's pages; all that comes from data is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stance.reporting.columns import (
    CONFIDENCE_NOTE,
    CONFIDENCE_TITLE,
    PUBLISHED_HEAD,
    PUBLISHED_TITLE,
    SPEED_NOTE,
    Table,
    confidence_table,
    notes,
    published_rows,
    score_table,
    speed_tables,
)
from stance.reporting.escaping import markdown
from stance.reporting.leaderboard import Board
from stance.reporting.sections import (
    READING,
    TUNED_HEAD,
    TUNED_NOTE,
    TUNED_TITLE,
    classifiers,
    corpora,
    failures,
    provenance,
    tuned,
    warnings,
)
from stance.running.results import Results


def render_markdown(results: Results, boards: Sequence[Board], picture: str | None = None) -> str:
    """Return the report as GitHub-flavoured Markdown.

    Parameters
    ----------
    results : Results
    boards : sequence of Board
        Those of the results.
    picture : str, optional
        Name of the plot's file beside the report.
    """
    parts = [f"# Report: {markdown(results.name)}", *map(markdown, READING)]
    if picture:
        parts.append(f"![Macro-F1 against predicted sentences per second]({picture})")
    for board in boards:
        parts += [f"## {markdown(board.title)}", render_rows(score_table(board))]
        parts.append(_list(map(markdown, notes(board))))
        confidence = confidence_table(board)
        if confidence:
            parts += [f"### {CONFIDENCE_TITLE}", render_rows(confidence), markdown(CONFIDENCE_NOTE)]
        published = published_rows(board)
        if published:
            parts += [f"### {PUBLISHED_TITLE}", _words(PUBLISHED_HEAD, published)]
    for place, table in speed_tables(boards).items():
        parts += [f"## Speed: {markdown(' · '.join(place))}", render_rows(table), markdown(SPEED_NOTE)]
    chosen = tuned(results)
    if chosen:
        parts += [f"## {TUNED_TITLE}", _words(TUNED_HEAD, chosen), TUNED_NOTE]
    failed = [f"{markdown(title)}: {markdown(status)}: {markdown(cause)}" for title, status, cause in failures(results)]
    said = [f"{markdown(who)}: {markdown(text)}" for who, text in warnings(results)]
    parts += ["## What could not be run", _list(failed) or "All cells finished."]
    if said:
        parts += ["### Warnings", _list(said)]
    parts.append("## Corpora")
    for corpus in corpora(results):
        parts += [f"### {markdown(corpus['title'])}", _facts([("name", corpus["name"]), *corpus["facts"]])]
    parts += ["## Classifiers", _facts(classifiers(results)), "## Provenance", _facts(provenance(results))]
    return "\n\n".join(parts) + "\n"


def render_rows(table: Table) -> str:
    r"""Return a table in Markdown, numbers to the right.

    Examples
    --------
    >>> from stance.reporting.columns import Column
    >>> print(render_rows(Table(("a|b",), (Column("macro-F1", "F1", ("0.500",)),))))
    | classifier | macro-F1 |
    | :-- | --: |
    | a\|b | 0.500 |
    """
    head = ["classifier", *(column.head for column in table.columns)]
    return _rows(head, [":--", *("--:" for _ in table.columns)], table.rows)


def _rows(head: Sequence[str], sides: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [[markdown(word) for word in head], sides, *([markdown(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _words(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return _rows(head, [":--"] * len(head), rows)


def _facts(pairs: Iterable[tuple[str, str]]) -> str:
    return _list(f"**{markdown(word)}**: {markdown(said)}" for word, said in pairs)


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
