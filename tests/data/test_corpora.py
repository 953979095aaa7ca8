"""Corpora: by name, folder or file, one table whatever the source."""

import json
import os
import subprocess
import sys

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stance.core.errors import InputError, MissingDataError, RefusedFileError, TableError
from stance.core.schemes import STANCE
from stance.data.corpora import FRAME, X_COLUMNS, load_corpus, load_sheet
from stance.data.splits import default_protocol, make_folds
from tests.conftest import write_csv as write_rows

SPANS = ["holder_start", "holder_end", "target_start", "target_end"]
COLUMNS = ["id", "text", "holder", "target", *SPANS, "label", "actor", "group", "split"]
HEADER = ("text", "label", "target")
FAVOR = ("Moscow backs the truce.", "favor", "ceasefire")
AGAINST = ("Moscow scolds Trump.", "against", "Trump")


class TestByName:
    """The shipped corpora."""

    @pytest.mark.parametrize("scheme", ["stance", "sentiment"])
    def test_four_actors(self, scheme):
        corpus = load_corpus("four_actors", scheme)
        assert (corpus.name, corpus.scheme.name) == ("four_actors", scheme)
        assert set(corpus.splits) == {"train", "dev", "test"}
        frame = corpus.frame
        assert set(frame["label"]) == set(corpus.scheme.labels)
        assert set(frame["actor"]) == {"russia", "trump", "israel", "iran"}
        assert frame["id"].is_unique
        assert not frame[["text", "holder", "target", "label", "actor", "group", "split"]].isna().any().any()
        assert frame.groupby("group")["split"].nunique().max() == 1, "a group is in one split"

    def test_the_first_scheme_of_the_sheet_is_taken(self):
        assert load_corpus("four_actors").scheme == STANCE

    def test_a_scheme_that_the_corpus_lacks(self):
        with pytest.raises(InputError, match=r'four_actors: scheme "directed" is not known.*sentiment, stance'):
            load_corpus("four_actors", "directed")

    @pytest.mark.parametrize("scheme", ["stanse", 3])
    def test_a_scheme_that_nobody_has(self, scheme):
        with pytest.raises(InputError, match=r"scheme .* is not known.*directed, sentiment, stance"):
            load_corpus("four_actors", scheme)

    def test_an_unknown_name_is_answered_with_the_nearest(self):
        with pytest.raises(InputError, match=r'corpus "four_actor" is not known \(did you mean "four_actors"\?\)'):
            load_corpus("four_actor")

    def test_a_corpus_that_was_not_fetched_names_the_command(self, monkeypatch, tmp_path):
        monkeypatch.setenv("STANCE_DATA", str(tmp_path))
        with pytest.raises(MissingDataError, match=r"not there; run: stance corpora fetch newsmtsc$"):
            load_corpus("newsmtsc")

    def test_a_fetched_file_with_another_hash_is_refused(self, monkeypatch, tmp_path):
        monkeypatch.setenv("STANCE_DATA", str(tmp_path))
        for name in ("train", "devtest_rw", "devtest_mt"):
            (tmp_path / "newsmtsc").mkdir(exist_ok=True)
            (tmp_path / "newsmtsc" / f"{name}.jsonl").write_text("{}\n")
        with pytest.raises(RefusedFileError, match=r"train\.jsonl: sha256 is ca3d163b.*, the sheet says fb80ff05"):
            load_corpus("newsmtsc")


