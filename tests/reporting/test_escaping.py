"""Escaping: nothing that comes from data acts."""

import csv
import io
import re

from hypothesis import given
from hypothesis import strategies as st

from stance.reporting.escaping import csv_cell, markdown, printable, tex, visible

ANY = st.text() | st.text(alphabet="=+-@'\t\r\n\\`*_[](){}<>#!|~&:$^%\" w.aé\u202e\x1b\0")


@given(ANY)
def test_every_format_gets_one_printable_line(text):
    for one in (visible(text), markdown(text), tex(text)):
        assert one.replace("\u200c", "").replace("\u200d", "").isprintable()
    assert printable(text).isprintable()
    for one in (visible(text, marks=True), csv_cell(text)):
        one.encode("utf-8")


@given(ANY)
def test_markdown_has_no_bare_markup(text):
    bare = re.sub(r"\\[\\`*_{}\[\]<>#!|~&@$:.]", "", markdown(text))
    assert not re.search(r"[\\`*_{}\[\]<>#!|~&@$]|://|[wW]{3}\.", bare)


@given(ANY)
def test_markdown_unescaped_is_the_text(text):
    assert re.sub(r"\\([\\`*_{}\[\]<>#!|~&@$:.])", r"\1", markdown(text)) == visible(text)


@given(ANY)
def test_tex_has_no_bare_special(text):
    bare = re.sub(r"\\(text[a-z]+|ldots)\{\}|\\[&%$#_{}]", "", tex(text))
    assert not re.search(r"[\\&%$#_{}^~<>|\"]", bare)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_the_csv_guard_is_reversible(text):
    guarded = csv_cell(text)
    assert not guarded.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    quoted = guarded.startswith("'") and guarded.lstrip("'").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert (guarded[1:] if quoted else guarded) == text


@given(st.lists(ANY.filter(lambda text: "\r" not in text), min_size=1, max_size=4))
def test_csv_cells_survive_a_csv_reader(texts):
    file = io.StringIO(newline="")
    cells = [csv_cell(text) for text in texts]
    csv.writer(file, lineterminator="\n").writerow(cells)
    assert next(csv.reader(io.StringIO(file.getvalue(), newline=""))) == cells
