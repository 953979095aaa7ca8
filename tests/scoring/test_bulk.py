"""Bulk scoring says what the classifier says, row by row, however the rows are cut."""

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import stance
from stance.classifiers.registry import make_classifier
from stance.core.errors import InputError, MissingDataError, RefusedFileError
from stance.scoring import batches, bulk, sources
from stance.scoring.batches import MAX_CHARS
from stance.scoring.bulk import score
from stance.scoring.files import predict_file
from stance.scoring.manifest import read_scores
from tests.scoring.stubs import LengthClassifier

AS_READ = ["label", "confidence", "status"]


def said(folder):
    return read_scores(folder).to_pylist()


@pytest.mark.parametrize("name", ["stance", "linear_svm", "complement_nb"])
def test_it_says_what_predict_says(name, tmp_path, sentences, write):
    texts = [row["text"] for row in sentences]
    classifier = make_classifier(name, scheme="stance").fit(texts, [row["label"] for row in sentences])
    stance.save_model(classifier, tmp_path / "m.stance")
    odd = ["", " ", "\u200b\u00ad", None, "\u2003\n", "None", "👍", "Mos\0cow hailed it.", "NA"]
    rows = texts[::9] + odd
    ends = [6 if text and text.startswith("Moscow") else None for text in rows]
    path = write(
        "in.parquet",
        {
            "text": rows,
            "holder": ["russia"] * len(rows),
            "target": ["the truce"] * len(rows),
            "holder_start": pa.array([None if end is None else 0 for end in ends], pa.float64()),
            "holder_end": ends,
        },
    )
    least = None if name == "linear_svm" else 0.55
    predict_file(tmp_path / "m.stance", path, tmp_path / "one.parquet", abstain_below=least)
    score(tmp_path / "m.stance", path, tmp_path / "out", abstain_below=least)
    one, many = pq.read_table(tmp_path / "one.parquet"), read_scores(tmp_path / "out")
    for ours, theirs in (("label", "prediction"), ("status", "status")):
        assert many[ours].cast(pa.string()).to_pylist() == one[theirs].to_pylist()
    assert many["confidence"].to_pylist() == one["confidence"].cast(pa.float32(), safe=False).to_pylist()
    assert set(many["status"].to_pylist()) >= {"ok", "empty_text", "missing_text"}
    assert many["status"].to_pylist()[-9:-4] == ["empty_text"] * 3 + ["missing_text", "empty_text"]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.integers(0, 90),
    group=st.integers(1, 40),
    cuts=st.fixed_dictionaries(
        {"PART_ROWS": st.integers(1, 60), "BATCH_ROWS": st.integers(1, 40), "READ_ROWS": st.integers(1, 40)}
    ),
    jobs=st.integers(1, 3),
)
def test_how_rows_are_cut_changes_nothing(rows, group, cuts, jobs, tmp_path_factory, model, monkeypatch):
    folder = tmp_path_factory.mktemp("cut")
    texts = pa.array([None if i % 13 == 5 else "x" * (i % 17) + "y" * (i % 3) for i in range(rows)], pa.string())
    ids = pa.array(range(rows), pa.int64())
    pq.write_table(pa.table({"text": texts, "n": ids}), folder / "in.parquet", row_group_size=group)
    probabilities = LengthClassifier().predict_proba(pa.table({"text": texts.filter(find_worded(texts))}))
    for name, value in cuts.items():
        monkeypatch.setattr(sources if name == "PART_ROWS" else batches, name, value)
    done = score(model, folder / "in.parquet", folder / "out", id="n", abstain_below=0.6, jobs=jobs)
    found = read_scores(folder / "out")
    assert found["id"].to_pylist() == list(range(rows))
    kept = found.filter(pc.is_in(found["status"].cast(pa.string()), pa.array(["ok", "abstained"])))
    best = probabilities.argmax(axis=1)
    labels = [
        LengthClassifier.classes_[k] if p >= 0.6 else None for k, p in zip(best, probabilities.max(1), strict=True)
    ]
    assert kept["label"].to_pylist() == labels
    assert sum(done.status.values()) == rows
    assert done.n_parts == len({one["first_row"] for one in done.manifest["parts"]})


def find_worded(texts):
    return pc.fill_null(pc.greater(pc.utf8_length(texts), 0), False)


def test_the_bytes_do_not_depend_on_the_threads(tmp_path, model, write, monkeypatch):
    monkeypatch.setattr(batches, "BATCH_ROWS", 7)
    path = write("in.parquet", rows=200)
    written = []
    for jobs in (1, 2, 5):
        score(model, path, tmp_path / f"out{jobs}", jobs=jobs)
        (file,) = (tmp_path / f"out{jobs}").glob("*.parquet")
        written.append((file.name, file.read_bytes()))
    assert written[0] == written[1] == written[2]


