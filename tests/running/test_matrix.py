"""A matrix: what is chosen, on which rows, what is kept of it, and what is refused."""

import dataclasses

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score, make_scorer
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold

from stance.classifiers.registry import make_classifier
from stance.core.errors import InputError
from stance.data.corpora import X_COLUMNS, load_corpus, to_frame
from stance.running.experiments import read_experiment
from stance.running.plan import make_plan
from stance.running.results import load_results
from stance.running.runner import run
from stance.running.store import Store
from stance.running.tasks import Output, Task
from stance.running.tuning import inner_folds, tune
from stance.running.worker import predict_cells
from tests.conftest import PLACES, write_csv

pytestmark = pytest.mark.xdist_group("matrix")  # one process makes what the module shares

LABELS = ["favor", "against", "none"]
SAYS = {
    ("did", "back"): "favor",
    ("never", "block"): "favor",
    ("did", "block"): "against",
    ("never", "back"): "against",
    ("did", "note"): "none",
    ("never", "note"): "none",
}
NGRAMS = {"word_ngrams": [(1, 1), (1, 2)]}


def write_sentences(folder):
    """Write 144 invented sentences that only pairs of words give away, one in eight mislabelled, in 24 groups."""
    rng = np.random.default_rng(5)
    rows = [
        {"text": f"{who} {how} {verb} the truce {place}.", "label": label, "target": "truce", "group": f"{who} {place}"}
        for who in ("Moscow", "Tehran", "Washington", "Jerusalem")
        for place in PLACES
        for (how, verb), label in SAYS.items()
    ]
    for row in rows:
        row["label"] = str(rng.choice(LABELS)) if rng.random() < 1 / 8 else row["label"]
    return write_csv(folder / "mine.csv", rows)


@pytest.fixture
def own_csv(tmp_path):
    return write_sentences(tmp_path)


@pytest.fixture
def corpus(own_csv):
    return load_corpus(own_csv, "stance")


@pytest.fixture
def task(tmp_path, corpus):
    """A tuned cell, three quarters of the groups to train on, as a function of what replaces the test's labels."""

    def make(matrix=NGRAMS, test_labels=None):
        groups = corpus.table.column("group").to_pylist()
        is_test = np.isin(groups, sorted(set(groups))[::4])
        labels = np.array(corpus.table.column("label").to_pylist(), dtype=object)
        if test_labels is not None:
            labels[is_test] = test_labels(labels[is_test])
        at = corpus.table.schema.get_field_index("label")
        table = corpus.table.set_column(at, "label", pa.array(labels, corpus.table.schema.field("label").type))
        with pa.ipc.new_file(str(tmp_path / "t.arrow"), table.schema) as writer:
            writer.write_table(table)
        return Task(
            kind="cells",
            outputs=(Output("k", "t", {"labels": LABELS}, np.flatnonzero(is_test)),),
            folder=tmp_path,
            table=tmp_path / "t.arrow",
            labels=LABELS,
            train=np.flatnonzero(~is_test),
            class_name="linear_svm",
            params={},
            scheme="stance",
            seed=None,
            matrix=matrix,
        )

    return make


def test_the_choice_is_that_of_scikit_learn_on_the_same_folds(corpus):
    train = to_frame(corpus.table)
    matrix = NGRAMS | {"C": [0.001, 0.1, 10.0]}
    fitted, found = tune(make_classifier("linear_svm"), matrix, train, LABELS)
    scoring = make_scorer(f1_score, average="macro", labels=LABELS, zero_division=0)
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    reference = GridSearchCV(make_classifier("linear_svm"), matrix, scoring=scoring, cv=folds)
    reference.fit(train[list(X_COLUMNS)], train["label"], groups=train["group"])
    assert found["tuned"]["params"] == reference.best_params_
    assert found["tuned"]["params"]["word_ngrams"] == (1, 2)
    assert found["tuned"]["score"] == pytest.approx(reference.best_score_)
    assert found["tuned"]["n_folds"] == 5
    for i, one in enumerate(found["inner_scores"]):
        expected = [reference.cv_results_[f"split{fold}_test_score"][i] for fold in range(5)]
        assert one["params"] == reference.cv_results_["params"][i]
        assert one["scores"] == pytest.approx(expected)
    assert len({round(sum(one["scores"]), 6) for one in found["inner_scores"]}) > 3
    again = make_classifier("linear_svm", found["tuned"]["params"]).fit(train[list(X_COLUMNS)], train["label"])
    assert fitted.decision_function(train) == pytest.approx(again.decision_function(train))