class TestByFolder:
    """A folder with a sheet."""

    @pytest.fixture
    def folder(self, make_corpus):
        rows = "text,label,aim\nMoscow backs it.,pro,Trump\nTehran rejects it.,con,x\n"
        keys = 'label_map = { pro = "favor", con = "against" }\ntests = ["test"]\n[columns]\ntarget = "aim"'
        return make_corpus({"train.csv": rows, "b/test.csv": rows.replace("it", "all")}, keys=keys)

    def test_it_is_read_by_its_sheet(self, folder):
        corpus = load_corpus(folder, "stance")
        assert corpus.frame["label"].tolist() == ["favor", "against"] * 2
        assert corpus.frame["target"].tolist() == ["Trump", "x"] * 2
        assert corpus.frame["id"].tolist() == ["train:2", "train:3", "b/test:2", "b/test:3"]
        assert corpus.splits == ["train", "b/test"]
        assert load_corpus(str(folder)).sha256 == corpus.sha256

    def test_files_of_one_name_in_two_folders_have_ids_of_their_own(self, make_corpus):
        rows = "text,label\nA b.,favor\n"
        corpus = load_corpus(make_corpus({"a/x.csv": rows, "b/x.csv": rows.replace("A", "C")}))
        assert corpus.frame["id"].tolist() == ["a/x:2", "b/x:2"]

    def test_one_id_in_two_files_is_refused(self, make_corpus):
        files = {"train.csv": "id,text,label\n1,A b.,favor\n", "test.csv": "id,text,label\n1,C d.,favor\n"}
        with pytest.raises(
            TableError, match=r'test\.csv: line 2, column "id": "1" is also the id of train\.csv, line 2'
        ):
            load_corpus(make_corpus(files))

    def test_the_declared_labels_are_kept_though_one_is_absent(self, make_corpus):
        files = {"a.csv": "text,label\nA b.,favor\n"}
        assert load_corpus(make_corpus(files, keys='labels = ["favor", "none"]')).scheme.labels == (
            "favor",
            "none",
        )

    def test_a_label_outside_of_the_declared_ones_is_refused(self, make_corpus):
        folder = make_corpus({"a.csv": "text,label\nA b.,against\n"}, keys='labels = ["favor", "none"]')
        with pytest.raises(TableError, match='"against" is not one of favor, none'):
            load_corpus(folder)

    def test_a_split_column_comes_before_the_file_s_split(self, make_corpus):
        corpus = load_corpus(make_corpus({"a.csv": "text,label,split\nA b.,favor,test\nC d.,favor,\n"}))
        assert corpus.frame["split"].tolist() == ["test", "a"]

    def test_a_file_that_is_not_there(self, make_corpus):
        folder = make_corpus({"a.csv": "text,label\nA b.,favor\n"})
        (folder / "a.csv").unlink()
        with pytest.raises(MissingDataError, match=r"a\.csv: not there; the sheet names it"):
            load_corpus(folder)

    def test_a_reader_that_is_not_there(self, make_corpus):
        with pytest.raises(InputError, match=r'reader "tabel" is not known \(did you mean "table"\?\)'):
            load_corpus(make_corpus({"a.csv": "text,label\nA b.,favor\n"}, reader="tabel"))

    def test_columns_are_for_a_file(self, folder):
        with pytest.raises(InputError, match="is for a file; a folder's sheet has its own"):
            load_corpus(folder, columns={"text": "x"})

    def test_a_folder_without_a_sheet(self, tmp_path):
        with pytest.raises(MissingDataError, match=r"holds no sheet\.toml"):
            load_corpus(tmp_path)


