"""Scores are complete and unaltered, or refused; a run that was killed is taken up."""

import json
import multiprocessing
import os
import random
import shutil
import signal
import time

import pyarrow as pa
import pytest

from stance.core.errors import BusyError, InputError, MissingDataError, RefusedFileError
from stance.scoring import batches, bulk, sources
from stance.scoring.bulk import score
from stance.scoring.manifest import MANIFEST, read_scores
from stance.scoring.staging import held
from tests.scoring.stubs import LengthClassifier, SentimentByLength, run_slowly

FORKS = multiprocessing.get_context("forkserver")


def said(folder):
    return read_scores(folder).to_pylist()


def staged(folder):
    return sorted(path for path in folder.glob("out.staging-*/*") if path.name.startswith("part-"))


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(batches, "BATCH_ROWS", 50)
    monkeypatch.setattr(sources, "PART_ROWS", 100)


@pytest.fixture
def start(tmp_path):
    """Return a function that starts a run in a process of its own; it is killed in the end, whatever happens.

    What it says on stderr is in the file ``said``.
    """
    FORKS.set_forkserver_preload(["tests.scoring.stubs"])
    running = []

    def start(*arguments, seconds=0.0, max_bytes=None):
        process = FORKS.Process(
            target=run_slowly, args=([str(a) for a in arguments], tmp_path / "said", seconds, max_bytes)
        )
        process.start()
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.join()


def wait_for(condition, process):
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        assert process.is_alive()
        time.sleep(0.005)


