"""Model files of encoders: the same bytes for the same classifier; what is hostile or damaged is refused."""

import hashlib
import io
import json
import zipfile

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from stance.classifiers import encoder_sources, model_archives, model_files
from stance.classifiers.contract_task import make_task
from stance.classifiers.encoder_sources import MissingExtraError
from stance.classifiers.model_files import load_model, save_model
from stance.core.errors import InputError
from tests.tiny_encoder import need_torch


@pytest.fixture(scope="module")
def fitted(maker):
    need_torch()
    make = maker("encoder", n_jobs=1, epochs=1)
    task = make_task(make)
    return make().fit(task.frame, task.y)


@pytest.fixture
def members(fitted, path):
    """The members of a good file, as bytes by name."""
    save_model(fitted, path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def forge(members, path):
    """Return a function that writes a file with changed members whose hashes are right."""

    def forge(changes=None, *, compress=False, **manifest):
        held = members | (changes or {})
        hashes = {name: hashlib.sha256(data).hexdigest() for name, data in held.items() if name != "manifest.json"}
        said = json.loads(held.pop("manifest.json")) | {"sha256": hashes} | manifest
        model_archives.write_archive(
            path, [("manifest.json", json.dumps(said).encode()), *held.items()], compress=compress
        )
        model_archives.seal(path)
        return path

    return forge


def saved_weights(arrays):
    import safetensors.numpy

    return safetensors.numpy.save(arrays)


def changed(members, name, change):
    said = json.loads(members[name])
    change(said)
    return {name: json.dumps(said).encode()}


# What is saved.


def test_a_file_that_changes_nothing_loads(fitted, forge):
    assert load_model(forge()).get_params() == fitted.get_params()


def test_the_file_holds_no_code_and_the_same_bytes_every_time(fitted, path, tmp_path):
    save_model(fitted, path)
    save_model(load_model(path), tmp_path / "again.stance")
    assert path.read_bytes() == (tmp_path / "again.stance").read_bytes()
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["manifest.json", "config.json", "tokenizer.json", "weights.safetensors"]


def test_weights_that_are_not_finite_are_not_saved(fitted, path, maker):
    save_model(fitted, path)
    broken = load_model(path)
    broken.model_.network.head.bias.data[0] = float("nan")
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"not saved: .*head.bias has weights that are not finite"):
        save_model(broken, path)
    assert path.read_bytes() == before


def test_a_parameter_that_is_no_plain_value_is_named(fitted, path):
    save_model(fitted, path)
    strange = load_model(path).set_params(random_state=np.random.RandomState(0))
    with pytest.raises(InputError, match=r"model\.stance: not saved: a model file cannot hold random_state"):
        save_model(strange, path)


def test_an_encoder_inside_of_something_else_is_not_saved(fitted, path):
    with pytest.raises(InputError, match="not saved: a model file cannot hold"):
        save_model(make_pipeline(fitted), path)


# What is refused.


def test_without_the_extra_the_remedy_is_named(fitted, path, monkeypatch):
    save_model(fitted, path)
    monkeypatch.setattr(encoder_sources, "NEEDED", ("no_such_package_of_a_test",))
    with pytest.raises(MissingExtraError, match="make encoder"):
        load_model(path)


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ({"sha256": {}}, ["sha256"]),
        ({"smoke": ["favor", "favor", "nobody"]}, ["does not predict"]),
        ({"classes": ["favor", "none"]}, ["head.bias", "(2,)"]),
        ({"classes": ["a", "b", "c"]}, ['label "a" is not of the scheme']),
        ({"classes": ["none", "favor", "against"]}, ["classes are not"]),
        ({"parameters": None}, ["parameters"]),
        ({"parameters": {"scheme": "stance", "run": "me"}}, ["parameters"]),
        ({"class": "stance.classifiers.stance_classifier.StanceClassifier"}, ["class"]),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(manifest, words, forge, refused):
    refused(forge(**manifest), *words)