class TestByFile:
    """One table of the user's own."""

    def test_text_label_and_target_are_enough(self, write_csv):
        corpus = load_corpus(write_csv(HEADER, FAVOR, AGAINST), "stance")
        assert (corpus.name, corpus.splits, corpus.notes) == ("us", [], ())
        first, second = corpus.table.to_pylist()
        assert (first["id"], first["holder"], first["target"]) == ("us:2", "author", "ceasefire")
        assert (first["label"], first["actor"], first["split"]) == ("favor", None, None)
        assert second["actor"] == "trump"
        assert first["group"] != second["group"]
        assert [first[span] for span in SPANS] == [None] * 4

    def test_the_labels_are_those_present_in_the_scheme_s_order(self, write_csv):
        assert load_corpus(write_csv(HEADER, AGAINST, FAVOR), "stance").scheme.labels == ("favor", "against")

    def test_words_are_words_and_ids_are_texts(self, write_csv):
        path = write_csv(("id", "text", "label", "group"), ("007", "None", "none", "1e5"), ("1e5", "NA", "none", "nan"))
        frame = load_corpus(path, "stance").frame
        assert frame[["id", "text", "label", "group"]].to_numpy().tolist() == [
            ["007", "None", "none", "1e5"],
            ["1e5", "NA", "none", "nan"],
        ]

    def test_columns_of_other_names(self, write_csv):
        path = write_csv(("tweet", "stance", "who", "thread"), ("Truce now", "favor", "Kremlin", "t1"))
        columns = {"text": "tweet", "label": "stance", "holder": "who", "group": "thread"}
        (row,) = load_corpus(path, "stance", columns=columns).table.to_pylist()
        assert (row["text"], row["holder"], row["group"], row["actor"]) == (
            "Truce now",
            "Kremlin",
            "t1",
            "russia",
        )

    def test_empty_cells_are_no_values(self, write_csv):
        path = write_csv(
            (*HEADER, "holder", "group", "split"),
            (*FAVOR[:2], "", " ", "", ""),
            (*AGAINST, "Iran", "g", "test"),
        )
        corpus = load_corpus(path, "stance")
        first, second = corpus.table.to_pylist()
        assert (first["target"], first["holder"], first["split"]) == (None, "author", None)
        assert len(first["group"]) == 16
        assert (second["holder"], second["group"], second["split"]) == ("Iran", "g", "test")
        assert corpus.splits == ["test"]
        assert corpus.notes == ("us: 1 of 2 rows have no split",)

    @pytest.mark.parametrize(("split", "meant"), [("Test", "test"), ("test ", "test"), ("Training", "train")])
    def test_a_split_that_nearly_has_a_role_is_refused(self, write_csv, split, meant):
        path = write_csv((*HEADER, "split"), (*FAVOR, "train"), (*AGAINST, split), ("c", "favor", "x", split))
        with pytest.raises(TableError) as caught:
            load_corpus(path, "stance")
        where = f'us.csv: line 3, column "split": "{split}" is no split that has a role (2 rows); write "{meant}"'
        assert str(caught.value).endswith(where)

    def test_its_spans_are_read(self, write_csv):
        path = write_csv(
            (*HEADER, "target_start", "target_end"),
            (*FAVOR, "0", "3"),
            (*AGAINST, "", ""),
            ("Truce.", "none", "x", "0.0", "5.0"),
        )
        frame = load_corpus(path, "stance").frame
        assert frame["target_start"].isna().tolist() == [False, True, False]
        assert frame["target_end"].dropna().tolist() == [3, 5]

    @pytest.mark.parametrize("start", ["zero", "-1", "1.5", "1e2", "٣"])
    def test_a_span_of_no_whole_number_is_named(self, write_csv, start):
        path = write_csv((*HEADER, "target_start", "target_end"), (*FAVOR, "0", "3"), (*AGAINST, start, "3"))
        said = rf'us.csv: line 3, column "target_start": "{start}" is not a whole number'
        with pytest.raises(TableError) as caught:
            load_corpus(path, "stance")
        assert str(caught.value).endswith(said)

    def test_blank_rows_are_passed_over_and_told(self, write_csv):
        corpus = load_corpus(write_csv(HEADER, FAVOR, ("", " ", ""), AGAINST, ("", "", "")), "stance")
        assert corpus.frame["label"].tolist() == ["favor", "against"]
        assert corpus.notes == ("us.csv: 2 blank rows passed over",)

    def test_without_splits_none_can_be_taken(self, write_csv):
        with pytest.raises(InputError, match=r"us: has no splits; take its rows"):
            load_corpus(write_csv(HEADER, FAVOR), "stance").split("train")

    def test_a_split_like_no_role_is_its_own(self, write_csv):
        path = write_csv((*HEADER, "split"), (*FAVOR, "train"), (*AGAINST, "autumn"))
        assert load_corpus(path, "stance").splits == ["train", "autumn"]

    def test_numbers_in_a_typed_file_are_codes(self, tmp_path):
        path = tmp_path / "us.jsonl"
        path.write_text("".join(json.dumps({"text": f"A {i}", "label": i, "group": i}) + "\n" for i in (0, 1)))
        corpus = load_corpus(path, "stance", label_map={"0": "against", "1": "favor"})
        assert corpus.frame["label"].tolist() == ["against", "favor"]
        assert corpus.frame["group"].tolist() == ["0", "1"]

    def test_all_kinds_of_file_give_the_same_rows(self, write_csv, tmp_path):
        rows = [dict(zip(HEADER, row, strict=True)) for row in (FAVOR, AGAINST)]
        write_csv(HEADER, FAVOR, AGAINST)
        (tmp_path / "us.tsv").write_text("\n".join("\t".join(r) for r in (HEADER, FAVOR, AGAINST)))
        (tmp_path / "us.jsonl").write_text("\n".join(map(json.dumps, rows)))
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / "us.parquet")
        tables = [
            load_corpus(tmp_path / f"us.{kind}", "stance").table.drop_columns(["id"])
            for kind in ("csv", "tsv", "jsonl", "parquet")
        ]
        assert all(table.equals(tables[0]) for table in tables)

    def test_the_scheme_must_be_said(self, write_csv):
        with pytest.raises(
            InputError, match=r"us\.csv: say which scheme its labels are of: stance, sentiment, directed"
        ):
            load_corpus(write_csv(HEADER, FAVOR))

    def test_a_misspelt_label(self, write_csv):
        with pytest.raises(TableError) as caught:
            load_corpus(write_csv(HEADER, AGAINST, (FAVOR[0], "Favour", "x"), FAVOR), "stance")
        (said,) = str(caught.value).split("\n")
        assert said.endswith(
            'us.csv: line 3, column "label": "Favour" is not one of favor, against, none'
            ' (did you mean "favor"?); map it in label_map'
        )

    def test_a_label_mapped_to_none_of_the_scheme(self, write_csv):
        with pytest.raises(InputError) as caught:
            load_corpus(write_csv(HEADER, FAVOR), "stance", label_map={"pro": "favour"})
        (said,) = str(caught.value).split("\n")
        assert 'schemes.stance.label_map: label 0: "favour" is not one of favor' in said

    def test_an_unknown_column_role(self, write_csv):
        with pytest.raises(InputError, match=r'columns: unknown key "txt" \(did you mean "text"\?\)'):
            load_corpus(write_csv(HEADER, FAVOR), "stance", columns={"txt": "text"})

    def test_a_column_that_is_not_there(self, write_csv):
        with pytest.raises(TableError, match=r'us\.csv: column "lable": is missing \(did you mean "label"\?\)'):
            load_corpus(write_csv(HEADER, FAVOR), "stance", columns={"label": "lable"})

    def test_a_text_column_of_numbers(self, tmp_path):
        (tmp_path / "us.jsonl").write_text('{"text": 1, "label": "favor"}\n')
        with pytest.raises(TableError, match=r'column "text": holds int64 where text belongs'):
            load_corpus(tmp_path / "us.jsonl", "stance")

    def test_an_empty_text(self, write_csv):
        with pytest.raises(TableError, match=r'us\.csv: line 3, column "text": is empty'):
            load_corpus(write_csv(HEADER, FAVOR, ("", "favor", "x")), "stance")

    def test_an_empty_id(self, write_csv):
        with pytest.raises(TableError, match=r'us\.csv: line 3, column "id": is missing'):
            load_corpus(write_csv(("id", *HEADER), ("1", *FAVOR), ("", *AGAINST)), "stance")

    def test_one_row_twice_is_dropped_and_said(self, write_csv):
        corpus = load_corpus(write_csv(("id", *HEADER), ("1", *FAVOR), ("2", *AGAINST), ("1", *FAVOR)), "stance")
        assert corpus.frame["id"].tolist() == ["1", "2"]
        assert corpus.notes == ("us.csv: 1 repeated rows dropped (same id, text and label)",)

    def test_one_id_of_two_rows_is_refused(self, write_csv):
        with pytest.raises(
            TableError,
            match=r'line 3, column "id": "1" is also the id of line 2 \(label favor, here against\)',
        ):
            load_corpus(write_csv(("id", *HEADER), ("1", *FAVOR), ("1", *AGAINST)), "stance")

    @pytest.mark.parametrize("name", ["my.data.csv", "../us.csv", "Ünï çøde.csv", "..csv"])
    def test_a_file_may_be_called_what_it_likes(self, tmp_path, name):
        (tmp_path / "folder").mkdir()
        path = tmp_path / "folder" / name
        path.write_text("text,label\nA b.,favor\n")
        if name == "..csv":
            with pytest.raises(InputError, match="is not the name of a folder"):
                load_corpus(path, "stance")
        else:
            assert len(load_corpus(path, "stance").frame) == 1

    @pytest.mark.parametrize("name", ["nope.csv", "folder/nope", "./nope"])
    def test_a_file_that_is_not_there(self, name):
        with pytest.raises(MissingDataError, match="no such file or folder"):
            load_corpus(name, "stance")

    def test_a_file_of_another_kind(self, tmp_path):
        (tmp_path / "us.xlsx").write_bytes(b"PK")
        with pytest.raises(InputError, match=r"us\.xlsx: a file of kind"):
            load_corpus(tmp_path / "us.xlsx", "stance")


