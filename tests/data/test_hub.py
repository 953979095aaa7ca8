"""Datasets of the hub: fetched because they were asked for, read offline, checked like any file."""

import gc
import gzip
import hashlib
import json
import os
import shlex
import subprocess
import sys
import tempfile
import threading
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import datasets
import huggingface_hub
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import stance.__main__ as command_line
from stance.core.errors import InputError, MissingDataError, RefusedFileError, TableError
from stance.data.corpora import load_corpus, load_sheet
from stance.data.hub import hub_dataset
from stance.data.hub_rows import read_split
from stance.data.sheets import Columns
from stance.data.splits import make_folds
from stance.running.experiments import read_experiment

COMMIT = "0123456789abcdef" * 2 + "01234567"
TRAIN = "text,label\nMoscow backed the truce.,pro\nTehran rejected it.,contra\n"
TEST = "text,label\nAnkara hailed the truce.,pro\nCairo blocked it.,contra\n"
CODES = {"pro": "favor", "contra": "against"}
CARD = "---\nlicense: cc-by-4.0\n---\n"
CLASSES = """---
dataset_info:
  features:
  - name: text
    dtype: string
  - name: label
    dtype:
      class_label:
        names:
          '0': against
          '1': favor
---
"""
CONFIGS = "---\nconfigs:\n- config_name: {}\n  data_files: train.csv\n- config_name: {}\n  data_files: {}\n---\n"


