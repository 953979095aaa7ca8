"""The command line: the right exit code, one line an error, no traceback, nothing half-written."""

import csv
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import numpy as np
import pytest

from stance.__main__ import cli, main
from stance.classifiers.held_out import fit_rows
from stance.classifiers.model_files import load_model
from stance.core.errors import InputError
from stance.core.paths import shipped
from stance.data.corpora import load_sheet
from stance.running import isolation
from stance.running.experiments import read_experiment
from stance.running.leaks import check_leaks
from stance.running.plan import make_plan
from tests.conftest import write_csv

VERBS = [
    "corpora list",
    "corpora show",
    "corpora fetch",
    "corpora audit",
    "run",
    "report",
    "train",
    "predict",
    "score",
    "explain",
]


def call(capsys, *arguments):
    """Run the command line; return exit code, stdout and stderr."""
    code = 0
    try:
        main([str(a) for a in arguments])
    except SystemExit as stop:
        code = stop.code or 0
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return code, captured.out, captured.err


def read_csv(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(capsys, verb):
    code, out, _ = call(capsys, *verb.split(), "--help")
    assert code == 0
    assert f"stance {verb}" in out.split("Example:")[1]


def test_every_verb_is_in_the_list_above():
    found = []
    for name, command in cli.commands.items():
        found += [f"{name} {sub}" for sub in command.commands] if isinstance(command, click.Group) else [name]
    assert sorted(found) == sorted(VERBS)


def test_help_and_import_load_nothing_heavy():
    script = "import sys, stance.__main__ as m\ntry:\n    m.main(['--help'])\nexcept SystemExit:\n    pass\n"
    script += "print(sorted({'sklearn', 'pandas', 'numpy', 'pyarrow', 'pydantic', 'matplotlib'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_corpora_list_and_show(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("STANCE_DATA", str(tmp_path))
    code, out, _ = call(capsys, "corpora", "list")
    assert code == 0
    assert "run: stance corpora fetch newsmtsc" in out
    code, out, _ = call(capsys, "corpora", "show", "dse")
    assert code == 0
    assert "official-clean" in out
    assert "none, favor, against, favor_back, against_back" in out


def test_an_unknown_corpus_names_the_nearest(capsys):
    code, _, err = call(capsys, "corpora", "show", "newsmtcs")
    assert code == 2
    assert 'did you mean "newsmtsc"' in err


def test_a_corpus_that_was_not_fetched_names_the_command(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("STANCE_DATA", str(tmp_path))
    code, _, err = call(capsys, "train", "newsmtsc", "-o", tmp_path / "m.stance")
    assert code == 2
    assert "run: stance corpora fetch newsmtsc" in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "m.stance").exists()


def test_fetch_from_a_folder_with_altered_text_is_refused(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("STANCE_DATA", str(tmp_path / "data"))
    (tmp_path / "from").mkdir()
    for name in ("train.txt", "valid.txt", "test.txt"):
        (tmp_path / "from" / name).write_text("Not [the] file [at] all\tthe\tat\t0\n")
    code, _, err = call(capsys, "corpora", "fetch", "dse", "--from", tmp_path / "from")
    assert code == 5
    assert err.count("sha256") == 1
    assert "a1dcda" in err or "0b608a" in err
    assert not list((tmp_path / "data").rglob("*.txt"))


def test_run_report_and_the_results_that_they_leave(capsys, tmp_path, own_csv):
    (tmp_path / "e.toml").write_text(
        '[[corpora]]\npath = "mine.csv"\nscheme = "stance"\n[classifiers.majority]\n[classifiers.linear_svm]\n'
    )
    code, out, err = call(capsys, "run", tmp_path / "e.toml", "--report")
    assert code == 0, err
    assert all(len(line) <= 80 for line in out.splitlines() if not line.startswith(("results:", "report:")))
    assert "linear_svm" in out
    assert "sentences" in out
    folder = tmp_path / "results" / "e"
    assert {"report.html", "report.md", "scores.jsonl", "timings.jsonl"} <= {p.name for p in folder.iterdir()}
    written = (folder / "report.html").stat().st_mtime_ns
    code, _, err = call(capsys, "run", tmp_path / "e.toml", "--report")
    assert code == 0, err
    assert (folder / "report.html").stat().st_mtime_ns == written
    (folder / "report.md").unlink()
    call(capsys, "run", tmp_path / "e.toml", "--report")
    assert (folder / "report.md").is_file()
    code, out, _ = call(capsys, "report", folder, "--format", "csv", "-o", tmp_path / "x.csv")
    assert code == 0
    assert read_csv(tmp_path / "x.csv")
    code, _, err = call(capsys, "report", folder, "--format", "pdf")
    assert code == 2
    assert "pdf" in err


@pytest.fixture
def leaky(tmp_path, sentences):
    """An experiment on a corpus of one's own, three of whose test sentences stand in train."""
    for name, rows in (("train", sentences[::2]), ("test", [*sentences[1::9], *sentences[:6:2]])):
        write_csv(tmp_path / f"{name}.csv", [row | {"text": row["text"].upper()} for row in rows])
    files = "".join(f'[[files]]\npath = "{name}.csv"\nsplit = "{name}"\n' for name in ("train", "test"))
    (tmp_path / "sheet.toml").write_text(
        f'name = "leaky"\ntitle = "Leaky"\nversion = "1"\n[schemes.stance]\ntests = ["test"]\n{files}'
    )
    (tmp_path / "e.toml").write_text('timing = false\ncorpora = [{ path = "." }]\n[classifiers.majority]\n')
    return tmp_path / "e.toml"


def test_a_leaking_test_of_one_s_own_is_refused_unless_allowed(capsys, leaky, sentences):
    leaked = len(
        {row["text"] for row in sentences[::2]} & {row["text"] for row in [*sentences[1::9], *sentences[:6:2]]}
    )
    code, _, err = call(capsys, "run", leaky)
    assert code == 2
    assert len(err.splitlines()) == 1
    assert f"leaky: official, test: {leaked} of 15 test sentences stand in train" in err
    assert 'such as "MOSCOW ' in err
    assert not (leaky.parent / "results").exists()
    code, out, err = call(capsys, "run", leaky, "--allow-leak", "--report")
    assert code == 0, err
    said = f"leaky split: {leaked} of 15 test sentences stand in train"
    assert said in out
    assert said in (leaky.parent / "results" / "e" / "report.md").read_text()
    assert said in (leaky.parent / "results" / "e" / "report.html").read_text()


def test_the_clean_protocol_of_a_leaking_corpus_is_run_and_not_marked(capsys, leaky):
    leaky.write_text('protocols = ["official-clean"]\n' + leaky.read_text())
    code, out, err = call(capsys, "run", leaky)
    assert code == 0, err
    assert "leaky split" not in out


def test_a_published_split_that_leaks_is_run_and_a_copy_of_one_s_own_is_not(tmp_path, monkeypatch, leaky):
    monkeypatch.setattr("stance.running.leaks.list_corpora", lambda: [load_sheet(leaky.parent)[1]])
    plan = make_plan(read_experiment(leaky))
    assert [leak.leaked > 0 for leak in check_leaks(plan, allow=False)] == [True]
    monkeypatch.setattr("stance.running.leaks.list_corpora", list)
    with pytest.raises(InputError, match="stand in train"):
        check_leaks(plan, allow=False)


def test_a_failed_cell_exits_1_and_is_listed(capsys, tmp_path, own_csv, monkeypatch):
    (tmp_path / "bad.py").write_text(
        "from stance.classifiers.dummies import MajorityClassifier\n"
        "class Bad(MajorityClassifier):\n    def fit(self, X, y, sample_weight=None):\n        raise ValueError('x')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "e.toml").write_text(
        'timing = false\n[[corpora]]\npath = "mine.csv"\nscheme = "stance"\n'
        '[classifiers.majority]\n[classifiers.bad]\nclass = "bad:Bad"\n'
    )
    code, out, _ = call(capsys, "run", tmp_path / "e.toml")
    assert code == 1
    assert "ValueError: x" in out
    assert "majority" in out


BAD = {
    "missing column": ("text,labels,target\na,favor,b\n", r'"label"', 2),
    "misspelt label": ("text,label,target\nMoscow agrees,Favour,truce\n", '"Favour" is not one of', 2),
    "short row": ("text,label,target\nMoscow agrees,favor\n", "line 2", 2),
    "empty": ("", "empty", 2),
    "semicolons": ("text;label;target\na;favor;b\n", "';'", 2),
    "utf-16": ("text,label\na,favor\n".encode("utf-16"), "UTF-16", 2),
    "one class": ("text,label\n" + "".join(f"Moscow agrees {i},favor\n" for i in range(20)), "two classes", 1),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_sentences_give_one_line_and_no_results(capsys, tmp_path, name):
    content, said, expected = BAD[name]
    data = content if isinstance(content, bytes) else content.encode()
    (tmp_path / "mine.csv").write_bytes(data)
    (tmp_path / "e.toml").write_text(
        'timing = false\n[[corpora]]\npath = "mine.csv"\nscheme = "stance"\n[classifiers.linear_svm]\n'
    )
    code, out, err = call(capsys, "run", tmp_path / "e.toml")
    assert code == expected
    if code == 2:
        assert said in err
        assert all("mine.csv: " in line for line in err.splitlines())
        assert len(err.splitlines()) <= 2
        assert not (tmp_path / "results").exists()
    else:
        assert said in out


def test_a_sheet_whose_hash_differs_is_refused(capsys, tmp_path):
    folder = tmp_path / "corpus"
    shutil.copytree(shipped("corpora") / "four_actors", folder)
    sheet = (folder / "sheet.toml").read_text()
    (folder / "sheet.toml").write_text(sheet + f'sha256 = "{"0" * 64}"\n')
    code, _, err = call(capsys, "train", folder, "-o", tmp_path / "m.stance")
    assert code == 5
    assert "0" * 64 in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "m.stance").exists()


def test_train_then_predict_keeps_rows_and_guards_cells(capsys, tmp_path, own_csv):
    code, out, err = call(capsys, "train", own_csv, "--scheme", "stance", "-o", tmp_path / "m.stance")
    assert code == 0, err
    assert "108 sentences" in out
    rows = [
        {"id": "007", "text": "Moscow welcomed the truce at noon.", "target": "the truce"},
        {"id": "=1+1", "text": "Moscow rejected the truce at noon.", "target": "the truce"},
        {"id": "9", "text": "  ", "target": ""},
    ]
    source = write_csv(tmp_path / "in.csv", rows)
    for suffix in ("csv", "tsv", "jsonl", "parquet"):
        code, out, err = call(capsys, "predict", tmp_path / "m.stance", source, "-o", tmp_path / f"out.{suffix}")
        assert code == 0, err
    found = read_csv(tmp_path / "out.csv")
    assert [r["prediction"] for r in found] == ["favor", "against", ""]
    assert [r["status"] for r in found] == ["ok", "ok", "empty_text"]
    assert [r["id"] for r in found] == ["007", "'=1+1", "9"]
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert lines[1]["id"] == "=1+1"
    assert lines[2]["prediction"] is None
    assert 0.4 < lines[0]["confidence"] <= 1


@pytest.mark.parametrize(
    ("output", "source", "said", "code"),
    [
        ("out.xlsx", "text\na\n", "write to one of", 2),
        ("out.csv", "sentence\na\n", '"text"', 2),
        ("out.csv", "text,status\na,b\n", "rename it", 2),
        ("out.csv", "text,target_start,target_end\nMoscow,zero,3\n", "not a whole number", 2),
        ("out.csv", "text,target_start,target_end\nMoscow,0,99\n", "not inside", 2),
    ],
)
def test_predict_refuses_what_it_cannot_do(capsys, tmp_path, own_csv, output, source, said, code):
    call(capsys, "train", own_csv, "--scheme", "stance", "--classifier", "linear_svm", "-o", tmp_path / "m.stance")
    (tmp_path / "in.csv").write_text(source)
    found, _, err = call(capsys, "predict", tmp_path / "m.stance", tmp_path / "in.csv", "-o", tmp_path / output)
    assert found == code
    assert said in err
    assert not (tmp_path / output).exists()


def test_a_parameter_is_set_by_name(capsys, tmp_path, own_csv):
    model, shown = tmp_path / "m.stance", ("--set", "mask_mentions=False", "--set", "learning_rate=0.1")
    code, _, err = call(capsys, "train", own_csv, "--scheme", "stance", *shown, "-o", model)
    assert code == 0, err
    loaded = load_model(model)
    assert (loaded.mask_mentions, loaded.learning_rate, loaded.gist) == (False, 0.1, True)


def test_a_parameter_that_a_student_refuses_is_named(capsys, tmp_path, own_csv):
    teacher, student = tmp_path / "teacher.stance", ("--scheme", "stance", "--classifier", "linear_svm")
    call(capsys, "train", own_csv, "--scheme", "stance", "-o", teacher)
    taught = ("--teacher", teacher, "--unlabelled", own_csv, "--set", "C=no")
    code, _, err = call(capsys, "train", own_csv, *student, *taught, "-o", tmp_path / "m.stance")
    assert code == 2
    assert "linear_svm" in err
    assert "Traceback" not in err


def test_the_model_that_training_starts_from_is_not_overwritten(capsys, tmp_path, own_csv):
    start = tmp_path / "start.stance"
    start.write_bytes(b"a model")
    asked = ("--scheme", "stance", "--classifier", "encoder", "--set", f"start_from={start}", "-o", start)
    code, _, err = call(capsys, "train", own_csv, *asked)
    assert (code, "would be lost" in err) == (2, True)
    assert start.read_bytes() == b"a model"


def test_what_belongs_together_is_held_out_together(capsys, tmp_path, sentences):
    alone = write_csv(tmp_path / "alone.csv", sentences)
    pairs = [row | {"group": f"g{i % 4}"} for i, row in enumerate(sentences)]
    together = write_csv(tmp_path / "together.csv", pairs)
    found = []
    for source in (alone, together):
        call(capsys, "train", source, "--scheme", "stance", "-o", tmp_path / "m.stance")
        found.append(load_model(tmp_path / "m.stance"))
    assert found[0].temperature_ != found[1].temperature_
    X = [row["text"] for row in sentences]
    assert np.array_equal(found[0].decision_function(X), found[1].decision_function(X))


def test_dev_is_there_to_be_held_out(capsys, tmp_path, sentences, monkeypatch):
    given = []

    def spied(classifier, rows, dev):
        given.append((rows["split"].unique().tolist(), dev["text"].tolist()))
        return fit_rows(classifier, rows, dev)

    monkeypatch.setattr("stance.classifiers.held_out.fit_rows", spied)
    rows = [row | {"split": ("train", "train", "dev", "test")[i % 4]} for i, row in enumerate(sentences)]
    rows.append(rows[2] | {"text": rows[0]["text"]})  # learned, so no fair question
    source = write_csv(tmp_path / "own.csv", rows)
    code, _, err = call(capsys, "train", source, "--scheme", "stance", "-o", tmp_path / "m.stance")
    assert code == 0, err
    assert given == [(["train"], [row["text"] for row in sentences[2::4]])]


def test_columns_and_labels_of_any_name(capsys, tmp_path, sentences):
    theirs = {"favor": "pro", "against": "con", "none": "none"}
    rows = [{"tweet": s["text"], "stance": theirs[s["label"]], "topic": s["target"]} for s in sentences]
    source = write_csv(tmp_path / "theirs.csv", rows)
    named = ("--text", "tweet", "--label", "stance", "--target", "topic", "--label-map", "pro=favor")
    model = tmp_path / "m.stance"
    code, _, err = call(capsys, "train", source, "--scheme", "stance", *named, "-o", model)
    assert (code, '"con" is not one of' in err) == (2, True)
    code, _, err = call(
        capsys, "train", source, "--scheme", "stance", *named, "--label-map", "con=against", "-o", model
    )
    assert code == 0, err
    code, _, err = call(
        capsys, "predict", model, source, "--text", "tweet", "--target", "topic", "-o", tmp_path / "o.csv"
    )
    assert code == 0, err
    found = read_csv(tmp_path / "o.csv")
    assert list(found[0]) == ["tweet", "stance", "topic", "prediction", "confidence", "status"]
    assert {(row["stance"], row["prediction"]) for row in found} <= {
        ("pro", "favor"),
        ("con", "against"),
        ("none", "none"),
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("train", "SOURCE", "--scheme", "stance", "--text", "texd", "-o", "OUT"), 'did you mean "text"'),
        (("train", "SOURCE", "--scheme", "stance", "--label-map", "pro", "-o", "OUT"), '"pro" is not THEIRS=OURS'),
        (("train", "four_actors", "--text", "text", "-o", "OUT"), "columns is for a file"),
        (("train", "SOURCE", "--scheme", "stance", "--set", "epochs", "-o", "OUT"), '"epochs" is not NAME=VALUE'),
        (
            ("train", "SOURCE", "--scheme", "stance", "--set", "C=1", "--set", "C = 2", "-o", "OUT"),
            "C is set twice",
        ),
        (("train", "SOURCE", "--scheme", "stance", "--set", "epoch=2", "-o", "OUT"), 'did you mean "epochs"'),
        (("train", "SOURCE", "--scheme", "stance", "--set", "epochs=two", "-o", "OUT"), "epochs is 'two'"),
        (("train", "SOURCE", "--scheme", "stance", "--set", "gist=no", "-o", "OUT"), "true or false is wanted"),
        (("train", "SOURCE", "--set", "scheme=stance", "-o", "OUT"), "the scheme is given by --scheme"),
        (("train", "SOURCE", "--scheme", "stance", "--set", "abstain_below=no", "-o", "OUT"), "abstain_below=no"),
        (
            ("train", "SOURCE", "--scheme", "stance", "--classifier", "linear_svm", "--set", "C=no", "-o", "OUT"),
            "The 'C' parameter",
        ),
        (("corpora", "audit", "SOURCE", "--scheme", "stance", "--label", "labl"), 'did you mean "label"'),
        (("corpora", "show", "SOURCE"), "is a file, which has no sheet"),
    ],
)
def test_names_that_do_not_fit_are_one_line(capsys, tmp_path, own_csv, arguments, said):
    places = {"SOURCE": own_csv, "OUT": tmp_path / "m.stance"}
    code, _, err = call(capsys, *(places.get(one, one) for one in arguments))
    assert code == 2
    assert said in err
    assert not (tmp_path / "m.stance").exists()


