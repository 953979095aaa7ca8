"""What the tests of the classifiers share: one thread each, a small task, and a forger of model files."""

import io
import json
import zipfile

import pytest
import skops.io
from threadpoolctl import threadpool_limits

from stance.classifiers import model_archives, model_files
from stance.classifiers.contract_task import make_task
from stance.classifiers.model_files import load_model
from stance.classifiers.registry import make_classifier
from stance.core.errors import RefusedFileError
from tests.tiny_encoder import HURRIED, make_encoder

# Trees spin their threads while they wait: on two busy cores a fit of 0.15 s takes 2 s.
SMALL = {"gradient_boosting": {"max_iter": 4, "n_components": 4}, "stance": {"epochs": 10}, "fast": {"epochs": 10}}


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory):
    """A folder with a random encoder."""
    return make_encoder(tmp_path_factory.mktemp("encoder") / "tiny")


@pytest.fixture(scope="session")
def maker(request):
    """Return a function: name and scheme to a function that makes the classifier, small enough for tests."""

    def make(name, scheme="stance", **params):
        small = SMALL.get(name, {})
        if name == "encoder":
            small = HURRIED | {"encoder": str(request.getfixturevalue("tiny_encoder"))}
        return lambda: make_classifier(name, small | params, scheme=scheme)

    return make


@pytest.fixture(scope="session")
def fit_small(maker):
    """Return a function: name and scheme to a fitted classifier and its task."""

    def fit(name, scheme="stance", **params):
        make = maker(name, scheme, **params)
        task = make_task(make)
        return make().fit(task.frame, task.y), task

    return fit


@pytest.fixture
def svm(fit_small):
    """A fitted classifier."""
    return fit_small("linear_svm")[0]


@pytest.fixture
def path(tmp_path):
    """Where a model file is to lie."""
    return tmp_path / "model.stance"


@pytest.fixture(scope="session")
def write():
    """Return a function that writes a model file whose hashes are right, whatever else is wrong with it."""

    def write(path, manifest, state, extra=()):
        members = [("manifest.json", json.dumps(manifest).encode()), ("estimator.skops", state), *extra]
        model_archives.write_archive(path, members, compress=True)
        model_archives.seal(path)
        return path

    return write


@pytest.fixture(scope="session")
def forge(write):
    """Return a function that saves a classifier past every check, changed on the way.

    `schema` changes skops' schema, `members` the arrays beside it; other keywords go into the manifest.
    """

    def forge(path, classifier, *, schema=None, members=None, **manifest):
        state, made = model_archives.tidy_state(skops.io.dumps(classifier))
        with zipfile.ZipFile(io.BytesIO(state)) as archive:
            held = {name: archive.read(name) for name in archive.namelist()}
        changed = schema(made) if schema else None
        made = made if changed is None else changed
        held["schema.json"] = made if isinstance(made, bytes) else json.dumps(made).encode()
        inner = io.BytesIO()
        model_archives.write_archive(inner, (members(held) if members else held).items(), compress=True)
        said = model_files._manifest(classifier, inner.getvalue()) if "smoke" not in manifest else {}
        return write(path, (said or _said(classifier, inner.getvalue())) | manifest, inner.getvalue())

    return forge


def _said(classifier, state):
    """Return the manifest of a classifier that cannot be asked any more."""
    classes = classifier.classes_
    asked = type("Asked", (), {"classes_": classes, "predict": lambda self, X: ["none"] * len(X)})()
    return model_files._manifest(asked, state) | {"class": model_files._class_of(classifier)}


@pytest.fixture(scope="session")
def refused():
    """Return a function that expects a file to be refused, in words."""

    def refused(path, *words):
        with pytest.raises(RefusedFileError) as caught:
            load_model(path)
        assert caught.value.exit_code == 5
        assert str(caught.value).startswith(f"{path}: refused: ")
        reason = str(caught.value).removeprefix(f"{path}: refused: ")
        assert all(word in reason for word in words), reason

    return refused
