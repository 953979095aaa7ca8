"""Where things lie."""

from pathlib import Path

from stance.core import paths
from stance.core.paths import data_folder, shipped


def test_the_data_folder_is_the_one_given(monkeypatch, tmp_path):
    monkeypatch.setenv("STANCE_DATA", str(tmp_path))
    assert data_folder() == tmp_path


def test_the_data_folder_is_the_cache_where_none_is_given(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for empty in (lambda: monkeypatch.delenv("STANCE_DATA"), lambda: monkeypatch.setenv("STANCE_DATA", "")):
        monkeypatch.setenv("STANCE_DATA", "x")
        empty()
        assert data_folder().name == "stance"
        assert data_folder().is_absolute()


def test_a_wheel_s_corpora_come_before_a_checkout_s(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "PACKAGE", tmp_path / "stance")
    assert shipped("corpora") == tmp_path / "corpora"
    inside = tmp_path / "stance" / "shipped" / "corpora"
    inside.mkdir(parents=True)
    assert shipped("corpora") == inside


def test_the_corpora_are_there():
    assert (shipped("corpora") / "actors.toml").is_file()
    assert shipped("corpora").is_absolute()
    assert Path(paths.__file__).is_relative_to(paths.PACKAGE)
