"""The runner: what is finished stays finished, what fails fails alone, the scores are the same bytes."""

import json
import multiprocessing
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from sklearn.metrics import accuracy_score, f1_score

import stance
import stance.running.worker  # loaded once, before the forks
from stance.core.errors import BusyError, InputError, MissingDataError, RefusedFileError, StorageError
from stance.running import isolation
from stance.running.experiments import read_experiment
from stance.running.plan import make_plan
from stance.running.results import load_results
from stance.running.runner import run
from stance.running.store import Store
from tests.conftest import make_sentences, write_csv

pytestmark = pytest.mark.xdist_group("runner")  # one process makes what the module shares


def snapshot(folder, kind="cells"):
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in (folder / kind).iterdir()}


def test_a_csv_of_text_label_and_target_runs_and_is_scored(experiment, tmp_path):
    results = run(experiment(timing=True), tmp_path / "r", jobs=2, progress=False)
    assert results.failures == ()
    assert len(results.cells) == 15
    scores = [json.loads(line) for line in (tmp_path / "r" / "scores.jsonl").read_text().splitlines()]
    svm = [s for s in scores if s["classifier"] == "linear_svm" and s["metric"] == "accuracy" and s["part"] == "all"]
    assert [s["fold"] for s in svm] == ["1", "2", "3", "4", "5"]
    assert {t.classifier for t in results.timings} == {"majority", "linear_svm", "stratified"}
    for timing in results.timings:
        assert len(timing.predict_seconds["1"]) > 10
        assert timing.model_bytes > 0
        assert timing.peak_memory_bytes > 10_000_000


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """An experiment and its results, for tests that change neither."""
    folder = tmp_path_factory.mktemp("ran")
    spec = {
        "corpora": [{"path": str(write_csv(folder / "mine.csv", make_sentences())), "scheme": "stance"}],
        "classifiers": {"majority": {}, "linear_svm": {}, "stratified": {}},
        "seeds": [0, 1, 2],
        "timing": False,
    }
    return spec, run(spec, folder / "r", progress=False)


@pytest.fixture
def copied(ran, tmp_path):
    """The same experiment, and a copy of its results that a test may harm."""
    spec, results = ran
    return spec, shutil.copytree(results.folder, tmp_path / "r")


def test_scores_come_from_the_predictions_on_disk(ran):
    _, results = ran
    values = {(s.cell.key, s.metric): s.value for s in results.scores() if s.part == "all"}
    for cell in results.cells:
        frame = results.predictions(cell)
        assert values[cell.key, "accuracy"] == pytest.approx(accuracy_score(frame["label"], frame["prediction"]))
        expected = f1_score(frame["label"], frame["prediction"], average="macro", zero_division=0)
        assert values[cell.key, "macro_f1"] == pytest.approx(expected)


def test_folds_cover_every_sentence_once(ran, sentences):
    _, results = ran
    ids = {}
    for cell in results.cells:
        ids.setdefault((cell.classifier, cell.seed), []).extend(results.predictions(cell)["id"])
    assert len(ids) == 5
    assert all(len(some) == len(set(some)) == len(sentences) for some in ids.values())


def test_a_second_run_computes_nothing_and_a_deleted_one_gives_the_same_bytes(experiment, tmp_path):
    run(experiment(timing=True), tmp_path / "a", jobs=2, progress=False)
    before, clocks = snapshot(tmp_path / "a"), snapshot(tmp_path / "a", "timings")
    scores = (tmp_path / "a" / "scores.jsonl").read_bytes()
    run(experiment(timing=True), tmp_path / "a", jobs=1, progress=False)
    assert snapshot(tmp_path / "a") == before
    assert snapshot(tmp_path / "a", "timings") == clocks
    assert (tmp_path / "a" / "scores.jsonl").read_bytes() == scores
    run(experiment(), tmp_path / "b", jobs=1, progress=False)
    assert (tmp_path / "b" / "scores.jsonl").read_bytes() == scores


def test_seeds_are_repeated_only_where_one_is_used(ran):
    _, results = ran
    seeds = {}
    for cell in results.cells:
        seeds.setdefault(cell.classifier, set()).add(cell.seed)
    assert seeds == {"majority": {None}, "linear_svm": {None}, "stratified": {0, 1, 2}}


def keys(spec):
    return {job.cell.key for job in make_plan(read_experiment(spec))}