@pytest.mark.parametrize(
    ("name", "value"),
    [("scheme", "no scheme"), ("max_tokens", -5), ("n_jobs", 10**9), ("device", "cuda:99"), ("device", 3)],
)
def test_a_parameter_out_of_its_range_is_refused(name, value, members, forge, refused):
    parameters = json.loads(members["manifest.json"])["parameters"] | {name: value}
    refused(forge(parameters=parameters))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model_type": "gpt2"}, ["gpt2", "not one of"]),
        ({"model_type": ["bert"]}, ["not one of"]),
        ({"auto_map": {"AutoModel": "evil--model"}}, ["auto_map"]),
        ({"_attn_implementation": "somebody/kernels"}, ["_attn_implementation"]),
        ({"attn_implementation": "somebody/kernels"}, ["attn_implementation"]),
        ({"vocab_size": 10**12}, ["vocab_size"]),
        ({"num_hidden_layers": 10**4}, ["from 1 to 64 layers"]),
        ({"hidden_size": 10**9}, ["hidden_size"]),
        ({"hidden_size": "32"}, ["hidden_size"]),
        ({"hidden_size": 16384}, ["the network of config.json has"]),
        ({"hidden_size": 64}, ["the network of config.json has"]),
        ({"num_attention_heads": 5}, []),
        ({"hidden_act": "x" * 100}, ["hidden_act"]),
        ({"hidden_act": "os.system"}, []),
        ({"layer_norm_eps": float("nan")}, ["layer_norm_eps"]),
        ({"max_position_embeddings": 64}, ["position_embeddings", "(64, 32)"]),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused(change, words, members, forge, refused):
    refused(forge(changed(members, "config.json", lambda said: said.update(change))), *words)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda said: said["model"]["vocab"].update({"zzz": 10**6}), ["token 1,000,000"]),
        (
            lambda said: said.update(
                truncation={"max_length": 1, "strategy": "LongestFirst", "stride": 0, "direction": "Left"}
            ),
            ["truncates"],
        ),
        (
            lambda said: said.update(
                normalizer={"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 10**5}
            ),
            ["longer than 8"],
        ),
        (
            lambda said: said.update(
                normalizer={"type": "Replace", "pattern": {"Regex": "(a+)+b|(a|a)*c"}, "content": ""}
            ),
            ["longer than 8"],
        ),
        (
            lambda said: said.update(
                pre_tokenizer={"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Removed", "invert": False}
            ),
            ["Split is not on the list"],
        ),
        (
            lambda said: said.update(
                normalizer={"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "x"}]}
            ),
            ["Prepend"],
        ),
        (lambda said: said.update(model={"type": "Shell", "vocab": {}}), ["Shell"]),
        (lambda said: said.update(model={}), []),
    ],
    ids=["token", "truncation", "long", "regex", "split", "inner", "model", "empty"],
)
def test_a_tokenizer_that_does_not_fit_is_refused(change, words, members, forge, refused):
    refused(forge(changed(members, "tokenizer.json", change)), *words)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"[" * 100_000, b"\xff", b'{"version": "1.0"}'])
@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "weights.safetensors"])
def test_a_member_that_is_none_is_refused(name, data, forge, refused):
    refused(forge({name: data}))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda arrays: arrays.update({"head.bias": np.full(3, np.nan, dtype=np.float32)}), ["not finite"]),
        (lambda arrays: arrays.update({"head.bias": np.full(3, np.inf, dtype=np.float32)}), ["not finite"]),
        (lambda arrays: arrays.update({"head.bias": np.zeros((3, 1), dtype=np.float32)}), ["(3, 1)"]),
        (lambda arrays: arrays.update({"head.bias": np.zeros(3)}), ["float64"]),
        (lambda arrays: arrays.update({"strange": arrays.pop("head.bias")}), ["missing or strange"]),
        (lambda arrays: arrays.pop("roles.weight"), ["missing or strange"]),
    ],
    ids=["nan", "inf", "shape", "type", "name", "lacking"],
)
def test_weights_that_do_not_fit_are_refused(change, words, members, forge, refused):
    import safetensors.numpy

    arrays = safetensors.numpy.load(members["weights.safetensors"])
    change(arrays)
    refused(forge({"weights.safetensors": saved_weights(arrays)}), *words)


def test_compressed_weights_are_refused_unread(forge, refused):
    refused(forge(compress=True), "weights.safetensors is compressed")


@pytest.mark.parametrize(("name", "cap"), [("config.json", 1 << 16), ("tokenizer.json", 64 << 20)])
def test_a_member_that_inflates_is_refused(name, cap, members, path, refused):
    held = members | {name: b" " * (cap + 2)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for member, data in held.items():
            method = zipfile.ZIP_STORED if member == "weights.safetensors" else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(member), data, method)
    path.write_bytes(buffer.getvalue())
    model_archives.seal(path)
    refused(path, f"{name} inflates to over {cap:,} bytes")


def test_no_flipped_bit_is_silent(members, path, refused):
    data = path.read_bytes()
    draw = np.random.default_rng(0)
    for at in draw.integers(len(data), size=40):
        flipped = bytearray(data)
        flipped[at] ^= 1 << int(draw.integers(8))
        path.write_bytes(flipped)
        refused(path)


def test_a_skops_file_cannot_hold_an_encoder():
    assert not [name for name in model_files.TRUSTED if "encoder" in name.lower().removesuffix("labelencoder")]