def test_what_is_read_is_never_written_over(capsys, tmp_path, own_csv):
    before = own_csv.read_bytes()
    code, _, err = call(capsys, "train", own_csv, "--scheme", "stance", "-o", own_csv)
    assert (code, own_csv.read_bytes()) == (2, before)
    assert "is read for this and would be lost; write to another file" in err
    model = tmp_path / "m.stance"
    call(capsys, "train", own_csv, "--scheme", "stance", "--classifier", "linear_svm", "-o", model)
    other_name = tmp_path / "link.csv"
    other_name.symlink_to(own_csv)
    for output in (own_csv, other_name):
        code, _, err = call(capsys, "predict", model, own_csv, "-o", output)
        assert (code, own_csv.read_bytes()) == (2, before)
        assert "would be lost" in err


def test_explain_shows_and_writes_what_the_words_add(capsys, tmp_path, own_csv):
    call(capsys, "train", own_csv, "--scheme", "stance", "-o", tmp_path / "m.stance")
    asked = ("explain", tmp_path / "m.stance", "Moscow rejected the truce.", "--target", "the truce")
    code, out, err = call(capsys, *asked)
    assert (code, err) == (0, "")
    assert out.startswith("against: score +")
    assert "rejected" in out
    assert "\x1b" not in out
    code, out, _ = call(capsys, *asked, "--format", "json", "--label", "favor")
    found = json.loads(out)
    assert found["label"] == "favor"
    assert found["score"] == pytest.approx(sum(f["contribution"] for f in found["features"]))
    assert [w["text"] for w in found["words"]] == ["Moscow", "rejected", "the truce", "."]
    code, out, _ = call(capsys, *asked, "--format", "html")
    assert code == 0
    assert out.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["Moscow agrees.", "--label", "favour"], 'did you mean "favor"'),
        (["Moscow agrees.", "--holder", "rusia"], 'holder "rusia" does not stand in the sentence'),
        ([" "], "the sentence is empty"),
    ],
)
def test_explain_refuses_in_one_line(capsys, tmp_path, own_csv, arguments, said):
    call(capsys, "train", own_csv, "--scheme", "stance", "--classifier", "linear_svm", "-o", tmp_path / "m.stance")
    code, out, err = call(capsys, "explain", tmp_path / "m.stance", *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1


def test_explain_refuses_what_is_not_linear(capsys, tmp_path, own_csv):
    call(capsys, "train", own_csv, "--scheme", "stance", "--classifier", "majority", "-o", tmp_path / "m.stance")
    code, _, err = call(capsys, "explain", tmp_path / "m.stance", "Moscow agrees.")
    assert code == 2
    assert "is not linear" in err
    assert len(err.splitlines()) == 1


def test_a_model_that_is_none_is_refused(capsys, tmp_path):
    (tmp_path / "m.stance").write_bytes(b"not a model")
    (tmp_path / "in.csv").write_text("text\na\n")
    code, _, err = call(capsys, "predict", tmp_path / "m.stance", tmp_path / "in.csv", "-o", tmp_path / "out.csv")
    assert code == 5
    assert len(err.splitlines()) == 1


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_exits_130_soon_and_can_be_resumed(tmp_path, own_csv, stop, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "running"))
    (tmp_path / "e.toml").write_text(
        '[[corpora]]\npath = "mine.csv"\nscheme = "stance"\n[classifiers.slow]\nclass = "faulty:Hangs"\n'
    )

    def command():
        isolation._context = lambda preload: multiprocessing.get_context("fork")
        sys.stderr = (tmp_path / "err").open("w", buffering=1)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        main(["run", str(tmp_path / "e.toml")])

    process = multiprocessing.get_context("fork").Process(target=command)
    process.start()
    deadline = time.monotonic() + 40
    while not list((tmp_path / "results").glob("e/*/*.arrow")) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    os.kill(process.pid, stop)
    process.join(10)
    assert process.exitcode == 130
    err = (tmp_path / "err").read_text()
    assert "run the same command again" in err
    assert "Traceback" not in err
