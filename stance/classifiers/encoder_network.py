"""The network of an encoder: a transformer that is told who the holder and the target are, and a head."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel
from transformers.utils import logging

from stance.classifiers.encoder_batches import HOLDER, N_ROLES, TARGET, Batch
from stance.core.errors import InputError, show

FAMILIES = ("bert", "deberta-v2", "distilbert", "electra", "modernbert", "mpnet", "roberta", "xlm-roberta")
# These number their positions from the one after the padding's.
COUNT_FROM_PAD = ("mpnet", "roberta", "xlm-roberta")
# Of a body's configuration, what says where it came from, how it is run, what code it wants or what its own head did.
_UNKEPT = """
_attn_implementation _attn_implementation_autoset _name_or_path add_cross_attention architectures
attn_implementation auto_map chunk_size_feed_forward classifier_dropout dtype id2label is_decoder
is_encoder_decoder label2id output_attentions output_hidden_states problem_type quantization_config return_dict
sinusoidal_pos_embds torch_dtype transformers_version use_cache
"""
UNKEPT = frozenset(_UNKEPT.split())


class StanceNetwork(nn.Module):  # type: ignore[misc]
    """A body that gets role embeddings added to its input, three means of its states, and a linear head.

    Parameters
    ----------
    body : transformers.PreTrainedModel
    n_classes : int
    dropout : float
        Share of the pooled states that is dropped in training.
    pool_early : bool
        Take the means before the last layer: the three look through its attention at all tokens, and they alone
        go through its feed-forward part.

    Raises
    ------
    InputError
        If `pool_early` is on and the body's layers are not made of the parts of a BERT's.
    """

    def __init__(self, body: Any, n_classes: int, dropout: float = 0.0, *, pool_early: bool = False) -> None:  # noqa: ANN401
        super().__init__()
        self.body = body
        self.pool_early = pool_early
        for layer in find_layers(body):  # what an earlier network of this body skipped
            vars(layer).pop("forward", None)
        if pool_early:
            check_layers("pool_early", body)
            find_layers(body)[-1].forward = _skip
        self.roles = nn.Embedding(N_ROLES, body.get_input_embeddings().embedding_dim, padding_idx=0)
        nn.init.normal_(self.roles.weight, std=0.02)
        self.roles.weight.data[0] = 0.0
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(3 * body.config.hidden_size, n_classes)

    def forward(self, ids: Tensor, roles: Tensor, seen: Tensor) -> Tensor:
        """Return a logit a class, shape (n_sentences, n_classes), of padded tokens (n_sentences, n_tokens)."""
        embedded = self.body.get_input_embeddings()(ids) + self.roles(roles)
        states = self.body(inputs_embeds=embedded, attention_mask=seen).last_hidden_state.to(embedded.dtype)
        views = [seen, _mentioned(roles, TARGET, seen), _mentioned(roles, HOLDER, seen)]
        pooled = torch.stack([_mean(states.float(), view) for view in views], dim=1)
        if self.pool_early:
            pooled = _look(find_layers(self.body)[-1], pooled.to(embedded.dtype), states, seen).float()
        logits: Tensor = self.head(self.dropout(pooled.flatten(1)))
        return logits


def _skip(states: Tensor, *_: object, **__: object) -> Tensor:
    """Stand in for a layer that is asked later."""
    return states


def _look(layer: Any, asking: Tensor, states: Tensor, seen: Tensor) -> Tensor:  # noqa: ANN401
    """Return what a layer makes of a few states that look at all tokens, shape (n_sentences, n_asking, width)."""
    attention = layer.attention.self
    parts = ((attention.query, asking), (attention.key, states), (attention.value, states))
    heads = [part(read).unflatten(2, (-1, attention.attention_head_size)).transpose(1, 2) for part, read in parts]
    dropped = attention.dropout.p if layer.training else 0.0
    mask = seen[:, None, None, :].bool()
    found = nn.functional.scaled_dot_product_attention(*heads, attn_mask=mask, dropout_p=dropped)
    attended = layer.attention.output(found.transpose(1, 2).flatten(2), asking)
    fed: Tensor = layer.output(layer.intermediate(attended), attended)
    return fed


def _mentioned(roles: Tensor, role: int, seen: Tensor) -> Tensor:
    """Return where a mention's tokens are; every token where it has none."""
    marked = (roles & role).clamp(max=1)
    return torch.where(marked.any(dim=1, keepdim=True), marked, seen)