def git_hash(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Return an empty cache of the hub's own client."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


@pytest.fixture
def put(cache):
    """Return a function that lays files into the cache as the hub's client does: blobs, and links to them."""

    def put(files, repo="org/name", commit=COMMIT, listed=()):
        folder = cache / f"datasets--{repo.replace('/', '--')}"
        snapshot = folder / "snapshots" / commit
        snapshot.mkdir(parents=True)
        (folder / "blobs").mkdir()
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode()
            blob = (
                folder / "blobs" / (hashlib.sha256(data).hexdigest() if name.endswith(".parquet") else git_hash(data))
            )
            blob.write_bytes(data)
            link = snapshot / name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(os.path.relpath(blob, link.parent))
        if listed:
            (folder / "trees").mkdir()
            tree = {"format_version": 1, "files": {name: {"size": 1, "blob_id": "0" * 40} for name in listed}}
            (folder / "trees" / f"{commit}.json").write_text(json.dumps(tree))
        return snapshot

    return put


def load(source="hf://org/name", scheme="stance", revision=COMMIT, label_map=None, **options):
    return load_corpus(source, scheme, revision=revision, label_map=label_map, **options)


def refusal(kind, **options):
    with pytest.raises(kind) as caught:
        load(**options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def parquet(path, **columns):
    datasets.Dataset.from_dict(columns).to_parquet(path)
    return path.read_bytes()


class TestName:
    """What names a dataset, and at which commit."""

    def test_the_parts_of_a_name(self):
        one = hub_dataset("hf://org/name:a b", COMMIT)
        assert (one.repo, one.config, str(one), one.name) == ("org/name", "a b", "hf://org/name:a b", "org--name--a_b")

    @pytest.mark.parametrize(
        "source",
        ["hf://name", "hf://datasets/org/name", "hf://org/../x", "hf://org/name:", "hf://org/name:a/b", "hf://"],
    )
    def test_another_form_is_refused(self, source):
        with pytest.raises(InputError, match=r"is not of the form hf://ORG/NAME or hf://ORG/NAME:CONFIGURATION"):
            hub_dataset(source, COMMIT)

    @pytest.mark.parametrize("revision", [None, "main", COMMIT[:39], COMMIT.upper(), COMMIT + "\n"])
    def test_a_revision_is_a_whole_commit(self, revision):
        said = refusal(InputError, revision=revision)
        assert "a commit of 40 hexadecimal digits; the dataset's page shows it under Files and versions" in said

    def test_a_scheme_is_asked_for_first(self):
        assert "say which scheme" in refusal(InputError, scheme=None, revision=None)
        assert '"stanse" is not known' in refusal(InputError, scheme="stanse")

    def test_what_is_for_a_file_is_not_for_a_dataset(self):
        assert "separator and encoding are for a file" in refusal(InputError, separator=";")
        assert "its splits are its own" in refusal(InputError, columns={"split": "part"})
        assert 'unknown key "txt"' in refusal(InputError, columns={"txt": "a"})

    def test_it_has_no_sheet_to_show(self):
        with pytest.raises(InputError, match=r"hf://org/name: a dataset of the hub has no sheet"):
            load_sheet("hf://org/name")

    def test_a_revision_is_for_a_dataset_alone(self, own_csv):
        with pytest.raises(InputError, match=r"mine\.csv: revision is for a dataset of the hub"):
            load_corpus(own_csv, "stance", revision=COMMIT)


class TestLoad:
    """A dataset of the cache is a corpus."""

    def test_the_splits_and_the_sheet(self, put):
        put({"README.md": CARD, "data/train.csv": TRAIN, "data/validation.csv": TRAIN, "data/test.csv": TEST})
        corpus = load(label_map=CODES)
        assert corpus.splits == ["train", "dev", "test"]
        assert corpus.split("test")[1].tolist() == ["favor", "against"]
        assert corpus.scheme.labels == ("favor", "against")
        assert corpus.table["id"].to_pylist()[2:] == ["validation:1", "validation:2", "test:1", "test:2"]
        sheet, part = corpus.sheet, corpus.sheet.schemes["stance"]
        assert (corpus.name, sheet.title, sheet.version) == ("org--name", "org/name", COMMIT)
        assert (sheet.licence, part.tests, part.dev) == ("cc-by-4.0", ["test"], ["dev"])
        files = [(file.path, file.split) for file in sheet.files]
        assert files == [("data/train.csv", "train"), ("data/validation.csv", "dev"), ("data/test.csv", "test")]
        (fold,) = make_folds(corpus, "official")
        assert (fold.train.tolist(), fold.test.tolist()) == ([0, 1], [4, 5])

    @pytest.mark.parametrize("splits", [["train"], ["test"], ["train", "validation"]])
    def test_an_official_test_needs_a_train_and_a_test(self, put, splits):
        put({f"{split}.csv": TRAIN for split in splits})
        assert load(label_map=CODES).sheet.schemes["stance"].tests == []
        assert load(label_map=CODES).sheet.licence == "not stated"

    def test_class_labels_become_their_names(self, put, tmp_path):
        names = datasets.ClassLabel(names=["con", "pro"])
        features = datasets.Features({"text": datasets.Value("large_string"), "label": names, "target": names})
        rows = {"text": ["A b.", "C d."], "label": [1, 0], "target": [0, -1]}
        datasets.Dataset.from_dict(rows, features).to_parquet(tmp_path / "p")
        put({"train.parquet": (tmp_path / "p").read_bytes()})
        frame = load(label_map={"pro": "favor", "con": "against"}).frame
        assert frame["label"].tolist() == ["favor", "against"]
        assert frame["target"].tolist()[0] == "con"
        assert frame["target"].isna().tolist() == [False, True]

    def test_the_card_may_name_the_classes(self, put):
        put({"README.md": CLASSES, "train.csv": "text,label\nA b.,1\nC d.,0\n"})
        assert load().split("train")[1].tolist() == ["favor", "against"]

    def test_the_cells_of_a_csv_are_texts(self, put):
        put({"train.csv": "text,label,target,nr\nA b.,None,NA,007\nC d.,NA,,7\nE f.,1,null,1.0\n"})
        codes = {"None": "none", "NA": "favor", "1": "against"}
        table = load(label_map=codes, columns={"id": "nr"}).table
        assert table["label"].to_pylist() == ["none", "favor", "against"]
        assert table["target"].to_pylist() == ["NA", None, "null"]
        assert table["id"].to_pylist() == ["007", "7", "1.0"]

    def test_columns_by_name_and_numbers_as_labels(self, put, tmp_path):
        data = parquet(tmp_path / "p", tweet=["A b.", "C d."], stance=[0, 1], topic=["x", "y"], id=["7", "7"])
        put({"train-00000-of-00001.parquet": data})
        columns = {"text": "tweet", "label": "stance", "target": "topic"}
        table = load(columns=columns, label_map={"0": "against", "1": "favor"}).table
        assert table.select(["id", "text", "target", "label"]).to_pylist() == [
            {"id": "train:1", "text": "A b.", "target": "x", "label": "against"},
            {"id": "train:2", "text": "C d.", "target": "y", "label": "favor"},
        ]

    def test_columns_that_are_not_wanted_may_hold_anything(self, put):
        lines = [{"text": f"A {label}.", "label": label, "meta": {"n": [1]}} for label in CODES]
        put({"train.jsonl": "".join(json.dumps(line) + "\n" for line in lines)})
        assert load(label_map=CODES).split("train")[0]["text"].tolist() == ["A pro.", "A contra."]

    def test_a_split_without_labels_is_left_out_and_told(self, put, tmp_path):
        features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["favor"])})
        files = {}
        for split, codes in {"train": [0, 0], "test": [-1, -1]}.items():
            datasets.Dataset.from_dict({"text": ["A b.", "C d."], "label": codes}, features).to_parquet(
                tmp_path / split
            )
            files[f"{split}.parquet"] = (tmp_path / split).read_bytes()
        put(files)
        corpus = load()
        assert (corpus.splits, corpus.notes) == (["train"], ("name, split test: has no labels and is left out",))
        assert corpus.sheet.schemes["stance"].tests == []

    def test_a_dataset_without_labels_is_refused(self, put):
        put({"train.csv": "text,label\nA b.,\n"})
        assert refusal(InputError) == 'hf://org/name: column "label" holds no labels'

    def test_the_hash_is_that_of_the_rows(self, put, cache):
        put({"train.csv": TRAIN})
        put({"train.csv": TRAIN.replace("backed", "hailed")}, commit="b" * 40, repo="org/other")
        put({"a/train.csv": TRAIN, "README.md": CARD}, repo="Org/name")
        one = load(label_map=CODES).sha256
        assert load(label_map=CODES).sha256 == one
        assert load("hf://org/other", revision="b" * 40, label_map=CODES).sha256 != one

    def test_it_is_what_a_file_of_the_same_rows_is(self, put, own_csv):
        put({"train.csv": own_csv.read_text()})
        ours, theirs = load_corpus(own_csv, "stance").frame, load().frame
        different = ["id", "split"]
        assert ours.drop(columns=different).equals(theirs.drop(columns=different))
        assert theirs["split"].unique().tolist() == ["train"]

    def test_nothing_is_written_beside_the_dataset(self, put, tmp_path):
        put({"README.md": CARD, "train.csv": TRAIN})
        before = sorted(tmp_path.rglob("*"))
        load(label_map=CODES)
        assert sorted(tmp_path.rglob("*")) == before
        assert not datasets.are_progress_bars_disabled()

    texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).map(lambda text: f"{text}.")
    cells = texts | st.sampled_from(["None", "NA", "007", "1e5", "nan", "true", "2020-01-01", '"', "a,b", "-"])

    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(rows=st.lists(st.tuples(texts, cells), min_size=1, max_size=5), kind=st.sampled_from(["csv", "parquet"]))
    def test_what_was_written_is_what_is_read(self, rows, kind, monkeypatch):
        table = pa.table({"text": [t for t, _ in rows], "label": ["favor"] * len(rows), "target": [c for _, c in rows]})
        with tempfile.TemporaryDirectory() as folder:
            monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", folder)
            snapshot = Path(folder) / "datasets--org--name" / "snapshots" / COMMIT
            snapshot.mkdir(parents=True)
            write = {"csv": datasets.Dataset.to_csv, "parquet": datasets.Dataset.to_parquet}[kind]
            write(datasets.Dataset(table), snapshot / f"train.{kind}")
            read = load().table
        assert list(zip(read["text"].to_pylist(), read["target"].to_pylist(), strict=True)) == rows


