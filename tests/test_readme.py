"""Every code block of the Markdown pages is executed, or its commands are at least real."""

import re
import shlex
import sys
import tomllib
from pathlib import Path

import click
import pandas as pd
import pytest

from stance.__main__ import cli
from stance.core.errors import MissingDataError
from stance.core.schemes import SCHEMES
from stance.data.corpora import Corpus, load_corpus
from stance.data.splits import PROTOCOLS
from stance.evaluation.metrics import METRICS
from stance.running.experiments import NO_PARAMETERS, CorpusEntry, ExperimentFile, TransferEntry, read_experiment
from stance.running.runner import run
from tests.conftest import write_csv
from tests.tiny_encoder import SIZES, make_encoder, need_torch

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "corpora" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
OWN_CLASSIFIER = """
from stance.classifiers.baselines import ComplementNaiveBayes

class MyClassifier(ComplementNaiveBayes):
    pass
"""


@pytest.fixture(autouse=True)
def _forget_my_package():
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "my_package"]:
        del sys.modules[name]


def blocks(language):
    return [
        pytest.param(text, id=f"{page.relative_to(ROOT)}:{i}")
        for page in PAGES
        for i, (found, text) in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")), 1)
        if found == language
    ]


def test_every_block_is_of_a_kind_that_is_tested():
    kinds = {language for page in PAGES for language, _ in BLOCK.findall(page.read_text(encoding="utf-8"))}
    assert kinds <= {"python", "toml", "console", "text"}


@pytest.mark.xdist_group("compiled")  # clocks are read: the loops are compiled once for all
def test_the_python_of_the_readme_runs_from_top_to_bottom(tmp_path, monkeypatch, own_csv):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    namespace = {}
    for block in blocks("python"):
        if block.id.startswith("docs/encoder.md"):
            continue
        file = re.match(r"# (\S+\.py)\n", block.values[0])
        if file:
            (tmp_path / file[1]).parent.mkdir(exist_ok=True)
            (tmp_path / file[1]).write_text(block.values[0], encoding="utf-8")
            continue
        exec(compile(block.values[0], block.id, "exec"), namespace)
    assert list(namespace["news"]["stance"]) == ["favor", "against"]
    assert (tmp_path / "model.stance").is_file()
    assert (tmp_path / "results" / "report.html").is_file()
    assert namespace["results"].failures == ()


def test_the_python_of_the_encoder_s_page_runs_from_top_to_bottom(tmp_path, monkeypatch):
    need_torch()
    monkeypatch.setitem(SIZES, "intermediate_size", 768)
    folder = make_encoder(tmp_path / "tiny")
    monkeypatch.setattr("stance.classifiers.encoder_start.find_encoder", lambda name: folder)
    monkeypatch.setattr("stance.classifiers.encoder_training.count_epochs", lambda n_sentences: 1)
    split = Corpus.split
    monkeypatch.setattr(Corpus, "split", lambda self, name: [part[:200] for part in split(self, name)])
    monkeypatch.chdir(tmp_path)
    namespace = {}
    for block in blocks("python"):
        if block.id.startswith("docs/encoder.md"):
            exec(compile(block.values[0], block.id, "exec"), namespace)
    assert set(namespace["news"]["stance"]) <= {"favor", "against", "none"}
    assert namespace["sentiment"].classes_.tolist() == ["negative", "neutral", "positive"]
    assert namespace["student"].model_.config["num_hidden_layers"] == 2


@pytest.mark.xdist_group("compiled")  # clocks are read: the loops are compiled once for all
def test_the_toml_of_the_readme_runs(tmp_path, monkeypatch, sentences):
    codes = {"favor": "pro", "against": "contra", "none": "neutral"}
    rows = [{"sentence": r["text"], "position": codes[r["label"]], "about": r["target"]} for r in sentences]
    write_csv(tmp_path / "mine.csv", rows)
    (tmp_path / "my_package").mkdir()
    (tmp_path / "my_package" / "models.py").write_text(OWN_CLASSIFIER)
    monkeypatch.syspath_prepend(str(tmp_path))
    (text,) = [b.values[0] for b in blocks("toml") if b.id.startswith("README.md")]
    (tmp_path / "mine.toml").write_text(text + "\n")
    results = run(tmp_path / "mine.toml", progress=False)
    assert results.failures == ()
    assert {cell.classifier for cell in results.cells} == {"majority", "linear_svm", "stance", "mine"}


def test_the_experiments_of_their_page_are_read_and_all_their_keys_explained():
    read = [read_experiment(tomllib.loads(b.values[0])) for b in blocks("toml") if "docs/experiments.md" in b.id]
    assert [len(one.classifiers) for one in read] == [3, 1, 2, 2]
    assert read[2].classifiers[1].matrix == {"C": [0.03, 0.1, 0.3, 1.0], "word_ngrams": [(1, 1), (1, 2)]}
    assert read[3].classifiers[1].teaching.to_dict() == {"class": "stance", "params": {}, "unlabelled": ["four_actors"]}
    page = (ROOT / "docs" / "experiments.md").read_text(encoding="utf-8")
    keys = [*ExperimentFile.model_fields, *CorpusEntry.model_fields, *TransferEntry.model_fields, *NO_PARAMETERS]
    assert [key for key in keys if f"`{key}`" not in page] == []
    words = [*SCHEMES, *PROTOCOLS, *METRICS]
    assert [word for word in words if f"`{word}`" not in page] == []


def test_the_sheet_of_the_corpora_page_is_a_corpus(tmp_path, sentences):
    codes = {"favor": "pro", "against": "contra", "none": "neutral"}
    frame = pd.DataFrame(
        {"sentence": r["text"], "position": codes[r["label"]], "about": r["target"], "article": r["text"][-8:]}
        for r in sentences
    )
    frame[::2].to_csv(tmp_path / "train.csv", index=False)
    frame[1::2].to_csv(tmp_path / "test.csv", index=False)
    text, _ = [b.values[0] for b in blocks("toml") if b.id.startswith("corpora")]
    (tmp_path / "sheet.toml").write_text(text)
    corpus = load_corpus(tmp_path)
    assert corpus.splits == ["train", "test"]
    assert len(corpus.split("train")[0]) == 54


def test_the_dataset_of_the_corpora_page_is_one_of_an_experiment():
    _, text = [b.values[0] for b in blocks("toml") if b.id.startswith("corpora")]
    experiment = read_experiment(tomllib.loads(text) | {"classifiers": {"majority": {}}})
    with pytest.raises(MissingDataError, match=r"hf://org/name: this commit is not in the cache"):
        experiment.corpora()


@pytest.mark.parametrize("text", blocks("console"))
def test_every_command_exists(text):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for line in text.splitlines():
        assert line.startswith("$ ")
        words = shlex.split(line[2:], comments=True)
        if words[0] == "make":
            for target in words[1:] or ["experiments"]:
                assert re.search(rf"^{target}:.*##", makefile, re.M), line
        else:
            assert words[0] == "stance", line
            command: click.Command = cli
            rest = words[1:]
            while isinstance(command, click.Group):
                command = command.commands[rest.pop(0)]
            command.make_context("stance", rest)
