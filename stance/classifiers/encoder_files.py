"""The members of an encoder's model file: configuration, tokenizer and weights, each looked at before it is used."""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
import torch
from sklearn.base import BaseEstimator
from tokenizers import Tokenizer

from stance.classifiers.encoder_network import (
    FAMILIES,
    EncoderModel,
    StanceNetwork,
    build_network,
    default_config,
)
from stance.classifiers.encoder_parameters import check_parameters
from stance.classifiers.model_archives import read_member
from stance.classifiers.model_types import UnsafeError
from stance.core.errors import InputError, show

CONFIG, TOKENIZER, WEIGHTS = "config.json", "tokenizer.json", "weights.safetensors"
MAX_CONFIG_BYTES = 1 << 16
MAX_TOKENIZER_BYTES = 64 << 20
MAX_WEIGHT_BYTES = 1200 << 20
MAX_HEADER_BYTES = 1 << 20
MAX_TOKEN_ID, MAX_SIZE, MAX_LAYERS = 1_000_000, 16_384, 64
MAX_SPECIAL_TOKENS = 8
# Parts of a tokenizer that neither run patterns of the file's own nor make a text longer than a few times itself.
_TOKENIZER_PARTS = """
BPE BertNormalizer BertPreTokenizer BertProcessing ByteFallback ByteLevel Digits Fuse Lowercase Metaspace NFC NFD
NFKC NFKD Precompiled Punctuation Replace RobertaProcessing Sequence Strip StripAccents TemplateProcessing Unigram
WhitespaceSplit Whitespace WordPiece
"""
TOKENIZER_PARTS = frozenset(_TOKENIZER_PARTS.split())
MAX_REPLACED_CHARS = 8


def pack(classifier: Any) -> dict[str, bytes]:  # noqa: ANN401 - an EncoderStanceClassifier
    """Return the members of a fitted encoder's model file by name: the same classifier, the same bytes."""
    model: EncoderModel = classifier.model_
    return {
        CONFIG: json.dumps(model.config, sort_keys=True).encode(),
        TOKENIZER: model.tokenizer.to_str().encode(),
        WEIGHTS: safetensors.numpy.save(dict(sorted(model.weights.items()))),
    }


def plain_parameters(classifier: BaseEstimator) -> dict[str, Any]:
    """Return a classifier's parameters as JSON values.

    Raises
    ------
    InputError
        If one is more than a number or a text.
    """
    found = {}
    for name, value in classifier.get_params(deep=False).items():
        plain = value.item() if isinstance(value, np.generic) else str(value) if isinstance(value, Path) else value
        if not isinstance(plain, (str, int, float, bool, type(None))):
            raise InputError(f"not saved: a model file cannot hold {name}: {show(repr(value))}")
        found[name] = plain
    return found


def read_members(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """Return the members as bytes: the weights stand uncompressed, so that no small file becomes a large one.

    Raises
    ------
    UnsafeError
        If one is too large, or the weights are compressed.
    """
    info = archive.getinfo(WEIGHTS)
    if info.compress_type != zipfile.ZIP_STORED or info.file_size > MAX_WEIGHT_BYTES:
        raise UnsafeError(f"{WEIGHTS} is compressed, or larger than {MAX_WEIGHT_BYTES:,} bytes")
    caps = {CONFIG: MAX_CONFIG_BYTES, TOKENIZER: MAX_TOKENIZER_BYTES, WEIGHTS: info.file_size}
    return {name: read_member(archive, name, cap) for name, cap in caps.items()}


def unpack(parameters: object, classes: list[str], members: Mapping[str, bytes]) -> Any:  # noqa: ANN401
    """Return the fitted classifier of a model file.

    Raises
    ------
    UnsafeError, InputError
        If a parameter is out of its range, a family or a part of the tokenizer is not on the list, a weight is
        missing, strange, of another shape or not finite, or a token lies outside of the vocabulary.
    """
    from stance.classifiers.encoder import EncoderStanceClassifier

    usual = EncoderStanceClassifier().get_params()
    if not isinstance(parameters, dict) or not set(parameters) <= set(usual):
        raise UnsafeError("its parameters are not those of an encoder")
    known: dict[str, Any] = usual | parameters  # an earlier version had fewer
    if len(classes) < 2 or classes != sorted(set(classes)):
        raise UnsafeError("its classes are not sorted, each once")
    check_parameters(known)
    classifier = EncoderStanceClassifier(**known)
    config = check_config(json.loads(members[CONFIG]))
    pool_early = bool(known["pool_early"])
    with torch.device("meta"):
        empty = build_network(config, len(classes), pool_early=pool_early)
    shapes = {name: value.shape for name, value in empty.state_dict().items()}
    weights = check_weights(members[WEIGHTS], shapes)
    tokenizer = check_tokenizer(members[TOKENIZER], int(config["vocab_size"]))
    network: StanceNetwork = build_network(config, len(classes), pool_early=pool_early)
    network.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in weights.items()})
    classifier.pool_ = None
    classifier.classes_ = np.array(classes)
    classifier.model_ = EncoderModel(config, tokenizer, network)
    return classifier