class TestTable:
    """What a corpus gives."""

    @pytest.fixture
    def corpus(self, write_csv):
        header = (*HEADER, "split", "group")
        return load_corpus(write_csv(header, (*FAVOR, "train", "g"), (*AGAINST, "test", "h")), "stance")

    def test_columns_and_types(self, corpus):
        assert FRAME.names == COLUMNS
        assert corpus.table.schema.equals(FRAME)
        assert corpus.frame.columns.tolist() == COLUMNS
        assert all(corpus.frame[span].dtype == pd.Int64Dtype() for span in SPANS)
        assert all(pd.api.types.is_string_dtype(corpus.frame[name]) for name in ("text", "label", "holder"))

    def test_the_spans_of_a_shipped_corpus_are_integers(self):
        frame = load_corpus("four_actors").frame
        assert all(frame[span].dtype == pd.Int64Dtype() for span in SPANS)
        named = frame.dropna(subset=["holder_start"])
        assert len(named)
        assert all(
            0 <= s < e <= len(t) for t, s, e in zip(named.text, named.holder_start, named.holder_end, strict=True)
        )

    def test_a_split_is_x_and_y(self, corpus):
        X, y = corpus.split("test")
        assert tuple(X.columns) == X_COLUMNS
        assert X["text"].tolist() == [AGAINST[0]]
        assert y.tolist() == ["against"]
        assert X.index.equals(y.index)
        assert X.index.tolist() == [0]

    def test_the_splits_are_the_whole(self):
        corpus = load_corpus("four_actors")
        assert sum(len(corpus.split(name)[1]) for name in corpus.splits) == len(corpus.frame)

    def test_an_unknown_split_is_answered_with_the_nearest(self, corpus):
        with pytest.raises(
            InputError, match=r'us: split "tets" is not known \(did you mean "test"\?\); known: test, train'
        ):
            corpus.split("tets")

    def test_a_split_is_a_copy(self, corpus):
        X, _ = corpus.split("test")
        X.loc[0, "text"] = "changed"
        assert corpus.frame["text"].tolist() == [FAVOR[0], AGAINST[0]]

    def test_the_hash_changes_with_the_content_alone(self, corpus, tmp_path):
        path = tmp_path / "us.csv"
        text = path.read_text()
        (tmp_path / "b").mkdir()

        def sha256(content):
            (tmp_path / "b" / "us.csv").write_bytes(content.encode())
            return load_corpus(tmp_path / "b" / "us.csv", "stance").sha256

        assert sha256(text) == corpus.sha256
        assert sha256(text.replace("\n", "\r\n")) == corpus.sha256
        assert sha256('"' + text.replace(",", '","').replace("\n", '"\n"')[:-1]) == corpus.sha256
        changes = [
            ("truce", "Truce"),
            (",favor", ",none"),
            (",Trump", ",Iran"),
            (",test", ",dev"),
            (",h\n", ",g\n"),
        ]
        assert len({sha256(text), *(sha256(text.replace(*change)) for change in changes)}) == 6
        lines = text.splitlines(keepends=True)
        assert sha256("".join([lines[0], lines[2], lines[1]])) != corpus.sha256

    def test_a_sheet_is_found_by_name_and_by_folder(self, make_corpus):
        folder, sheet = load_sheet("four_actors")
        assert load_sheet(folder)[1] == sheet
        own = make_corpus({"a.csv": "text,label\nA b.,favor\n"})
        assert load_sheet(str(own))[1].name == "own"