def test_a_changed_parameter_is_another_cell(experiment):
    first, second = keys(experiment({"linear_svm": {"C": 1.0}})), keys(experiment({"linear_svm": {"C": 0.1}}))
    assert len(first) == len(second) == 5
    assert first.isdisjoint(second)


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("Raises", "error", "RuntimeError: no\\nluck"),
        ("Segfaults", "crashed", "SIGSEGV"),
        ("Exits", "crashed", "exit status 7"),
        ("Quits", "crashed", "ended without a result"),
        ("Misspells", "error", '"favour"'),
        ("Hangs", "timeout", "longer than 2 seconds"),
        ("Hoards", "out_of_memory", "over 600 MB"),
    ],
)
def test_a_cell_that_fails_fails_alone_and_is_tried_again(experiment, tmp_path, name, status, said):
    limits = {"time_limit_seconds": 2 if name == "Hangs" else 60, "memory_limit_mb": 600}
    spec = experiment({"bad": {"class": f"faulty:{name}"}, "majority": {}}, **limits)
    spec["corpora"][0]["protocols"] = ["grouped-kfold"]
    results = run(spec, tmp_path / "r", jobs=5, progress=False)
    assert [f["status"] for f in results.failures] == [status] * 5
    assert all(said in f["cause"] for f in results.failures)
    assert {c.classifier for c in results.cells} == {"majority"}
    assert len(list((tmp_path / "r" / "failures").iterdir())) == 5


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_text("{")])
def test_results_without_one_of_their_cells_are_refused(experiment, tmp_path, damage):
    run(experiment({"majority": {}}), tmp_path / "r", progress=False)
    cell = next((tmp_path / "r" / "cells").iterdir())
    damage(cell)
    with pytest.raises(RefusedFileError, match=r"missing or damaged.*run the experiment again"):
        load_results(tmp_path / "r")


def test_failures_are_forgotten_once_the_cell_is_done(experiment, tmp_path, monkeypatch):
    spec = experiment({"bad": {"class": "faulty:Raises"}})
    run(spec, tmp_path / "r", progress=False)
    store = Store(tmp_path / "r")
    key = next((tmp_path / "r" / "failures").iterdir()).stem
    assert store.read("failures", key)["status"] == "error"
    store.forget_failure(key)
    assert store.read("failures", key) is None


SCRIPT = """
import stance
spec = {{"corpora": [{{"path": {csv!r}, "scheme": "stance"}}], "classifiers": {{"majority": {{}}}}, "timing": False}}
print("started", flush=True)
stance.run(spec, {results!r}, progress=False)
print("finished", flush=True)
"""


def test_a_script_needs_no_main_guard(tmp_path, own_csv):
    (tmp_path / "script.py").write_text(SCRIPT.format(csv=str(own_csv), results=str(tmp_path / "r")))
    done = subprocess.run(
        [sys.executable, str(tmp_path / "script.py")], capture_output=True, text=True, timeout=100, check=False
    )
    assert (done.returncode, done.stdout) == (0, "started\nfinished\n"), done.stderr


@pytest.fixture
def slow(experiment):
    return experiment({"slow": {"class": "faulty:Slow"}, "stratified": {}})


def start(spec, folder):
    """Start a run in a process of its own; its cells are forked from it, which saves seconds of imports."""

    def forked():
        isolation._context = lambda preload: multiprocessing.get_context("fork")
        run(spec, folder, jobs=2, progress=False)

    process = multiprocessing.get_context("fork").Process(target=forked)
    process.start()
    return process


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_kill_9_loses_no_finished_cell_and_the_scores_are_the_same_bytes(tmp_path, slow):
    run(slow, tmp_path / "warm", jobs=2, progress=False)
    begun = time.monotonic()
    run(slow, tmp_path / "whole", jobs=2, progress=False)
    lasted = time.monotonic() - begun
    expected = (tmp_path / "whole" / "scores.jsonl").read_bytes()
    rng = random.Random(7)
    broken = 0
    for i in range(3):
        folder = tmp_path / f"killed{i}"
        process = start(slow, folder)
        time.sleep(rng.uniform(0.2, 0.9) * lasted)
        process.kill()
        process.join()
        time.sleep(0.3)
        done = {p.name: p.read_bytes() for p in (folder / "cells").glob("[!.]*.json")} if folder.exists() else {}
        broken += 0 < len(done) < 10
        run(slow, folder, jobs=2, progress=False)
        after = {p.name: p.read_bytes() for p in (folder / "cells").glob("[!.]*.json")}
        assert {name: after[name] for name in done} == done
        assert (folder / "scores.jsonl").read_bytes() == expected
        assert not list(folder.glob("*/.*.tmp"))
    assert broken


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_children_end_when_their_run_is_killed(tmp_path, experiment):
    spec = experiment({"hangs": {"class": "faulty:Hangs"}}, time_limit_seconds=60)
    run(experiment({"majority": {}}), tmp_path / "warm", progress=False)
    before = {p.pid for p in psutil.Process().children(recursive=True)}
    process = start(spec, tmp_path / "r")
    deadline = time.monotonic() + 30
    children = []
    while len(children) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
        children = [p for p in psutil.Process().children(recursive=True) if p.pid not in {*before, process.pid}]
    assert len(children) >= 2
    process.kill()
    process.join()
    _, alive = psutil.wait_procs(children, timeout=5)
    assert [p for p in alive if p.status() != psutil.STATUS_ZOMBIE] == []


