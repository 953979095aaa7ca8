"""Distillation: the student is fitted to the teacher's distribution."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from stance.__main__ import main
from stance.classifiers.baselines import LinearSVMClassifier, LogisticRegressionClassifier
from stance.classifiers.calibration import calibrate
from stance.classifiers.distillation import distil
from stance.classifiers.fast import FastStanceClassifier
from stance.classifiers.model_files import load_model, save_model
from stance.classifiers.stance_classifier import StanceClassifier
from stance.core.errors import InputError
from stance.data.corpora import X_COLUMNS, load_corpus

TEXTS = ["we back it", "we scold it", "we met", "we back and scold it"]


class Teacher:
    """Says what it is told to."""

    scheme = "stance"
    classes_ = np.array(["against", "favor", "none"])

    def __init__(self, probabilities):
        self.probabilities = np.asarray(probabilities, dtype=float)

    def predict_proba(self, X):
        return self.probabilities[: len(X)]


class Student:
    """Keeps what it is taught."""

    scheme = "stance"

    def fit(self, X, y, sample_weight):
        self.taught = list(zip(X["text"], y, sample_weight, strict=True))


def test_each_label_weighs_what_the_teacher_gives_it():
    teacher = Teacher([[0.7, 0.3, 0.0], [0.01, 0.0, 0.99]])
    frame = pd.DataFrame({"text": TEXTS[:2]})
    taught = distil(Student(), teacher, frame, (pd.DataFrame({"text": ["gold"]}), ["none"]), weight=0.5).taught
    assert taught == [
        ("gold", "against", 0.35),
        ("gold", "favor", 0.15),
        ("gold", "none", 0.5),
        ("we back it", "against", 0.35),
        ("we back it", "favor", 0.15),
        ("we scold it", "none", 0.495),
    ]


class OneOfTheirs(LogisticRegressionClassifier):
    """A student with a parameter of the same name as ours, and no temperature."""

    calibrate = True


def test_a_student_that_has_no_temperature_is_given_none():
    teacher = LogisticRegressionClassifier().fit(TEXTS[:3], ["favor", "against", "none"])
    frame, held_out = pd.DataFrame({"text": TEXTS}), (pd.DataFrame({"text": TEXTS[:2]}), ["favor", "against"])
    student = distil(OneOfTheirs(), teacher, frame, held_out=held_out)
    assert not hasattr(student, "temperature_")
    assert student.classes_.tolist() == ["against", "favor", "none"]


class SoftStudent:
    """Keeps what it is taught by probabilities."""

    scheme = "stance"

    def fit_soft(self, X, probabilities, classes, held_out):
        self.taught = list(zip(X["text"], probabilities.tolist(), strict=True)), classes, held_out


def test_a_student_of_probabilities_is_told_labels_and_what_the_teacher_says_of_them():
    teacher = Teacher([[0.7, 0.3, 0.0], [0.0, 0.0, 1.0]])
    labelled = pd.DataFrame({"text": ["gold", "silver"]}), ["none", "favor"]
    held_out = pd.DataFrame({"text": ["kept"]}), ["favor"]
    student = distil(SoftStudent(), teacher, pd.DataFrame({"text": TEXTS[:1]}), labelled, held_out=held_out)
    assert student.taught == (
        [("gold", [0.35, 0.15, 0.5]), ("silver", [0.0, 0.5, 0.5]), (TEXTS[0], [0.7, 0.3, 0.0])],
        ["against", "favor", "none"],
        held_out,
    )


@pytest.mark.parametrize("student", [Student, SoftStudent])
def test_a_label_that_the_teacher_never_learned_is_refused(student):
    teacher, labelled = Teacher([[0.7, 0.3, 0.0]] * 2), (pd.DataFrame({"text": TEXTS[:2]}), ["none", "neutral"])
    with pytest.raises(InputError, match='the label "neutral", which the teacher does not know; take one that'):
        distil(student(), teacher, pd.DataFrame({"text": TEXTS[:1]}), labelled)


def test_held_out_sentences_calibrate_and_are_learned_thereafter(monkeypatch):
    frame = load_corpus("four_actors", scheme="stance").frame[::16]
    X, y = frame[list(X_COLUMNS)], frame["label"].to_numpy()
    teacher = LogisticRegressionClassifier().fit(X[:70], y[:70])
    known, taught = [], []
    fit = FastStanceClassifier.fit
    monkeypatch.setattr(
        FastStanceClassifier,
        "fit",
        lambda self, X, *args, **kw: (known.append(set(X["text"])), fit(self, X, *args, **kw))[1],
    )
    for held_out in (None, (X[70:110], y[70:110])):
        student = FastStanceClassifier(n_bits=14)
        taught.append(distil(student, teacher, X[110:], (X[:70], y[:70]), held_out=held_out))
    assert [len(texts) for texts in known] == [len(set(X["text"][:70]) | set(X["text"][110:]))] * 2 + [
        X["text"].nunique()
    ]
    asked = taught[0].set_params(calibrate=False)
    codes = np.searchsorted(asked.classes_, y[70:110].astype(str))
    temperature, shares = calibrate(asked.decision_function(X[70:110]), codes)
    assert taught[1].temperature_ == pytest.approx(temperature)
    assert taught[1].shares_ == pytest.approx(shares)
    assert taught[1].calibrate


def test_sure_labels_teach_what_labels_do():
    teacher = Teacher(np.eye(3)[[1, 0, 2, 1]])
    frame = pd.DataFrame({"text": TEXTS})
    taught = distil(LogisticRegressionClassifier(), teacher, frame)
    plain = LogisticRegressionClassifier().fit(TEXTS, teacher.classes_[[1, 0, 2, 1]].astype(object))
    assert taught.predict_proba(TEXTS) == pytest.approx(plain.predict_proba(TEXTS), abs=1e-4)


@pytest.mark.slow
def test_a_student_learns_from_what_it_could_not_read_alone():
    frame = load_corpus("four_actors", scheme="stance").frame
    train, dev = frame[frame["split"] == "train"], frame[frame["split"] == "dev"]
    teacher = StanceClassifier(char_ngrams=False).fit(train, train["label"])
    few, rest = train[:150], train[150:].drop(columns=["label"])
    alone = StanceClassifier(char_ngrams=False).fit(few, few["label"])
    taught = distil(StanceClassifier(char_ngrams=False), teacher, rest, (few, few["label"]))
    scores = [f1_score(dev["label"], one.predict(dev), average="macro") for one in (alone, taught)]
    assert scores[1] > scores[0] + 0.05


@pytest.mark.parametrize(
    ("student", "teacher", "frame", "weight", "said"),
    [
        (Student(), LinearSVMClassifier(), TEXTS, 1, "gives no probabilities"),
        (LogisticRegressionClassifier(scheme="sentiment"), Teacher([[1, 0, 0]]), TEXTS, 1, "the student's scheme"),
        (Student(), Teacher([[1, 0, 0]]), [], 1, "no unlabelled sentence"),
        (Student(), Teacher([[1, 0, 0]] * 4), TEXTS, 0, "weight is 0"),
        (Student(), Teacher([[1, 0, 0]] * 4), TEXTS, float("nan"), "weight is nan"),
    ],
)
def test_what_cannot_be_distilled_says_why(student, teacher, frame, weight, said):
    with pytest.raises(InputError, match=said):
        distil(student, teacher, pd.DataFrame({"text": frame}), weight=weight)


def test_the_command_line_trains_with_a_teacher(tmp_path, capsys):
    frame = load_corpus("four_actors", scheme="stance").frame[::12]
    X = frame[list(X_COLUMNS)]
    save_model(LogisticRegressionClassifier().fit(X, frame["label"]), tmp_path / "teacher.stance")
    frame[["text", "holder", "target"]].to_csv(tmp_path / "more.csv", index=False)
    train = ["train", "four_actors", "--scheme", "stance", "--classifier", "logistic_regression"]
    taught = ["--teacher", str(tmp_path / "teacher.stance"), "--unlabelled", str(tmp_path / "more.csv")]
    main([*train, "-o", str(tmp_path / "student.stance"), *taught])
    assert f"and {len(frame):,} that the teacher labelled" in capsys.readouterr().out
    assert len(load_model(tmp_path / "student.stance").predict(X)) == len(X)
    with pytest.raises(SystemExit) as stop:
        main([*train, "-o", str(tmp_path / "student.stance"), *taught[:2]])
    assert stop.value.code == 2
    assert "--unlabelled" in capsys.readouterr().err
