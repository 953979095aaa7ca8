"""What a benchmark session finds: figures, each with its target, and speeds for the plot."""

import json
import os
import platform
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Figure:
    """One figure. Its keys are the same on every machine.

    Attributes
    ----------
    name : str
    value : float
        What the target is about: a ratio, a speed, a size.
    unit : str
        Of the value; ``x`` where it is a ratio.
    target : float or None
    bound : {"at least", "at most"}
    met : bool or None
        None where there is no target, or the session was a quick one, which judges nothing.
    ours_per_second, peer_per_second, ratio : float or None
    macro_f1, peer_macro_f1 : float or None
        On the corpus's own test sentences, of a model fitted on its training sentences.
    note : str
    """

    name: str
    value: float
    unit: str = "x"
    target: float | None = None
    bound: str = "at least"
    met: bool | None = None
    ours_per_second: float | None = None
    peer_per_second: float | None = None
    ratio: float | None = None
    macro_f1: float | None = None
    peer_macro_f1: float | None = None
    note: str = ""

    def line(self):
        """Return the figure as a line of words."""
        wanted = "" if self.target is None else f"; wanted: {self.bound} {self.target:,g}"
        return f"{self.name}: {shown(self.value)} {self.unit}{wanted}"


@dataclass
class Collected:
    """The figures of a session.

    Attributes
    ----------
    n_sentences : int
    corpus : str
    judged : bool
        Whether figures are held against their targets.
    figures : list of Figure
    speeds : list of dict
        Of ``label``, ``sentences_per_second`` and ``whose`` ("ours", "peer" or "yardstick").
    curves : dict of str to list of dict
    """

    n_sentences: int
    corpus: str
    judged: bool
    figures: list[Figure] = field(default_factory=list)
    speeds: list[dict] = field(default_factory=list)
    curves: dict[str, list[dict]] = field(default_factory=dict)

    def add(self, name, value, unit="x", *, at_least=None, at_most=None, **known):
        """Keep a figure; fail the test that found it where it misses its target."""
        target, bound = (at_least, "at least") if at_most is None else (at_most, "at most")
        met = None
        if self.judged and target is not None:
            met = bool(value >= target if bound == "at least" else value <= target)
        figure = Figure(name, float(value), unit, target, bound, met, **known)
        self.figures.append(figure)
        assert figure.met is not False, figure.line()

    def add_ratio(self, name, ratio, n_units, *, at_least=None, unit="sentences", **known):
        """Keep what a race over so many units of the same work came to."""
        self.add(
            name,
            ratio.times_as_fast,
            at_least=at_least,
            ours_per_second=n_units / ratio.ours_seconds,
            peer_per_second=n_units / ratio.peer_seconds,
            ratio=ratio.times_as_fast,
            note=known.pop("note", "") or f"{unit} per second",
            **known,
        )

    def add_speed(self, label, sentences_per_second, whose):
        """Keep a bar of the plot; of one label, the last reading."""
        self.speeds = [speed for speed in self.speeds if speed["label"] != label]
        self.speeds.append({"label": label, "sentences_per_second": sentences_per_second, "whose": whose})

    def to_json(self):
        """Return all of it as JSON."""
        machine = {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}
        said = {
            "sentences": self.n_sentences,
            "corpus": self.corpus,
            "judged": self.judged,
            "machine": machine,
            "figures": [asdict(figure) for figure in self.figures],
            "speeds": self.speeds,
            "curves": self.curves,
        }
        return json.dumps(said, indent=1, allow_nan=False) + "\n"

    def table(self):
        """Return the figures as lines of a table."""
        rows = [("figure", "value", "wanted", "met", "ours/s", "peer's/s", "macro-F1", "its")]
        for one in self.figures:
            sign = "≥" if one.bound == "at least" else "≤"
            wanted = "–" if one.target is None else f"{sign} {one.target:,g}"
            met = {True: "yes", False: "NO", None: "–"}[one.met]
            speeds = (one.ours_per_second, one.peer_per_second, one.macro_f1, one.peer_macro_f1)
            rows.append((one.name, f"{shown(one.value)} {one.unit}", wanted, met, *map(shown, speeds)))
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        return ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows]


def shown(number):
    """Return a number in three figures or more, and a dash for none."""
    if number is None:
        return "–"
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"
