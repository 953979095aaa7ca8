"""StanceClassifier: a linear model that knows who the holder and the target are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.metaestimators import available_if

from stance.classifiers.base import TextClassifier
from stance.classifiers.calibration import find_temperature, held_out_scores, probabilities
from stance.core.errors import InputError
from stance.text.gist import count_meanings, gist, name_meanings
from stance.text.inputs import Sentences
from stance.text.ngrams import Ngrams
from stance.text.polarity import name_polarities, polarities
from stance.text.segments import Segments, cut_segments

# A segment, or a word of a gist, that fewer sentences have is not worth features of its own.
MIN_SENTENCES = 5
WORD_NGRAMS = {
    "sentence": (1, 2),
    "clause": (1, 2),
    "left": (1, 2),
    "right": (1, 2),
    "forward": (1, 2),
    "backward": (1, 2),
    "near_target": (1, 3),
    "near_holder": (1, 3),
    "names": (1, 1),
}
WINDOWS = ("near_target", "near_holder")
CHAR_NGRAMS = {"sentence": (2, 5), "clause": (3, 5)}
GIST_NGRAMS = (1, 4)
# The whole sentence says most; its parts, taken together, would drown it.
WEIGHTS = {"sentence": 1.5, "sentence_characters": 1.5}


def _has_probabilities(self: StanceClassifier) -> bool:
    learner = self.model_[-1] if hasattr(self, "model_") else self.make_learner()
    return hasattr(learner, "predict_proba") or (self.calibrate and hasattr(learner, "decision_function"))


class SegmentFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """TF-IDF n-grams, the gist and the polarity of each segment of the sentences, side by side.

    Parameters
    ----------
    char_ngrams : bool
        Also use n-grams of characters within words, of the sentence and of the target's clause.
    gist : bool
        Also use n-grams of what the words of each segment say, and how often they say it.
    polarity : bool
        Also use how well or ill the words of each segment speak.
    negation : bool
        Whether gist and polarity read through negations.
    segments, windows : bool
        Also use the parts of the sentence around the mentions, and of these the windows.
    """

    def __init__(
        self,
        char_ngrams: bool = True,
        gist: bool = True,
        polarity: bool = True,
        negation: bool = True,
        segments: bool = True,
        windows: bool = True,
    ) -> None:
        self.char_ngrams = char_ngrams
        self.gist = gist
        self.polarity = polarity
        self.negation = negation
        self.segments = segments
        self.windows = windows

    def fit(self, X: pd.DataFrame, y: object = None) -> SegmentFeatures:
        """Learn the vocabularies of the segments that enough sentences have."""
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X: pd.DataFrame, y: object = None) -> Any:  # noqa: ANN401 - sparse matrix
        """Learn the vocabularies; return the matrix, shape (n_sentences, n_features)."""
        used = [name for name in WORD_NGRAMS if self._is_wanted(name) and _is_filled(X[name], name)]
        parts = [(name, Ngrams(ngram_range=WORD_NGRAMS[name], min_df=2), name) for name in used]
        if self.char_ngrams:
            parts += [
                (f"{name}_characters", Ngrams(analyzer="char_wb", ngram_range=n, min_df=3), name)
                for name, n in CHAR_NGRAMS.items()
                if name in used
            ]
        judged = [name for name in used if name != "names"]
        if self.gist:
            counts = FunctionTransformer(count_meanings, feature_names_out=name_meanings)
            parts += [(f"{name}_counts", counts, f"{name}_gist") for name in judged]
            parts += [
                (f"{name}_gist", Ngrams(ngram_range=GIST_NGRAMS, min_df=2), f"{name}_gist")
                for name in judged
                if name != "sentence" and _has_frequent_word(X[f"{name}_gist"])
            ]
        if self.polarity:
            how = {"negation": self.negation}
            named = FunctionTransformer(polarities, kw_args=how, feature_names_out=name_polarities)
            parts += [(f"{name}_polarity", named, name) for name in judged]
        self.parts_ = ColumnTransformer(parts, sparse_threshold=1.0, transformer_weights=WEIGHTS)
        return self.parts_.fit_transform(X)

    def _is_wanted(self, name: str) -> bool:
        if name in ("sentence", "names"):
            return True
        return self.segments and (self.windows or name not in WINDOWS)

    def transform(self, X: pd.DataFrame) -> Any:  # noqa: ANN401 - sparse matrix
        """Return the matrix, shape (n_sentences, n_features)."""
        return self.parts_.transform(X)

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Return the names of the columns, shape (n_features,): ``clause__rejects``, say."""
        names: np.ndarray = self.parts_.get_feature_names_out()
        return names


