"""Where things lie: the shipped corpora and experiments, and the folder of fetched text."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

PACKAGE = Path(__file__).resolve().parent.parent


def shipped(name: str) -> Path:
    """Return the shipped folder `name`: ``corpora`` or ``experiments``.

    A wheel carries it inside the package; a checkout has it beside the package.
    """
    inside = PACKAGE / "shipped" / name
    return inside if inside.is_dir() else PACKAGE.parent / name


def data_folder() -> Path:
    """Return the folder of fetched corpora: ``$STANCE_DATA``, else the platform's user cache."""
    given = os.environ.get("STANCE_DATA")
    return Path(given) if given else Path(platformdirs.user_cache_dir("stance"))
