"""`stance score`: the right exit code, one line an error, nothing half-written."""

import pytest

from stance.__main__ import main
from stance.scoring.manifest import read_scores
from stance.scoring.staging import held


@pytest.fixture
def call(capsys):
    """Return a function that runs the command line: exit code, stdout and stderr."""

    def call(*arguments):
        code = 0
        try:
            main(["score", *map(str, arguments)])
        except SystemExit as stop:
            code = stop.code or 0
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        assert "unexpected" not in captured.err
        return code, captured.out, captured.err

    return call


def test_scores_and_says_how_many(call, tmp_path, model, write):
    paths = [
        write("a.parquet", {"t": ["Truce!", "", None], "n": [3, 4, 5]}),
        write("b.parquet", {"t": ["War."], "n": [6]}),
    ]
    out = tmp_path / "out"
    asked = (model, *paths, "-o", out, "--text", "t", "--id", "n", "--jobs", 2, "--abstain-below", 0.1)
    assert call(*asked) == (0, f"{out}: 4 rows (2 ok, 1 empty_text, 1 missing_text)\n", "")
    assert read_scores(out)["id"].to_pylist() == [3, 4, 5, 6]
    assert call(*asked) == (0, f"{out}: complete already, nothing to do\n", "")
    (tmp_path / "out.staging-0123").mkdir()
    assert call(*asked)[2] == f"{out}.staging-0123: left unfinished by another job; remove it, or run that job again\n"


@pytest.mark.parametrize(
    ("columns", "options", "code", "said"),
    [
        ({"text": [1]}, [], 2, 'in.parquet: column "text": holds int64 where text belongs; write it as strings'),
        ({"text": ["a"]}, ["--text", "txt"], 2, 'column "txt": is missing (did you mean "text"?)'),
        ({"text": ["a"]}, ["--abstain-below", "2"], 2, "abstain_below is 2.0, which is no probability"),
        ({"text": ["a"]}, ["--actors"], 2, "tells no sentiment"),
        ({"text": ["a" * 100_001]}, [], 2, "has 100,001 characters"),
        (None, [], 5, "in.parquet: is damaged or no Parquet file"),
    ],
)
def test_bad_input_is_one_line(columns, options, code, said, call, tmp_path, model, write):
    path = write("in.parquet", columns)
    if columns is None:
        path.write_bytes(path.read_bytes()[:-7])
    found, out, err = call(model, path, "-o", tmp_path / "out", *options)
    assert (found, out) == (code, "")
    assert said in err
    assert len(err.splitlines()) == 1
    assert sorted(one.name for one in tmp_path.iterdir()) == ["in.parquet", "model.stance"]


def test_27_long_text_is_cut_where_asked_for(call, tmp_path, model, write):
    path = write("in.parquet", {"text": ["a" * 100_001]})
    code, out, _ = call(model, path, "-o", tmp_path / "out", "--long-text", "truncate")
    assert (code, out) == (0, f"{tmp_path / 'out'}: 1 rows (1 truncated)\n")


def test_two_runs_at_once(call, tmp_path, model, write, monkeypatch):
    path, out = write("in.parquet"), tmp_path / "out"
    monkeypatch.setattr("stance.scoring.bulk.staging_folder", lambda output, run: tmp_path / "staging")
    with held(tmp_path / "staging"):
        code, _, err = call(model, path, "-o", out)
    assert code == 3
    assert err == f"error: {tmp_path / 'staging'}: another run is at work here; wait for it\n"
    assert not out.exists()


def test_6_a_folder_that_cannot_be_made(call, tmp_path, model, write):
    code, _, err = call(model, write("in.parquet"), "-o", model / "out")
    assert code == 4
    assert "cannot be written: Not a directory" in err


def test_a_bar_is_drawn_where_asked_for(tmp_path, model, write, capsys):
    from stance.scoring.bulk import score

    score(model, write("in.parquet"), tmp_path / "out", progress=True)
    assert "10.0/10.0" in capsys.readouterr().err
