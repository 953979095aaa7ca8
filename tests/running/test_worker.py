"""The worker's two tasks, done in this process; elsewhere they are done in children."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from stance.classifiers.held_out import fit_rows
from stance.data.corpora import load_corpus
from stance.running import tuning, worker
from stance.running.store import Store
from stance.running.tasks import Output, Task
from stance.running.worker import predict_cells, time_cell


@pytest.fixture
def task(tmp_path, own_csv):
    corpus = load_corpus(own_csv, "stance")
    table = tmp_path / "corpus.arrow"
    with pa.ipc.new_file(str(table), corpus.table.schema) as writer:
        writer.write_table(corpus.table)
    rows = np.arange(corpus.table.num_rows)

    def make(kind, class_name="logistic_regression", tests=None):
        return Task(
            kind=kind,
            outputs=tuple(
                Output(key, "t", {"corpus": "mine", "scheme": "stance", "classifier": class_name}, test)
                for key, test in (tests or {"k": rows[rows % 3 == 0]}).items()
            ),
            folder=tmp_path,
            table=table,
            labels=["favor", "against", "none"],
            train=rows[rows % 3 > 0],
            class_name=class_name,
            params={},
            scheme="stance",
            seed=None,
        )

    return make


def test_predictions_are_stored_with_gold_and_probabilities(task, tmp_path):
    predict_cells(task("cells"))
    frame = Store(tmp_path).read_predictions("k").to_pandas()
    assert len(frame) == 36
    assert list(frame.columns[:6]) == ["id", "target", "actor", "group", "label", "prediction"]
    probabilities = frame.filter(like="probability_")
    assert probabilities.sum(axis=1).to_numpy() == pytest.approx(np.ones(36))
    best = probabilities.idxmax(axis=1).str.removeprefix("probability_")
    assert (best == frame["prediction"]).all()
    assert Store(tmp_path).read("cells", "k")["status"] == "ok"


def test_a_classifier_without_probabilities_stores_none(task, tmp_path):
    predict_cells(task("cells", "linear_svm"))
    assert not [n for n in Store(tmp_path).read_predictions("k").column_names if n.startswith("probability")]


@pytest.mark.parametrize("matrix", [{}, {"C": [0.1, 1.0]}])
def test_rows_of_dev_are_there_to_be_held_out_and_no_others(matrix, task, monkeypatch):
    given = []

    def spied(classifier, rows, dev):
        given.append((rows.index.tolist(), dev.index.tolist()))
        return fit_rows(classifier, rows, dev)

    monkeypatch.setattr(worker, "fit_rows", spied)
    monkeypatch.setattr(tuning, "fit_rows", spied)
    one = task("cells", "linear_svm")
    predict_cells(replace(one, train=one.train[:40], dev=one.train[40:44], matrix=matrix))
    assert given == [(one.train[:40].tolist(), one.train[40:44].tolist())]
    timed = replace(task("timings", "majority"), train=one.train[:40], dev=one.train[40:44])
    time_cell(timed)
    assert given[-1] == given[0]


def test_clocks_are_stored_raw(task, tmp_path):
    time_cell(task("timings"))
    record = Store(tmp_path).read("timings", "k")
    assert record["fit_sentences"] == 72
    assert record["predict_sentences"] == {"1": 1, "64": 64, "all": 4096}
    assert all(seconds > 0 for readings in record["predict_seconds"].values() for seconds in readings)


def test_a_worker_starts_without_torch_and_skops_and_knows_the_mentions():
    code = (
        "import sys, stance.running.worker; from stance.text import inputs;"
        "print([m for m in ('torch', 'skops') if m in sys.modules], inputs._lexicons.cache_info().currsize)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[] 1\n"
