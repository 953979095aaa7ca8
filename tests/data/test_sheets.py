"""Sheets: each broken rule by the path of its key, and every shipped sheet complete."""

import pytest

from stance.core.errors import InputError, MissingDataError
from stance.core.paths import shipped
from stance.core.schemes import SCHEMES
from stance.data.corpora import list_corpora, load_corpus
from stance.data.readers import READERS
from stance.data.sheets import Columns, Sheet, check_model, read_model, read_sheet

WHOLE = """
name = "own"
title = "Our own"
version = "1"
[schemes.stance]
labels = ["against", "favor"]
label_map = { pro = "favor" }
tests = ["test"]
[[files]]
path = "a.csv"
"""
SHIPPED = sorted(path.parent.name for path in shipped("corpora").glob("*/sheet.toml"))


def read(folder, text):
    (folder / "sheet.toml").write_text(text, encoding="utf-8")
    return read_sheet(folder)


def with_change(old, new):
    assert WHOLE.count(old) == 1
    return WHOLE.replace(old, new)


def test_a_whole_sheet_is_read(tmp_path):
    sheet = read(tmp_path, WHOLE)
    assert (sheet.name, sheet.reader, sheet.licence) == ("own", "table", "not stated")
    assert sheet.files[0].path == "a.csv"
    assert sheet.schemes["stance"].train == ["train"]


def test_labels_stand_in_the_order_of_the_scheme(tmp_path):
    assert read(tmp_path, WHOLE).labels("stance") == ("favor", "against")
    whole = read(tmp_path, with_change('labels = ["against", "favor"]\n', ""))
    assert whole.labels("stance") == SCHEMES["stance"].labels


BROKEN = {
    "unknown key": (
        'version = "1"',
        'version = "1"\nlicense = "MIT"',
        'unknown key "license" (did you mean "licence"?)',
    ),
    "unknown key of a scheme": (
        'tests = ["test"]',
        'test = ["test"]',
        'unknown key "schemes.stance.test" (did you mean "tests"?)',
    ),
    "unknown key of a file": (
        'path = "a.csv"',
        'path = "a.csv"\nsha265 = "x"',
        'unknown key "files.0.sha265" (did you mean "sha256"?)',
    ),
    "unknown key of the columns": (
        "[schemes.stance]",
        '[columns]\nlable = "y"\n[schemes.stance]',
        'unknown key "columns.lable" (did you mean "label"?)',
    ),
    "missing key": ('title = "Our own"\n', "", 'key "title" is missing'),
    "missing path": ('path = "a.csv"', 'split = "test"', 'key "files.0.path" is missing'),
    "text for a list": ('tests = ["test"]', 'tests = "test"', "key \"schemes.stance.tests\": 'test': "),
    "number for a text": ('version = "1"', "version = 1", 'key "version": 1: '),
    "text for a number": ('path = "a.csv"', 'path = "a.csv"\nbytes = "12"', "key \"files.0.bytes\": '12': "),
    "no files": ('[[files]]\npath = "a.csv"', "", 'key "files" is missing'),
    "path above": ('"a.csv"', '"../a.csv"', "a sheet's file lies inside of the corpus's folder"),
    "path above, hidden": ('"a.csv"', '"b/../../a.csv"', "a sheet's file lies inside of the corpus's folder"),
    "absolute path": ('"a.csv"', '"/etc/passwd"', "a sheet's file lies inside of the corpus's folder"),
    "no path": ('"a.csv"', '""', "a sheet's file lies inside of the corpus's folder"),
    "name above": ('name = "own"', 'name = "../../own"', 'name "../../own" is not the name of a folder'),
    "absolute name": ('name = "own"', 'name = "/tmp"', 'name "/tmp" is not the name of a folder'),
    "name of the parent": ('name = "own"', 'name = ".."', 'name ".." is not the name of a folder'),
    "no name": ('name = "own"', 'name = ""', 'name "" is not the name of a folder'),
    "short hash": ('"a.csv"', '"a.csv"\nsha256 = "abc"', 'key "files.0.sha256": '),
    "fetched without a hash": (
        '"a.csv"',
        '"a.csv"\nurl = "https://x.org/a"',
        "a file that is fetched needs its sha256",
    ),
    "unknown scheme": (
        "[schemes.stance]",
        "[schemes.stanse]",
        'schemes.stanse is not one of stance, sentiment, directed (did you mean "stance"?)',
    ),
    "unknown label": (
        '["against", "favor"]',
        '["against", "favour"]',
        'schemes.stance.labels: label 1: "favour" is not one of favor, against, none (did you mean "favor"?)',
    ),
    "label mapped to nothing": (
        'pro = "favor"',
        'pro = "favour"',
        'schemes.stance.label_map: label 0: "favour" is not one of favor, against (did you mean "favor"?)',
    ),
    "label mapped out of the subset": (
        'pro = "favor"',
        'pro = "none"',
        'schemes.stance.label_map: label 0: "none" is not one of favor, against',
    ),
    "unknown metric": ('tests = ["test"]', 'metric = "f1"', "key \"schemes.stance.metric\": 'f1': "),
    "trained on the test": (
        'tests = ["test"]',
        'tests = ["test"]\ntrain = ["train", "test"]',
        'split "test" is named in both train and tests',
    ),
    "key twice": (
        'version = "1"',
        'version = "1"\nversion = "2"',
        "cannot be read as TOML: Cannot overwrite a value",
    ),
    "no TOML": ('version = "1"', "version: 1", "cannot be read as TOML: "),
    "deep": ('version = "1"', "version = " + "[" * 5000 + "]" * 5000, "cannot be read as TOML: "),
    "huge number": ('version = "1"', "version = " + "9" * 5000, "cannot be read as TOML: "),
}


