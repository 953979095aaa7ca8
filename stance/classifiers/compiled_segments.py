"""Compiled segments: the scores of a fitted StanceClassifier, by compiled loops instead of scikit-learn.

Scores differ from scikit-learn's by less than 1e-5: it adds up in single precision. An n-gram that was never
learned could be taken for another whose 64-bit hash it shares; with a million n-grams that happens once in some
10^13 of them. Learned ones cannot: they are compared when the tables are made.
"""

from __future__ import annotations

import copy
import os
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.linear_model._base import LinearClassifierMixin
from sklearn.pipeline import Pipeline

from stance.classifiers.segment_blocks import list_blocks, make_features
from stance.text.feature_kernels import POLARITIES, LinearFeatures, score_sentences
from stance.text.inputs import Sentences
from stance.text.segment_kernels import NOWHERE
from stance.text.segment_tables import join_codes, load_tables
from stance.text.segments import HOLDER, TARGET, mark_mentions

# So many sentences are one task of a thread.
CHUNK_SENTENCES = 1024
_NO_SPAN = (NOWHERE, NOWHERE)
_MADE: WeakKeyDictionary[Pipeline, CompiledSegments | None] = WeakKeyDictionary()


class CompiledSegments:
    """The tables of a fitted model, and the learner that its scores are asked of.

    Attributes
    ----------
    learner : scikit-learn classifier
        As fitted, but that its only features are its own scores.
    """

    def __init__(self, features: LinearFeatures, learner: BaseEstimator, negation: bool) -> None:
        self._features = features
        self._negation = negation
        n_scores = len(features.intercepts)
        self.learner = copy.copy(learner)
        self.learner.coef_ = np.eye(n_scores, dtype=learner.coef_.dtype)
        self.learner.intercept_ = np.zeros(n_scores, learner.coef_.dtype)
        self.learner.n_features_in_ = n_scores

    def score(
        self, sentences: Sentences, *, negation: bool, n_jobs: int | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return the scores of the sentences, shape (n_sentences, n_scores), and which only Python can score.

        Parameters
        ----------
        sentences : Sentences
        negation : bool
            Whether the gist reads through negations.
        n_jobs : int, optional
            Threads, as `count_threads` counts them; the scores do not depend on it.
        """
        scores = np.zeros((len(sentences), len(self._features.intercepts)))
        rare = np.zeros(len(sentences), bool)

        def fill(start: int) -> None:
            part = slice(start, start + CHUNK_SENTENCES)
            texts, holders, targets = sentences.texts[part], sentences.holders[part], sentences.targets[part]
            codes, ends, mentions = _as_arrays(texts, holders, targets)
            how = negation, self._negation
            score_sentences(codes, ends, mentions, load_tables(), self._features, how, scores[part], rare[part])

        starts = range(0, len(sentences), CHUNK_SENTENCES)
        load_tables()  # once, not in each thread
        with ThreadPoolExecutor(count_threads(n_jobs)) as threads:
            list(threads.map(fill, starts))
        return scores, rare


def compile_segments(model: Pipeline) -> CompiledSegments | None:
    """Return the compiled form of a fitted model, None where it has none; it is made once for each model."""
    if model not in _MADE:
        _MADE[model] = _make(*model)
    return _MADE[model]


def count_threads(n_jobs: int | None) -> int:
    """Return how many threads are meant: those that the process may use for -1, and never more than those.

    Examples
    --------
    >>> count_threads(None), count_threads(1)
    (1, 1)
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores if n_jobs is not None and n_jobs < 0 else min(n_jobs or 1, cores)


def _as_arrays(texts: list[str], holders: list[Any], targets: list[Any]) -> tuple[Any, Any, Any]:
    if any("#" in text for text in texts):
        texts, holders, targets = map(list, zip(*map(_spell_hashtags, texts, holders, targets), strict=True))
    spans = chain.from_iterable(span or _NO_SPAN for pair in zip(holders, targets, strict=True) for span in pair)
    return *join_codes(texts), np.fromiter(spans, np.int64, 4 * len(texts)).reshape(-1, 2, 2)


def _spell_hashtags(text: str, holder: Any, target: Any) -> tuple[str, Any, Any]:  # noqa: ANN401 - a span or None
    if "#" not in text:
        return text, holder, target
    marked, places = mark_mentions(text, holder, target)
    return marked, places.get(HOLDER), places.get(TARGET)


def _make(ngrams: Any, learner: Any) -> CompiledSegments | None:  # noqa: ANN401 - any two steps
    blocks = list_blocks(ngrams) if _is_linear(learner) else None
    features = make_features(blocks, learner.coef_, learner.intercept_) if blocks else None
    negations = {block.transformer.kw_args["negation"] for block in blocks or () if block.kind == POLARITIES}
    if features is None or len(negations) > 1:
        return None
    return CompiledSegments(features, learner, all(negations))


def _is_linear(learner: Any) -> bool:  # noqa: ANN401 - any learner
    return (
        isinstance(learner, LinearClassifierMixin)
        and type(learner).__module__.startswith("sklearn.")
        and type(learner).decision_function is LinearClassifierMixin.decision_function
        and isinstance(learner.coef_, np.ndarray)
    )
