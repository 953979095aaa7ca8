"""Encoders: sentences per second on two cores, turn by turn with the same pretrained body asked the usual way."""

import pytest

from stance.classifiers.encoder_sources import DEFAULT_ENCODER, find_encoder
from stance.classifiers.registry import make_classifier
from stance.core.files import read_toml
from stance.core.paths import shipped
from stance.data.corpora import X_COLUMNS
from tests.benchmarks import rivals

N_SENTENCES = 512
N_LEARNED = 256
N_CORES = 2
AT_ONCE = 64
MOST_TOKENS = 128
WANTED = {"encoder": 150, "encoder_with_linear": 150, "encoder_two_layers": None, "middle": 2_000}
NOT_FOR_SPEED = {"class", "teacher", "unlabelled"}


@pytest.fixture(scope="module")
def settings():
    """Parameters by name, as the experiments give them."""
    files = [read_toml(shipped("experiments") / name) for name in ("accuracy.toml", "distilled.toml")]
    return {name: table for file in files for name, table in file["classifiers"].items()}


@pytest.fixture(scope="module")
def plain(material):
    """Return a call that has transformers read the sentences, batches of like length, and average their states."""
    torch, transformers = rivals.need("torch"), rivals.need("transformers")
    folder = find_encoder(DEFAULT_ENCODER)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    body = transformers.AutoModel.from_pretrained(folder).eval()
    texts = sorted(material.listed[:N_SENTENCES], key=len, reverse=True)

    def read():
        torch.set_num_threads(N_CORES)
        with torch.inference_mode():
            for start in range(0, len(texts), AT_ONCE):
                given = texts[start : start + AT_ONCE]
                batch = tokenizer(given, padding=True, truncation=True, max_length=MOST_TOKENS, return_tensors="pt")
                mask = batch["attention_mask"][:, :, None]
                (body(**batch).last_hidden_state * mask).sum(1) / mask.sum(1)

    return read


@pytest.mark.parametrize("name", WANTED)
def test_predict(name, settings, plain, material, collected, judged_race):
    X, y = (part.iloc[:N_LEARNED] for part in material.train)
    known = {key: value for key, value in settings[name].items() if key not in NOT_FOR_SPEED}
    ours = make_classifier("encoder", known | {"epochs": 1, "n_trainings": 1, "n_jobs": N_CORES}, material.scheme)
    ours.fit(X, y)
    asked = material.frame.iloc[:N_SENTENCES][list(X_COLUMNS)]
    ratio = judged_race(lambda: ours.predict(asked), plain, rounds=3, cores=N_CORES)
    speed = len(asked) / ratio.ours_seconds
    collected.add(
        f"{name}, two cores",
        speed,
        "sentences/s",
        at_least=WANTED[name],
        ours_per_second=speed,
        peer_per_second=len(asked) / ratio.peer_seconds,
        ratio=ratio.times_as_fast,
        note="sentences per second; the peer is the whole pretrained body in transformers, in 32 bits",
    )
    collected.add_speed(f"{name}, two cores", speed, "ours")
    collected.add_speed("its body in transformers, two cores", len(asked) / ratio.peer_seconds, "peer")