@pytest.mark.parametrize("suffix", ["json", "parquet"])
def test_a_damaged_cell_is_computed_again(copied, suffix):
    spec, folder = copied
    scores = (folder / "scores.jsonl").read_bytes()
    rng = np.random.default_rng(0)
    for path in sorted((folder / "cells").glob(f"*.{suffix}"))[:6]:
        data = bytearray(path.read_bytes())
        place = int(rng.integers(len(data)))
        data[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(data)
    run(spec, folder, progress=False)
    assert (folder / "scores.jsonl").read_bytes() == scores


def test_every_bit_flip_of_a_record_is_noticed(tmp_path):
    store = Store(tmp_path)
    store.write("timings", "k", {"fit_seconds": [0.5, 1.5], "name": "x"})
    path = tmp_path / "timings" / "k.json"
    whole = path.read_bytes()
    expected = store.read("timings", "k")
    for place in range(len(whole)):
        for bit in range(8):
            data = bytearray(whole)
            data[place] ^= 1 << bit
            path.write_bytes(data)
            assert store.read("timings", "k") in (None, expected)


def test_two_runs_do_not_share_a_folder(experiment, tmp_path):
    with Store(tmp_path / "r").held(), pytest.raises(BusyError, match="another run"):
        run(experiment(), tmp_path / "r", progress=False)


def test_a_folder_that_cannot_be_written_stops_the_run_before_it_starts(experiment, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        run(experiment(), tmp_path / "file" / "r", progress=False)


def test_nothing_is_written_when_the_input_is_wrong(experiment, tmp_path, own_csv):
    own_csv.write_text(own_csv.read_text().replace("favor", "favour", 1))
    with pytest.raises(InputError, match=r'line 2, column "label": "favour".*did you mean "favor"'):
        run(experiment(), tmp_path / "r", progress=False)
    assert not (tmp_path / "r").exists()


def test_jobs_below_one_are_refused(experiment, tmp_path):
    with pytest.raises(InputError, match="jobs: 0"):
        run(experiment(), tmp_path / "r", jobs=0)


def test_results_name_what_is_missing_or_damaged(copied, tmp_path):
    with pytest.raises(MissingDataError, match=r"holds no results\.json"):
        load_results(tmp_path)
    _, folder = copied
    (folder / "results.json").write_text("{}")
    with pytest.raises(RefusedFileError, match="damaged"):
        load_results(folder)


def test_provenance_says_what_the_scores_stand_on(ran):
    made = ran[1].provenance
    assert made.stance_version == stance.__version__
    assert set(made.libraries) >= {"scikit-learn", "numpy"}
    assert len(made.corpora_sha256["mine/stance"]) == 64
    assert made.memory_bytes > 0


def test_the_order_of_an_experiment_does_not_change_a_cell(experiment):
    one, two = (
        keys(experiment({"majority": {}, "linear_svm": {}})),
        keys(experiment({"linear_svm": {}, "majority": {}})),
    )
    assert len(one) == 10
    assert one == two


@pytest.mark.parametrize(
    ("classifier", "package", "depends"),
    [
        ("linear_svm", "scikit-learn", True),
        ("linear_svm", "torch", False),
        ("encoder", "torch", True),
        ("vowpal_wabbit", "vowpalwabbit", True),
        ("fasttext", "fasttext-wheel", True),
    ],
)
def test_a_cell_knows_the_versions_that_its_predictions_depend_on(
    classifier, package, depends, experiment, monkeypatch
):
    from stance.running import plan

    before, version = keys(experiment({classifier: {}})), plan._version
    monkeypatch.setattr(plan, "_version", lambda name: "0.0.1" if name == package else version(name))
    assert (keys(experiment({classifier: {}})) != before) is depends