def _is_filled(texts: pd.Series, name: str) -> bool:
    return name == "sentence" or bool((texts != "").sum() >= MIN_SENTENCES)


def _has_frequent_word(texts: Iterable[str]) -> bool:
    counts = Counter(word for text in texts for word in set(text.split()))
    return max(counts.values(), default=0) >= MIN_SENTENCES


class StanceClassifier(TextClassifier):
    """Classify the stance or sentiment toward a target, from what is said around it.

    The sentence is cut up around the holder's and the target's mentions: left of them, between them (in
    their order), right of them, the target's clause, a window around each. The mentions themselves are
    replaced by role words, so that the model cannot learn who is usually for or against what.

    Parameters
    ----------
    scheme : {"stance", "sentiment", "directed"}
        The label set.
    estimator : scikit-learn classifier, optional
        What learns on the n-grams; by default logistic regression with balanced classes.
    C : float
        Inverse strength of the default estimator's regularisation; unused where `estimator` is given.
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
    calibrate : bool
        Make probabilities mean what they say: three times a third of the groups is held out, and one
        number, the temperature, is found that fits the scores on them best. It changes no label, and
        makes fitting about three times as long.
    abstain_below : float
        Say None instead of a label whose probability is below this. None is missing in the sense of pandas
        and is not the label ``none``.

    Attributes
    ----------
    temperature_ : float
        What decision scores are divided by to become probabilities; 1 where `calibrate` is off, or a label
        stands in fewer than three groups.
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
        C: float = 0.5,
        mask_mentions: bool = True,
        char_ngrams: bool = True,
        gist: bool = True,
        polarity: bool = True,
        negation: bool = True,
        segments: bool = True,
        windows: bool = True,
        calibrate: bool = True,
        abstain_below: float = 0.0,
    ) -> None:
        self.scheme = scheme
        self.estimator = estimator
        self.C = C
        self.mask_mentions = mask_mentions
        self.char_ngrams = char_ngrams
        self.gist = gist
        self.polarity = polarity
        self.negation = negation
        self.segments = segments
        self.windows = windows
        self.calibrate = calibrate
        self.abstain_below = abstain_below

    def make_features(self, sentences: Sentences) -> pd.DataFrame:
        """Return the segments of each sentence and their gists, shape (n_sentences, 17)."""
        triples = zip(sentences.texts, sentences.holders, sentences.targets, strict=True)
        rows = [cut_segments(*triple, mask=self.mask_mentions) for triple in triples]
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
        return LogisticRegression(C=self.C, class_weight="balanced", max_iter=1000)

    def after_fit(
        self,
        learner: BaseEstimator,
        matrix: Any,  # noqa: ANN401 - sparse matrix
        labels: np.ndarray,
        groups: np.ndarray,
        weights: np.ndarray | None,
    ) -> None:
        """Find the temperature of the probabilities on scores of held-out groups."""
        answers = hasattr(learner, "predict_proba") or (self.calibrate and hasattr(learner, "decision_function"))
        if not 0 <= self.abstain_below <= 1 or (self.abstain_below and not answers):
            raise InputError(
                f"abstain_below={self.abstain_below}: a probability from 0 to 1 is wanted, and calibrate on"
            )
        self.temperature_ = 1.0
        if self.calibrate and hasattr(learner, "decision_function"):
            codes = np.unique(labels.astype(str), return_inverse=True)[1]
            scores = held_out_scores(self.make_learner(), matrix, codes, groups, weights)
            if scores is not None:
                self.temperature_ = find_temperature(scores, codes)

    def predict(self, X: object) -> np.ndarray:
        """Return a label for each sentence, shape (n_sentences,); None where the classifier abstains."""
        if not self.abstain_below:
            return super().predict(X)
        found = self.predict_proba(X)
        labels: np.ndarray = self.classes_[found.argmax(axis=1)].astype(object)
        labels[found.max(axis=1) < self.abstain_below] = None
        return labels

    @available_if(_has_probabilities)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: object) -> np.ndarray:
        """Return probabilities, shape (n_sentences, n_classes), in the order of `classes_`."""
        if not (self.calibrate and hasattr(self, "decision_function")):
            return self._ask("predict_proba", X)
        return probabilities(self._ask("decision_function", X), self.temperature_)
