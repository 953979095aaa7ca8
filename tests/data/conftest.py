"""Corpora of the tests' own making, and the public ones where they are at hand."""

import os

import pytest

from stance.core.errors import MissingDataError
from stance.data.corpora import load_corpus

SHEET = """
name = "own"
title = "Our own"
version = "1"
reader = "{reader}"

[schemes.{scheme}]
{keys}
"""


@pytest.fixture
def make_corpus(tmp_path):
    """Return a function that writes a folder with a sheet and files, each for the split of its stem."""

    def make(files, reader="table", scheme="stance", keys="", splits=True):
        text = SHEET.format(reader=reader, scheme=scheme, keys=keys)
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
            split = f'split = "{name.split(".")[0]}"' if splits else ""
            text += f'\n[[files]]\npath = "{name}"\n{split}\n'
        (tmp_path / "sheet.toml").write_text(text, encoding="utf-8")
        return tmp_path

    return make


@pytest.fixture
def write_csv(tmp_path):
    """Return a function that writes rows of cells, none of which needs a quote, as a CSV file."""

    def write(*rows, name="us.csv"):
        path = tmp_path / name
        path.write_text("".join(",".join(row) + "\n" for row in rows), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def public():
    """Return a function that loads a public corpus once; not at hand, it skips, or fails if it must be."""
    known = {}

    def load(name, scheme):
        required = os.environ.get("STANCE_REQUIRE_PUBLIC") == "1"
        missing = pytest.fail if required else pytest.skip
        if not os.environ.get("STANCE_DATA"):
            missing("STANCE_DATA is not set: the public corpora are not at hand")
        if (name, scheme) not in known:
            try:
                known[name, scheme] = load_corpus(name, scheme)
            except MissingDataError as error:
                missing(f"not at hand: {error}")
        return known[name, scheme]

    return load
