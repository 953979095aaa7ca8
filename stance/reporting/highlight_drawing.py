"""Drawing of highlights: as HTML, and as plain or coloured text for a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from stance.classifiers.word_contributions import WordContribution
from stance.reporting.escaping import cut, visible, width

if TYPE_CHECKING:
    from jinja2 import Template

    from stance.reporting.highlights import Highlight

MAX_COLUMNS = 80
BAR_COLUMNS, FEATURE_COLUMNS = 28, 38
SHOWN_WORDS, SHOWN_FEATURES = 8, 8
FAINT = 0.02  # of the strongest word: not worth a colour
# Blue adds to the score, orange takes from it: a pair that the colour-blind tell apart.
RGB = {True: "0, 114, 178", False: "213, 94, 0"}
MAX_OPACITY = 0.55  # the text on top stays readable, on a light page and on a dark one
ANSI = {True: (153, 75, 32), False: (223, 214, 166)}  # backgrounds of 256 colours, from weak to strong
ANSI_TEXT = (16, 16, 231)


def draw_html(one: Highlight) -> str:
    """Return a fragment of HTML: the sentence, the numbers of its words as titles, and its score."""
    return _template("highlight.html.j2").render(one=_drawn(one))


def draw_terminal(one: Highlight, colour: bool | None = None) -> str:
    """Return the sentence, its strongest words and features in at most 80 columns."""
    coloured = _has_colours() if colour is None else colour
    title = _title(one) + ("  (blue adds to it, orange takes from it)" if coloured else "")
    return "\n".join([title, "", *_lines(one, coloured), "", *_bars(one), "", *_features(one)]).rstrip()


def render_page(highlights: Sequence[Highlight]) -> str:
    """Return the sentences as one HTML page of its own, without scripts."""
    drawn = [_drawn(one) | {"features": _strongest(one)} for one in highlights]
    return _template("highlights.html.j2").render(sentences=drawn, rgb=RGB)


@cache
def _template(name: str) -> Template:
    from stance.reporting.html import make_environment

    return make_environment().get_template(name)


def _signed(number: float) -> str:
    return f"{number:+z.2f}".replace("-", "−")


def _title(one: Highlight) -> str:
    return f"{visible(one.label)}: score {_signed(one.score)}"


def _peak(one: Highlight) -> float:
    return max((abs(word.contribution) for word in one.words), default=0.0)


def _strength(contribution: float, peak: float) -> float:
    """Return how strong a word is beside the strongest, from 0 to 1."""
    strength = abs(contribution) / peak if peak else 0.0
    return strength if strength >= FAINT else 0.0


def _pieces(one: Highlight) -> list[tuple[str, WordContribution, str]]:
    """Return the blank before each word, the word's contribution, and the word fit to be shown."""
    pieces, end = [], 0
    for word in one.words:
        pieces.append((" " if word.start > end and end else "", word, visible(one.text[word.start : word.end])))
        end = word.end
    return pieces


def _drawn(one: Highlight) -> dict[str, Any]:
    peak = _peak(one)
    words = []
    for blank, word, text in _pieces(one):
        opacity = MAX_OPACITY * _strength(word.contribution, peak)
        colour = f"rgba({RGB[word.contribution > 0]}, {opacity:.2f})" if opacity else ""
        words.append({"blank": blank, "text": text, "colour": colour, "title": _signed(word.contribution)})
    sums = [("words", sum(word.contribution for word in one.words)), *sorted(one.rest.items())]
    return {"title": _title(one), "words": words, "sums": [(kind, _signed(number)) for kind, number in sums]}


def _strongest(one: Highlight) -> list[tuple[str, str, str, str]]:
    rows = one.features[one.features["kind"] != "intercept"].head(SHOWN_FEATURES)
    columns = zip(rows["contribution"], rows["feature"], rows["segment"], rows["kind"], strict=True)
    return [(_signed(number), _quoted(feature, kind), segment, kind) for number, feature, segment, kind in columns]


def _quoted(feature: str, kind: str) -> str:
    """Return an n-gram fit to be shown; in one of characters, the blanks at its ends count."""
    return "".join(visible(char) or "␣" for char in feature) if kind == "character" else visible(feature)


def _has_colours() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _lines(one: Highlight, coloured: bool) -> list[str]:
    """Wrap the sentence at its blanks, and inside of what is wider than a line."""
    lines, room, peak = [""], MAX_COLUMNS - 2, _peak(one)
    left = room
    for chunk in _chunks(one):
        blank = " " if left < room else ""
        if blank and 1 + sum(width(text) for text, _ in chunk) > left:
            lines, left, blank = [*lines, ""], room, ""
        lines[-1] += blank
        left -= len(blank)
        for text, number in chunk:
            if width(text) > left:
                lines, left = [*lines, ""], room
            lines[-1] += _paint(text, number, peak) if coloured else text
            left -= width(text)
    return ["  " + line for line in lines]


def _chunks(one: Highlight) -> list[list[tuple[str, float]]]:
    """Return the words with the marks that stand close to them, each cut to the width of a line."""
    chunks: list[list[tuple[str, float]]] = []
    for blank, word, text in _pieces(one):
        if blank or not chunks:
            chunks.append([])
        chunks[-1].append((cut(text, MAX_COLUMNS - 2), word.contribution))
    return chunks


def _paint(text: str, contribution: float, peak: float) -> str:
    strength = _strength(contribution, peak)
    if not strength:
        return text
    shade = min(int(3 * strength), 2)
    return f"\x1b[48;5;{ANSI[contribution > 0][shade]};38;5;{ANSI_TEXT[shade]}m{text}\x1b[0m"


def _bars(one: Highlight) -> list[str]:
    """Draw the strongest words, the rest of them together, and what stands at no word."""
    words = [(text, word.contribution) for _, word, text in _pieces(one) if word.contribution]
    words.sort(key=lambda pair: -abs(pair[1]))
    shown, left = words[:SHOWN_WORDS], words[SHOWN_WORDS:]
    others = [(f"({len(left):,} other words)", sum(number for _, number in left))] if left else []
    rows = [*shown, *others, *((f"({kind})", number) for kind, number in sorted(one.rest.items()))]
    peak = max((abs(number) for _, number in rows), default=0.0) or 1.0
    names = [name for name, _ in rows]
    room = min(max(map(width, names), default=0), MAX_COLUMNS - BAR_COLUMNS - 14)
    bars = ["█" * round(BAR_COLUMNS * abs(number) / peak) for _, number in rows]
    drawn = zip(rows, names, bars, strict=True)
    return [f"  {_signed(number):>8}  {_fill(name, room)}  {bar}".rstrip() for (_, number), name, bar in drawn]


def _features(one: Highlight) -> list[str]:
    rows = [("", "feature", "segment", "kind"), *_strongest(one)]
    return [
        f"  {number:>8}  {_fill(feature, FEATURE_COLUMNS)}  {_fill(segment, 14)}  {cut(kind, 12)}".rstrip()
        for number, feature, segment, kind in (rows if len(rows) > 1 else [])
    ]


def _fill(text: str, columns: int) -> str:
    """Return a text cut or filled up to so many columns."""
    shown = cut(text, columns)
    return shown + " " * (columns - width(shown))