@pytest.mark.parametrize("kind", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int16(), pa.string())], ids=str)
def test_58_texts_of_other_types(kind, tmp_path, model, write):
    texts = ["Truce.", None, "War!", "Truce.", ""]
    array = pa.array(texts).dictionary_encode() if pa.types.is_dictionary(kind) else pa.array(texts, kind)
    score(model, write("odd.parquet", {"text": array}), tmp_path / "odd")
    score(model, write("plain.parquet", {"text": texts}), tmp_path / "plain")
    assert read_scores(tmp_path / "odd").select(AS_READ) == read_scores(tmp_path / "plain").select(AS_READ)


def test_58_no_row_one_row_a_group_no_text_at_all(tmp_path, model, write):
    write("in/a.parquet", {"text": pa.array([], pa.string())})
    write("in/b.parquet", rows=3, row_group_size=1)
    write("in/c.parquet", {"text": pa.nulls(2)})
    assert sum(score(model, tmp_path / "in", tmp_path / "out").status.values()) == 5
    found = said(tmp_path / "out")
    assert [(r["source"], r["id"]) for r in found] == [("b.parquet", i) for i in range(3)] + [
        ("c.parquet", 0),
        ("c.parquet", 1),
    ]
    assert [r["status"] for r in found[3:]] == ["missing_text"] * 2


def test_memory_is_bounded_by_bytes_too(model, write, monkeypatch):
    monkeypatch.setattr(batches, "BATCH_BYTES", 2000)
    path = write("in.parquet", {"text": [f"{i:0100}" for i in range(500)]}, use_dictionary=False)
    (part,) = sources.plan_parts(sources.find_sources([path]))
    sizes = [len(raw.table) for raw in batches.read_part(part, bulk.Columns())]
    assert sum(sizes) == 500
    assert max(sizes) <= 40


def test_ids_are_kept(tmp_path, model, write):
    write("in/a.parquet", {"text": ["a", "b"], "n": ["007", None]})
    write("in/b.parquet", {"text": ["a"], "n": pa.array([" 7"], pa.large_string())})
    score(model, tmp_path / "in", tmp_path / "out", id="n")
    assert [r["id"] for r in said(tmp_path / "out")] == ["007", None, " 7"]


@pytest.mark.parametrize(
    ("columns", "options", "rule"),
    [
        ({"text": [1, 2]}, {}, 'column "text": holds int64 where text belongs; write it as strings'),
        ({"text": [b"a"]}, {}, 'column "text": holds binary where text belongs'),
        ({"text": [["a"]]}, {}, 'column "text": holds list<element: string> where text belongs'),
        ({"Text": ["a"]}, {}, r'column "text": is missing (did you mean "Text"?); found: Text'),
        ({"text": ["a"]}, {"target": "about"}, 'column "about": is missing; found: text'),
        ({"text": ["a"], "target": ["b"]}, {"target": "about"}, 'column "about": is missing; found: text, target'),
        ({"text": ["a"], "n": [0.5]}, {"id": "n"}, 'column "n": holds double; ids are texts or whole numbers'),
        ({"text": ["a"], "target_start": ["0"]}, {}, 'column "target_start": holds string where whole numbers'),
    ],
)
def test_columns_that_cannot_be_read(columns, options, rule, tmp_path, model, write):
    with pytest.raises(InputError) as caught:
        score(model, write("in.parquet", columns), tmp_path / "out", **options)
    assert rule in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert str(caught.value).startswith(str(tmp_path / "in.parquet"))
    assert [path.name for path in tmp_path.iterdir() if "out" in path.name] == []


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        (
            {"text": ["a", "short", "x" * (MAX_CHARS + 1)]},
            'row 3, column "text": has 100,001 characters, over the 100,000 allowed; cut it, or say --long-text',
        ),
        (
            {"text": ["truce", None, "truce"], "target_start": [0, 9, 2], "target_end": [5, 9, 6]},
            'row 3, column "target_start": 2..6 is not a span inside of a text of 5',
        ),
        (
            {"text": ["a", "b"], "target_start": [float("nan"), 0.5], "target_end": [1.0, 1.0]},
            'row 2, column "target_start": 0.5 is no whole number',
        ),
    ],
)
def test_rows_that_cannot_be_scored(columns, rule, tmp_path, model, write, monkeypatch):
    monkeypatch.setattr(batches, "BATCH_ROWS", 2)
    monkeypatch.setattr(batches, "READ_ROWS", 2)
    with pytest.raises(InputError) as caught:
        score(model, write("in.parquet", columns), tmp_path / "out")
    assert rule in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_57_bytes_that_are_no_text(tmp_path, model, write):
    array = pa.Array.from_buffers(pa.string(), 3, pa.array([b"a", b"b", b"\xff"]).buffers())
    with pytest.raises(InputError, match=r'column "text": holds bytes that are not UTF-8.*\(row group 1, row 3\)'):
        score(model, write("in.parquet", {"text": array}, row_group_size=2), tmp_path / "out")


