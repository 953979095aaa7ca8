"""What the tests of scoring share."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stance.scoring import bulk
from tests.scoring.stubs import LengthClassifier

VERBS = ["welcomed", "rejected", "discussed", "condemned", "hailed"]


@pytest.fixture
def model(tmp_path, monkeypatch):
    """The path of a model that is loaded as a stub."""
    path = tmp_path / "model.stance"
    path.write_bytes(b"stub")
    monkeypatch.setattr(bulk, "load_model", lambda _: LengthClassifier())
    return path


@pytest.fixture
def write(tmp_path):
    """Return a function that writes columns, or some numbered sentences, to a Parquet file."""

    def write(name, columns=None, rows=10, **options):
        columns = columns or {"text": [f"Moscow {VERBS[i % 5]} truce {'x' * (i % 11)} {i}." for i in range(rows)]}
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(columns), path, **options)
        return path

    return write
