"""Word contributions: what n-grams add to a score, laid back on the words of the sentence they came from."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from stance.text.characters import fold_text
from stance.text.gist import find_meanings
from stance.text.lexicon import IN_WORD
from stance.text.segments import TOKEN, Span, sort_mentions

# Words, and whatever else is no blank; combining marks belong to their word.
_WORD = re.compile(rf"[{IN_WORD}]+(?:['’][{IN_WORD}]+)*|[^\s{IN_WORD}]+")
NOWHERE = -1

NGram = tuple[str, str, str, float]


class WordContribution(NamedTuple):
    """What a word, a mark or a mention adds to a score.

    Attributes
    ----------
    start, end : int
        Code-point offsets in the sentence, end exclusive.
    contribution : float
    """

    start: int
    end: int
    contribution: float


class _View(NamedTuple):
    """A text as n-grams see it, and for each of its characters the number of the word it came from."""

    text: str
    words: list[int]


def place_ngrams(
    text: str, holder: Span | None, target: Span | None, segments: Mapping[str, str], ngrams: Iterable[NGram]
) -> tuple[list[WordContribution], dict[str, float]]:
    """Divide the contribution of each n-gram evenly over its words, or its characters, or the words that say it.

    Parameters
    ----------
    text : str
        The sentence.
    holder, target : tuple of int or None
        The mentions, each of which counts as one word; None where the classifier is blind to them.
    segments : mapping of str to str
        The parts of the sentence that n-grams were counted in; of a segment that is missing, the whole.
    ngrams : iterable of (str, str, str, float)
        Feature, segment, kind and contribution, as rows of `stance.explain` give them.

    Returns
    -------
    words : list of WordContribution
        All words, marks and mentions of the sentence, in order.
    rest : dict of str to float
        By kind, what stands at no word: the intercept, the polarity of a whole segment.

    Examples
    --------
    >>> ngrams = [("doesn't back", "text", "word", 0.5), ("ck", "text", "character", 0.25), ("", "", "intercept", 1.0)]
    >>> place_ngrams("It doesn't back it.", None, None, {}, ngrams)[0][1:3]
    [WordContribution(start=3, end=10, contribution=0.25), WordContribution(start=11, end=15, contribution=0.5)]
    """
    mentions = sort_mentions(holder, target)
    spans = _cut_words(text, mentions)
    views = [_see(text, spans, mentions), _see(text, spans, [])]
    blocks = defaultdict[tuple[str, str], dict[str, float]](dict)
    for feature, segment, kind, contribution in ngrams:
        blocks[segment, kind][feature] = contribution
    totals, rest = [0.0] * len(spans), defaultdict[str, float](float)
    for (segment, kind), block in blocks.items():
        index = _index(kind, _locate(fold_text(segments.get(segment, text)), views), block)
        for feature, contribution in block.items():
            places = index.get(feature, [NOWHERE])
            for place in places:
                if place == NOWHERE:
                    rest[kind] += contribution / len(places)
                else:
                    totals[place] += contribution / len(places)
    return [WordContribution(*span, total) for span, total in zip(spans, totals, strict=True)], dict(rest)


def _index(kind: str, view: _View, features: Iterable[str]) -> dict[str, list[int]]:
    """Return by n-gram the words that it stands at, each as often as its share counts."""
    if kind in ("gist", "counts"):
        return _index_meanings(view, features)
    index = defaultdict[str, list[int]](list)
    if kind == "word":
        tokens = list(TOKEN.finditer(view.text))
        for n in {feature.count(" ") + 1 for feature in features}:
            for window in (tokens[i : i + n] for i in range(len(tokens) - n + 1)):
                index[" ".join(t.group() for t in window)] += [view.words[t.start()] for t in window]
    if kind == "character":
        lengths = {len(feature) for feature in features}
        for word in re.finditer(r"\S+", view.text):
            padded, start = f" {word.group()} ", word.start() - 1
            for first, last in ((i, i + n) for n in lengths for i in range(len(padded) - n + 1)):
                places = [view.words[start + i] for i in range(first, last) if padded[i] != " "]
                index[padded[first:last]] += places
    return {gram: places for gram, places in index.items() if places}


def _index_meanings(view: _View, features: Iterable[str]) -> dict[str, list[int]]:
    """Return the same of meanings; a negation outside of the view, or one that a mark ends, is not asked about."""
    said = list(find_meanings(view.text)) if len(view.text.lower()) == len(view.text) else []
    index, turned = defaultdict[str, list[int]](list), defaultdict[str, list[int]](list)
    for n in {feature.count(" ") + 1 for feature in features}:
        for run in (said[i : i + n] for i in range(len(said) - n + 1)):
            words, ngram = [view.words[start] for start, _ in run], " ".join(meaning for _, meaning in run)
            index[ngram] += words
            turned[_unturned(ngram)] += words
    found = {feature: index[feature] or turned[_unturned(feature)] for feature in features}
    return {feature: places for feature, places in found.items() if places}


def _unturned(ngram: str) -> str:
    """Return meanings as they are where no negation reaches.

    Examples
    --------
    >>> _unturned("not notfavor")
    'not favor'
    """
    return re.sub(r"\bnot(?=\w)", "", ngram)


def _cut_words(text: str, mentions: Sequence[tuple[Span, str]]) -> list[Span]:
    spans = [span for span, _ in mentions]
    start = 0
    for stop, following in [*(span for span, _ in mentions), (len(text), len(text))]:
        spans += [found.span() for found in _WORD.finditer(text, start, stop)]
        start = following
    return sorted(spans)


def _see(text: str, spans: Sequence[Span], mentions: Sequence[tuple[Span, str]]) -> _View:
    """Return a sentence with role words, blanks around them, in place of the mentions given."""
    words = [NOWHERE] * len(text)
    for number, (start, end) in enumerate(spans):
        words[start:end] = [number] * (end - start)
    seen, owners, last = "", list[int](), 0
    for (start, end), role in mentions:
        before = _fold_view(text[last:start], words[last:start])
        seen += f"{before.text} {role} "
        owners += [*before.words, NOWHERE, *[words[start]] * len(role), NOWHERE]
        last = end
    after = _fold_view(text[last:], words[last:])
    return _View(seen + after.text, owners + after.words)


def _compose(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _fold_view(text: str, words: list[int]) -> _View:
    """Return a text as `Ngrams` reads it; letters that join or part take their word along."""
    if text.isascii():
        return _View(text.lower(), words)
    pieces, owners = list[str](), list[int]()
    for char, word in zip(text, words, strict=True):
        if pieces and _compose(pieces[-1] + char) != _compose(pieces[-1]) + _compose(char):
            pieces[-1] += char
        else:
            pieces.append(char)
            owners.append(word)
    folded = [fold_text(piece) for piece in pieces]
    spread = [word for piece, word in zip(folded, owners, strict=True) for _ in piece]
    whole = fold_text(text)  # it alone knows the small sigma at a word's end
    return _View(whole if len(whole) == len(spread) else "".join(folded), spread)


def _locate(segment: str, views: Sequence[_View]) -> _View:
    """Return a folded segment with the words of the sentence that its characters came from.

    It is a run of the sentence, with its marks or without them; or else each word is taken where it first stands.
    """
    for counts in (_is_ink, _is_letter):
        for view in views:
            places = _find_run(segment, view, counts)
            if places:
                return _View(segment, places)
    first: dict[str, int] = {}
    for view in views:
        for token in TOKEN.finditer(view.text):
            first.setdefault(token.group(), view.words[token.start()])
    places = [NOWHERE] * len(segment)
    for token in TOKEN.finditer(segment):
        places[token.start() : token.end()] = [first.get(token.group(), NOWHERE)] * len(token.group())
    return _View(segment, places)


def _find_run(segment: str, view: _View, counts: Callable[[str], bool]) -> list[int] | None:
    """Return the words of a segment's characters, if those that count are a run of those of the sentence."""
    inside, outside = ([i for i, c in enumerate(text) if counts(c)] for text in (segment, view.text))
    start = "".join(view.text[i] for i in outside).find("".join(segment[i] for i in inside))
    if start < 0:
        return None
    places = [NOWHERE] * len(segment)
    for i, place in zip(inside, outside[start:], strict=False):
        places[i] = view.words[place]
    for i, char in enumerate(segment[1:], 1):  # an apostrophe goes with its word
        if places[i] == NOWHERE and not char.isspace():
            places[i] = places[i - 1]
    return places


def _is_ink(char: str) -> bool:
    return not char.isspace()


def _is_letter(char: str) -> bool:
    return char.isalnum() or char == "_"
