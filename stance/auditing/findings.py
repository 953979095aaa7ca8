"""Findings: measured figures with their limits, and how they are shown."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from stance.core.errors import show
from stance.data.sheets import Limit

Figure = int | float | str | None


@dataclass(frozen=True)
class Measure:
    """One figure.

    Attributes
    ----------
    name : str
        The key by which a sheet's ``[limits]`` sets a limit.
    value : int, float, str or None
        None where it does not apply.
    note : str
        What it is, or why it does not apply.
    limit : str
        The limit in words, empty where there is none.
    ok : bool or None
        Whether the value keeps the limit; None without one.
    """

    name: str
    value: Figure
    note: str = ""
    limit: str = ""
    ok: bool | None = None


@dataclass(frozen=True)
class Audit:
    """What an audit found.

    Attributes
    ----------
    corpus : str
    sections : dict of str to list of Measure
    leaks : list of str
        A line for each test that shares sentences with its training data.
    missing : list of str
        Measures that the sheet sets a limit to and the audit cannot compute.
    """

    corpus: str
    sections: dict[str, list[Measure]]
    leaks: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def failures(self) -> list[Measure]:
        """Return the measures that fall short of their limit."""
        return [m for section in self.sections.values() for m in section if m.ok is False]

    def to_dict(self) -> dict[str, Any]:
        """Return the audit as a JSON-ready mapping."""
        return asdict(self) | {"failures": [m.name for m in self.failures]}

    def to_text(self) -> str:
        """Return the audit as lines for a terminal."""
        lines = [f"audit of {self.corpus}"]
        for title, measures in self.sections.items():
            lines += ["", title]
            lines += [_line(measure) for measure in measures]
        lines += ["", *(f"LEAK   {line}" for line in self.leaks)] if self.leaks else [""]
        lines += [f"NOT MEASURED   {name} has a limit but does not apply here" for name in self.missing]
        held = sum(m.ok is True for section in self.sections.values() for m in section)
        lines.append(f"{held} limits kept, {len(self.failures) + len(self.missing)} not kept, {len(self.leaks)} leaks")
        return "\n".join(lines)


def judge(measure: Measure, limits: dict[str, Limit]) -> Measure:
    """Return the measure with its limit and whether it keeps it.

    Examples
    --------
    >>> judge(Measure("rows", 5), {"rows": Limit(min=10)}).ok
    False
    """
    limit = limits.get(measure.name)
    if limit is None or measure.value is None or isinstance(measure.value, str):
        return measure
    low = limit.min is None or measure.value >= limit.min
    high = limit.max is None or measure.value <= limit.max
    words = [f"≥ {limit.min:g}" if limit.min is not None else "", f"≤ {limit.max:g}" if limit.max is not None else ""]
    return replace(measure, limit=" and ".join(w for w in words if w), ok=low and high)


def figure(value: Figure) -> str:
    """Return a figure as text: counts with separators, shares with three decimals, nothing as a dash.

    Examples
    --------
    >>> figure(2618), figure(0.65244), figure(None)
    ('2,618', '0.652', '–')
    """
    if value is None:
        return "–"
    if isinstance(value, str):
        return show(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"


def _line(measure: Measure) -> str:
    mark = {True: "ok", False: "FAIL", None: ""}[measure.ok]
    limit = f" ({measure.limit})" if measure.limit else ""
    note = f"  {show(measure.note, 160)}" if measure.note else ""
    return f"  {mark:<5}{measure.name:<34}{figure(measure.value):>10}{limit}{note}"
