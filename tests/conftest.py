"""What all tests share: no network, a folder of invented sentences, one thread a process."""

import csv
import os
import signal
import socket
from pathlib import Path

import pytest

from stance.core.errors import MissingDataError
from stance.data.corpora import load_corpus

os.environ.setdefault("OMP_NUM_THREADS", "1")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as shells leave it for what they start in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
VERBS = {
    "favor": ["welcomed", "backed", "endorsed", "hailed", "supported", "defended"],
    "against": ["rejected", "condemned", "denounced", "opposed", "blocked", "scorned"],
    "none": ["discussed", "mentioned", "noted", "reviewed", "listed", "recalled"],
}
PLACES = ["in Geneva", "on Monday", "after the vote", "without delay", "at dawn", "over tea"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Let one process alone load torch."""
    for item in items:
        if "encoder" in item.nodeid and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group("encoder"))


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    """Fail any test that connects to anything but this machine."""
    connect = socket.socket.connect

    def guarded(self, address):
        if isinstance(address, tuple) and address[0] not in LOOPBACK:
            raise AssertionError(f"a test tried to reach {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


def write_csv(path: Path, rows: list[dict[str, str]]) -> Path:
    """Write rows as a CSV file and return its path."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def make_sentences() -> list[dict[str, str]]:
    """Return 108 invented sentences whose verb gives the stance away."""
    return [
        {"text": f"Moscow {verb} the truce {place}.", "label": label, "target": "the truce"}
        for label, verbs in VERBS.items()
        for verb in verbs
        for place in PLACES
    ]


@pytest.fixture
def sentences() -> list[dict[str, str]]:
    """108 invented sentences whose verb gives the stance away."""
    return make_sentences()


@pytest.fixture
def own_csv(tmp_path, sentences) -> Path:
    """A CSV of text, label and target, and nothing else."""
    return write_csv(tmp_path / "mine.csv", sentences)


@pytest.fixture(scope="session")
def public():
    """Return a function that loads a public corpus once; not at hand, it skips, or fails if it must be."""
    known = {}

    def load(name, scheme):
        required = os.environ.get("STANCE_REQUIRE_PUBLIC") == "1"
        missing = pytest.fail if required else pytest.skip
        if not os.environ.get("STANCE_DATA"):
            missing("STANCE_DATA is not set: the public corpora are not at hand")
        if (name, scheme) not in known:
            try:
                known[name, scheme] = load_corpus(name, scheme)
            except MissingDataError as error:
                missing(f"not at hand: {error}")
        return known[name, scheme]

    return load
