"""The plot of a benchmark session: a bar a speed, on a logarithmic scale."""

from io import BytesIO

from matplotlib.ticker import FuncFormatter, NullFormatter

from stance.reporting.drawing import new_axes, style

COLOURS = {"ours": "#b4530a", "peer": "#1b5e97", "yardstick": "#8a94a0"}

PLAIN = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}


def draw_speeds(speeds, title):
    """Return horizontal bars of sentences per second, the fastest on top, as a PNG.

    Parameters
    ----------
    speeds : list of dict
        Of ``label``, ``sentences_per_second`` and ``whose``.
    title : str
    """
    rows = sorted(speeds, key=lambda speed: speed["sentences_per_second"])
    values = [row["sentences_per_second"] for row in rows]
    with style("speeds"):
        figure, axes = new_axes(7.6, 0.9 + 0.3 * len(rows))
        axes.barh(range(len(rows)), values, height=0.66, color=[COLOURS[row["whose"]] for row in rows])
        axes.set_xscale("log")
        axes.set_xlim(min(values) / 3, max(values) * 4)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        for place, value in enumerate(values):
            axes.text(value * 1.08, place, f"{float(f'{value:.3g}'):,.0f}", va="center", fontsize=8, bbox=PLAIN)
        axes.set_yticks(range(len(rows)), [row["label"] for row in rows])
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("predicted sentences per second (log scale)")
        axes.set_title(title, loc="left", fontsize=10)
        axes.grid(True, axis="x")
        handles = [axes.barh([0], [0], color=colour) for colour in COLOURS.values()]
        axes.legend(handles, COLOURS, loc="lower right")
        file = BytesIO()
        figure.savefig(file, format="png", dpi=160, metadata={"Software": None}, bbox_inches="tight")
    return file.getvalue()
