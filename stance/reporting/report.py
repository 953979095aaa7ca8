"""Report: the results of a run, written for readers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from stance.core.errors import InputError, unknown
from stance.core.files import write_bytes, write_text
from stance.reporting.exports import render_csv, render_tex
from stance.reporting.figures import accuracy_throughput_png
from stance.reporting.html import render_html
from stance.reporting.leaderboard import Board, make_boards
from stance.reporting.markdown import render_markdown
from stance.running.published import published_file
from stance.running.results import MANIFEST, PROVENANCE, SCORES, TIMINGS, Results, load_results

PICTURE = "accuracy_throughput.png"
FORMATS = ("html", "md", "csv", "tex")


def report(
    results: Results | str | Path, path: str | Path | None = None, formats: Sequence[str] = ("html", "md")
) -> list[Path]:
    """Write the reports of a run: the same results, the same bytes.

    Parameters
    ----------
    results : Results or path
        Of `stance.run`, or their folder.
    path : path, optional
        Where: ``x.html`` makes ``x.html``, ``x.md`` and so on; a folder gets ``report.html``.
        Left out: the results' folder.
    formats : sequence of {"html", "md", "csv", "tex"}
        ``html`` is one self-contained page; ``csv`` has a row a board, classifier and metric, cells that
        a spreadsheet would compute preceded by ``'``; ``tex`` has booktabs tables.

    Returns
    -------
    list of pathlib.Path
        What was written, in the order of `formats`; last, with ``html`` or ``md`` and where clocks were
        read, the plot of accuracy against throughput of the first table, a PNG beside them.

    Raises
    ------
    InputError
        If a format is not known; nothing is written.
    MissingDataError
        If the folder holds no results.

    Examples
    --------
    >>> report("results/actors", formats=["htlm"])
    Traceback (most recent call last):
        ...
    stance.core.errors.InputError: format "htlm" is not known (did you mean "html"?); known: ...
    """
    wanted = list(dict.fromkeys([formats] if isinstance(formats, str) else formats))
    if not wanted:
        raise InputError(f"formats: none is given; known: {', '.join(FORMATS)}")
    for form in wanted:
        if form not in FORMATS:
            raise unknown("format", form, FORMATS)
    held = results if isinstance(results, Results) else load_results(results)
    boards = make_boards(held)
    stem = _stem(held, path)
    timed = [board for board in boards if any(row.timing for row in board.rows)]
    picture = accuracy_throughput_png(timed[0]) if timed and {"html", "md"} & set(wanted) else None
    written = []
    for form in wanted:
        target = stem.with_name(f"{stem.name}.{form}")
        write_text(target, RENDER[form](held, boards, PICTURE if picture else None))
        written.append(target)
    if picture:
        write_bytes(stem.with_name(PICTURE), picture)
        written.append(stem.with_name(PICTURE))
    return written


def refresh_report(results: Results) -> list[Path]:
    """Write the HTML and Markdown reports, unless those there are newer than the results and than this code."""
    made = [results.folder / name for name in ("report.html", "report.md")]
    sources = [results.folder / name for name in (MANIFEST, SCORES, TIMINGS, PROVENANCE)]
    sources.append(published_file())
    newest = max(path.stat().st_mtime_ns for path in [*sources, *Path(__file__).parent.rglob("*.[pj][y2]")])
    if all(path.is_file() and path.stat().st_mtime_ns > newest for path in made):
        return made
    return report(results)


def _stem(results: Results, path: str | Path | None) -> Path:
    """Return the path of the reports without the format's ending."""
    if path is None:
        return results.folder / "report"
    path = Path(path)
    if path.is_dir():
        return path / "report"
    return path.with_suffix("") if path.suffix.removeprefix(".") in FORMATS else path


RENDER: dict[str, Callable[[Results, Sequence[Board], str | None], str]] = {
    "html": lambda results, boards, _: render_html(results, boards),
    "md": render_markdown,
    "csv": lambda _, boards, __: render_csv(boards),
    "tex": lambda _, boards, __: render_tex(boards),
}
