"""EncoderStanceClassifier: a transformer that is told who the holder and the target are, trained on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.class_weight import compute_sample_weight

from stance.classifiers.base import SentenceClassifier, number_groups
from stance.classifiers.encoder_lessons import (
    Lesson,
    Split,
    drop_unknown,
    hold_out,
    read_soft_labels,
)
from stance.classifiers.encoder_parameters import check_parameters
from stance.classifiers.encoder_pool import make_pool
from stance.classifiers.encoder_sources import DEFAULT_ENCODER, check_extra
from stance.classifiers.held_out import read_held_out
from stance.classifiers.stance_classifier import StanceClassifier
from stance.core.errors import InputError
from stance.core.schemes import check_labels, get_scheme
from stance.text.inputs import Sentences

if TYPE_CHECKING:
    from stance.classifiers.encoder_network import EncoderModel


class EncoderStanceClassifier(SentenceClassifier):
    """Fine-tune a transformer encoder that is told which tokens name the holder and the target.

    Role embeddings are added to the tokens of the two mentions; the encoder's states are averaged over the
    sentence, over the target's tokens and over the holder's (over the sentence where one is not mentioned);
    a linear head reads the three. Needs ``stance[encoder]``; ``docs/encoder.md`` says how to get it.

    Parameters
    ----------
    scheme : {"stance", "sentiment", "directed"}
        The label set.
    encoder : str
        A folder with ``config.json``, ``tokenizer.json`` and weights as safetensors, or the name of a model
        on the Hugging Face hub, looked for among those downloaded before; nothing is downloaded here.
    n_layers : int, optional
        Keep the first layers only: fewer are faster and know less.
    intermediate_size : int, optional
        Keep so many neurons of each layer's feed-forward part, those that weigh most. Families as for `pool_early`.
    pool_early : bool
        Average the states before the last layer, which then works on three means that look at all tokens, in place
        of on all tokens: half the work where few layers are kept. Families bert, electra, roberta and xlm-roberta.
    epochs : int, optional
        How often the sentences are gone through; by default four times, and more often where they are fewer
        than 5,000, until 20,000 are seen or twenty times are over.
    n_trainings : int
        Train so many times, the sentences in another order and, where a `validation_share` is held out, another one
        each time, and take the mean of the weights (a model soup: Wortsman et al. 2022, ICML). Better and steadier than
        one training, and as fast in prediction.
    learning_rate, head_learning_rate : float
        Of the encoder's last layer, and of what is new: the head and the role embeddings.
    layer_decay : float
        What the learning rate is multiplied by from layer to layer, downwards; 1 treats all alike.
    batch_size : int
        Sentences a step.
    max_tokens : int
        Of a longer sentence, the tokens nearest to the mentions are read.
    dropout : float
        Share of the averaged states that is dropped in training.
    with_linear : bool
        Let a `StanceClassifier` learn from the same sentences and have its say in every answer, as much as makes the
        held-out labels likeliest. It reads a few thousand sentences a second, those of `mask_mentions` many more; its
        classes always weigh alike.
    class_weight : {"balanced"} or None
        "balanced" weighs rare classes more. With five unequal classes that was worse by macro-F1 itself.
    mask_mentions : bool
        Put role words in the place of the mentions, so that the model cannot learn habits of actors.
    validation_share : float
        Share of the groups that is held out, to keep the epoch of the best macro-F1, to calibrate the probabilities
        and to weigh a linear model; at 0 all are learned from, the last epoch is kept, and the model is surer than it
        should be. Sentences given to `fit` as `held_out` take its place.
    start_from : str or path, optional
        A model file of this class: its encoder, tokenizer and roles are where training starts, in place of
        `encoder`; its head, and so its scheme, are left behind.
    precision : {"auto", "float32", "bfloat16"}
        Of the matrix products in training; "auto" is bfloat16 where the processor has instructions for it.
    prediction_precision : {"float32", "auto", "bfloat16"}
        The same in prediction. In bfloat16 it is twice as fast, probabilities differ in the third digit, and may depend
        in it on what is asked beside.
    n_jobs : int, optional
        Threads; by default those that the process may use. The last bits of the weights depend on it.
    device : str
        "cpu", "cuda", or "auto": a CUDA device where there is one.
    progress : bool
        Show a bar while training.
    random_state : int, RandomState or None
        Seed of the order of sentences, the dropout and the head.

    Attributes
    ----------
    classes_ : numpy.ndarray of str, shape (n_classes,)
        The labels seen in fitting, sorted.
    model_ : stance.classifiers.encoder_network.EncoderModel
        The trained network with its tokenizer.
    pool_ : stance.classifiers.encoder_pool.Pool or None
        The linear model, where there is one, and how much it counts.

    Notes
    -----
    The same seed gives the same predictions on one machine with the same number of threads.
    """

    packages = ("torch", "transformers", "tokenizers")

    def __init__(  # noqa: PLR0913 - one line a parameter
        self,
        scheme: str = "stance",
        *,
        encoder: str = DEFAULT_ENCODER,
        n_layers: int | None = None,
        intermediate_size: int | None = None,
        pool_early: bool = False,
        epochs: int | None = None,
        n_trainings: int = 1,
        learning_rate: float = 1e-4,
        head_learning_rate: float = 1e-3,
        layer_decay: float = 1.0,
        batch_size: int = 32,
        max_tokens: int = 128,
        dropout: float = 0.1,
        with_linear: bool = False,
        class_weight: str | None = None,
        mask_mentions: bool = False,
        validation_share: float = 0.1,
        start_from: str | Path | None = None,
        precision: str = "auto",
        prediction_precision: str = "float32",
        n_jobs: int | None = None,
        device: str = "auto",
        progress: bool = False,
        random_state: Any = 0,  # noqa: ANN401 - whatever check_random_state takes
    ) -> None:
        self.scheme = scheme
        self.encoder = encoder
        self.n_layers = n_layers
        self.intermediate_size = intermediate_size
        self.pool_early = pool_early
        self.epochs = epochs
        self.n_trainings = n_trainings
        self.learning_rate = learning_rate
        self.head_learning_rate = head_learning_rate
        self.layer_decay = layer_decay
        self.batch_size = batch_size
        self.max_tokens = max_tokens
        self.dropout = dropout
        self.with_linear = with_linear
        self.class_weight = class_weight
        self.mask_mentions = mask_mentions
        self.validation_share = validation_share
        self.start_from = start_from
        self.precision = precision
        self.prediction_precision = prediction_precision
        self.n_jobs = n_jobs
        self.device = device
        self.progress = progress
        self.random_state = random_state

    def fit(
        self,
        X: object,
        y: object,
        sample_weight: object = None,
        groups: object = None,
        held_out: tuple[object, object] | None = None,
    ) -> Self:
        """Learn from labelled sentences.

        Parameters
        ----------
        X : table with a ``text`` column, or 1-D sequence of str, shape (n_sentences,)
        y : 1-D sequence of str, shape (n_sentences,)
            Labels of the scheme.
        sample_weight : array-like of float, shape (n_sentences,), optional
        groups : 1-D sequence, shape (n_sentences,), optional
            Sentences that belong together, such as those of an article, and are held out together. By default
            sentences of the same words do.
        held_out : (X, y), optional
            Labelled sentences that choose the epoch, calibrate the probabilities and weigh a linear model, in place of
            a `validation_share` of those that are learned. Of the labels of `y`.

        Raises
        ------
        InputError
            If X or y breaks a rule (`stance.text.inputs`), or y holds one class only.
        """
        given = self.read_training(X, y, sample_weight, groups)
        classes = np.unique(given.labels.astype(str))
        kept = None if held_out is None else self._read_held_out(held_out, classes)
        self.model_ = self.learn(*given, kept)
        self.classes_ = classes
        return self

    def learn(
        self,
        sentences: Sentences,
        labels: np.ndarray,
        groups: np.ndarray,
        weights: np.ndarray | None,
        kept: Lesson | None = None,
    ) -> EncoderModel:
        """Return the network trained on labels."""
        check_parameters(self.get_params(deep=False))
        classes, codes = np.unique(labels.astype(str), return_inverse=True)
        lesson = Lesson.of_labels(sentences, codes, len(classes), weights)
        total = lesson.weights / lesson.weights.mean()
        if self.class_weight is not None:
            total = total * compute_sample_weight(self.class_weight, codes)
        model, splits, logits = self._train(lesson._replace(weights=total), groups, kept)
        pool = None
        if self.with_linear:
            linear = StanceClassifier(
                self.scheme, mask_mentions=self.mask_mentions, calibrate=False, n_jobs=self.n_jobs
            )
            whole = lesson if kept is None else lesson.followed_by(kept)
            pool = make_pool(linear, whole, splits, logits, classes)
        self.pool_ = pool  # not before all is learned: a fit that fails leaves what was
        return model

    def fit_soft(
        self,
        X: object,
        probabilities: object,
        classes: Sequence[str],
        held_out: tuple[object, object] | None = None,
    ) -> Self:
        """Learn from probabilities instead of labels: another model's, or shares of annotators.

        Parameters
        ----------
        X : table with a ``text`` column, or 1-D sequence of str, shape (n_sentences,)
        probabilities : array-like of float, shape (n_sentences, n_classes)
            Rows add up to 1.
        classes : sequence of str
            The label of each column.
        held_out : (X, y), optional
            Labelled sentences that choose the epoch and calibrate the probabilities, in place of a
            `validation_share` of those that are learned.

        Raises
        ------
        InputError
            If X or y breaks a rule, a class is not of the scheme or stands there twice, or the probabilities are
            none.
        """
        if self.with_linear:
            raise InputError("with_linear: the linear model learns from labels, not from probabilities")
        check_labels(classes, get_scheme(self.scheme).labels)
        lesson, names = read_soft_labels(X, probabilities, classes)
        kept = None if held_out is None else self._read_held_out(held_out, names)
        self.model_, *_ = self._train(lesson, number_groups(lesson.sentences.texts), kept)
        self.pool_ = None
        self.classes_ = names
        return self

    def predict_proba(self, X: object) -> np.ndarray:
        """Return probabilities, shape (n_sentences, n_classes), in the order of `classes_`; float32."""
        return self._ask("predict_proba", X)

    def decision_function(self, X: object) -> np.ndarray:
        """Return logits, shape (n_sentences, n_classes), or their difference (n_sentences,) for two classes."""
        return self._ask("decision_function", X)

    def answer(self, method: str, sentences: Sentences) -> np.ndarray:
        """Return what a prediction method says of one sentence or more."""
        logits = self._find_logits(self.model_, sentences)
        if self.pool_ is not None:
            logits = self.pool_.join(logits, sentences, self.classes_)
        if method == "predict":
            labels: np.ndarray = self.classes_[logits.argmax(axis=1)]
            return labels
        if method == "decision_function":
            return logits[:, 1] - logits[:, 0] if logits.shape[1] == 2 else logits
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
        return shares

    def _find_logits(self, model: EncoderModel, sentences: Sentences) -> np.ndarray:
        """Return the network's logits, shape (n_sentences, n_classes), float32."""
        from stance.classifiers.encoder_network import has_bfloat16, pick_device
        from stance.classifiers.encoder_training import find_logits, threads

        check_parameters(self.get_params(deep=False))
        tokens = self._tokenise(model, sentences)
        device = pick_device(self.device)
        model.to(device)
        with threads(self.n_jobs):
            halved = has_bfloat16(self.prediction_precision, device)
            network = model.halved(device) if halved else model.network
            return find_logits(network, tokens, model.pad_id)

    def _read_held_out(self, held_out: tuple[object, object], classes: np.ndarray) -> Lesson:
        return Lesson.of_labels(*read_held_out(held_out, classes, self.read), len(classes))

    def _train(
        self, lesson: Lesson, groups: np.ndarray, kept: Lesson | None
    ) -> tuple[EncoderModel, list[Split], np.ndarray]:
        """Return the trained model, how the rows were parted (`kept` are the last ones), and logits of those held out.

        The logits have shape (n_held_out, n_classes), those of one part below those of the other.
        """
        check_parameters(self.get_params(deep=False))
        check_extra()
        from stance.classifiers.encoder_network import has_bfloat16, pick_device
        from stance.classifiers.encoder_start import make_start
        from stance.classifiers.encoder_training import (
            Examples,
            Recipe,
            calibrate,
            count_epochs,
            seeded,
            threads,
            train_soup,
        )

        seed = int(check_random_state(self.random_state).randint(2**31))
        n_learned = len(lesson.sentences)
        if kept is None:
            splits = hold_out(groups, self.validation_share, self.n_trainings, seed)
        else:
            lesson = lesson.followed_by(kept)
            splits = [(np.arange(n_learned), np.arange(n_learned, len(lesson.sentences)))]
        splits = drop_unknown(lesson, splits)
        if self.with_linear and not any(len(rest) for _, rest in splits):
            raise InputError(
                "with_linear: nothing is held out that the two could be weighed by; "
                "change validation_share or the groups, or give held_out"
            )
        with seeded(seed), threads(self.n_jobs):
            model = make_start(self, lesson.targets.shape[1])
            given = Examples.make(self._tokenise(model, lesson.sentences), lesson.targets, lesson.weights)
            device = pick_device(self.device)
            model.to(device)
            recipe = Recipe(
                epochs=self.epochs or count_epochs(n_learned),
                batch_size=self.batch_size,
                n_trainings=self.n_trainings,
                learning_rate=self.learning_rate,
                head_learning_rate=self.head_learning_rate,
                layer_decay=self.layer_decay,
                bfloat16=has_bfloat16(self.precision, device),
                progress=self.progress,
            )
            logits = train_soup(model.network, given, splits, model.pad_id, recipe, seed)
            if len(logits):
                held_out = np.concatenate([rest for _, rest in splits])
                logits = calibrate(model.network, logits, given.targets[held_out])
        return model, splits, logits

    def _tokenise(self, model: EncoderModel, sentences: Sentences) -> Any:  # noqa: ANN401
        from stance.classifiers.encoder_batches import tokenise

        max_tokens = min(self.max_tokens, model.max_tokens)
        return tokenise(model.tokenizer, sentences, max_tokens, mask=self.mask_mentions)
