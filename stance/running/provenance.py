"""Provenance: what a run stands on, the machine among it."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

import stance
from stance.core.files import canonical_json, sha256_text
from stance.core.records import Provenance
from stance.running.experiments import Experiment
from stance.running.plan import code_sha256, versions

SHOWN_LIBRARIES = ("scikit-learn", "numpy", "scipy", "pandas", "pyarrow", "datasets")


def make_provenance(experiment: Experiment, corpora_sha256: dict[str, str]) -> Provenance:
    """Return what a run of an experiment on these corpora stands on, here and now."""
    return Provenance(
        stance_version=stance.__version__,
        code_sha256=code_sha256(),
        python_version=platform.python_version(),
        platform=platform.platform(terse=True),
        cpu=_cpu(),
        cores=os.cpu_count() or 1,
        memory_bytes=psutil.virtual_memory().total,
        libraries={name: version(name) for name in SHOWN_LIBRARIES},
        experiment_sha256=sha256_text(canonical_json(experiment.file.model_dump(mode="json"))),
        corpora_sha256=corpora_sha256,
    )


def machine() -> dict[str, Any]:
    """Return what a clock depends on beside the cell that it measures."""
    return {"cpu": _cpu(), "cores": os.cpu_count(), "versions": versions()}


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
