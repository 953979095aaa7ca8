"""Who stands where on what: a stance and sentiment classification benchmark for political text."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Public name -> the module that defines it. Imported on first use, so that `import stance` stays light.
_PUBLIC = {
    "Corpus": "stance.data.corpora",
    "EncoderStanceClassifier": "stance.classifiers.encoder",
    "FastStanceClassifier": "stance.classifiers.fast",
    "StanceClassifier": "stance.classifiers.stance_classifier",
    "StanceError": "stance.core.errors",
    "explain": "stance.classifiers.explanations",
    "highlight": "stance.reporting.highlights",
    "load_corpus": "stance.data.corpora",
    "load_model": "stance.classifiers.model_files",
    "report": "stance.reporting.report",
    "run": "stance.running.runner",
    "save_model": "stance.classifiers.model_files",
}

__all__ = [
    "Corpus",
    "EncoderStanceClassifier",
    "FastStanceClassifier",
    "StanceClassifier",
    "StanceError",
    "__version__",
    "explain",
    "highlight",
    "load_corpus",
    "load_model",
    "report",
    "run",
    "save_model",
]

if TYPE_CHECKING:
    from stance.classifiers.encoder import EncoderStanceClassifier
    from stance.classifiers.explanations import explain
    from stance.classifiers.fast import FastStanceClassifier
    from stance.classifiers.model_files import load_model, save_model
    from stance.classifiers.stance_classifier import StanceClassifier
    from stance.core.errors import StanceError
    from stance.data.corpora import Corpus, load_corpus
    from stance.reporting.highlights import highlight
    from stance.reporting.report import report
    from stance.running.runner import run


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module's attribute may be anything
    if name not in _PUBLIC:
        raise AttributeError(f"module 'stance' has no attribute {name!r}")
    value = getattr(importlib.import_module(_PUBLIC[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