class TestConfiguration:
    """A dataset of several configurations."""

    def test_one_is_read(self, put):
        put({"README.md": CONFIGS.format("en", "de", "other.csv"), "train.csv": TRAIN, "other.csv": TEST})
        corpus = load("hf://org/name:de", label_map=CODES)
        assert corpus.name == "org--name--de"
        assert corpus.table["text"].to_pylist()[0] == "Ankara hailed the truce."

    def test_it_must_be_named(self, put):
        put({"README.md": CONFIGS.format("en", "de", "other.csv"), "train.csv": TRAIN, "other.csv": TEST})
        said = refusal(InputError)
        assert said == "hf://org/name: say which configuration, as in hf://org/name:en; known: en, de"
        assert '"dee" is not known (did you mean "de"?); known: de, en' in refusal(
            InputError, source="hf://org/name:dee"
        )

    def test_the_default_need_not_be(self, put):
        put({"README.md": CONFIGS.format("default", "de", "other.csv"), "train.csv": TRAIN, "other.csv": TEST})
        assert load(label_map=CODES).table["text"].to_pylist()[0] == "Moscow backed the truce."


class TestRules:
    """The rows keep the rules of every corpus; a message names dataset, split, row and column."""

    @pytest.mark.parametrize(
        ("rows", "rule"),
        [
            (",pro\nA b.,pro\n", 'row 1, column "text": is empty'),
            ("A b.,pro\n?,prro\n", 'row 2, column "label": "prro" is not one of favor, against, none; add it to'),
            ("A b.,pro\nC d.,\n", 'row 2, column "label": has no label'),
        ],
    )
    def test_a_broken_row(self, put, rows, rule):
        put({"test.csv": "text,label\n" + rows})
        assert f"org/name, split test: {rule}" in refusal(TableError, label_map=CODES)

    def test_an_id_is_one_row(self, put):
        put({"train.csv": "nr,text,label\n1,A b.,pro\n1,C d.,pro\n"})
        said = refusal(TableError, label_map=CODES, columns={"id": "nr"})
        assert 'row 2, column "id": "1" is also the id of row 1 (label' in said

    def test_an_id_is_of_one_split(self, put):
        put({"train.csv": "nr,text,label\n1,A b.,pro\n", "test.csv": "nr,text,label\n1,C d.,pro\n"})
        said = refusal(TableError, label_map=CODES, columns={"id": "nr"})
        assert said.startswith(
            'org/name, split test: row 1, column "id": "1" is also the id of name, split train, row 1'
        )

    def test_a_column_is_missing(self, put):
        put({"train.csv": TRAIN})
        said = refusal(TableError, columns={"label": "lable"})
        assert said == ('org/name, split train: column "lable": is missing (did you mean "label"?); found: text, label')

    @pytest.mark.parametrize(
        ("columns", "rule"),
        [
            ({"text": [1, 2]}, 'column "text": holds int64 where text belongs'),
            ({"text": [["A"], ["b"]]}, 'column "text": holds list<'),
            (
                {"text": ["A", "b"], "target": [{"a": 1}, {"a": 2}]},
                'column "target": holds struct<a: int64> where text',
            ),
            ({"text": ["A", "b"], "group": [b"x", b"y"]}, 'column "group": holds binary where text'),
        ],
    )
    def test_what_is_not_text(self, put, tmp_path, columns, rule):
        put({"train.parquet": parquet(tmp_path / "p", label=["favor", "favor"], **columns)})
        assert rule in refusal(TableError)

    def test_a_text_that_is_too_long(self, put):
        put({"train.csv": f"text,label\nA b.,pro\n{'a' * 100_001},pro\n"})
        assert 'split train: row 2, column "text": "aaa' in refusal(TableError, label_map=CODES)

    def test_a_split_without_rows_has_no_labels(self):
        empty = datasets.Dataset.from_dict({"text": [], "label": []})
        assert read_split(Path("org/name, split train"), "train", empty, Columns()) == []


