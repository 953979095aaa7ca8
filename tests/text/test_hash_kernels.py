"""What is kept of compiled loops: made anew when any module of their room changes."""

import importlib.util

import pytest

from stance.text import hash_kernels
from stance.text.hash_kernels import compiled, digest_sources


def test_the_digest_knows_names_and_contents(tmp_path):
    (tmp_path / "a.py").write_text("1")
    digests = [digest_sources(tmp_path)]
    (tmp_path / "a.py").write_text("2")
    digests.append(digest_sources(tmp_path))
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    digests.append(digest_sources(tmp_path))
    (tmp_path / "notes.txt").write_text("of no account")
    assert len(set(digests)) == 3
    assert digest_sources(tmp_path) == digests[-1]


@pytest.mark.parametrize(("sources", "hits"), [("as before", 1), ("changed", 0)])
def test_a_kept_loop_is_used_only_while_all_sources_are_as_they_were(sources, hits, tmp_path, monkeypatch):
    path = tmp_path / "loops.py"
    path.write_text("def add_one(number):\n    return number + 1\n")
    spec = importlib.util.spec_from_file_location("loops", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(hash_kernels, "SOURCES", "as before")
    assert compiled(module.add_one)(1) == 2
    monkeypatch.setattr(hash_kernels, "SOURCES", sources)
    again = compiled(module.add_one)
    assert again(1) == 2
    assert sum(again.stats.cache_hits.values()) == hits
