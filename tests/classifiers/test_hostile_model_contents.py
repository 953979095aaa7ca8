"""Model files whose content was made to hurt: nodes of skops' schema, and numbers that compiled code trusts."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from stance.classifiers import model_archives
from stance.classifiers.model_types import find_nodes

CANARY = Path("/tmp/stance_was_here")


@pytest.fixture(autouse=True)
def _nothing_runs():
    yield
    assert not CANARY.exists()


def node(loader, module, name, **more):
    return {"__loader__": loader, "__module__": module, "__class__": name, **more}


def listed(*nodes):
    return node("ListNode", "builtins", "list", content=list(nodes))


def said(value):
    return node("JsonNode", "builtins", "str", content=json.dumps(value), is_json=True)


def table(**content):
    keys = listed(*(node("TypeNode", "builtins", "str") for _ in content))
    return node("DictNode", "builtins", "dict", content=content, key_types=keys)


def attributes(schema):
    return schema["content"]["content"]


def inject(strange):
    """Return a change of the schema: the parameter `C` becomes a node of the attacker's."""

    def change(schema):
        attributes(schema)["C"] = strange

    return change


DEEP = said(1)
for _ in range(50):
    DEEP = listed(DEEP)
TOUCH = said("touch /tmp/stance_was_here")
ARGUMENTS = node("TupleNode", "builtins", "tuple", content=[TOUCH])
NOTHING = node("TupleNode", "builtins", "tuple", content=[])


@pytest.mark.parametrize(
    ("strange", "named"),
    [
        (node("FunctionNode", "os", "system"), "os.system"),
        (node("FunctionNode", "builtins", "eval"), "builtins.eval"),
        (node("TypeNode", "builtins", "exec"), "builtins.exec"),
        (node("TypeNode", "subprocess", "Popen"), "subprocess.Popen"),
        (node("FunctionNode", "skops.io._persist", "loads"), "skops.io._persist.loads"),
        (node("FunctionNode", "numpy", "exp"), "numpy.exp"),
        (
            node("MethodNode", "builtins", "str", content={"func": "__class__", "obj": said("x")}),
            "builtins.str",
        ),
        (node("OperatorFuncNode", "operator", "methodcaller", attrs=ARGUMENTS), "operator.methodcaller"),
        (node("OperatorFuncNode", "builtins", "str", attrs=ARGUMENTS), "builtins.str"),
        (
            node(
                "PartialNode",
                "functools",
                "partial",
                content={
                    "func": node("FunctionNode", "os", "system"),
                    "args": ARGUMENTS,
                    "kwds": table(),
                    "namespace": said(None),
                },
            ),
            "functools.partial",
        ),
        (node("ConstructorFromReduceNode", "os", "system", content=ARGUMENTS), "os.system"),
        (
            node("ConstructorFromReduceNode", "stance.text.ngrams", "Ngrams", content=NOTHING),
            "stance.text.ngrams.Ngrams",
        ),
        (node("NoSuchNode", "builtins", "str"), "builtins.str"),
        (node("CachedNode", "builtins", "str", __id__=12345), "may stand for another"),
        (
            node("SparseMatrixNode", "scipy.sparse._csr", "csr_matrix", type="scipy", file="0.npy"),
            "csr_matrix",
        ),
        (node("BytesNode", "builtins", "bytes", file="0.npy"), "builtins.bytes"),
        (node("ObjectNode", "sklearn.svm._classes", "SVC", content=table()), "sklearn.svm._classes.SVC"),
        (node("TreeNode", "sklearn.tree._tree", "Tree"), "sklearn.tree._tree.Tree"),
        (node("ListNode", "stance.text.ngrams", "Ngrams", content=[]), "stance.text.ngrams.Ngrams"),
        (listed(said(1)) | {"__id__": 7}, "may stand for another"),
        (node("NdArrayNode", "numpy", "ndarray", type="numpy", file="../../etc/passwd"), "../../etc/passwd"),
        (DEEP, "deeper than 100"),
    ],
)
def test_a_strange_node_is_refused_by_name(strange, named, svm, path, forge, refused):
    refused(forge(path, svm, schema=inject(strange)), named)


@pytest.mark.parametrize(
    "schema",
    [
        *(b"{}", b"[]", b"null", b"", b"{", b"\xff\xfe"),
        *(b'{"content":' * depth + b"1" + b"}" * depth for depth in (900, 3_000, 200_000)),
        b"[" * 200_000,
    ],
)
def test_a_schema_that_is_none_is_refused(schema, svm, path, forge, refused):
    refused(forge(path, svm, schema=lambda _: schema))


def deepen(text):
    def change(schema):
        attributes(schema)["C"] = {**said(1), "content": text}

    return change


def test_a_value_that_is_nested_without_end_is_refused(svm, path, forge, refused):
    refused(forge(path, svm, schema=deepen("[" * 200_000 + "]" * 200_000)), "RecursionError")


def test_an_array_asked_for_again_and_again_is_refused(svm, path, monkeypatch, forge, refused):
    monkeypatch.setattr(model_archives, "MAX_STATE_BYTES", 1 << 20)
    array = node("NdArrayNode", "numpy", "ndarray", type="numpy", file="0.npy")
    refused(forge(path, svm, schema=inject(listed(*[array] * 9000))), "asks for more than")


