"""HTML: one file that carries everything, runs nothing and asks nothing of a network."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stance.reporting import figures
from stance.reporting.columns import (
    CONFIDENCE_NOTE,
    CONFIDENCE_TITLE,
    PUBLISHED_HEAD,
    PUBLISHED_TITLE,
    SPEED_NOTE,
    confidence_table,
    notes,
    published_rows,
    score_table,
    speed_tables,
)
from stance.reporting.escaping import visible
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

if TYPE_CHECKING:
    from jinja2 import Environment, Template

TEMPLATES = Path(__file__).parent / "templates"


def render_html(results: Results, boards: Sequence[Board]) -> str:
    """Return the report as one self-contained HTML page.

    Parameters
    ----------
    results : Results
    boards : sequence of Board
        Those of the results.
    """
    return _template().render(
        name=results.name,
        n_cells=len(results.cells),
        reading=READING,
        boards=[_board(board) for board in boards],
        speeds=[{"title": " · ".join(place), "table": table} for place, table in speed_tables(boards).items()],
        speed_note=SPEED_NOTE,
        confidence_title=CONFIDENCE_TITLE,
        confidence_note=CONFIDENCE_NOTE,
        published_title=PUBLISHED_TITLE,
        published_head=PUBLISHED_HEAD,
        tuned_title=TUNED_TITLE,
        tuned_head=TUNED_HEAD,
        tuned_note=TUNED_NOTE,
        tuned=tuned(results),
        failures=failures(results),
        warnings=warnings(results),
        corpora=corpora(results),
        classifiers=classifiers(results),
        provenance=provenance(results),
    )


def _board(board: Board) -> dict[str, Any]:
    from markupsafe import Markup

    # The figures are the only markup that does not come from the template; matplotlib escapes their labels.
    drawn = [figures.accuracy_throughput(board), figures.f1_by_actor(board)]
    matrices = [figures.confusion_matrix(board, row) for row in board.rows]
    return {
        "title": board.title,
        "table": score_table(board),
        "notes": notes(board),
        "confidence": confidence_table(board),
        "published": published_rows(board),
        "figures": [Markup(svg) for svg in drawn if svg],  # noqa: S704 - our own SVG
        "matrices": [Markup(svg) for svg in matrices],  # noqa: S704 - our own SVG
    }


@cache
def _template() -> Template:
    return make_environment().get_template("report.html.j2")


def make_environment() -> Environment:
    """Return what renders our templates: every text is escaped, and what cannot be printed spelled out."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["visible"] = lambda text: visible(text, marks=True)
    return environment
