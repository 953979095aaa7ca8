"""A teacher in an experiment: who learns which sentences, what is shared, and what is refused."""

import numpy as np
import pytest

from stance.classifiers import distillation
from stance.classifiers.calibration import calibrate
from stance.classifiers.distillation import fit_teacher, teach
from stance.classifiers.model_files import load_model
from stance.classifiers.registry import make_classifier
from stance.core.errors import InputError
from stance.data.corpora import X_COLUMNS, load_corpus
from stance.data.splits import make_folds
from stance.running.experiments import read_experiment
from stance.running.plan import make_plan
from stance.running.runner import run
from stance.running.store import Store
from stance.running.tasks import cell_tasks, write_tables
from stance.running.teaching import training_sentences
from stance.running.worker import predict_cells
from tests.conftest import write_csv
from tests.tiny_encoder import HURRIED, make_encoder

TEACHER = {"class": "logistic_regression"}


def taught(student, teacher, train, unlabelled, model):
    """Return a student that a teacher taught."""
    fit_teacher(teacher, train, model)
    return teach(student, model, train, unlabelled)


@pytest.fixture
def own(tmp_path, sentences):
    """A corpus with splits: two sentences of three to learn, each in a group of two."""
    rows = [
        row | {"split": "test" if i % 3 == 0 else "train", "group": f"g{i // 2}"} for i, row in enumerate(sentences)
    ]
    return write_csv(tmp_path / "own.csv", rows)


@pytest.fixture
def more(tmp_path, sentences):
    """A corpus of the test's sentences and of others, whose labels are all the same."""
    rows = sentences[::3] + [row | {"text": row["text"].replace("Moscow", "Oman")} for row in sentences]
    return write_csv(tmp_path / "more.csv", [row | {"label": "none"} for row in rows[:-1]] + [rows[-1]])


@pytest.fixture
def spec(own, more):
    def make(**classifiers):
        tables = {name: {"teacher": TEACHER, "unlabelled": [str(more)]} | table for name, table in classifiers.items()}
        return {"corpora": [{"path": str(own), "scheme": "stance"}], "classifiers": tables, "timing": False}

    return make


def test_the_student_learns_what_the_teacher_says_of_sentences_that_are_not_tested(spec, own, tmp_path, monkeypatch):
    seen = {}

    def spied(student, teacher, unlabelled, labelled, held_out):
        seen.update(unlabelled=unlabelled, learned=labelled[0], held_out=held_out[0])
        return original(student, teacher, unlabelled, labelled, held_out=held_out)

    original = distillation.distil
    monkeypatch.setattr(distillation, "distil", spied)
    store, plan = Store(tmp_path / "r"), make_plan(read_experiment(spec(fast={})))
    write_tables(store, plan)
    (task,) = cell_tasks(store, plan)
    assert predict_cells(task) == {}
    frame = load_corpus(own, "stance").frame
    told, learned, held_out = (set(seen[name]["text"]) for name in ("unlabelled", "learned", "held_out"))
    assert not told & set(frame["text"][frame["split"] == "test"])
    assert len(told) == 108
    assert not learned & held_out
    assert learned | held_out == set(frame["text"][frame["split"] == "train"])
    groups = [set(frame["group"][frame["text"].isin(part)]) for part in (learned, held_out)]
    assert not groups[0] & groups[1]
    assert len(groups[1]) == 6  # a tenth of 54
    predictions = store.read_predictions(task.outputs[0].key).to_pandas()
    assert (predictions["prediction"] == predictions["label"]).mean() > 0.9  # the labels of the others are not read


