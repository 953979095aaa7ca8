"""Figures: inline SVG, drawn without a script, the same bytes for the same scores."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from stance.reporting.columns import MIN_ACTOR_SENTENCES, actor_name
from stance.reporting.drawing import INK, new_axes, style, to_svg
from stance.reporting.escaping import cut, visible
from stance.reporting.figure_labels import place_labels
from stance.reporting.leaderboard import Board, Row
from stance.text.actors import load_actors

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FRONT, POINT = "#b4530a", "#1b5e97"
# For actors whose file gives no colour: the rest of Okabe and Ito's, then greys.
OTHER_COLOURS = ("#E69F00", "#56B4E9", "#7A5195", "#8C6D31", "#444444", "#999999")
MARKERS = "osD^vP"
MAX_ACTORS = 8
MAX_NAME = 26


def accuracy_throughput(board: Board) -> str | None:
    """Draw macro-F1 against the speed of prediction, as SVG; None where no clock was read.

    The step line is the Pareto front: what is best at each speed.

    Examples
    --------
    >>> accuracy_throughput(Board("mine", "stance", "official", "test", (), (), 0, 0, {})) is None
    True
    """
    return _drawn(board, "svg", f"{board.title}: macro-F1 against sentences per second")


def accuracy_throughput_png(board: Board) -> bytes | None:
    """Draw the same as a PNG, with a title; None where no clock was read."""
    if not _timed(board):
        return None
    with style("png"):
        figure = _throughput_figure(board)
        figure.axes[0].set_title(visible(board.title), loc="left", fontsize=10)
        file = BytesIO()
        figure.savefig(file, format="png", dpi=160, metadata={"Software": None}, bbox_inches="tight")
    return file.getvalue()


def f1_by_actor(board: Board) -> str | None:
    """Draw a row a classifier and a dot an actor, as SVG; None where no actor has enough sentences.

    Of more than eight actors, the eight with the most sentences are drawn.
    """
    counts = board.actor_sentences
    enough = [actor for actor in board.actors if counts[actor] >= MIN_ACTOR_SENTENCES]
    actors = sorted(sorted(enough, key=lambda actor: -counts[actor])[:MAX_ACTORS])
    if not actors or not board.rows:
        return None
    title = f"{board.title}: macro-F1 per actor"
    with style(title):
        figure, axes = new_axes(6.4, 1.0 + 0.33 * len(board.rows))
        known, others = load_actors(), iter(OTHER_COLOURS * 2)
        signs = {actor: MARKERS[i % len(MARKERS)] for i, actor in enumerate(dict.fromkeys([*known, *actors]))}
        places = range(len(board.rows), 0, -1)
        for actor in actors:
            dots = [
                (row.by_actor[actor], y) for row, y in zip(board.rows, places, strict=True) if actor in row.by_actor
            ]
            colour = known[actor].colour if actor in known else next(others)
            label = cut(actor_name(actor), MAX_NAME)
            x, y = zip(*dots, strict=True) if dots else ((), ())
            axes.scatter(x, y, s=34, c=colour, marker=signs[actor], label=_shown(label), zorder=3, linewidths=0)
        axes.set_yticks(list(places), [cut(visible(row.classifier), MAX_NAME) for row in board.rows])
        axes.set_ylim(0.4, len(board.rows) + 0.6)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("macro-F1 on the actor's test sentences")
        axes.grid(True)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, handletextpad=0.1, columnspacing=1.2)
        return to_svg(figure, title)


def confusion_matrix(board: Board, row: Row) -> str:
    """Draw gold by predicted labels as SVG: counts printed, shaded by the share of the gold label.

    Examples
    --------
    >>> row = Row("svm", 1, {}, {}, np.array([[3.0, 1.0], [0.5, 2.0]]), None)
    >>> board = Board("mine", "stance", "official", "test", ("favor", "none"), (), 6, 6, {}, (row,))
    >>> svg = confusion_matrix(board, row)
    >>> ">0.5</text>" in svg, "<script" in svg, "<image" in svg
    (True, False, False)
    """
    n = len(board.labels)
    labels = [cut(visible(label), 14) for label in board.labels]
    totals = row.confusion.sum(axis=1, keepdims=True)
    shares = np.divide(row.confusion, totals, out=np.zeros_like(row.confusion), where=totals > 0)
    title = f"{board.title}: confusion matrix of {row.classifier}"
    with style(title):
        figure, axes = new_axes(1.1 + 0.62 * n, 0.9 + 0.45 * n)
        axes.pcolormesh(shares, cmap="Blues", vmin=0, vmax=1, edgecolors="white", linewidth=1)
        for i, j in np.ndindex(n, n):
            ink = "white" if shares[i, j] > 0.55 else INK
            axes.text(j + 0.5, i + 0.5, _count(float(row.confusion[i, j])), ha="center", va="center", color=ink)
        axes.invert_yaxis()
        axes.set_xticks(np.arange(n) + 0.5, labels, rotation=30 if n > 3 else 0, ha="right" if n > 3 else "center")
        axes.set_yticks(np.arange(n) + 0.5, labels)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_xlabel("predicted")
        axes.set_ylabel("gold")
        axes.set_title(cut(visible(row.classifier), MAX_NAME), fontsize=9.5, fontweight="bold")
        return to_svg(figure, title)


def _drawn(board: Board, form: str, title: str) -> str | None:
    if not _timed(board):
        return None
    with style(title):
        return to_svg(_throughput_figure(board), title)


def _throughput_figure(board: Board) -> Figure:
    from matplotlib.ticker import LogLocator, NullFormatter

    figure, axes = new_axes(6.4, 3.9)
    rows = _timed(board)
    x = np.array([row.predict_per_second for row in rows])
    held = [row.scores["macro_f1"] for row in rows]
    y = np.array([one.value for one in held])
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if x.max() / x.min() < 100 else (1,)))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.{0 if value >= 1 else 2}f}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlim(x.min() / 1.9, x.max() * 1.9)
    low, high = min(one.low for one in held), max(one.high for one in held)
    axes.set_ylim(low - 0.08 * (high - low) - 0.005, high + 0.12 * (high - low) + 0.005)
    front = _draw_front(axes, x, y)
    for row, at, one in zip(rows, x, held, strict=True):
        axes.plot([at, at], [one.low, one.high], color=POINT, alpha=0.45, linewidth=1.4, solid_capstyle="round")
        axes.plot([at], [row.scores["macro_f1"].value], "o", color=POINT, markersize=5.5, zorder=3)
    axes.set_xlabel("predicted sentences per second, one thread (log scale)")
    axes.set_ylabel("macro-F1 with 95 % interval")
    axes.grid(True)
    bars = [(at, one.low, at, one.high) for at, one in zip(x, held, strict=True)]
    names = [cut(visible(row.classifier), MAX_NAME) for row in rows]
    place_labels(axes, names, np.column_stack([x, y]), [*bars, *front])
    return figure


def _draw_front(axes: Axes, x: np.ndarray, y: np.ndarray) -> list[tuple[float, float, float, float]]:
    """Draw what is best at each speed; return the line's level and upright parts."""
    beaten = [((x >= x[i]) & (y >= y[i]) & ((x > x[i]) | (y > y[i]))).any() for i in range(len(x))]
    best = sorted((i for i in range(len(x)) if not beaten[i]), key=lambda i: x[i])
    across = [axes.get_xlim()[0], *x[best]]
    levels = [*y[best], axes.get_ylim()[0]]
    parts = []
    for i, level in enumerate(levels[:-1]):
        parts += [
            (across[i], level, across[i + 1], level),
            (across[i + 1], level, across[i + 1], levels[i + 1]),
        ]
    corners = [parts[0][:2], *(part[2:] for part in parts)]
    axes.plot(*zip(*corners, strict=True), color=FRONT, linewidth=1.1, linestyle=(0, (4, 2)), zorder=1)
    return parts


def _timed(board: Board) -> list[Row]:
    return [row for row in board.rows if row.predict_per_second]


def _shown(label: str) -> str:
    # Matplotlib leaves a name that begins with "_" out of its legend.
    return "\u200b" + label if label.startswith("_") else label


def _count(value: float) -> str:
    return f"{value:,.0f}" if value.is_integer() else f"{value:,.1f}"