class TestRefused:
    """What a stranger's files may not do."""

    def test_a_script_is_not_run(self, put, tmp_path):
        put({"name.py": f"open({str(tmp_path / 'ran')!r}, 'w')", "train.csv": TRAIN})
        assert "is made by a script (name.py), which is never run; take a commit of" in refusal(InputError)
        assert not (tmp_path / "ran").exists()

    @pytest.mark.parametrize("place", ["http://127.0.0.1:1/a.csv", "hf://datasets/a/b/c.csv", "../a.csv", "/etc/a.csv"])
    def test_data_elsewhere_is_not_read(self, put, place):
        put({"README.md": CONFIGS.format("default", "de", place), "train.csv": TRAIN})
        assert f'its card names data elsewhere, "{place}"; only files of the dataset' in refusal(InputError)

    def test_the_second_card_may_not_either(self, put):
        put({".huggingface.yaml": "configs:\n- config_name: a\n  data_dir: ../..\n", "train.csv": TRAIN})
        assert 'names data elsewhere, "../.."' in refusal(InputError)

    def test_json_that_nests_deep_does_not_crash_the_reader(self, put):
        put({"train.jsonl": '{"text": ' + "[" * 100_000 + "]" * 100_000 + "}\n"})
        assert "train.jsonl: is nested deeper than 64" in refusal(RefusedFileError)

    def test_a_bomb_is_not_unpacked(self, put):
        put({"train.csv.gz": gzip.compress(b"text,label\n" + b"a" * 30_000_000)})
        assert "unpacks to over 200 times its size" in refusal(RefusedFileError)

    def test_other_kinds_are_not_opened(self, put):
        put({"train.xml": "<a/>"})
        assert 'a file of kind ".xml" is not read (train.xml); known: .arrow, .csv, ' in refusal(InputError)

    @pytest.mark.parametrize("name", ["train.csv", "train.parquet"])
    def test_a_flipped_bit_is_noticed(self, put, tmp_path, name):
        data = TRAIN.encode() if name == "train.csv" else parquet(tmp_path / "p", text=["A"], label=["pro"])
        file = put({name: data}) / name
        file.resolve().write_bytes(bytes([data[0] ^ 1]) + data[1:])
        said = refusal(RefusedFileError, label_map=CODES)
        assert f"{file}: is damaged; delete {file.parent.parent.parent} and fetch the dataset again" == said

    @pytest.mark.parametrize(
        "files",
        [
            {"README.md": "Nothing else."},
            {"README.md": "---\nconfigs: [\n---\n", "train.csv": TRAIN},
            {"train.parquet": b"PAR1"},
            {"README.md": CLASSES, "train.csv": "text,label\nA b.,7\n"},
            {"train.csv": 'text,label\nA b.,pro,x,y\n"C'},
        ],
    )
    def test_what_cannot_be_read_is_one_line(self, put, files, capfd):
        put(files)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # the library leaves a CSV that it cannot read open
            assert refusal(InputError).startswith("hf://org/name: the datasets library cannot read it: ")
            gc.collect()
        assert capfd.readouterr() == ("", "")


