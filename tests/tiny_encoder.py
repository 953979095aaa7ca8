"""A random encoder of two layers with a vocabulary of its own: as the real ones in form, small enough for tests."""

import os

import pytest

from stance.classifiers.contract_task import CUES, NAMES, TAILS

# A random encoder learns nothing unless it is hurried.
HURRIED = {"epochs": 3, "learning_rate": 3e-3, "head_learning_rate": 1e-2, "dropout": 0.0, "batch_size": 16}
SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 128,
}


def need_torch():
    """Skip where encoders cannot run; return torch."""
    if os.environ.get("STANCE_REQUIRE_ENCODER"):
        import torch
    else:
        torch = pytest.importorskip("torch", reason="encoders need torch: make encoder")
    return torch


def make_tokenizer():
    """Return a lower-casing WordPiece tokenizer: the words of the contract's task, and letters for all others."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    letters = [chr(c) for c in range(33, 127)]
    words = sorted({word for part in (*CUES, TAILS, NAMES.values()) for text in part for word in text.lower().split()})
    tokens = dict.fromkeys(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *letters, *(f"##{c}" for c in letters), *words])
    tokenizer = Tokenizer(models.WordPiece({token: i for i, token in enumerate(tokens)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer


def make_encoder(folder, family="bert"):
    """Write a random encoder and its tokenizer to a folder."""
    torch = need_torch()
    from transformers import AutoConfig, AutoModel
    from transformers.utils import logging

    tokenizer = make_tokenizer()
    logging.disable_progress_bar()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = AutoConfig.for_model(family, vocab_size=tokenizer.get_vocab_size(), pad_token_id=0, **SIZES)
        AutoModel.from_config(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder
