"""Bulk: mentions found in a column, and Parquet files labelled by the command line."""

import os
import subprocess
import sys
import threading
import time

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import stance
from stance.data.corpora import load_corpus
from stance.text.bulk_mentions import find_mentions

TIMES_MORE = 10  # so that starting up, a second or two, is not what is measured


def test_finding_mentions(material, collected, benchmark):
    benchmark.pedantic(find_mentions, (material.column,), rounds=5, warmup_rounds=1)
    speed = material.n_bytes / 1e6 / benchmark.stats["median"]
    collected.add("mentions, one thread", speed, "MB/s", at_least=150)


@pytest.fixture(scope="module")
def many(material, tmp_path_factory):
    """A model file, a Parquet file of many sentences, and how many."""
    folder = tmp_path_factory.mktemp("bulk")
    # Actors are found for models of the scheme sentiment.
    X, y = load_corpus("four_actors", scheme="sentiment").split("train")
    stance.save_model(stance.FastStanceClassifier("sentiment").fit(X, y), folder / "model.stance")
    n = TIMES_MORE * len(material.column)
    texts = material.column.take(pa.array(np.arange(n) % len(material.column)))
    pq.write_table(pa.table({"text": texts}), folder / "in.parquet", row_group_size=100_000)
    return folder, n


@pytest.mark.parametrize(("options", "at_least"), [((), 400_000), (("--actors",), 150_000)], ids=["plain", "actors"])
def test_score(options, at_least, many, collected, benchmark):
    folder, n = many
    outputs = iter(range(100))
    peaks = []

    def score():
        given, made = folder / "in.parquet", folder / f"out-{'-'.join(options)}{next(outputs)}"
        command = [sys.executable, "-m", "stance", "score", folder / "model.stance", given, "-o", made, *options]
        peaks.append(peak_bytes(command))

    benchmark.pedantic(score, rounds=3, warmup_rounds=1)
    name = " ".join(["stance score", *options])
    speed = n / benchmark.stats["median"]
    collected.add_speed(f"{name}, Parquet to Parquet", speed, "ours")
    note = f"the whole command, starting up included, {n:,} rows, all cores"
    try:
        collected.add(name, speed, "sentences/s", at_least=at_least, note=note)
    finally:
        collected.add(f"{name}, peak memory", max(peaks) / 1e6, "MB", at_most=700)


def peak_bytes(command):
    """Run a command as a user would, all cores; return the largest sum of the resident memory of its processes."""
    free = {key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"}
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, env=free)
    seen = [0]

    def watch():
        while process.returncode is None:
            try:
                one = psutil.Process(process.pid)
                seen.append(sum(each.memory_info().rss for each in [one, *one.children(recursive=True)]))
            except psutil.Error:
                pass
            time.sleep(0.02)

    watcher = threading.Thread(target=watch)
    watcher.start()
    status = process.wait()
    watcher.join()
    assert status == 0, f"exit {status}"
    return max(seen)
