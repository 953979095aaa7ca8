"""Labels of points: put where they cover nothing, as far as there is room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Bbox

# Offsets in points, the nearest first: beside, above and below, then further out on a thin line.
RADII = (7, 16, 28, 42, 58)
ANGLES = (0, 180, 30, -30, 150, -150, 60, -60, 120, -120, 90, -90)
LINE_FROM = 10  # points; a nearer label needs no line
Box = tuple[float, float, float, float]


def place_labels(axes: Axes, labels: Sequence[str], points: np.ndarray, lines: Sequence[Box]) -> None:
    """Write each label beside its point, clear of points, lines and other labels where that is possible.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        With its limits set.
    labels : sequence of str
    points : numpy.ndarray, shape (n_points, 2)
        In data coordinates.
    lines : sequence of (x0, y0, x1, y1)
        Upright and level lines that labels had better not cover.
    """
    scale = axes.figure.dpi / 72
    frame = axes.get_window_extent()
    at = axes.transData.transform(points)
    reach = 5 * scale
    dots = [(x - reach, y - reach, x + reach, y + reach) for x, y in at]
    drawn = [_line_box(axes, line) for line in lines]
    placed: dict[int, Box] = {}
    leaders: list[np.ndarray] = []
    for i in np.lexsort((at[:, 0], -at[:, 1])):
        size = _size(axes, labels[i])
        others = [*placed.values(), *dots[:i], *dots[i + 1 :]]
        best: tuple[float, tuple[float, float], Box] | None = None
        for step, (dx, dy) in enumerate(_offsets()):
            box = _box(at[i] + np.array([dx, dy]) * scale, size, dx)
            cost = sum(_overlap(box, one) for one in others) * 10 + sum(_overlap(box, one) for one in drawn) * 4
            cost += _outside(box, frame) * 100 + step * scale**2
            # A thin line had better not run through a label, be it another's or this one's.
            own = _leader(at[i], (dx, dy), scale)
            through = [
                *(p for p in leaders if _holds(box, p)),
                *(p for b in placed.values() for p in own if _holds(b, p)),
            ]
            cost += 40 * scale**2 * len(through)
            # Of points on one spot the higher has the higher label, so that their thin lines do not cross.
            above = [one for j, one in placed.items() if abs(at[j][0] - at[i][0]) < 40 * scale and one[1] < box[1]]
            cost += 60 * scale**2 * len(above)
            if best is None or cost < best[0]:
                best = (cost, (dx, dy), box)
        if best is not None:
            placed[int(i)] = best[2]
            leaders += _leader(at[i], best[1], scale)
            _write(axes, labels[i], points[i], best[1])


def _offsets() -> list[tuple[float, float]]:
    turns = [np.deg2rad(angle) for angle in ANGLES]
    return [(float(radius * np.cos(turn)), float(radius * np.sin(turn))) for radius in RADII for turn in turns]


def _size(axes: Axes, label: str) -> tuple[float, float]:
    drawn = axes.text(0, 0, label, fontsize=8.5)
    extent = drawn.get_window_extent()
    drawn.remove()
    return extent.width, extent.height


def _box(at: np.ndarray, size: tuple[float, float], dx: float) -> Box:
    left = float(at[0]) - {"left": 0.0, "center": 0.5, "right": 1.0}[_side(dx)] * size[0]
    return left, float(at[1]) - size[1] / 2, left + size[0], float(at[1]) + size[1] / 2


def _side(dx: float) -> str:
    return "center" if abs(dx) < 1 else "left" if dx > 0 else "right"


def _line_box(axes: Axes, line: Box) -> Box:
    (x0, y0), (x1, y1) = axes.transData.transform([line[:2], line[2:]])
    return min(x0, x1) - 1, min(y0, y1) - 1, max(x0, x1) + 1, max(y0, y1) + 1


def _leader(at: np.ndarray, offset: tuple[float, float], scale: float) -> list[np.ndarray]:
    """Return points along the thin line from a point to its label; none where it is near enough to need none."""
    if np.hypot(*offset) <= LINE_FROM:
        return []
    return [at + share * scale * np.array(offset) for share in np.linspace(0.1, 0.95, 30)]


def _holds(box: Box, point: np.ndarray) -> bool:
    return bool(box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3])


def _overlap(one: Box, other: Box) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    tall = min(one[3], other[3]) - max(one[1], other[1])
    return max(wide, 0) * max(tall, 0)


def _outside(box: Box, frame: Bbox) -> float:
    wide = max(frame.x0 - box[0], 0) + max(box[2] - frame.x1, 0)
    return float(wide + max(frame.y0 - box[1], 0) + max(box[3] - frame.y1, 0))


def _write(axes: Axes, label: str, point: np.ndarray, offset: tuple[float, float]) -> None:
    far = float(np.hypot(*offset)) > LINE_FROM
    axes.annotate(
        label,
        xy=(float(point[0]), float(point[1])),
        xytext=offset,
        textcoords="offset points",
        ha=_side(offset[0]),
        va="center",
        fontsize=8.5,
        arrowprops={"arrowstyle": "-", "color": "#9aa5b1", "linewidth": 0.6, "shrinkB": 3} if far else None,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.4},
        zorder=4,
    )