def test_a_run_teaches_as_the_function_does(spec, own, more, tmp_path):
    results = run(spec(fast={"n_bits": 12}), tmp_path / "r", progress=False)
    (cell,) = results.cells
    corpus = load_corpus(own, "stance")
    (fold,) = make_folds(corpus, "official")
    frame = corpus.frame
    others = training_sentences([load_corpus(more, "stance")])
    others = others[~others["text"].isin(frame["text"].iloc[fold.test])]
    student, teacher = make_classifier("fast", {"n_bits": 12}), make_classifier("logistic_regression")
    fitted = taught(student, teacher, frame.iloc[fold.train], others, tmp_path / "teacher.stance")
    predictions = Store(tmp_path / "r").read_predictions(cell.key).to_pandas()
    expected = fitted.predict_proba(frame[list(X_COLUMNS)].iloc[fold.test])
    for i, label in enumerate(fitted.classes_):
        assert predictions[f"probability_{label}"].to_numpy() == pytest.approx(expected[:, i], abs=1e-6)
    untaught = make_classifier("fast", {"n_bits": 12}).fit(frame.iloc[fold.train], frame["label"].iloc[fold.train])
    assert not np.allclose(*(one.decision_function(frame[list(X_COLUMNS)]) for one in (untaught, fitted)), atol=0.1)


def test_students_share_a_teacher_that_is_forgotten_at_the_end(spec, tmp_path, monkeypatch):
    fits = []
    learner = type(make_classifier("logistic_regression"))
    fit = learner.fit
    monkeypatch.setattr(learner, "fit", lambda self, *args, **kw: fits.append(len(args[0])) or fit(self, *args, **kw))
    store, plan = Store(tmp_path / "r"), make_plan(read_experiment(spec(fast={}, stance={})))
    write_tables(store, plan)
    for task in cell_tasks(store, plan):
        assert predict_cells(task) == {}
    assert len(fits) == 1
    assert len(list((tmp_path / "r" / "work").glob("*.stance"))) == 1
    run(spec(fast={}, stance={}), tmp_path / "r", progress=False)
    assert not list((tmp_path / "r" / "work").glob("*.stance"))


def test_a_cell_knows_its_teacher_and_what_it_was_taught_about(spec, own, more):
    def keys(**table):
        return [job.cell.key for job in make_plan(read_experiment(spec(fast=table)))]

    first = keys()
    assert keys() == first
    assert keys(teacher={"class": "logistic_regression", "C": 3.0}) != first
    more.write_text(more.read_text().replace("Oman", "Qatar"))
    assert keys() != first
    plain = {"corpora": [{"path": str(own), "scheme": "stance"}], "classifiers": {"fast": {}}}
    assert [job.cell.key for job in make_plan(read_experiment(plain))] != first


def test_probabilities_are_calibrated_on_what_was_not_learned_until_then(own, more, tmp_path):
    frame, teacher = load_corpus(own, "stance").frame, tmp_path / "teacher.stance"
    others = training_sentences([load_corpus(more, "stance")])
    students = [
        make_classifier("stance", {"char_ngrams": False, "calibrate": honest}) for honest in (True, False, False)
    ]
    for student in students[:2]:
        taught(student, make_classifier("logistic_regression"), frame, others, teacher)
    learned, kept = distillation._part(frame)
    half = distillation.distil(students[2], load_model(teacher), others, (learned[list(X_COLUMNS)], learned["label"]))
    codes = np.searchsorted(half.classes_, kept["label"].to_numpy(str))
    temperature, shares = calibrate(half.decision_function(kept), codes)
    assert students[0].temperature_ == temperature
    assert (students[0].shares_ == shares).all()
    assert students[1].temperature_ == 1.0
    assert (students[0].predict(frame) == students[1].predict(frame)).all()
    assert (half.decision_function(frame) != students[1].decision_function(frame)).any()


@pytest.mark.parametrize("student", ["fast", "complement_nb"])
def test_a_label_that_stands_in_what_is_kept_alone_is_left_out(student, own, more, tmp_path):
    frame = load_corpus(own, "stance").frame
    kept = frame["group"].isin(distillation._part(frame)[1]["group"])
    frame["label"] = frame["label"].where(kept | (frame["label"] != "none"), "favor")
    assert "none" in set(frame["label"])
    others = training_sentences([load_corpus(more, "stance")])
    fitted = taught(
        make_classifier(student), make_classifier("logistic_regression"), frame, others, tmp_path / "t.stance"
    )
    assert fitted.classes_.tolist() == ["against", "favor"]


