"""Compiled segments: the scores of a fitted StanceClassifier, by compiled loops instead of scikit-learn.

Scores differ from scikit-learn's by less than 1e-5, for it works in single precision. An n-gram that was never
learned could be taken for another of the same hash, about once in 10^13 n-grams; learned ones could not, for
their hashes are compared when the tables are made.
"""

from __future__ import annotations

import copy
import zlib
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.linear_model._base import LinearClassifierMixin
from sklearn.pipeline import Pipeline

from stance.classifiers.linear_descent import LinearDescent
from stance.classifiers.segment_blocks import list_blocks, make_features
from stance.core.threads import count_threads
from stance.text.feature_kernels import POLARITIES, LinearFeatures
from stance.text.hash_kernels import NOWHERE
from stance.text.inputs import Sentences
from stance.text.segment_tables import join_codes, load_tables
from stance.text.segments import HOLDER, TARGET, mark_mentions
from stance.text.sentence_kernels import score_sentences

# So many sentences are one task of a thread.
CHUNK_SENTENCES = 1024
_NO_SPAN = (NOWHERE, NOWHERE)
# By model: a checksum of its weights, and what was made of them.
_MADE: WeakKeyDictionary[Pipeline, tuple[int, CompiledSegments | None]] = WeakKeyDictionary()


class CompiledSegments:
    """The tables of a fitted model, and its learner.

    Parameters
    ----------
    features : LinearFeatures
    learner : scikit-learn linear classifier, fitted
    negation : bool
        Whether polarity reads through negations.
    """

    def __init__(self, features: LinearFeatures, learner: BaseEstimator, negation: bool) -> None:
        self._features = features
        self._negation = negation
        n_scores, dtype = features.rows.shape[1] - 1, learner.coef_.dtype
        self._intercepts = np.array(np.broadcast_to(learner.intercept_, n_scores), float)
        # Its only features are its own scores.
        self._learner = copy.copy(learner)
        self._learner.coef_ = np.eye(n_scores, dtype=dtype)
        self._learner.intercept_ = np.zeros(n_scores, dtype)
        self._learner.n_features_in_ = n_scores

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
            Threads, as `stance.core.threads.count_threads` counts them; the scores do not depend on it.
        """
        scores = np.tile(self._intercepts, (len(sentences), 1))
        rare = np.zeros(len(sentences), bool)
        stand_ins = np.array(sentences.stand_ins or rare, bool)

        def fill(start: int) -> None:
            part = slice(start, start + CHUNK_SENTENCES)
            texts, holders, targets = sentences.texts[part], sentences.holders[part], sentences.targets[part]
            arrays = *_as_arrays(texts, holders, targets), stand_ins[part]
            how = bool(negation), self._negation
            score_sentences(*arrays, load_tables(), self._features, how, scores[part], rare[part])

        starts = range(0, len(sentences), CHUNK_SENTENCES)
        load_tables()  # once, not in each thread
        with ThreadPoolExecutor(count_threads(n_jobs)) as threads:
            list(threads.map(fill, starts))
        return scores, rare

    def ask(self, method: str, scores: NDArray[np.float64]) -> np.ndarray:
        """Return what the learner's method says of sentences of these scores."""
        answers: np.ndarray = getattr(self._learner, method)(scores.astype(self._learner.coef_.dtype, copy=False))
        return answers


def compile_segments(model: Pipeline) -> CompiledSegments | None:
    """Return the compiled form of a fitted model, None where it has none; it is made once for the same weights."""
    ngrams, learner = model
    if not _is_linear(learner):
        return None
    checksum = zlib.crc32(learner.coef_.tobytes() + np.asarray(learner.intercept_).tobytes())
    if model not in _MADE or _MADE[model][0] != checksum:
        _MADE[model] = checksum, _make(ngrams, learner)
    return _MADE[model][1]


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
    blocks = list_blocks(ngrams)
    features = make_features(blocks, np.atleast_2d(learner.coef_)) if blocks else None
    settings = [block.transformer.kw_args or {} for block in blocks or () if block.kind == POLARITIES]
    negations = {bool(setting.get("negation", True)) for setting in settings}
    if features is None or len(negations) > 1:
        return None
    return CompiledSegments(features, learner, all(negations))


def _is_linear(learner: Any) -> bool:  # noqa: ANN401 - any learner
    return (
        isinstance(learner, LinearClassifierMixin)
        and (isinstance(learner, LinearDescent) or type(learner).__module__.startswith("sklearn."))
        and type(learner).decision_function is LinearClassifierMixin.decision_function
        and isinstance(learner.coef_, np.ndarray)
    )