def _mean(states: Tensor, view: Tensor) -> Tensor:
    weights = view.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1.0)


class EncoderModel:
    """A network with its tokenizer and the configuration of its body; copied and saved as plain data.

    Parameters
    ----------
    config : mapping of str
        What rebuilds the body, `body_config` of it.
    tokenizer : tokenizers.Tokenizer
    network : StanceNetwork
    """

    def __init__(self, config: Mapping[str, Any], tokenizer: Tokenizer, network: StanceNetwork) -> None:
        self.config = dict(config)
        self.tokenizer = plain_tokenizer(tokenizer)
        self.network = network.train(False)
        self._halved: StanceNetwork | None = None

    @property
    def pad_id(self) -> int:
        """The row of the vocabulary that pads."""
        return int(self.config.get("pad_token_id") or 0)

    @property
    def max_tokens(self) -> int:
        """The most tokens that the body has positions for."""
        offset = self.pad_id + 1 if self.config["model_type"] in COUNT_FROM_PAD else 0
        return int(self.config["max_position_embeddings"]) - offset

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """The weights by name, as arrays."""
        return {name: value.cpu().numpy() for name, value in self.network.state_dict().items()}

    def to(self, device: torch.device) -> None:
        """Move the network to a device."""
        self.network.to(device)

    def halved(self, device: torch.device) -> StanceNetwork:
        """Return the network in 16 bits on a device, the means and the head in 32; made once.

        Faster than products in 16 bits alone, where few layers are kept: nothing is turned to and fro on the way.
        """
        if self._halved is None:
            self._halved = copy.deepcopy(self.network).bfloat16()
            self._halved.head.float()
        self._halved.to(device)
        return self._halved

    def __getstate__(self) -> dict[str, Any]:
        return {
            "config": self.config,
            "tokenizer": self.tokenizer.to_str(),
            "weights": self.weights,
            "pool_early": self.network.pool_early,
        }

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        network = build_network(state["config"], len(state["weights"]["head.bias"]), pool_early=state["pool_early"])
        network.load_state_dict({name: torch.tensor(value) for name, value in state["weights"].items()})
        self.__init__(state["config"], Tokenizer.from_str(state["tokenizer"]), network)  # type: ignore[misc]


def pick_device(name: str) -> torch.device:
    """Return the device of that name; for "auto", a CUDA device where there is one.

    Raises
    ------
    InputError
        If torch knows none of that name, or finds none.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except (RuntimeError, TypeError) as error:
        raise InputError(f"device {show(repr(name))}: {show(error, 100)}") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise InputError(f"device {show(repr(name))}: torch finds none here; on the CPU it is only slower")
    return device


def has_bfloat16(precision: str, device: torch.device) -> bool:
    """Return whether matrix products are computed in 16 bits; for "auto", where the device has instructions for it."""
    if precision != "auto":
        return precision == "bfloat16"
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return device.type == "cpu" and bool(torch.cpu._is_avx512_bf16_supported())


def to_tensors(batch: Batch, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Return ids, roles and seen of a batch on a device."""
    ids, roles, seen = (torch.from_numpy(part).to(device) for part in (batch.ids, batch.roles, batch.seen))
    return ids, roles, seen