def test_few_groups_are_all_learned(own, more, tmp_path):
    frame = load_corpus(own, "stance").frame.iloc[::13].assign(group="one")
    student = taught(make_classifier("fast"), make_classifier("logistic_regression"), frame,
                    training_sentences([load_corpus(more, "stance")]), tmp_path / "teacher.stance")  # fmt: skip
    assert set(student.predict(frame)) <= {"favor", "against", "none"}


def test_mentions_of_a_corpus_with_splits_are_its_training_sentences(own):
    corpus = load_corpus(own, "stance")
    found = training_sentences([corpus, corpus])
    assert found["text"].tolist() == corpus.frame["text"][corpus.frame["split"] == "train"].tolist()
    assert list(found) == list(X_COLUMNS)


def test_where_the_author_speaks_others_are_no_holders(tmp_path, sentences, monkeypatch):
    seen = []
    monkeypatch.setattr(distillation, "distil", lambda student, teacher, unlabelled, *_, **__: seen.append(unlabelled))
    rows = [row | {"holder": "author"} for row in sentences]
    mine = load_corpus(write_csv(tmp_path / "mine.csv", rows), "stance").frame
    both = [{"text": "Moscow and Tehran met.", "label": "none", "holder": who, "target": "Oman"} for who in
            ("Moscow", "Tehran")]  # fmt: skip
    theirs = training_sentences([load_corpus(write_csv(tmp_path / "theirs.csv", both), "stance")])
    assert len(theirs) == 2
    taught(make_classifier("fast"), make_classifier("logistic_regression"), mine, theirs, tmp_path / "t.stance")
    assert seen[0][["holder", "target"]].to_numpy().tolist() == [["author", "Oman"]]


def test_an_encoder_starts_from_its_teachers_layers(sentences, tmp_path):
    params = HURRIED | {"encoder": str(make_encoder(tmp_path / "tiny")), "epochs": 1, "n_jobs": 1}
    student, teacher, still = (make_classifier("encoder", params, "stance") for _ in range(3))
    frame = load_corpus(write_csv(tmp_path / "mine.csv", sentences), "stance").frame
    still.set_params(learning_rate=1e-12, head_learning_rate=1e-12, pool_early=True, n_layers=1)
    taught(still, teacher, frame, frame[list(X_COLUMNS)], tmp_path / "t.stance")
    before, after = load_model(tmp_path / "t.stance").model_.weights, still.model_.weights
    shared = [name for name in after if not name.startswith("head.")]
    assert all(np.allclose(before[name], after[name], atol=1e-6) for name in shared)
    assert not np.allclose(before[shared[0]], student.fit(frame, frame["label"]).model_.weights[shared[0]], atol=1e-6)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"teacher": "encoder"}, 'teacher: encoder names no classifier; write teacher = { class = "encoder" }'),
        ({"teacher": {"C": 1.0}}, "names no classifier"),
        ({"teacher": {"class": "linear_svm"}}, '"linear_svm" cannot teach'),
        ({"teacher": {"class": "vader"}}, '"vader" cannot teach'),
        ({"teacher": {"class": "stanze"}}, 'did you mean "stance"'),
        ({"teacher": {"class": "stance", "epoch": 3}}, 'unknown parameter "epoch"'),
        ({"teacher": None}, "teacher: None names no classifier"),
        ({"unlabelled": None}, "unlabelled: None is no list of corpora"),
        ({"unlabelled": []}, r"unlabelled: \[\] is no list of corpora"),
        ({"unlabelled": [3]}, "is no list of corpora"),
        ({"matrix": {"n_bits": [12, 13]}}, "matrix: is not chosen beside a teacher"),
    ],
)
def test_what_teaches_nothing_is_refused(table, words):
    full = {"teacher": {"class": "stance"}, "unlabelled": ["four_actors"]} | table
    with pytest.raises(InputError, match=words):
        read_experiment({"corpora": ["four_actors"], "classifiers": {"fast": full}})
