"""Where the training of an encoder starts: a pretrained body, or that of a model file, cut as wanted; a new head."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from stance.classifiers.encoder_network import (
    EncoderModel,
    StanceNetwork,
    body_config,
    cut_layers,
    cut_neurons,
    read_body,
)
from stance.classifiers.encoder_sources import find_encoder
from stance.core.errors import InputError, show

if TYPE_CHECKING:
    from stance.classifiers.encoder import EncoderStanceClassifier


def make_start(classifier: EncoderStanceClassifier, n_classes: int) -> EncoderModel:
    """Return the untrained model that a classifier's parameters say.

    Raises
    ------
    InputError
        If there is no such encoder or model file, or it cannot be cut so.
    """
    roles: dict[str, Any] | None = None
    if classifier.start_from is None:
        tokenizer, body = read_body(find_encoder(classifier.encoder))
    else:
        before = _read_model(classifier.start_from)
        tokenizer, body, roles = before.tokenizer, before.network.body, before.network.roles.state_dict()
    if classifier.n_layers is not None:
        cut_layers(body, classifier.n_layers)
    if classifier.intermediate_size is not None:
        cut_neurons(body, classifier.intermediate_size)
    network = StanceNetwork(body, n_classes, classifier.dropout, pool_early=classifier.pool_early)
    if roles is not None:
        network.roles.load_state_dict(roles)
    return EncoderModel(body_config(body), tokenizer, network)


def _read_model(path: str | Path) -> EncoderModel:
    """Return the model of a file that training starts from."""
    from stance.classifiers.encoder import EncoderStanceClassifier
    from stance.classifiers.model_files import load_model

    held = load_model(path)
    if not isinstance(held, EncoderStanceClassifier):
        raise InputError(f"{show(Path(path))}: start_from is a {type(held).__name__}, no encoder")
    model: EncoderModel = held.model_
    return model