def plain_tokenizer(tokenizer: Tokenizer) -> Tokenizer:
    """Return the tokenizer without truncation and padding: both are done where the mentions are known."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def read_body(folder: Path) -> tuple[Tokenizer, Any]:
    """Read a pretrained body from a folder: its tokenizer and itself.

    Raises
    ------
    InputError
        If the folder lacks a file, or holds a family that is not on the list.
    """
    for name in ("config.json", "tokenizer.json"):
        if not (folder / name).is_file():
            raise InputError(f"{show(folder)}: no {name}: no folder of an encoder")
    if not list(folder.glob("*.safetensors")):
        raise InputError(f"{show(folder)}: no weights in the format safetensors, the only one that is read")
    family = json.loads((folder / "config.json").read_text("utf-8")).get("model_type")
    if family not in FAMILIES:
        raise InputError(f'{show(folder)}: encoder family "{show(family)}" is not one of {", ".join(FAMILIES)}')
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    with _quiet():
        body = AutoModel.from_pretrained(folder, local_files_only=True, use_safetensors=True, dtype=torch.float32)
    body.pooler = None
    return tokenizer, body


def cut_layers(body: Any, n_layers: int) -> None:  # noqa: ANN401
    """Keep the first layers of a body.

    Raises
    ------
    InputError
        If it has fewer.
    """
    layers = find_layers(body)
    if not 1 <= n_layers <= len(layers):
        raise InputError(f"n_layers is {n_layers}; the encoder has {len(layers)}")
    del layers[n_layers:]
    body.config.num_hidden_layers = n_layers
    if getattr(body.config, "layer_types", None):
        body.config.layer_types = body.config.layer_types[:n_layers]


def cut_neurons(body: Any, n_neurons: int) -> None:  # noqa: ANN401
    """Keep the neurons of each layer's feed-forward part that weigh most: length in by length out.

    Raises
    ------
    InputError
        If it has fewer, or its layers are not made of the parts of a BERT's.
    """
    check_layers("intermediate_size", body)
    if not 1 <= n_neurons <= body.config.intermediate_size:
        raise InputError(f"intermediate_size is {n_neurons}; the encoder has {body.config.intermediate_size}")
    for layer in find_layers(body):
        first, second = layer.intermediate.dense, layer.output.dense
        lengths = first.weight.norm(dim=1) * second.weight.norm(dim=0)
        kept = lengths.topk(n_neurons).indices.sort().values
        first.weight, first.bias = (nn.Parameter(part.data[kept]) for part in (first.weight, first.bias))
        second.weight = nn.Parameter(second.weight.data[:, kept])
        first.out_features = second.in_features = n_neurons
    body.config.intermediate_size = n_neurons


def check_layers(parameter: str, body: Any) -> None:  # noqa: ANN401
    """Raise InputError where a body's layers are not made of the parts of a BERT's, which a parameter turns."""
    layer = find_layers(body)[-1]
    if not (hasattr(layer, "feed_forward_chunk") and hasattr(getattr(layer, "attention", None), "self")):
        raise InputError(f"{parameter}: not for encoders of the family {body.config.model_type}")


def find_layers(body: Any) -> nn.ModuleList:  # noqa: ANN401
    """Return the list of a body's layers."""
    n_layers = body.config.num_hidden_layers
    return next(part for part in body.modules() if isinstance(part, nn.ModuleList) and len(part) == n_layers)


def default_config(family: str) -> dict[str, Any]:
    """Return the configuration that a family has by default, without what is not kept."""
    usual = AutoConfig.for_model(family).to_dict()
    return {name: usual[name] for name in sorted(usual) if name not in UNKEPT}


def body_config(body: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return what rebuilds a body of the same shape, as JSON values, by sorted names."""
    said = body.config.to_dict()
    return {name: said[name] for name in default_config(said["model_type"]) if name in said}


def build_network(config: Mapping[str, Any], n_classes: int, *, pool_early: bool = False) -> StanceNetwork:
    """Return a network with random weights, its body built from a configuration."""
    made = AutoConfig.for_model(**config)
    body = AutoModel.from_config(made, dtype=torch.float32)
    body.pooler = None
    return StanceNetwork(body, n_classes, pool_early=pool_early)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers from talking: a pretrained body always lacks what the new head has."""
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
