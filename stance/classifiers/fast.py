"""FastStanceClassifier: hashed n-grams and a linear model, read straight from the bytes of the text."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from stance.classifiers.base import number_groups
from stance.classifiers.calibrated import CalibratedTextClassifier
from stance.classifiers.calibration import calibrate, held_out_folds, uncalibrated
from stance.classifiers.fast_training import HashedDescent
from stance.classifiers.hashed_linear import HashedLinear
from stance.classifiers.linear_descent import check_steps, weigh_classes_alike
from stance.core.errors import InputError, show
from stance.core.schemes import get_scheme
from stance.text.hashed_ngrams import COMPILED_FROM, HashedNgrams
from stance.text.inputs import Sentences, read_labels
from stance.text.marked import MarkedTexts, read_marked

if TYPE_CHECKING:
    from stance.text.compiled_ngrams import CompiledNgrams


class FastStanceClassifier(CalibratedTextClassifier):
    """Classify stance or sentiment at the speed at which words can be counted.

    N-grams of the sentence and of the parts around its mentions, and what their words say, are hashed
    (`HashedNgrams`), and a linear model weighs them. From some thousand sentences on, prediction is one compiled pass
    over the bytes of the texts, and no matrix is built; the scores are those of the matrix to the fifth digit. Once
    that pass is loaded, it answers of few sentences, too. Columns of Arrow (pandas' ``str``, pyarrow, `datasets`) are
    read where they lie; spans of mentions should be given, else they are searched for.

    Parameters
    ----------
    scheme : {"stance", "sentiment", "directed"}
        The label set.
    estimator : scikit-learn linear classifier, optional
        What learns on the matrix, in place of gradient descent: ``LinearSVC()``, say.
    n_bits : int
        2 to this power is the number of columns: fewer are faster, more keep apart what many texts say.
    mask_mentions : bool
        Replace the mentions by role words. Off, the names are features, too.
    segments : bool
        Look at the parts of the sentence around the mentions, where they are marked.
    char_ngrams : (int, int), optional
        Use n-grams of characters within words as well: better with misspellings, and several times slower.
    gist : bool
        Use what the words of each part say as well (`stance.text.gist`, English): for or against, good or bad, negation
        read through. Off, prediction is two thirds faster, and much less accurate.
    epochs : int
        How often gradient descent goes through the texts; by default the classes weigh alike in it.
    learning_rate : float
        The length of its steps.
    min_weight : float
        Forget columns all of whose weights are nearer to 0 than this: a smaller model file.
    calibrate : bool
        Calibrate the probabilities on held-out groups, in three times the time, or on sentences that `fit` is given.
    abstain_below : float
        Say None instead of a label whose probability is below this.
    compiled_from : int
        Fewer sentences than this are read in plain Python until the compiled loops are loaded, which takes a second or
        two. A service that is only ever asked for a few sets 1, and waits once. No score depends on it.
    n_jobs : int, optional
        Threads in prediction; None is one, -1 as many as the process may use. They change no score.

    Attributes
    ----------
    classes_ : numpy.ndarray of str, shape (n_classes,)
        The labels seen in fitting, sorted.
    model_ : sklearn.pipeline.Pipeline
        The hashed n-grams and the linear model.
    temperature_ : float
        What decision scores are divided by to become probabilities.
    shares_ : numpy.ndarray of float, shape (3,)
        The weights of half that temperature, of it and of twice it in the probabilities.

    References
    ----------
    Weinberger et al. 2009. Feature Hashing for Large Scale Multitask Learning. ICML.

    Examples
    --------
    >>> texts = ["Moscow welcomes the truce.", "Tehran denounces the truce."]
    >>> clf = FastStanceClassifier(scheme="stance").fit(texts, ["favor", "against"])
    >>> clf.predict(["Oman welcomes it."])
    array(['favor'], dtype=object)
    """

    def __init__(  # noqa: PLR0913 - one line a parameter
        self,
        scheme: str = "stance",
        *,
        estimator: BaseEstimator | None = None,
        n_bits: int = 19,
        mask_mentions: bool = True,
        segments: bool = True,
        char_ngrams: tuple[int, int] | None = None,
        gist: bool = True,
        epochs: int = 10,
        learning_rate: float = 0.1,
        min_weight: float = 0.0,
        calibrate: bool = True,
        abstain_below: float = 0.0,
        compiled_from: int = COMPILED_FROM,
        n_jobs: int | None = None,
    ) -> None:
        self.scheme = scheme
        self.estimator = estimator
        self.n_bits = n_bits
        self.mask_mentions = mask_mentions
        self.segments = segments
        self.char_ngrams = char_ngrams
        self.gist = gist
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.min_weight = min_weight
        self.calibrate = calibrate
        self.abstain_below = abstain_below
        self.compiled_from = compiled_from
        self.n_jobs = n_jobs

    def read(self, X: object) -> MarkedTexts:
        """Read X into bytes and offsets; columns of Arrow are not copied."""
        return read_marked(X)

    def make_groups(self, sentences: MarkedTexts, groups: object) -> np.ndarray:
        """Return each sentence's group, numbered; where nothing depends on it, each sentence is one."""
        if groups is None and not self.calibrate:
            return np.arange(len(sentences))
        return number_groups(sentences.texts, groups)

    def make_features(self, sentences: Sentences) -> Sentences:
        """Return what the n-grams are made of: the sentences as they are."""
        return sentences

    def make_ngrams(self) -> HashedNgrams:
        """Return the unfitted n-grams."""
        return HashedNgrams(
            self.n_bits,
            mask_mentions=self.mask_mentions,
            segments=self.segments,
            char_ngrams=self.char_ngrams,
            gist=self.gist,
            n_jobs=self.n_jobs,
        )

    def make_learner(self) -> HashedLinear:
        """Return the unfitted linear model."""
        return HashedLinear(self.estimator, min_weight=self.min_weight)

    def learn(self, sentences: Any, labels: np.ndarray, groups: np.ndarray, weights: np.ndarray | None) -> Pipeline:  # noqa: ANN401
        """Return the fitted pipeline."""
        self._lookup: tuple[CompiledNgrams, NDArray[np.float32]] | None = None
        self._descent: HashedDescent | None = None  # what `partial_fit` learned before is forgotten
        if self.estimator is not None:
            return super().learn(sentences, labels, groups, weights)
        check_steps(self.epochs, self.learning_rate)
        codes, classes = pd.factorize(labels, sort=True)
        balanced = weigh_classes_alike(codes, weights)
        ngrams = self.make_ngrams().learn_idf(sentences)

        def descend(rows: NDArray[np.int64]) -> HashedLinear:
            descent = HashedDescent(ngrams, len(classes), self.learning_rate)
            descent.run(descent.read(sentences.take(rows)), codes[rows], balanced[rows], self.epochs)
            return self.make_learner().keep(*descent.average(), classes)

        self.check_settings(has_probabilities=self.calibrate)
        self.temperature_, self.shares_ = uncalibrated()
        folds = held_out_folds(codes, groups) if self.calibrate else None
        if folds is not None:
            scores = np.zeros((len(codes), len(classes)))
            for train, test in folds:
                scores[test] = self._scores(ngrams, descend(train), sentences.take(test), len(codes))
            self.temperature_, self.shares_ = calibrate(scores, codes, weights)
        return Pipeline([("ngrams", ngrams), ("learner", descend(np.arange(len(codes))))])

    def partial_fit(
        self, X: object, y: object, classes: Sequence[str] | None = None, sample_weight: object = None
    ) -> Self:
        """Learn from one more chunk of sentences, by gradient descent; for data that does not fit into memory.

        Probabilities are not calibrated. A model that was fitted by `fit`, or read from a file, starts anew.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`; the sentences of a chunk should be mixed, for they are learned in their order.
        classes : sequence of str, optional
            All labels; needed at the first call.

        Raises
        ------
        InputError
            If X, y or `classes` breaks a rule.
        """
        check_steps(self.epochs, self.learning_rate)
        sentences = self.read(X)
        labels = read_labels(y, len(sentences), get_scheme(self.scheme).labels)
        descent: HashedDescent | None = getattr(self, "_descent", None)
        known = self._read_classes(classes) if descent is None else self.classes_
        if descent is not None and classes is not None and set(classes) != set(known):
            raise InputError("classes are others than at the first call of partial_fit; leave them out, or fit anew")
        unknown = set(labels) - set(known)
        if unknown:
            raise InputError(f'y holds "{show(min(unknown))}", which was not among the classes of the first call')
        codes = np.searchsorted(known, labels.astype(str))
        weights = np.ones(len(codes)) if sample_weight is None else self._weights(sample_weight, labels)
        if descent is None:
            ngrams = self.make_ngrams().set_params(use_idf=False).without_idf()
            descent = HashedDescent(ngrams, len(known), self.learning_rate)
        descent.run(descent.read(sentences), codes, weights, epochs=1, shuffle=False)
        learner = self.make_learner().keep(*descent.average(), known)
        self.model_ = Pipeline([("ngrams", descent.ngrams), ("learner", learner)])
        self.classes_, self._descent = known, descent
        self.temperature_, self.shares_ = uncalibrated()
        self._lookup = None
        return self

    def _read_classes(self, classes: Sequence[str] | None) -> np.ndarray:
        if classes is None or len(set(classes)) < 2:
            raise InputError("partial_fit wants all labels, two or more, as classes at its first call")
        read_labels(list(classes), len(classes), get_scheme(self.scheme).labels)
        return np.unique(np.asarray(classes, dtype=str))

    def answer(self, method: str, sentences: Any) -> np.ndarray:  # noqa: ANN401
        """Return what a prediction method says of one sentence or more."""
        ngrams, learner = self.model_
        scores = self._scores(ngrams, learner, sentences)
        if method == "predict":
            labels: np.ndarray = self.classes_.astype(object)[_find_highest(scores)]
            return labels
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores

    def _scores(
        self, ngrams: HashedNgrams, learner: HashedLinear, sentences: MarkedTexts, n_at_hand: int = 0
    ) -> NDArray[np.float32]:
        """Return a score for each class, shape (n_sentences, n_classes), the same bits by either way."""
        if max(len(sentences), n_at_hand) < self.compiled_from and not _is_loaded():
            plain = np.concatenate([ngrams.plain_scores(part, learner.coef_) for part in sentences.parts])
            return plain + learner.intercept_
        from stance.text.compiled_ngrams import CompiledNgrams

        is_mine = hasattr(self, "model_") and learner is self.model_[-1]
        known = self._lookup if is_mine else None
        if known is None:
            compiled = CompiledNgrams(ngrams)
            known = compiled, compiled.make_table(learner.coef_)
        if is_mine:
            self._lookup = known
        compiled, table = known
        compiled.n_jobs = self.n_jobs
        return compiled.score(sentences.parts, table, learner.intercept_)

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        for name in ("_lookup", "_descent"):
            state.pop(name, None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._lookup = None


def _find_highest(scores: NDArray[np.float32]) -> NDArray[np.int64]:
    if _is_loaded():
        from stance.text.compiled_ngrams import find_highest

        highest: NDArray[np.int64] = find_highest(scores)
    else:
        highest = scores.argmax(axis=1)
    return highest


def _is_loaded() -> bool:
    """Return whether the compiled loop has scored in this process."""
    module = sys.modules.get("stance.text.compiled_ngrams")
    has_scored = getattr(module, "has_scored", None)  # another thread may be importing it
    return has_scored is not None and has_scored()
