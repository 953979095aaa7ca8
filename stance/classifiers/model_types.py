"""The types that a model file may hold: a fixed list, never asked of the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stance.classifiers.registry import CLASSIFIERS
from stance.core.errors import show

MAX_DEPTH = 100
_SKLEARN = """
calibration.CalibratedClassifierCV calibration._CalibratedClassifier calibration._SigmoidCalibration
compose._column_transformer.ColumnTransformer compose._column_transformer._RemainderColsList
decomposition._truncated_svd.TruncatedSVD dummy.DummyClassifier ensemble._voting.VotingClassifier
ensemble._hist_gradient_boosting.binning._BinMapper
ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier
ensemble._hist_gradient_boosting.predictor.TreePredictor
feature_extraction.text.CountVectorizer feature_extraction.text.HashingVectorizer
feature_extraction.text.TfidfTransformer feature_extraction.text.TfidfVectorizer
linear_model._logistic.LogisticRegression linear_model._perceptron.Perceptron
linear_model._ridge.RidgeClassifier linear_model._stochastic_gradient.SGDClassifier
naive_bayes.BernoulliNB naive_bayes.ComplementNB naive_bayes.MultinomialNB
pipeline.FeatureUnion pipeline.Pipeline preprocessing._data.MaxAbsScaler preprocessing._data.Normalizer
preprocessing._data.StandardScaler preprocessing._function_transformer.FunctionTransformer
preprocessing._label.LabelBinarizer preprocessing._label.LabelEncoder svm._classes.LinearSVC
utils._bunch.Bunch _loss.link.Interval _loss.link.LogitLink _loss.link.MultinomialLogit
_loss.loss.HalfBinomialLoss _loss.loss.HalfMultinomialLoss
"""
_LOSSES = """
linear_model._sgd_fast.EpsilonInsensitive linear_model._sgd_fast.Hinge linear_model._sgd_fast.Huber
linear_model._sgd_fast.Log linear_model._sgd_fast.ModifiedHuber
linear_model._sgd_fast.SquaredEpsilonInsensitive linear_model._sgd_fast.SquaredHinge
linear_model._sgd_fast.SquaredLoss _loss._loss.CyHalfBinomialLoss _loss._loss.CyHalfMultinomialLoss
_loss._loss.CyHalfSquaredError _loss._loss.CyHuberLoss
"""
_OURS = {path.replace(":", ".") for name, path in CLASSIFIERS.items() if name != "encoder"} | {
    "stance.classifiers.baselines.Components",
    "stance.classifiers.dummies.DrawnLabels",
    "stance.classifiers.hashed_linear.HashedLinear",
    "stance.classifiers.linear_descent.LinearDescent",
    "stance.classifiers.segment_features.SegmentFeatures",
    "stance.text.hashed_ngrams.HashedNgrams",
    "stance.text.ngrams.Ngrams",
}
_PLAIN = "bool bool_ float32 float64 int32 int64 str_ uint32 uint64"
_NUMBERS = {f"numpy.{name}" for name in _PLAIN.split()}
# By skops' loader: what may stand behind it. A loader that is not here (methods, partials, sparse
# matrices with a zip of their own inside, constructors to be called) is refused whatever it loads.
ALLOWED = {
    "DictNode": {"builtins.dict"},
    "FunctionNode": {
        "stance.classifiers.dummies.draw_texts",
        "stance.text.gist.count_meanings",
        "stance.text.gist.name_meanings",
        "stance.text.polarity.name_polarities",
        "stance.text.polarity.polarities",
    },
    "JsonNode": {"builtins.str"},
    "ListNode": {"builtins.list"},
    "LossNode": {f"sklearn.{name}" for name in _LOSSES.split()},
    "NdArrayNode": {"numpy.ndarray"} | _NUMBERS,
    "ObjectNode": _OURS | {f"sklearn.{name}" for name in _SKLEARN.split()},
    "RandomGeneratorNode": {"numpy.random._generator.Generator"},
    "SetNode": {"builtins.set"},
    "SliceNode": {"builtins.slice"},
    "TupleNode": {"builtins.tuple"},
    "TypeNode": {f"builtins.{name}" for name in ("bool", "float", "int", "str")} | _NUMBERS,
}
TRUSTED = sorted(ALLOWED["ObjectNode"] | ALLOWED["LossNode"] | ALLOWED["FunctionNode"])


class UnsafeError(ValueError):
    """The reason why a model file is refused."""


def find_nodes(schema: object) -> Iterator[dict[str, Any]]:
    """Yield the nodes of skops' schema, each a mapping with ``__loader__``, ``__module__``, ``__class__``.

    Raises
    ------
    UnsafeError
        If the schema is nested deeper than any classifier is.

    Examples
    --------
    >>> schema = {"__loader__": "ListNode", "content": [{"__loader__": "JsonNode", "content": "1"}]}
    >>> [node["__loader__"] for node in find_nodes(schema)]
    ['ListNode', 'JsonNode']
    """
    waiting = [(schema, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise UnsafeError(f"its schema is nested deeper than {MAX_DEPTH}")
        if isinstance(value, dict):
            # A vocabulary may hold the word "__loader__": there, it is no text but a node.
            if isinstance(value.get("__loader__"), str):
                yield value
            waiting += [(child, depth + 1) for child in reversed(value.values())]
        elif isinstance(value, list):
            waiting += [(child, depth + 1) for child in reversed(value)]


def find_strange_types(schema: object) -> list[str]:
    """Return the names of the types in a schema that are not on the list, sorted.

    Examples
    --------
    >>> find_strange_types({"__loader__": "FunctionNode", "__module__": "os", "__class__": "system"})
    ['os.system']
    """
    strange = set()
    for node in find_nodes(schema):
        name = f"{node.get('__module__')}.{node.get('__class__')}"
        if name not in ALLOWED.get(node["__loader__"], ()):
            strange.add(show(name, 200))
    return sorted(strange)