def test_the_chosen_one_is_calibrated_by_groups_like_one_that_was_not_chosen(corpus):
    train = to_frame(corpus.table)
    fitted, found = tune(make_classifier("stance", {"char_ngrams": False}), {"epochs": [2, 3]}, train, LABELS)
    same = make_classifier("stance", {"char_ngrams": False, **found["tuned"]["params"]})
    X, y = train[list(X_COLUMNS)], train["label"]
    assert fitted.temperature_ == same.fit(X, y, groups=train["group"]).temperature_
    assert fitted.temperature_ != same.fit(X, y).temperature_


def test_of_equals_the_first_is_chosen(corpus):
    train = to_frame(corpus.table)
    for values in ([1e-9, 1e-12], [1e-12, 1e-9]):  # too weak to tell anything apart: all the same answers
        _, found = tune(make_classifier("complement_nb"), {"alpha": values}, train, LABELS)
        first, second = (one["scores"] for one in found["inner_scores"])
        assert first == second
        assert found["tuned"]["params"] == {"alpha": values[0]}


def test_a_declared_label_that_train_lacks_counts_zero(corpus):
    train = to_frame(corpus.table)
    train = train[train["label"] != "none"]
    _, three = tune(make_classifier("linear_svm"), NGRAMS, train, LABELS)
    _, two = tune(make_classifier("linear_svm"), NGRAMS, train, LABELS[:2])
    assert three["tuned"]["score"] == pytest.approx(two["tuned"]["score"] * 2 / 3)


def test_the_labels_of_the_test_cannot_influence_the_choice(task, tmp_path):
    rng = np.random.default_rng(0)
    stored = []
    for change in (None, rng.permutation, lambda labels: np.full(len(labels), "none", dtype=object)):
        predict_cells(task(test_labels=change))
        record = Store(tmp_path).read("cells", "k")
        frame = Store(tmp_path).read_predictions("k").to_pandas()
        stored.append((record["tuned"], record["inner_scores"], frame["prediction"].tolist(), frame["label"].tolist()))
    assert stored[0][:3] == stored[1][:3] == stored[2][:3]
    assert stored[0][3] != stored[1][3]


def test_the_labels_of_train_do(task, tmp_path):
    one = task()
    predict_cells(one)
    before = Store(tmp_path).read("cells", "k")
    (output,) = one.outputs
    predict_cells(dataclasses.replace(one, train=output.test, outputs=(dataclasses.replace(output, test=one.train),)))
    assert Store(tmp_path).read("cells", "k")["inner_scores"] != before["inner_scores"]


def test_a_fit_that_fails_fails_the_cell(task):
    with pytest.raises(ValueError, match="C"):
        predict_cells(task({"C": [1.0, -1.0]}))


rows = st.lists(st.tuples(st.sampled_from(LABELS), st.integers(0, 7)), min_size=2, max_size=40)


@given(rows)
def test_inner_folds_keep_groups_whole_and_show_every_label(made):
    labels = np.array([label for label, _ in made], dtype=object)
    groups = np.array([f"g{group}" for _, group in made], dtype=object)
    rarest = min(len(set(groups[labels == label])) for label in set(labels))
    refused = ""
    try:
        folds = inner_folds(labels, groups)
    except InputError as error:
        refused = str(error)
    if refused or rarest < 2:
        assert f"stands in {rarest} of {len(set(groups))} training groups, too few" in refused
        assert rarest <= 2  # both groups of a label may be needed on one side
        return
    assert 2 <= len(folds) <= min(5, rarest)
    assert sorted(i for _, held_out in folds for i in held_out) == list(range(len(made)))
    for train, held_out in folds:
        assert not set(groups[train]) & set(groups[held_out])
        assert set(labels[train]) == set(labels)
        assert len(train) + len(held_out) == len(made)


@pytest.fixture(scope="module")
def tuned_run(tmp_path_factory):
    """A run of a tuned classifier beside the two that it chooses between."""
    folder = tmp_path_factory.mktemp("tuned")
    tuned = {"class": "linear_svm", "C": 0.5, "matrix": {"word_ngrams": [[1, 1], [1, 2]]}}
    spec = {
        "corpora": [{"path": str(write_sentences(folder)), "scheme": "stance"}],
        "classifiers": {"tuned": tuned, "words": plain([1, 1]), "pairs": plain([1, 2])},
    }
    return spec, run(spec, folder / "r", jobs=2, progress=False)


def plain(word_ngrams):
    return {"class": "linear_svm", "C": 0.5, "word_ngrams": word_ngrams}


def test_a_run_predicts_and_is_timed_with_what_was_chosen(tuned_run):
    _, results = tuned_run
    assert results.failures == ()
    cells = {(cell.classifier, cell.fold): cell for cell in results.cells}
    keys = {cells["tuned", str(fold)].key for fold in range(1, 6)}
    assert set(results.tuned) == keys
    assert all(one["params"] == {"word_ngrams": [1, 2]} for one in results.tuned.values())
    for fold in map(str, range(1, 6)):
        tuned, plain = (results.predictions(cells[name, fold]) for name in ("tuned", "pairs"))
        assert tuned["prediction"].tolist() == plain["prediction"].tolist()
    size = {timing.classifier: timing.model_bytes for timing in results.timings}
    assert size["tuned"] == size["pairs"] > size["words"]
    assert [one["matrix"] for one in results.classifiers] == [{"word_ngrams": [[1, 1], [1, 2]]}, {}, {}]


