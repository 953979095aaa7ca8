"""Peers that learn: fastText and Vowpal Wabbit on the plain text, each by the fastest way that it offers.

Both read and write files, in a folder that is gone afterwards. A fitted one is held as the bytes of its own model
file, so that copies can be made.
"""

from __future__ import annotations

import re
import tempfile
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from stance.classifiers.base import SentenceClassifier
from stance.classifiers.peers import check_peer
from stance.core.errors import InputError
from stance.core.schemes import get_scheme
from stance.text.inputs import Sentences

# Without "_", of which fastText's labels are made.
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def spaced_words(text: str) -> str:
    """Return the words of a text in small letters, one space between: nothing that a peer's format would read.

    Examples
    --------
    >>> spaced_words("Moscow: don't |blame| us! __label__x 1:2")
    "moscow don't blame us label x 1 2"
    """
    return " ".join(WORD.findall(unicodedata.normalize("NFC", text).lower().encode("utf-8", "replace").decode()))


class FastTextModel:
    """fastText's model as the bytes of its file, opened.

    Attributes
    ----------
    data : bytes
    opened : object
        fastText's compiled object: past its wrapper in Python, which breaks with NumPy 2 where one text is asked.
    """

    def __init__(self, data: bytes) -> None:
        from fasttext.FastText import _FastText

        self.data = data
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.bin"
            path.write_bytes(data)
            self.opened = _FastText(str(path)).f

    def __reduce__(self) -> tuple[type[FastTextModel], tuple[bytes]]:
        return FastTextModel, (self.data,)


class _PeerLearner(SentenceClassifier):
    module: ClassVar[str]

    def learn(self, sentences: Sentences, labels: np.ndarray, groups: np.ndarray, weights: np.ndarray | None) -> object:
        """Return the peer's model."""
        check_peer(type(self).__name__, self.module)
        with tempfile.TemporaryDirectory() as folder:
            codes = [get_scheme(self.scheme).labels.index(label) + 1 for label in labels]
            return self._train([spaced_words(text) for text in sentences.texts], codes, weights, Path(folder))

    def answer(self, method: str, sentences: Sentences) -> np.ndarray:
        """Return the labels; only predicting is asked of it."""
        check_peer(type(self).__name__, self.module)
        codes = self.predict_codes([spaced_words(text) for text in sentences.texts])
        labels = get_scheme(self.scheme).labels
        return np.array([labels[code - 1] for code in codes])

    def _train(self, lines: list[str], codes: list[int], weights: np.ndarray | None, folder: Path) -> object:
        raise NotImplementedError

    def predict_codes(self, lines: Sequence[str]) -> list[int]:
        """Return the number of each line's label, counted from 1 in the scheme's order.

        Parameters
        ----------
        lines : sequence of str, shape (n_sentences,)
            As `spaced_words` returns them.
        """
        raise NotImplementedError


class FastTextClassifier(_PeerLearner):
    """fastText's supervised model on words and n-grams, on one thread. Needs the extra ``peers``.

    Parameters
    ----------
    scheme : {"stance", "sentiment", "directed"}
    dim : int
        Numbers a word.
    word_ngrams : int
        Longest n-gram.
    epoch : int
        Passes over the training sentences.
    lr : float
        Learning rate.
    bucket : int
        Rows of the table that n-grams are hashed into.
    random_state : int
        Seed of the first weights.
    """

    module = "fasttext"
    packages = ("fasttext-wheel",)

    def __init__(
        self,
        scheme: str = "stance",
        dim: int = 10,
        word_ngrams: int = 2,
        epoch: int = 25,
        lr: float = 0.5,
        bucket: int = 200_000,
        random_state: int = 0,
    ) -> None:
        self.scheme = scheme
        self.dim = dim
        self.word_ngrams = word_ngrams
        self.epoch = epoch
        self.lr = lr
        self.bucket = bucket
        self.random_state = random_state

    def _train(self, lines: list[str], codes: list[int], weights: np.ndarray | None, folder: Path) -> FastTextModel:
        import fasttext

        if weights is not None:
            raise InputError("fasttext: takes no sample_weight")
        given, made = folder / "train.txt", folder / "model.bin"
        write_lines(given, [f"__label__{code} {line}" for code, line in zip(codes, lines, strict=True)])
        model = fasttext.train_supervised(
            str(given),
            dim=self.dim,
            wordNgrams=self.word_ngrams,
            epoch=self.epoch,
            lr=self.lr,
            bucket=self.bucket,
            seed=self.random_state,
            thread=1,
            verbose=0,
        )
        model.save_model(str(made))
        return FastTextModel(made.read_bytes())

    def predict_codes(self, lines: Sequence[str]) -> list[int]:
        """Return the number of each line's label, asked in one call."""
        labels, _ = self.model_.opened.multilinePredict([line + "\n" for line in lines], 1, 0.0, "strict")
        return [int(found[0].removeprefix("__label__")) for found in labels]


class VowpalWabbitClassifier(_PeerLearner):
    """Vowpal Wabbit: one against all, logistic loss, hashed words and n-grams. Needs the extra ``peers``.

    Files go in and predictions come out by its own driver, which is faster than a call a sentence from Python.

    Parameters
    ----------
    scheme : {"stance", "sentiment", "directed"}
    ngram : int
        Longest n-gram.
    bit_precision : int
        The table has 2 to the power of it weights, shared by all labels.
    passes : int
        Passes over the training sentences.
    random_state : int
        Seed of the order of the training sentences, which are drawn once.
    """

    module = "vowpalwabbit"
    packages = ("vowpalwabbit",)

    def __init__(
        self,
        scheme: str = "stance",
        ngram: int = 2,
        bit_precision: int = 20,
        passes: int = 10,
        random_state: int = 0,
    ) -> None:
        self.scheme = scheme
        self.ngram = ngram
        self.bit_precision = bit_precision
        self.passes = passes
        self.random_state = random_state

    def _train(self, lines: list[str], codes: list[int], weights: np.ndarray | None, folder: Path) -> bytes:
        given, made = folder / "train.txt", folder / "model.vw"
        counts = np.ones(len(lines)) if weights is None else weights
        order = np.random.default_rng(self.random_state).permutation(len(lines)).tolist()
        write_lines(given, [f"{codes[i]} {counts[i]:g} | {lines[i]}" for i in order])
        _drive(
            *("-d", given, "-f", made, "--cache_file", folder / "cache", "-k", "--passes", self.passes),
            *("--holdout_off", "--oaa", len(get_scheme(self.scheme).labels), "--ngram", self.ngram),
            *("-b", self.bit_precision, "--loss_function", "logistic"),
        )
        return made.read_bytes()

    def predict_codes(self, lines: Sequence[str]) -> list[int]:
        """Return the number of each line's label, by way of files."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            model, given, said = folder / "model.vw", folder / "given.txt", folder / "said.txt"
            model.write_bytes(self.model_)
            write_lines(given, [f"| {line}" for line in lines])
            _drive("-i", model, "-t", "-d", given, "-p", said)
            return [int(float(line)) for line in said.read_text(encoding="ascii").split()]


def write_lines(path: Path, lines: Sequence[str]) -> None:
    """Write lines as UTF-8, each with its end."""
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def _drive(*arguments: object) -> None:
    from vowpalwabbit import Workspace

    Workspace(arg_list=[*map(str, arguments), "--quiet"]).finish()
