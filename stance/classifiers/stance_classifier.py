"""StanceClassifier: a linear model that knows who the holder and the target are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone

from stance.classifiers.calibrated import CalibratedTextClassifier
from stance.classifiers.linear_descent import LinearDescent
from stance.classifiers.segment_features import SegmentFeatures
from stance.text.gist import gist
from stance.text.inputs import Sentences
from stance.text.others import stand_in
from stance.text.segments import Segments, cut_segments

if TYPE_CHECKING:
    from stance.classifiers.compiled_segments import CompiledSegments


class StanceClassifier(CalibratedTextClassifier):
    """Classify the stance or sentiment toward a target, from what is said around it.

    The sentence is cut up around the holder's and the target's mentions: left of them, between them (in
    their order), right of them, the target's clause, a window around each. The mentions themselves are
    replaced by role words, so that the model cannot learn who is usually for or against what.

    Parameters
    ----------
    scheme : {"stance", "sentiment", "directed"}
        The label set.
    estimator : scikit-learn classifier, optional
        What learns on the n-grams; by default `stance.classifiers.linear_descent.LinearDescent`, by epochs and
        learning rate.
    epochs : int, optional
        How often the default estimator goes through the sentences; by default ten times, more often where they
        are fewer than 600.
    learning_rate : float
        The length of its steps.
    mask_mentions : bool
        Replace the mentions by role words. Off, the names are features, and the model learns habits of
        actors along with the language of stance.
    char_ngrams : bool
        Use n-grams of characters within words as well.
    gist : bool
        Use what the words of each segment say (`stance.text.gist`, English): for or against, good or bad,
        negation read through. Rare words count like common ones of the same meaning.
    polarity : bool
        Use how well or ill the words of each segment speak, by VADER's lexicon (English).
    negation : bool
        Whether gist and polarity read through negations.
    segments : bool
        Look at the parts of the sentence around the mentions; off, at the sentence as a whole alone.
    windows : bool
        Of those parts, look at the few words on either side of each mention too.
    other_actors : bool
        Where no holder is marked, let the nearest other mention of an actor (`stance.text.actors`) stand in its
        place, and look at either one's side of the clause mark between them.
    calibrate : bool
        Make probabilities mean what they say: three times a third of the groups is held out, and the
        temperatures are found that fit the scores on them best, unless `fit` is given other sentences for that. It
        changes no label.
    abstain_below : float
        Say None instead of a label whose probability is below this. None is missing in the sense of pandas
        and is not the label ``none``.
    compiled_from : int
        Of fewer sentences than this scikit-learn answers, for the compiled loops take a second or two to load. A
        service that is asked for a few at a time sets 1, and waits once.
    n_jobs : int, optional
        Threads of the compiled loops; by default one, with -1 all that the process may use.
        No answer depends on it.
    stretch : bool
        Let the default estimator take longer steps along features that tell the classes apart: half a point of macro-F1
        on tweets by cross-validation, next to nothing on news.

    Attributes
    ----------
    temperature_ : float
        What decision scores are divided by to become probabilities; 1 where `calibrate` is off, or a label
        stands in fewer than three groups.
    shares_ : numpy.ndarray of float, shape (3,)
        The weights of half that temperature, of it and of twice it in the probabilities.
    classes_ : numpy.ndarray of str, shape (n_classes,)
        The labels seen in fitting, sorted.
    model_ : sklearn.pipeline.Pipeline
        The fitted n-grams and learner.

    See Also
    --------
    stance.classifiers.baselines : what the plain text alone gives.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({
    ...     "text": ["Moscow backs Iran.", "Iran rejects Moscow.", "Iran scolds Russia.", "Iran backs Russia."],
    ...     "holder": ["russia", "iran", "iran", "iran"],
    ...     "target": ["iran", "russia", "russia", "russia"],
    ... })
    >>> clf = StanceClassifier(scheme="stance").fit(X, ["favor", "against", "against", "favor"])
    >>> asked = pd.DataFrame({"text": ["Israel backs Trump."], "holder": ["israel"], "target": ["trump"]})
    >>> clf.predict(asked)
    array(['favor'], dtype=object)
    """

    def __init__(  # noqa: PLR0913, PLR0917 - one line a parameter
        self,
        scheme: str = "stance",
        estimator: BaseEstimator | None = None,
        epochs: int | None = None,
        learning_rate: float = 0.02,
        mask_mentions: bool = True,
        char_ngrams: bool = True,
        gist: bool = True,
        polarity: bool = True,
        negation: bool = True,
        segments: bool = True,
        windows: bool = True,
        other_actors: bool = True,
        calibrate: bool = True,
        abstain_below: float = 0.0,
        compiled_from: int = 2000,
        n_jobs: int | None = None,
        stretch: bool = False,
    ) -> None:
        self.scheme = scheme
        self.estimator = estimator
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.mask_mentions = mask_mentions
        self.char_ngrams = char_ngrams
        self.gist = gist
        self.polarity = polarity
        self.negation = negation
        self.segments = segments
        self.windows = windows
        self.other_actors = other_actors
        self.calibrate = calibrate
        self.abstain_below = abstain_below
        self.compiled_from = compiled_from
        self.n_jobs = n_jobs
        self.stretch = stretch

    def mark(self, sentences: Sentences) -> Sentences:
        """Return the sentences, the nearest other actor in the place of a holder that is not marked."""
        return stand_in(sentences) if self.other_actors else sentences

    def make_features(self, sentences: Sentences) -> pd.DataFrame:
        """Return the segments of each sentence and their gists, shape (n_sentences, 21)."""
        stand_ins = sentences.stand_ins or [False] * len(sentences)
        given = zip(sentences.texts, sentences.holders, sentences.targets, stand_ins, strict=True)
        rows = [cut_segments(*sentence, mask=self.mask_mentions) for sentence in given]
        # Kept as objects: pandas' own strings are UTF-8, which has no place for a lone surrogate.
        table = np.array(rows, dtype=object).reshape(-1, len(Segments._fields))
        segments = pd.DataFrame(table, columns=Segments._fields, dtype=object)
        if not self.gist:
            return segments
        gists = {
            f"{name}_gist": [gist(text, negation=self.negation) for text in segments[name]]
            for name in Segments._fields[:-1]
        }
        return segments.join(pd.DataFrame(gists, index=segments.index, dtype=object))

    def make_ngrams(self) -> BaseEstimator:
        """Return the features of the segments."""
        return SegmentFeatures(
            char_ngrams=self.char_ngrams,
            gist=self.gist,
            polarity=self.polarity,
            negation=self.negation,
            segments=self.segments,
            windows=self.windows,
        )

    def make_learner(self) -> BaseEstimator:
        """Return the estimator on top."""
        if self.estimator is not None:
            return clone(self.estimator)
        return LinearDescent(self.epochs, self.learning_rate, self.stretch)

    def answer(self, method: str, sentences: Sentences) -> np.ndarray:
        """Return what the model says: of many sentences by compiled loops, of rare ones among them by itself."""
        compiled = self._compile() if len(sentences) >= self.compiled_from else None
        if compiled is None:
            return super().answer(method, sentences)
        scores, rare = compiled.score(sentences, negation=self.negation, n_jobs=self.n_jobs)
        if rare.any():
            found = super().answer("decision_function", sentences.take(np.flatnonzero(rare)))
            scores[rare] = found.reshape(-1, scores.shape[1])
        return compiled.ask(method, scores)

    def _compile(self) -> CompiledSegments | None:
        from stance.classifiers.compiled_segments import compile_segments

        plain = type(self).make_features is StanceClassifier.make_features
        heard = self.gist or not self.model_[0].gist
        return compile_segments(self.model_) if plain and heard and self.mask_mentions else None