def test_27_long_texts_are_cut_where_asked_for(tmp_path, model, write):
    texts = ["é" * (MAX_CHARS + 1), "é" * MAX_CHARS, "é" * (MAX_CHARS + 9)]
    spans = {"target_start": [0, 0, MAX_CHARS + 2], "target_end": [3, 3, MAX_CHARS + 5]}
    score(model, write("in.parquet", {"text": texts, **spans}), tmp_path / "out", truncate=True)
    found = said(tmp_path / "out")
    assert [r["status"] for r in found] == ["truncated", "ok", "truncated"]
    assert len({r["label"] for r in found}) == 1


def test_59_folders(tmp_path, model, write):
    write("in/2024/b.parquet", rows=2)
    write("in/a.pq", rows=1)
    for name in ("_SUCCESS", ".hidden.parquet", "_metadata", "2024/.b.parquet.crc"):
        (tmp_path / "in" / name).write_text("no Parquet")
    score(model, tmp_path / "in", tmp_path / "out")
    assert [r["source"] for r in said(tmp_path / "out")] == ["2024/b.parquet"] * 2 + ["a.pq"]


def test_59_folders_that_are_refused(tmp_path, model, write):
    write("in/a.parquet", rows=2)
    out = tmp_path / "out"
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty: holds no Parquet file"):
        score(model, tmp_path / "empty", out)
    with pytest.raises(InputError, match="no file to score"):
        score(model, [], out)
    with pytest.raises(MissingDataError, match="nowhere: is not there"):
        score(model, tmp_path / "nowhere", out)
    with pytest.raises(InputError, match=r"lies in the folder to be scored, .*in; choose another"):
        score(model, tmp_path / "in", tmp_path / "in" / "scores")
    with pytest.raises(InputError, match=r'has the name "a.parquet" of .*; give the folder above both'):
        score(model, [tmp_path / "in", tmp_path / "in" / "a.parquet"], out)
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    with pytest.raises(InputError, match="loop: is a link back to a folder above it"):
        score(model, tmp_path / "in", out)
    (tmp_path / "in" / "loop").unlink()
    (tmp_path / "in" / "b.csv").write_text("text\n")
    with pytest.raises(InputError, match=r"b\.csv: is no Parquet file by its name"):
        score(model, tmp_path / "in", out)
    assert not out.exists()


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        ({"text": ["a"], "n": ["1"]}, 'column "n": holds texts, in .*a.parquet whole numbers'),
        ({"text": ["a"]}, 'column "n": is missing; found: text'),
        ({"text": ["a"], "n": [1], "target": ["x"]}, 'column "target": is missing in .*a.parquet, but not here'),
    ],
)
def test_59_files_that_differ(columns, rule, tmp_path, model, write):
    write("in/a.parquet", {"text": ["a"], "n": [1]})
    write("in/b.parquet", columns)
    with pytest.raises(InputError, match=rf"b\.parquet: {rule}"):
        score(model, tmp_path / "in", tmp_path / "out", id="n")


def test_56_damage_is_refused_wherever_it_is(tmp_path, model, write):
    whole = write("in/a.parquet", rows=400, compression="none", write_page_checksum=True).read_bytes()
    damaged = [b"", whole[: len(whole) // 2], b"PAR1" * 9, whole[:1000] + bytes([whole[1000] ^ 1]) + whole[1001:]]
    for content in damaged:
        (tmp_path / "in" / "b.parquet").write_bytes(content)
        with pytest.raises(RefusedFileError, match=r"b\.parquet: is damaged or no Parquet file"):
            score(model, tmp_path / "in", tmp_path / "out")
        assert not (tmp_path / "out").exists()


def test_23_a_source_that_changes_is_noticed(tmp_path, model, write, monkeypatch):
    path = write("in.parquet", rows=40)

    class Meddler(LengthClassifier):
        def predict_proba(self, sentences):
            write("in.parquet", rows=41)
            return super().predict_proba(sentences)

    monkeypatch.setattr(bulk, "load_model", lambda _: Meddler())
    with pytest.raises(InputError, match=r"in\.parquet: was changed while it was scored; run the same command again"):
        score(model, path, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    monkeypatch.setattr(bulk, "load_model", lambda _: LengthClassifier())
    score(model, path, tmp_path / "out")
    assert len(said(tmp_path / "out")) == 41
