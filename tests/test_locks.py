"""The locks suffice for pip, whatever has been released since they were written."""

import re
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]


def locked(path):
    """Return the pinned requirements of a lock, by the normal form of their names."""
    lines = [line.rstrip("\\ ") for line in path.read_text().splitlines() if line[:1].isalnum()]
    return {normal(requirement.name): requirement for requirement in map(Requirement, lines)}


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_an_extra_that_a_package_asks_for_is_pinned_with_it(name):
    """Older pips look for ``coverage[toml]`` beside a pinned ``coverage``, and take its newest release."""
    pins = locked(ROOT / name)
    asked = 0
    for pin in pins.values():
        try:
            requires = metadata.requires(pin.name) or []
        except metadata.PackageNotFoundError:  # of another platform
            continue
        environments = [{"extra": extra} for extra in ("", *pin.extras)]
        for need in map(Requirement, requires):
            if need.extras and (need.marker is None or any(map(need.marker.evaluate, environments))):
                asked += 1
                assert need.extras <= pins[normal(need.name)].extras, f"{pin.name} asks for {need}"
    assert asked or name == "requirements.lock"


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_pins_versions_by_hash_and_names_no_host(name):
    text = (ROOT / name).read_text()
    assert "://" not in text
    for block in re.split(r"\n(?=\S)", text):
        assert "==" in block.splitlines()[0]
        assert "--hash=sha256:" in block
