"""Highlights: a sentence with its words marked by what they add to a label's score."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from stance.classifiers.explanations import explain, linear_model
from stance.classifiers.word_contributions import WordContribution, place_ngrams
from stance.core.errors import InputError, show
from stance.reporting.highlight_drawing import draw_html, draw_terminal
from stance.text.hashed_ngrams import HashedNgrams
from stance.text.hashing import cut_parts
from stance.text.inputs import NOT_MENTIONED, read_sentences


@dataclass(frozen=True, eq=False)
class Highlight:
    """A sentence, a label's score, and what each word adds to it.

    Attributes
    ----------
    text, label : str
    score : float
        The label's decision score: the sum of all contributions.
    words : tuple of WordContribution
        Start, end (code points, end exclusive) and contribution of each word, mark and mention, in order.
    rest : mapping of str to float
        By kind, what stands at no word: the intercept, the polarity of whole segments.
    features : pandas.DataFrame
        The sentence's rows of `stance.explain`.
    """

    text: str
    label: str
    score: float
    words: tuple[WordContribution, ...]
    rest: Mapping[str, float]
    features: pd.DataFrame = field(repr=False)

    def to_html(self) -> str:
        """Return a fragment of HTML: the sentence, the numbers of its words as titles, and its score."""
        return draw_html(self)

    _repr_html_ = to_html

    def to_terminal(self, colour: bool | None = None) -> str:
        """Return the sentence, its strongest words and features in at most 80 columns.

        Parameters
        ----------
        colour : bool, optional
            Whether to colour the words; by default where stdout is a terminal and ``NO_COLOR`` is not set.
        """
        return draw_terminal(self, colour)

    def to_json(self) -> str:
        """Return all of it as JSON."""
        said = {"text": self.text, "label": self.label, "score": self.score, "rest": dict(self.rest)}
        words = [{**word._asdict(), "text": self.text[word.start : word.end]} for word in self.words]
        features = self.features.drop(columns=["sentence", "label"]).to_dict("records")
        return json.dumps({**said, "words": words, "features": features}, indent=1)


def highlight(classifier: object, X: object, label: str | None = None) -> list[Highlight]:
    """Return each sentence with what its words add to a label's score.

    An n-gram's contribution is divided evenly over its words, or its characters, that of a meaning over the words
    that say it; a masked mention gets that of its role word.

    Parameters
    ----------
    classifier : fitted TextClassifier
        `StanceClassifier` or a linear baseline.
    X : table with a ``text`` column, or 1-D sequence of str, shape (n_sentences,)
    label : str, optional
        The label whose score is explained; by default that which is predicted, a sentence each.

    Raises
    ------
    InputError
        If the classifier is not linear, the label is none of its labels, or X breaks a rule.

    Examples
    --------
    >>> from stance.classifiers.baselines import LinearSVMClassifier
    >>> clf = LinearSVMClassifier(word_ngrams=(1, 1)).fit(["we back it", "we scold it"] * 3, ["favor", "against"] * 3)
    >>> (found,) = highlight(clf, ["They back us."])
    >>> [(found.text[word.start : word.end], round(word.contribution, 1)) for word in found.words]
    [('They', 0.0), ('back', 1.0), ('us', 0.0), ('.', 0.0)]
    """
    explained = explain(classifier, X, label)
    model = linear_model(classifier)
    sentences = model.mark(read_sentences(X))
    features = model.make_features(sentences)
    segments: list[Any] = [{}] * len(sentences)
    if isinstance(features, pd.DataFrame):
        segments = features.to_dict("records")
    elif isinstance(model.model_[0], HashedNgrams):
        triples = zip(sentences.texts, sentences.holders, sentences.targets, strict=True)
        segments = [cut_parts(*triple) for triple in triples]
    made = []
    for i, (_, ngrams) in enumerate(explained.groupby("sentence")):
        text = sentences.texts[i]
        # A classifier that takes the texts alone is blind to the mentions.
        mentions = (None, None) if isinstance(features, list) else (sentences.holders[i], sentences.targets[i])
        rows = ngrams[["feature", "segment", "kind", "contribution"]].itertuples(index=False, name=None)
        words, rest = place_ngrams(text, *mentions, segments[i], rows)
        score = float(ngrams["contribution"].sum())
        made.append(Highlight(text, str(ngrams["label"].iloc[0]), score, tuple(words), rest, ngrams))
    return made


def highlight_sentence(
    classifier: object, text: str, holder: str | None = None, target: str | None = None, label: str | None = None
) -> Highlight:
    """Return one sentence, as typed by hand, with what its words add to a label's score.

    Raises
    ------
    InputError
        As `highlight`, and if the sentence is empty, or the holder or the target does not stand in it.
    """
    if not text.strip():
        raise InputError("the sentence is empty")
    X = pd.DataFrame({"text": [text], "holder": [holder], "target": [target]}, dtype=object)
    read = read_sentences(X)
    for role, name, (span,) in (("holder", holder, read.holders), ("target", target, read.targets)):
        if name is not None and name not in NOT_MENTIONED and span is None:
            raise InputError(
                f'{role} "{show(name)}" does not stand in the sentence; write it as there, or leave it out'
            )
    (made,) = highlight(classifier, X, label)
    return made