class TestMissing:
    """What is not in the cache names the command that brings it."""

    REMEDY = f"run: stance corpora fetch hf://org/name --revision {COMMIT}"

    def test_no_dataset(self, cache):
        assert refusal(MissingDataError, source="hf://org/name:de").endswith(self.REMEDY)

    def test_another_commit_is_not_taken_for_it(self, put):
        put({"train.csv": TRAIN}, commit="b" * 40)
        assert refusal(MissingDataError).endswith(self.REMEDY)

    def test_half_a_dataset(self, put):
        put({"train.csv": TRAIN}, listed=["train.csv", "test.csv", ".gitattributes"])
        assert refusal(MissingDataError).endswith(self.REMEDY)

    def test_a_whole_one(self, put):
        put({"train.csv": TRAIN}, listed=["train.csv", ".gitattributes"])
        assert load(label_map=CODES).splits == ["train"]


class TestDoors:
    """Experiment files and the command line take a dataset as they take a file."""

    def test_an_experiment_names_one(self, put, tmp_path):
        put({"train.csv": TRAIN, "test.csv": TEST})
        text = f"""
[[corpora]]
path = "hf://org/name"
revision = "{COMMIT}"
scheme = "stance"
columns = {{ target = "label" }}
label_map = {{ pro = "favor", contra = "against" }}
[classifiers.majority]
"""
        (tmp_path / "e.toml").write_text(text)
        ((corpus, _),) = read_experiment(tmp_path / "e.toml").corpora()
        assert corpus.splits == ["train", "test"]
        assert corpus.table["target"].to_pylist()[:2] == ["pro", "contra"]

    def test_audit_and_train(self, put, tmp_path, own_csv, capsys):
        put({"train.csv": own_csv.read_text()})
        options = ["hf://org/name", "--scheme", "stance", "--revision", COMMIT]
        command_line.main(["corpora", "audit", *options])
        assert "org--name" in capsys.readouterr().out
        command_line.main(["train", *options, "--classifier", "complement_nb", "-o", str(tmp_path / "m.stance")])
        assert "trained on 108 sentences of org--name" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("words", "rule"),
        [
            (["newsmtsc", "--revision", COMMIT], "--revision is for a dataset of the hub"),
            (["hf://org/name", "--revision", COMMIT, "--from", "x"], "--from is for a corpus of ours"),
            (["hf://org/name"], "hf://org/name: needs a revision: a commit of 40 hexadecimal digits"),
        ],
    )
    def test_options_that_do_not_belong(self, words, rule, capsys):
        with pytest.raises(SystemExit) as caught:
            command_line.main(["corpora", "fetch", *words])
        assert caught.value.code == 2
        assert rule in capsys.readouterr().err


