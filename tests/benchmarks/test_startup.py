"""How long a user waits before anything happens, over a bare interpreter."""

import statistics
import subprocess
import sys
import time

import pytest

import stance
from stance.classifiers.registry import make_classifier


def median_seconds(*command, repeats=9):
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        subprocess.run([sys.executable, *command], stdout=subprocess.DEVNULL, check=True)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def test_import_takes_a_tenth_of_a_second_at_most(collected, benchmark):
    bare = median_seconds("-c", "pass")
    benchmark.pedantic(median_seconds, ("-c", "import stance"), {"repeats": 1}, rounds=9, warmup_rounds=2)
    collected.add("import stance, over bare Python", benchmark.stats["median"] - bare, "s", at_most=0.1)


def test_help_takes_150_milliseconds_at_most(collected, benchmark):
    benchmark.pedantic(median_seconds, ("-m", "stance", "--help"), {"repeats": 1}, rounds=9, warmup_rounds=2)
    collected.add("stance --help", benchmark.stats["median"], "s", at_most=0.15)


@pytest.mark.parametrize("name", ["stance", "fast"])
def test_ten_sentences_are_labelled_in_two_and_a_half_seconds(name, request, material, collected, benchmark, tmp_path):
    stance.save_model(make_classifier(name, scheme=material.scheme).fit(*material.train), tmp_path / "model.stance")
    material.frame[["text"]].head(10).to_csv(tmp_path / "ten.csv", index=False)
    command = ("-m", "stance", "predict", tmp_path / "model.stance", tmp_path / "ten.csv", "-o", tmp_path / "out.csv")
    benchmark.pedantic(median_seconds, command, {"repeats": 1}, rounds=5, warmup_rounds=1)
    collected.add(f"stance predict, ten sentences, {name}", benchmark.stats["median"], "s", at_most=2.5)