OFFLINE = """
import sys

def forbid(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        sys.exit(f"network: {event} {args}")

sys.addaudithook(forbid)
from stance.data.corpora import load_corpus
parts = load_corpus("four_actors", "sentiment").to_datasets()
print(sorted(parts), parts["train"].features["label"].names)
"""


class TestDatasets:
    """The corpus for the datasets library."""

    def test_a_dataset_for_each_split(self):
        datasets = pytest.importorskip("datasets")
        corpus = load_corpus("four_actors", "stance")
        parts = corpus.to_datasets()
        assert isinstance(parts, datasets.DatasetDict)
        assert list(parts) == corpus.splits
        label = parts["train"].features["label"]
        assert isinstance(label, datasets.ClassLabel)
        assert label.names == ["favor", "against", "none"]
        for name, part in parts.items():
            X, y = corpus.split(name)
            assert part.column_names == COLUMNS
            assert part["text"][:] == X["text"].tolist()
            assert label.int2str(part["label"][:]) == y.tolist()
            assert set(part["split"]) == {name}

    def test_a_corpus_without_splits_is_one(self, write_csv):
        parts = load_corpus(write_csv(HEADER, AGAINST, FAVOR), "stance").to_datasets()
        assert list(parts) == ["all"]
        assert parts["all"]["label"][:] == [1, 0]
        assert parts["all"][0]["holder_start"] is None

    def test_rows_without_a_split_are_not_lost(self, write_csv):
        path = write_csv((*HEADER, "split"), (*AGAINST, "test"), (*FAVOR, ""))
        parts = load_corpus(path, "stance").to_datasets()
        assert {name: len(part) for name, part in parts.items()} == {"test": 1, "all": 1}

    def test_no_noise_and_no_network(self):
        env = {k: v for k, v in os.environ.items() if not k.startswith("HF_")}
        done = subprocess.run([sys.executable, "-c", OFFLINE], capture_output=True, text=True, env=env, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == "['dev', 'test', 'train'] ['positive', 'negative', 'neutral']\n"


def test_a_file_of_yours_with_train_and_test_has_an_official_test(tmp_path, sentences):
    names = ["train", "train", "valid", "test"] * 27
    mine = write_rows(tmp_path / "mine.csv", [row | {"split": n} for row, n in zip(sentences, names, strict=True)])
    corpus = load_corpus(mine, "stance")
    part = corpus.sheet.schemes["stance"]
    assert (part.train, part.dev, part.tests) == (["train"], ["valid"], ["test"])
    (fold,) = make_folds(corpus, default_protocol(corpus))
    assert set(corpus.frame["split"].iloc[fold.test]) == {"test"}
    untested = write_rows(tmp_path / "train.csv", [row | {"split": "train"} for row in sentences])
    assert default_protocol(load_corpus(untested, "stance")) == "grouped-kfold"
