"""Drawing: one look and the same bytes, whatever the user's matplotlib is set to."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any

from stance.reporting.escaping import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, GREY, LIGHT = "#1f2933", "#66727f", "#d9dee4"
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": ["DejaVu Sans"],
    "font.size": 9.0,
    "text.color": INK,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.linewidth": 0.7,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "grid.color": LIGHT,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
}
COUNTED_ID = re.compile(r'(<[a-z]+) id="[A-Za-z0-9.]+_\d+"')  # a "<" of a label is escaped: only tags begin so
OPENING = re.compile(r".*?<svg ", re.DOTALL)


def new_axes(width: float, height: float) -> tuple[Figure, Axes]:
    """Return a figure of so many inches and its axes, without pyplot's global state."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot()


@contextmanager
def style(salt: str) -> Iterator[None]:
    """Draw as we do, whatever the user's matplotlib is set to; a salt a figure keeps its ids its own."""
    import matplotlib

    with matplotlib.rc_context(), warnings.catch_warnings():
        # A name in a script that the measuring font lacks: the reader's browser has one that does not.
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing", category=UserWarning)
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support", category=UserWarning)
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE | {"svg.hashsalt": visible(salt)})
        yield


def to_svg(figure: Figure, title: str) -> str:
    """Return a figure as an ``<svg>`` to stand inside of HTML, with a title for readers who hear it."""
    from xml.sax.saxutils import quoteattr

    file = BytesIO()
    bare: dict[str, Any] = {"Date": None, "Creator": None, "Format": None, "Type": None}
    figure.savefig(file, format="svg", metadata=bare, bbox_inches="tight", pad_inches=0.05)
    drawn = COUNTED_ID.sub(r"\1", OPENING.sub("<svg ", file.getvalue().decode(), count=1))
    return drawn.replace("<svg ", f'<svg role="img" aria-label={quoteattr(visible(title))} ', 1)
