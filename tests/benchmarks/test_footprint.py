"""Footprint: what a fast model weighs on the disk, and what predicting takes in memory."""

import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import stance
from stance.classifiers.fast import FastStanceClassifier

PREDICTS = """
import resource, sys
import pyarrow.parquet as pq
from stance.classifiers.fast import FastStanceClassifier
import stance
model = stance.load_model(sys.argv[1])
column = pq.read_table(sys.argv[2])["text"].combine_chunks()
model.predict(column.slice(0, 10))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
model.predict(column)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.fixture(scope="module")
def saved(material, tmp_path_factory):
    path = tmp_path_factory.mktemp("footprint") / "model.stance"
    X, y = material.train
    fitted = FastStanceClassifier(scheme=material.scheme, n_bits=18, n_jobs=1).fit(X["text"].tolist(), y)
    stance.save_model(fitted, path)
    return path


def test_a_model_file(saved, collected, benchmark):
    benchmark.pedantic(stance.load_model, (saved,), rounds=3, warmup_rounds=1)
    collected.add("model file, 2^18 columns", saved.stat().st_size / 1e6, "MB", at_most=8)


def test_memory_of_predicting(saved, material, collected, benchmark):
    path = saved.with_name("in.parquet")
    pq.write_table(pa.table({"text": material.column}), path)
    command = [sys.executable, "-c", PREDICTS, str(saved), str(path)]
    found = benchmark.pedantic(subprocess.check_output, (command,), rounds=1)
    unit = 1 if sys.platform == "darwin" else 1024
    note = "over what model and column take; one thread"
    collected.add("predict, more memory at its peak", int(found) * unit / 1e6, "MB", note=note)