FILES = {"README.md": CARD.encode(), "data/train.csv": TRAIN.encode(), "data/test.csv": TEST.encode()}
ONLINE = ("socket.connect", "socket.getaddrinfo", "socket.sendto")
LOAD = f"""
import sys

def forbid(event, args):
    if event in {ONLINE}:
        sys.exit(f"network: {{event}} {{args}}")

sys.addaudithook(forbid)
import stance
try:
    corpus = stance.load_corpus("hf://org/name", "stance", revision="{COMMIT}", label_map={CODES})
except stance.core.errors.MissingDataError as error:
    print(error)
else:
    print(corpus.splits, corpus.split("test")[1].tolist(), corpus.sheet.licence)
"""


class Hub(BaseHTTPRequestHandler):
    """As much of the hub as its client asks for to bring one commit of one dataset."""

    def do_GET(self):
        self.answer(send=True)

    def do_HEAD(self):
        self.answer(send=False)

    def answer(self, send):
        path = self.path.partition("?")[0]
        file = path.removeprefix(f"/datasets/org/name/resolve/{COMMIT}/")
        headers, data, status = {}, b"", 200
        if path == f"/api/datasets/org/name/tree/{COMMIT}":
            tree = [{"type": "file", "path": n, "size": len(d), "oid": git_hash(d)} for n, d in FILES.items()]
            headers, data = {"Content-Type": "application/json"}, json.dumps(tree).encode()
        elif file in FILES:
            data = FILES[file]
            headers = {"ETag": f'"{git_hash(data)}"', "X-Repo-Commit": COMMIT}
        elif "org/shut" in path:
            status = 403
        else:
            headers, status = {"X-Error-Code": "RepoNotFound"}, 404
        self.send_response(status)
        for key, value in (headers | {"Content-Length": str(len(data))}).items():
            self.send_header(key, value)
        self.end_headers()
        if send:
            self.wfile.write(data)

    def log_message(self, *args):
        pass


@pytest.fixture
def hub():
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class TestFetch:
    """The whole way, in processes of their own: the client reads its settings when it is imported."""

    @staticmethod
    def call(home, *words, **settings):
        kept = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
        env = kept | {"HF_HOME": str(home), **settings}
        done = subprocess.run([sys.executable, *words], capture_output=True, text=True, env=env, check=False)
        return done.returncode, done.stdout, done.stderr

    def test_the_remedy_of_the_message_brings_the_dataset(self, tmp_path, hub):
        code, out, err = self.call(tmp_path, "-c", LOAD)
        assert (code, err) == (0, "")
        assert not list(tmp_path.iterdir())
        program, *words = shlex.split(out.partition("run: ")[2])
        assert program == "stance"
        code, out, err = self.call(tmp_path, "-m", "stance", *words, HF_ENDPOINT=hub)
        assert (code, out) == (0, "")
        assert err.strip().endswith(f"{COMMIT}: fetched")
        assert self.call(tmp_path, "-c", LOAD) == (0, "['train', 'test'] ['favor', 'against'] cc-by-4.0\n", "")

    @pytest.mark.parametrize(
        ("name", "settings", "code", "rule"),
        [
            ("org/none", {}, 2, "hf://org/none: the hub has no such dataset and commit, or not for you"),
            ("org/shut", {}, 4, "hf://org/shut: cannot be fetched: "),
            ("org/name", {"HF_HUB_OFFLINE": "1"}, 2, "cannot be fetched while HF_HUB_OFFLINE is set; unset it"),
        ],
    )
    def test_what_cannot_be_fetched(self, tmp_path, hub, name, settings, code, rule):
        words = ["corpora", "fetch", f"hf://{name}", "--revision", COMMIT]
        found, out, err = self.call(tmp_path, "-m", "stance", *words, **{"HF_ENDPOINT": hub, **settings})
        assert (found, out) == (code, "")
        assert rule in err
        assert err.count("\n") == 1