def test_a_label_outside_the_scheme_is_refused(svm, path, forge, refused):
    svm.classes_ = np.array(["<script>alert(1)</script>", *svm.classes_[1:]])
    refused(forge(path, svm), "<script>", 'not of the scheme "stance"')


# Weights and indices that compiled code would follow anywhere.


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["linear_svm", "sgd", "complement_nb", "logistic_regression", "stance"])
def test_weights_that_are_not_finite_are_refused(name, bad, fit_small, path, forge, refused):
    classifier, _ = fit_small(name)
    weights = "feature_log_prob_" if name == "complement_nb" else "coef_"
    getattr(classifier.model_[-1], weights)[0, 0] = bad
    refused(forge(path, classifier, smoke=["none"] * 3), "not finite")


@pytest.mark.parametrize("name", ["stance", "fast"])
@pytest.mark.parametrize(
    ("attribute", "value", "said"),
    [
        ("temperature_", -1.0, "temperature is no positive number"),
        ("temperature_", np.inf, "temperature is no positive number"),
        ("temperature_", "1", "temperature is no positive number"),
        ("shares_", np.array([0.5, 0.2, 0.2]), "shares"),
        ("shares_", np.array([2.0, -0.5, -0.5]), "shares"),
        ("shares_", np.full(2, 0.5), "shares"),
        ("shares_", [0.0, 1.0, 0.0], "shares"),
    ],
)
def test_a_calibration_that_is_none_is_refused(name, attribute, value, said, fit_small, path, forge, refused):
    classifier, _ = fit_small(name)
    setattr(classifier, attribute, value)
    refused(forge(path, classifier, smoke=["none"] * 3), said)


def test_weights_of_a_wrong_shape_are_refused(svm, path, forge, refused):
    learner = svm.model_[-1]
    learner.coef_ = np.vstack([learner.coef_, learner.coef_])
    learner.intercept_ = np.hstack([learner.intercept_] * 2)
    refused(forge(path, svm, smoke=["none"] * 3), "shape (6,")


@pytest.mark.parametrize("columns", [[-1], [10**9], [1]], ids=["negative", "beyond", "twice"])
def test_a_vocabulary_that_points_elsewhere_is_refused(columns, fit_small, path, forge, refused):
    _, task = fit_small("linear_svm")
    classifier = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(task.texts, task.y)
    vocabulary = classifier[0].vocabulary_
    vocabulary["moscow"] = columns[0] if vocabulary["moscow"] != columns[0] else 2
    refused(forge(path, classifier, smoke=["none"] * 3), "does not number its terms")


def test_a_packed_vocabulary_with_a_term_twice_is_refused(svm, path, forge, refused):
    ngrams = svm.model_[0]
    packed = ngrams.__getstate__()["packed_vocabulary"].tobytes()
    terms = packed.split(b"\n")
    blob = np.frombuffer(b"\n".join([terms[1], *terms[1:]]), np.uint8)

    def members(held):
        name = next(n for n, data in held.items() if data.endswith(packed))
        buffer = io.BytesIO()
        np.save(buffer, blob)
        return held | {name: buffer.getvalue()}

    refused(forge(path, svm, members=members), "does not number its terms")


def test_a_vectoriser_that_would_open_files_is_refused(svm, path, forge, refused):
    svm.model_[0].input = "filename"
    refused(forge(path, svm, smoke=["none"] * 3), "read files")


def test_an_attribute_that_hides_a_method_is_refused(svm, path, forge, refused):
    def change(schema):
        attributes(schema)["predict"] = said("favor")
        attributes(schema)["__dict__keys"] = said(1)
        keys = schema["content"]["key_types"]["content"]
        keys += [node("TypeNode", "builtins", "str")] * 2

    refused(forge(path, svm, schema=change), "predict is a method")


def tree_of(classifier):
    return next(t.nodes for trees in classifier.model_[-1]._predictors for t in trees if len(t.nodes) > 1)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("left", 10**6, "points outside"),
        ("right", 4_000_000_000, "points outside"),
        ("left", 0, "points outside"),
        ("feature_idx", -1, "points outside"),
        ("feature_idx", 10**9, "points outside"),
        ("is_categorical", 1, "categories"),
        ("value", np.nan, "not finite"),
    ],
)
def test_a_tree_that_leaves_itself_is_refused(field, value, words, fit_small, path, forge, refused):
    classifier, _ = fit_small("gradient_boosting")
    tree_of(classifier)[field][0] = value
    refused(forge(path, classifier, smoke=["none"] * 3), words)


def test_trees_half_fitted_are_refused(fit_small, path, forge, refused):
    classifier, _ = fit_small("gradient_boosting")
    classifier.model_[-1]._in_fit = True
    refused(forge(path, classifier, smoke=["none"] * 3), "half fitted")
    classifier.model_[-1]._in_fit = False
    classifier.model_[-1]._predictors[0].pop()
    refused(forge(path, classifier, smoke=["none"] * 3), "lacks a tree")


def test_nodes_are_found_in_any_vocabulary():
    schema = table(__loader__=said(0), __id__=said(1), file=said(2))
    assert len(list(find_nodes(schema))) == 8