def check_config(config: Any) -> dict[str, Any]:  # noqa: ANN401 - what the file's JSON holds
    """Return a body's configuration if it is of a listed family, and small and plain enough to be built.

    Raises
    ------
    UnsafeError
    """
    family = config.get("model_type") if isinstance(config, dict) else None
    if family not in FAMILIES:
        raise UnsafeError(f"{CONFIG}: family {show(family)} is not one of {', '.join(FAMILIES)}")
    usual = default_config(family)
    for name, value in config.items():
        if name not in usual or not _is_plain(value, usual[name], depth=3):
            raise UnsafeError(f"{CONFIG}: {show(name)} is not what a {family} has there: {show(value)}")
        if isinstance(value, int) and abs(value) > (MAX_TOKEN_ID if name.endswith(("_id", "vocab_size")) else MAX_SIZE):
            raise UnsafeError(f"{CONFIG}: {show(name)} is {value:,}")
    layers = config.get("num_hidden_layers", config.get("n_layers"))
    if not isinstance(layers, int) or not 1 <= layers <= MAX_LAYERS or "vocab_size" not in config:
        raise UnsafeError(f"{CONFIG}: from 1 to {MAX_LAYERS} layers and a vocabulary are wanted")
    return dict(config)


def _is_plain(value: object, usual: object, depth: int) -> bool:
    """Say whether a value is of JSON's small kinds; a number where there is one, finite and no text."""
    if isinstance(value, (list, dict)):
        inner = list(value.values()) if isinstance(value, dict) else value
        return depth > 0 and len(inner) <= MAX_LAYERS and all(_is_plain(one, None, depth - 1) for one in inner)
    if isinstance(usual, (int, float)) and not isinstance(usual, bool):
        return isinstance(value, (int, float)) and math.isfinite(value)
    if isinstance(value, str):
        return len(value) <= MAX_LAYERS
    return value is None or (isinstance(value, (bool, int, float)) and math.isfinite(value))


def check_weights(data: bytes, shapes: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return the weights by name if they are those that the network has: same names, same shapes, finite.

    Raises
    ------
    UnsafeError
    """
    expected = 4 * sum(math.prod(shape) for shape in shapes.values())
    if not expected <= len(data) <= expected + MAX_HEADER_BYTES:
        raise UnsafeError(f"{WEIGHTS} has {len(data):,} bytes; the network of {CONFIG} has {expected:,}")
    weights: dict[str, np.ndarray] = safetensors.numpy.load(data)
    if set(weights) != set(shapes):
        strange = sorted(set(weights) ^ set(shapes))
        raise UnsafeError(f"{WEIGHTS}: {show(strange[0])} is missing or strange")
    for name, value in sorted(weights.items()):
        if value.shape != tuple(shapes[name]) or value.dtype != np.float32:
            raise UnsafeError(f"{WEIGHTS}: {name} is {value.dtype} {value.shape}, not float32 {tuple(shapes[name])}")
        if not np.isfinite(value).all():
            raise UnsafeError(f"{WEIGHTS}: {name} has weights that are not finite")
    return weights


def check_tokenizer(data: bytes, vocab_size: int) -> Tokenizer:
    """Return the tokenizer if it is made of listed parts and names no token outside of the vocabulary.

    Raises
    ------
    UnsafeError
    """
    said = json.loads(data)
    waiting: list[Any] = [
        said.get(part) for part in ("normalizer", "pre_tokenizer", "model", "post_processor", "decoder")
    ]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict) and "type" in part:
            _check_tokenizer_part(part)
            waiting += [v for k, v in part.items() if isinstance(v, (list, dict)) and k not in ("vocab", "merges")]
    if said.get("truncation") is not None or said.get("padding") is not None:
        raise UnsafeError(f"{TOKENIZER} truncates or pads by itself")
    try:
        tokenizer = Tokenizer.from_str(data.decode())
        example = tokenizer.encode("a")
        highest = max(tokenizer.get_vocab(with_added_tokens=True).values(), default=-1)
        highest = max(highest, *example.ids, -1)
    except BaseException as error:  # the tokenizer's compiled code may panic, which is no Exception
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
        raise UnsafeError(f"{TOKENIZER}: {show(error, 200)}") from None
    if highest >= vocab_size:
        raise UnsafeError(f"{TOKENIZER} has token {highest:,}, the network {vocab_size:,} of them")
    if sum(example.special_tokens_mask) > MAX_SPECIAL_TOKENS:
        raise UnsafeError(f"{TOKENIZER} adds more than {MAX_SPECIAL_TOKENS} special tokens")
    return tokenizer


def _check_tokenizer_part(part: Mapping[str, Any]) -> None:
    if part["type"] not in TOKENIZER_PARTS:
        raise UnsafeError(f"{TOKENIZER}: part {show(part['type'])} is not on the list")
    if part["type"] == "Replace":
        texts = [part.get("content"), *(part["pattern"].values() if isinstance(part.get("pattern"), dict) else [None])]
        if not all(isinstance(text, str) and len(text) <= MAX_REPLACED_CHARS for text in texts):
            raise UnsafeError(f"{TOKENIZER}: a replacement is longer than {MAX_REPLACED_CHARS} characters")