@pytest.mark.parametrize(("old", "new", "said"), BROKEN.values(), ids=BROKEN)
def test_a_broken_sheet_is_one_line_with_the_path_of_the_key(tmp_path, old, new, said):
    with pytest.raises(InputError) as caught:
        read(tmp_path, with_change(old, new))
    (line,) = str(caught.value).split("\n")
    assert said in line
    assert line.isprintable()
    assert line.startswith(f"{tmp_path}/sheet.toml: ")


def test_every_broken_rule_has_its_line(tmp_path):
    with pytest.raises(InputError) as caught:
        read(tmp_path, "nmae = 1\n[schemes.stance]\ntests = 1\n")
    assert len(str(caught.value).split("\n")) == 6


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "sheet.toml").write_bytes(WHOLE.encode("utf-16"))
    with pytest.raises(InputError, match="cannot be read as TOML"):
        read_sheet(tmp_path)


def test_a_byte_order_mark_is_dropped(tmp_path):
    assert read(tmp_path, "\ufeff" + WHOLE).name == "own"


def test_a_folder_without_a_sheet_is_missing_data(tmp_path):
    with pytest.raises(MissingDataError, match=r"holds no sheet\.toml; write one \(corpora/README\.md"):
        read_sheet(tmp_path)


def test_a_file_that_is_not_there_is_missing_data(tmp_path):
    with pytest.raises(MissingDataError, match=r"nope\.toml: no such file"):
        read_model(tmp_path / "nope.toml", Sheet)


def test_a_sheet_does_not_change(tmp_path):
    sheet = read(tmp_path, WHOLE)
    with pytest.raises(ValueError, match="frozen"):
        sheet.name = "other"


def test_python_values_are_checked_alike():
    with pytest.raises(InputError, match=r'columns: unknown key "txet" \(did you mean "text"\?\)'):
        check_model({"txet": "a"}, Columns, "columns")
    with pytest.raises(InputError, match='columns: key "text": 1: '):
        check_model({"text": 1}, Columns, "columns")


def test_the_shipped_sheets_are_listed():
    assert [sheet.name for sheet in list_corpora()] == SHIPPED
    assert {"four_actors", "newsmtsc", "dse"} <= set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_sheet_is_complete(name):
    folder = shipped("corpora") / name
    sheet = read_sheet(folder)
    assert sheet.name == name
    assert sheet.title
    assert sheet.version
    assert sheet.description.strip()
    assert sheet.citation.strip()
    assert sheet.terms.strip()
    assert sheet.reader in READERS
    for scheme, part in sheet.schemes.items():
        assert sheet.labels(scheme) == tuple(part.labels), "declared, and in the scheme's order"
        assert part.tests
        assert part.train
    for file in sheet.files:
        if file.url is None:
            assert (folder / file.path).is_file()
        else:
            assert sheet.homepage.startswith("https://")
            assert file.url.startswith("https://")
            assert file.url.endswith(file.path.rsplit("/", 1)[-1])
            assert file.sha256
            assert file.bytes


@pytest.mark.parametrize("name", SHIPPED)
def test_the_splits_that_a_shipped_sheet_names_exist(name):
    sheet = read_sheet(shipped("corpora") / name)
    for scheme, part in sheet.schemes.items():
        own = [file.split for file in sheet.files]
        splits = load_corpus(name, scheme).splits if None in own else own
        assert {*part.train, *part.dev, *part.tests} <= set(splits)
