"""Classifiers by name, and a user's own by ``module:Class``."""

import sys

import pytest
from sklearn.base import clone

from stance.classifiers.registry import CLASSIFIERS, get_class, make_classifier, uses_seed
from stance.core.errors import InputError

OWN = """
from stance.classifiers.baselines import LinearSVMClassifier

class Mine(LinearSVMClassifier):
    pass

class Wants(LinearSVMClassifier):
    def __init__(self, what):
        self.what = what

def function(): pass
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A module of a user's own, and one that cannot be imported."""
    (tmp_path / "own_models_of_a_test.py").write_text(OWN)
    (tmp_path / "own_broken_module_of_a_test.py").write_text("def f(:\n")
    (tmp_path / "own_raising_module_of_a_test.py").write_text("raise RuntimeError('no GPU')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "own_models_of_a_test"
    sys.modules.pop("own_models_of_a_test", None)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_each_is_made_with_scheme_and_seed(name):
    made = make_classifier(name, scheme="sentiment", seed=3)
    assert made.scheme == "sentiment"
    assert uses_seed(made) == ("random_state" in made.get_params())
    if uses_seed(made):
        assert made.random_state == 3
    assert repr(clone(made)) == repr(made)
    assert CLASSIFIERS[name] == f"{type(made).__module__}:{type(made).__name__}"


def test_lists_from_a_file_become_tuples():
    assert make_classifier("linear_svm", {"word_ngrams": [1, 3]}).word_ngrams == (1, 3)


def test_a_parameter_s_own_scheme_counts_more():
    assert make_classifier("majority", {"scheme": "directed"}, scheme="stance").scheme == "directed"


def test_your_own(own):
    assert get_class(f"{own}:Mine").__name__ == "Mine"
    assert make_classifier(f"{own}:Mine", {"C": 2.0}, scheme="sentiment").C == 2.0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("linear_svn", 'classifier "linear_svn" is not known.*did you mean "linear_svm"'),
        ("", "is not known"),
        ("own_models_of_a_test:Nobody", "cannot be imported.*Nobody"),
        ("own_models_of_a_test:function", "is no class with fit and predict"),
        ("own_models_of_a_test:Wants", "wants parameters without a default.*what"),
        ("own_broken_module_of_a_test:Mine", "cannot be imported"),
        ("own_raising_module_of_a_test:Mine", "cannot be imported: no GPU"),
        ("no_such_module_of_a_test:Mine", "cannot be imported"),
        (":Mine", "cannot be imported"),
        ("os:path", "is no class"),
    ],
)
def test_what_is_no_classifier_is_named(name, message, own):
    with pytest.raises(InputError, match=message):
        make_classifier(name)


def test_an_unknown_parameter_is_named():
    with pytest.raises(InputError, match=r'unknown parameter "alhpa".*did you mean "alpha"'):
        make_classifier("sgd", {"alhpa": 1})


def test_a_text_is_neither_true_nor_false():
    with pytest.raises(InputError, match="mask_mentions is 'false'; true or false is wanted"):
        make_classifier("stance", {"mask_mentions": "false"})
    assert make_classifier("sklearn.linear_model:SGDClassifier", {"average": 10}).average == 10
