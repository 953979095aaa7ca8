"""How long a user waits before anything happens, over a bare interpreter."""

import statistics
import subprocess
import sys
import time


def median_seconds(*command, repeats=9):
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        subprocess.run([sys.executable, *command], stdout=subprocess.DEVNULL, check=True)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def test_import_takes_a_tenth_of_a_second_at_most(benchmark):
    bare = median_seconds("-c", "pass")
    benchmark.pedantic(median_seconds, ("-c", "import stance"), {"repeats": 1}, rounds=9, warmup_rounds=2)
    benchmark.extra_info["over_bare_python_seconds"] = benchmark.stats["median"] - bare
    assert benchmark.stats["median"] - bare <= 0.1


def test_help_takes_150_milliseconds_at_most(benchmark):
    benchmark.pedantic(median_seconds, ("-m", "stance", "--help"), {"repeats": 1}, rounds=9, warmup_rounds=2)
    assert benchmark.stats["median"] <= 0.15