def files_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_run_that_was_killed_is_taken_up(tmp_path, model, write, start, small):
    path, out = write("in.parquet", rows=1500, row_group_size=100), tmp_path / "out"
    whole = score(model, path, tmp_path / "whole").folder
    for n_parts in (1, 4, random.randint(5, 9)):
        process = start("score", model, path, "-o", out, "--jobs", 2, seconds=0.03)
        wait_for(lambda n=n_parts: len(staged(tmp_path)) >= n, process)
        process.kill()
        process.join()
        assert not out.exists()
        (staging,) = tmp_path.glob("out.staging-*")
        with pytest.raises(RefusedFileError, match=r"has no _manifest.json: the scores are not complete"):
            read_scores(staging)
    done = score(model, path, out)
    assert done.n_parts == 15
    assert done.n_found >= n_parts - 1
    assert "parts were there from an earlier run" in done.describe()
    assert files_of(out) == files_of(whole)
    assert not list(tmp_path.glob("out.*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_4_who_interrupts_waits_for_no_slow_model(number, tmp_path, model, write, start):
    path = write("in.parquet", rows=300, row_group_size=100)
    process = start("score", model, path, "-o", tmp_path / "out", seconds=30)
    wait_for(lambda: list(tmp_path.glob("out.staging-*/.lock")), process)
    time.sleep(0.2)
    began = time.monotonic()
    os.kill(process.pid, number)
    process.join(10)
    assert process.exitcode == 130
    assert time.monotonic() - began < 5
    assert "run the same command again to go on where it stopped" in (tmp_path / "said").read_text()
    assert not (tmp_path / "out").exists()


def test_5_a_full_disk_is_said_and_survived(tmp_path, model, write, start, small):
    path, out = write("in.parquet", rows=300, row_group_size=100), tmp_path / "out"
    process = start("score", model, path, "-o", out, max_bytes=900)
    process.join()
    assert process.exitcode == 4
    said = (tmp_path / "said").read_text()
    assert "parquet: cannot be written: " in said
    assert "File too large" in said
    assert not out.exists()
    assert score(model, path, out).manifest["parts"][2]["rows_out"] == 100


def test_9_what_a_killed_run_left_is_not_trusted(tmp_path, model, write, small, monkeypatch):
    path, out = write("in.parquet", rows=500, row_group_size=100), tmp_path / "out"
    whole = files_of(score(model, path, tmp_path / "whole").folder)
    monkeypatch.setattr(bulk, "write_manifest", interrupt)
    with pytest.raises(KeyboardInterrupt):
        score(model, path, out)
    monkeypatch.undo()
    monkeypatch.setattr(bulk, "load_model", lambda _: LengthClassifier())
    monkeypatch.setattr(sources, "PART_ROWS", 100)
    parts = staged(tmp_path)
    assert len(parts) == 5
    parts[0].write_bytes(parts[0].read_bytes()[:-1])
    flip(parts[1], 100)
    record = parts[2].with_name(f".{parts[2].stem}.json")
    record.write_text(record.read_text()[:-9])
    parts[3].unlink()
    for name in ("part-000009-0123456789abcdef.parquet", ".part-000001.parquet.x.tmp", "._manifest.json.y.tmp"):
        (parts[0].parent / name).write_text("left over")
    done = score(model, path, out)
    assert done.n_found == 1
    assert files_of(out) == whole


def interrupt(*_):
    raise KeyboardInterrupt


def flip(path, place, bit=0):
    data = bytearray(path.read_bytes())
    data[place % len(data)] ^= 1 << bit
    path.write_bytes(bytes(data))


def test_7_no_bit_flips_unnoticed_and_8_no_truncation(tmp_path, model, write, small):
    out = score(model, write("in.parquet", rows=200, row_group_size=100), tmp_path / "out").folder
    files = files_of(out)
    assert len(files) == 3
    rng = random.Random(7)
    for name, content in files.items():
        for _ in range(60):
            flip(out / name, rng.randrange(len(content)), rng.randrange(8))
            with pytest.raises(RefusedFileError):
                read_scores(out)
            (out / name).write_bytes(content)
        for n_bytes in range(0, len(content), len(content) // 16):
            (out / name).write_bytes(content[:n_bytes])
            with pytest.raises(RefusedFileError):
                read_scores(out)
        (out / name).unlink()
        with pytest.raises(RefusedFileError):
            read_scores(out)
        (out / name).write_bytes(content)
    (out / "part-x.parquet").write_bytes(content)
    with pytest.raises(RefusedFileError, match=r"part-x\.parquet: is not in the manifest"):
        read_scores(out)
    with pytest.raises(MissingDataError, match="nowhere: there is no such folder of scores"):
        read_scores(tmp_path / "nowhere")


def test_what_is_there_is_kept_replaced_or_refused(tmp_path, model, write):
    path, out = write("in.parquet", rows=9), tmp_path / "out"
    score(model, path, out)
    before = {file.name: file.stat().st_mtime_ns for file in out.iterdir()}
    again = score(model, path, out, overwrite=True)
    assert again.describe() == f"{out}: complete already, nothing to do"
    assert {file.name: file.stat().st_mtime_ns for file in out.iterdir()} == before
    with pytest.raises(InputError, match=r"holds the scores of another job .* or say --overwrite"):
        score(model, path, out, abstain_below=0.7)
    assert sum(row["label"] is None for row in said(out)) == 0
    score(model, path, out, abstain_below=0.7, overwrite=True)
    assert sum(row["status"] == "abstained" for row in said(out)) > 0
    model.write_bytes(b"another model")
    with pytest.raises(InputError, match="another job"):
        score(model, path, out, abstain_below=0.7)
    model.write_bytes(b"stub")
    flip(next(out.glob("*.parquet")), 40)
    with pytest.raises(RefusedFileError, match=r"its sha256 is another one; score the files again; or say --overwrite"):
        score(model, path, out, abstain_below=0.7)
    score(model, path, out, abstain_below=0.7, overwrite=True)
    assert len(said(out)) == 9
    assert sorted(file.name for file in tmp_path.iterdir()) == ["in.parquet", "model.stance", "out"]


@pytest.mark.parametrize("step", ["old moved", "new moved", "traces left"])
def test_3_a_kill_while_scores_are_replaced(step, tmp_path, model, write, monkeypatch):
    path, out = write("in.parquet", rows=9), tmp_path / "out"
    score(model, path, out, abstain_below=0.7)
    monkeypatch.setattr(bulk, "publish", interrupt)
    with pytest.raises(KeyboardInterrupt):
        score(model, path, out, overwrite=True)
    monkeypatch.undo()
    monkeypatch.setattr(bulk, "load_model", lambda _: LengthClassifier())
    (staging,) = tmp_path.glob("out.staging-*")
    out.rename(tmp_path / f"out.old-{staging.name.rpartition('-')[2]}")
    if step != "old moved":
        staging.rename(out)
    if step == "traces left":
        shutil.rmtree(next(tmp_path.glob("out.old-*")))
    assert score(model, path, out, overwrite=True).n_found == 1
    assert [row["status"] for row in said(out)] == ["ok"] * 9
    assert len(files_of(out)) == 2
    assert sorted(file.name for file in tmp_path.iterdir()) == ["in.parquet", "model.stance", "out"]


def test_a_folder_that_is_not_ours_is_never_overwritten(tmp_path, model, write):
    path, out = write("in.parquet"), tmp_path / "thesis"
    out.mkdir()
    (out / "chapter1.tex").write_text("years of work")
    with pytest.raises(InputError, match="thesis: is there and holds no scores of ours; choose another folder"):
        score(model, path, out, overwrite=True)
    with pytest.raises(InputError, match=r"chapter1\.tex: is a file; choose another folder"):
        score(model, path, out / "chapter1.tex", overwrite=True)
    assert (out / "chapter1.tex").read_text() == "years of work"
    (tmp_path / "empty").mkdir()
    assert len(said(score(model, path, tmp_path / "empty").folder)) == 10


def test_a_changed_source_is_scored_anew_and_only_that(tmp_path, model, write, monkeypatch):
    for name in "ab":
        write(f"in/{name}.parquet", rows=5)
    monkeypatch.setattr(bulk, "write_manifest", interrupt)
    with pytest.raises(KeyboardInterrupt):
        score(model, tmp_path / "in", tmp_path / "out")
    monkeypatch.undo()
    monkeypatch.setattr(bulk, "load_model", lambda _: LengthClassifier())
    write("in/b.parquet", rows=7)
    assert score(model, tmp_path / "in", tmp_path / "out").n_found == 1
    assert [r["source"] for r in said(tmp_path / "out")] == ["a.parquet"] * 5 + ["b.parquet"] * 7


def test_two_runs_do_not_share_a_folder(tmp_path, model, write, monkeypatch):
    path, out = write("in.parquet"), tmp_path / "out"
    monkeypatch.setattr(bulk, "write_manifest", interrupt)
    with pytest.raises(KeyboardInterrupt):
        score(model, path, out)
    monkeypatch.undo()
    monkeypatch.setattr(bulk, "load_model", lambda _: LengthClassifier())
    (staging,) = tmp_path.glob("out.staging-*")
    with held(staging), pytest.raises(BusyError, match="another run is at work here; wait for it"):
        score(model, path, out)
    assert score(model, path, out).n_found == 1


def test_the_manifest_says_what_was_done(tmp_path, model, write):
    path = write("in.parquet", {"text": ["Truce!", " ", None]})
    manifest = score(model, path, tmp_path / "out").manifest
    held = json.loads((tmp_path / "out" / MANIFEST).read_text(encoding="utf-8"))
    assert held.pop("sha256")
    assert held == manifest
    assert (held["scheme"], held["classes"]) == ("stance", ["against", "favor", "none"])
    (part,) = held["parts"]
    assert (part["source"], part["rows_in"], part["rows_out"]) == ("in.parquet", 3, 3)
    assert part["status"] == {"ok": 1, "abstained": 0, "truncated": 0, "empty_text": 1, "missing_text": 1}
    assert str(tmp_path) not in json.dumps(held)


def test_actors_have_a_row_each(tmp_path, model, write, monkeypatch):
    texts = ["Rain.", "Moscow and Tehran talk; Moscow leaves.", None, "🕊 Trump waits.", " ", "Talks."]
    path = write("in.parquet", {"text": texts, "n": list("abcdef"), "target": ["ignored"] * 6})
    with pytest.raises(InputError, match=r"model\.stance: tells no sentiment; actors are found for models of"):
        score(model, path, tmp_path / "out", actors=True)
    monkeypatch.setattr(bulk, "load_model", lambda _: SentimentByLength())
    done = score(model, path, tmp_path / "out", id="n", actors=True)
    found = read_scores(tmp_path / "out")
    columns = ["id", "actor", "target_start", "target_end", "status"]
    assert [tuple(row.values()) for row in found.select(columns).to_pylist()] == [
        ("b", "russia", 0, 6, "ok"),
        ("b", "iran", 11, 17, "ok"),
        ("c", None, None, None, "missing_text"),
        ("d", "trump", 2, 7, "ok"),
        ("e", None, None, None, "empty_text"),
    ]
    asked = pa.table({"text": [texts[1], texts[1], texts[3]], "target_start": [0, 11, 2]})
    best = SentimentByLength().predict_proba(asked).argmax(axis=1)
    assert [row for row in found["label"].to_pylist() if row] == SentimentByLength.classes_[best].tolist()
    assert (done.manifest["parts"][0]["rows_in"], done.manifest["parts"][0]["rows_out"]) == (6, 5)


def test_actors_of_nobody(tmp_path, model, write, monkeypatch):
    monkeypatch.setattr(bulk, "load_model", lambda _: SentimentByLength())
    score(model, write("in.parquet", {"text": ["Rain.", "Sun."]}), tmp_path / "out", actors=True)
    assert said(tmp_path / "out") == []
