"""Model files: what is saved comes back, what is hostile or damaged is refused, and nothing runs."""

import os
import pickle
import random
import subprocess
import sys

import joblib
import numpy as np
import pytest
import skops.io
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC

from stance.classifiers import model_archives
from stance.classifiers.baselines import LinearSVMClassifier, SGDTextClassifier
from stance.classifiers.contract_task import answers
from stance.classifiers.model_files import load_model, save_model
from stance.classifiers.registry import CLASSIFIERS
from stance.classifiers.stance_classifier import StanceClassifier
from stance.core.errors import InputError, MissingDataError, StorageError


@pytest.fixture
def saved(svm, tmp_path):
    path = tmp_path / "model.stance"
    save_model(svm, path)
    return path


# What is saved comes back.


@pytest.mark.parametrize("scheme", ["stance", "sentiment", "directed"])
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_what_is_saved_answers_exactly_alike(name, scheme, fit_small, tmp_path):
    classifier, task = fit_small(name, scheme)
    save_model(classifier, tmp_path / "model.stance")
    loaded = load_model(tmp_path / "model.stance")
    assert loaded.get_params() == classifier.get_params()
    for X in (task.frame, task.texts, ["", "lone \ud800", "unknown words"]):
        for method, values in answers(classifier, X).items():
            assert np.array_equal(getattr(loaded, method)(X), values), method


def test_a_classifier_made_of_scikit_learn_s_parts_comes_back(svm, fit_small, tmp_path):
    _, task = fit_small("linear_svm")
    made = [
        make_pipeline(TfidfVectorizer(), LogisticRegression()),
        make_pipeline(TfidfVectorizer(token_pattern=r"\w+"), SGDClassifier(random_state=0)),
        CalibratedClassifierCV(LinearSVMClassifier(), cv=2),
        StanceClassifier(estimator=SGDClassifier(loss="log_loss", random_state=0), polarity=False),
        *(SGDTextClassifier(loss=loss) for loss in ("log_loss", "squared_hinge", "huber", "epsilon_insensitive")),
    ]
    texts = [*task.texts, "__loader__ __id__ file"] * 2
    for classifier in made:
        classifier.fit(texts, [*task.y, "none"] * 2)
        save_model(classifier, tmp_path / "model.stance")
        assert np.array_equal(load_model(tmp_path / "model.stance").predict(texts), classifier.predict(texts))


@pytest.mark.parametrize("name", ["linear_svm", "sgd", "gradient_boosting", "stance"])
def test_the_same_classifier_gives_the_same_bytes(name, fit_small, tmp_path):
    one, two, three = (tmp_path / f"{i}.stance" for i in range(3))
    save_model(fit_small(name)[0], one)
    save_model(fit_small(name)[0], two)
    save_model(load_model(one), three)
    assert one.read_bytes() == two.read_bytes() == three.read_bytes()


# What cannot be saved.


class Mine(LogisticRegression):
    pass


@pytest.mark.parametrize(
    ("classifier", "named"),
    [
        (StanceClassifier(estimator=Mine()), "Mine"),
        (StanceClassifier(estimator=SVC()), "sklearn.svm._classes.SVC"),
        (GridSearchCV(LinearSVMClassifier(), {}, cv=2), "GridSearchCV"),
        (
            make_pipeline(FunctionTransformer(lambda x: x), TfidfVectorizer(), LogisticRegression()),
            "<lambda>",
        ),
        (
            make_pipeline(TfidfVectorizer(tokenizer=str.split, token_pattern=None), Mine()),
            "method_descriptor",
        ),
    ],
    ids=["own", "svc", "search", "lambda", "unsaveable"],
)
def test_a_type_outside_the_list_is_named_and_the_old_file_stays(classifier, named, saved, fit_small):
    before = saved.read_bytes()
    _, task = fit_small("linear_svm")
    classifier.fit(task.texts, task.y)
    with pytest.raises(InputError, match="not saved") as caught:
        save_model(classifier, saved)
    assert named in str(caught.value)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_what_could_not_be_loaded_is_not_saved(svm, saved):
    before = saved.read_bytes()
    svm.model_[-1].coef_[0, 0] = np.nan
    with pytest.raises(InputError, match="not finite"):
        save_model(svm, saved)
    assert saved.read_bytes() == before


def test_a_disk_that_fails_leaves_the_old_file(svm, saved, monkeypatch):
    def full(handle):
        raise OSError(28, "No space left on device")

    before = saved.read_bytes()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        save_model(svm, saved)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_an_unfitted_classifier_is_not_saved(tmp_path):
    with pytest.raises(NotFittedError):
        save_model(StanceClassifier(), tmp_path / "model.stance")


def test_a_file_that_is_not_there_is_missing(tmp_path):
    with pytest.raises(MissingDataError, match="no such model file"):
        load_model(tmp_path / "none.stance")
    with pytest.raises(MissingDataError):
        load_model(tmp_path)


# Damage.


def test_no_flipped_bit_is_silent(saved, refused):
    data = saved.read_bytes()
    draw = random.Random(0)
    for _ in range(300):
        at = draw.randrange(len(data) * 8)
        flipped = bytearray(data)
        flipped[at // 8] ^= 1 << at % 8
        saved.write_bytes(flipped)
        refused(saved)


def test_no_truncation_is_silent(saved, refused):
    data = saved.read_bytes()
    for length in {*range(0, len(data), len(data) // 64), *range(1, 90), *range(len(data) - 90, len(data))}:
        saved.write_bytes(data[:length])
        refused(saved)
    saved.write_bytes(data + b"\0")
    refused(saved)


# Files of another kind.


class Canary:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("kind", ["pickle", "joblib", "npy", "zip", "text", "skops"])
def test_another_kind_of_file_is_refused_and_runs_nothing(kind, svm, tmp_path, refused):
    path, canary = tmp_path / "model.stance", tmp_path / "ran"
    if kind == "pickle":
        path.write_bytes(pickle.dumps(Canary(canary)))
    elif kind == "joblib":
        joblib.dump(Canary(canary), path)
    elif kind == "npy":
        with path.open("wb") as file:
            np.save(file, np.array([Canary(canary)], dtype=object))
    elif kind == "zip":
        model_archives.write_archive(path, [("a", b"b")], compress=True)
    elif kind == "text":
        path.write_text("no model\n" * 100)
    else:
        path.write_bytes(skops.io.dumps(svm))
    refused(path)
    assert not canary.exists()


def test_skops_looks_for_no_ufuncs_and_leaves_others_as_they_were():
    code = """
import numpy, scipy.special, sklearn.utils
before = dir(numpy), dir(scipy.special), sklearn.utils.all_estimators
import stance.classifiers.skops_io
assert (dir(numpy), dir(scipy.special), sklearn.utils.all_estimators) == before
from skops.io import _general
assert _general.NUMPY_UFUNC_TYPE_NAMES == _general.SCIPY_UFUNC_TYPE_NAMES == []
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