def test_resuming_keeps_the_choice_and_computes_nothing(tuned_run, tmp_path):
    spec, first = tuned_run
    before = snapshot(first.folder)
    scores = (first.folder / "scores.jsonl").read_text().splitlines()
    (first.folder / "results.json").unlink()
    again = run(spec, first.folder, jobs=1, progress=False)
    assert snapshot(first.folder) == before
    assert again.tuned == first.tuned == load_results(first.folder).tuned
    alone = spec | {"timing": False, "classifiers": {"tuned": spec["classifiers"]["tuned"]}}
    fresh = run(alone, tmp_path / "fresh", progress=False)
    assert fresh.tuned == first.tuned
    lines = (tmp_path / "fresh" / "scores.jsonl").read_text().splitlines()
    assert lines == [line for line in scores if '"classifier":"tuned"' in line]


def snapshot(folder):
    files = [*folder.glob("cells/*"), *folder.glob("timings/*")]
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_a_cell_that_could_not_choose_is_not_timed(experiment, tmp_path, own_csv):
    bad = {"class": "linear_svm", "matrix": {"C": [1.0, -1.0]}}
    results = run(experiment({"bad": bad, "majority": {}}, timing=True), tmp_path / "r", jobs=2, progress=False)
    assert len(results.failures) == 5
    assert all(failure["title"].endswith("bad") for failure in results.failures)
    assert [timing.classifier for timing in results.timings] == ["majority"]


def keys(experiment, **classifier):
    return [job.cell.key for job in make_plan(read_experiment(experiment({"linear_svm": classifier})))]


def test_the_key_of_a_cell_knows_the_matrix(experiment):
    made = [
        keys(experiment),
        keys(experiment, matrix={"C": [0.1, 1.0]}),
        keys(experiment, matrix={"C": [1.0, 0.1]}),  # the first of equals is another
        keys(experiment, matrix={"C": [0.1, 1.0, 3.0]}),
        keys(experiment, matrix={"C": [0.1, 1.0]}, word_ngrams=[1, 1]),
    ]
    assert len({key for five in made for key in five}) == 5 * len(made)
    assert keys(experiment, matrix={"C": [0.1, 1.0]}) == made[1]
    two = {"C": [0.1, 1.0], "class_weight": ["balanced"]}
    assert keys(experiment, matrix=two) == keys(experiment, matrix=dict(reversed(two.items())))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("matrix = 3", "classifiers.linear_svm.matrix: 3 is no table of lists"),
        ("matrix = {}", "matrix: {} is no table of lists"),
        ("matrix = { C = 0.3 }", r"matrix.C: 0.3 is no list of values; write \[VALUE, VALUE\]"),
        ("matrix = { C = [] }", r"matrix.C: \[\] is no list of values"),
        ("matrix = { c = [0.3] }", 'unknown parameter "c".*did you mean "C"'),
        ("C = 1.0\nmatrix = { C = [0.3] }", "matrix.C: is also set plainly; keep one"),
        ('matrix = { scheme = ["stance"] }', "matrix.scheme: is set by the corpus, not chosen"),
        ('class = "sgd"\nmatrix = { random_state = [1, 2] }', "matrix.random_state: is set by the experiment's seeds"),
        (f"matrix = {{ C = {list(range(1, 102))} }}", "matrix: makes 101 combinations, more than 100"),
        (f"matrix = {{ C = {list(range(1, 12))}, word_ngrams = {[[1, 2]] * 10} }}", "makes 110 combinations"),
        ("matrix = { C = [0.3, nan] }", "linear_svm: holds a date, inf or nan"),
        ("C = 1979-05-27", "linear_svm: holds a date, inf or nan"),
    ],
)
def test_a_broken_rule_is_one_line_that_names_the_file(tmp_path, lines, said):
    path = tmp_path / "e.toml"
    path.write_text(f'corpora = ["four_actors"]\n[classifiers.linear_svm]\n{lines}\n')
    with pytest.raises(InputError, match=said) as caught:
        read_experiment(path)
    assert str(caught.value).startswith(str(path)[:60])
    assert len(str(caught.value).splitlines()) == 1


def test_a_hundred_combinations_are_allowed():
    matrix = {"C": list(range(1, 101))}
    read = read_experiment({"corpora": ["four_actors"], "classifiers": {"linear_svm": {"matrix": matrix}}})
    assert read.classifiers[0].matrix == matrix
