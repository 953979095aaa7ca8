"""X as compiled loops read it says what X says to everybody else."""

import datasets
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from stance.core.errors import InputError, StanceError
from stance.text.inputs import read_sentences
from stance.text.marked import read_marked

ROWS = {
    "text": ["Moscow backs Tehran.", "Nobody came.", "Tehran thanked Moscow."],
    "holder": ["russia", None, "Iran"],
    "target": ["Tehran", "author", "russia"],
    "target_start": [13, None, None],
    "target_end": [19, None, None],
}


def spans(X):
    found = read_marked(X)
    return np.concatenate([np.broadcast_to(part.spans, (len(part), 4)) for part in found.parts]).tolist()


def wanted(X):
    found = read_sentences(X)
    nothing = (-1, -1)
    return [[*(h or nothing), *(t or nothing)] for h, t in zip(found.holders, found.targets, strict=True)]


@pytest.mark.parametrize(
    "X",
    [
        pa.table(ROWS),
        pd.DataFrame(ROWS),
        pd.DataFrame(ROWS).astype({"text": "string[python]", "target_start": "Int64", "target_end": "Int64"}),
        pd.DataFrame(ROWS).astype({"target_start": "category", "target_end": "category"}),
        pd.DataFrame(ROWS).astype({"target_start": object, "target_end": object}),
        pa.table(ROWS).select(["text", "target"]),
    ],
)
def test_every_kind_of_table_is_read_as_by_the_slow_way(X):
    assert spans(X) == wanted(X)


def test_a_dataset_is_read_as_the_table_that_it_keeps():
    found = datasets.Dataset.from_dict(ROWS)
    assert spans(found) == spans(pa.table(ROWS))
    assert spans(found.select([2, 0])) == [spans(pa.table(ROWS))[row] for row in (2, 0)]


@pytest.mark.parametrize("name", ["text", "holder", "target", "target_start"])
def test_a_column_given_twice_is_refused(name):
    frame = pd.DataFrame(ROWS)
    doubled = pd.concat([frame, frame[[name]]], axis=1)
    with pytest.raises(InputError, match=f'more than one column "{name}"'):
        read_marked(doubled)


@pytest.mark.parametrize("start", ["zero", "0", True, 0.5, -1])
def test_an_offset_that_is_none_is_refused_by_its_row(start):
    frame = pd.DataFrame({"text": ["Moscow", "Tehran"], "target_start": [0, start], "target_end": [6, 6]}, dtype=object)
    with pytest.raises(StanceError, match="row 1: target span"):
        read_marked(frame)


@pytest.mark.parametrize("lost", [{"target_end": [6, None]}, {"target_start": [None, 0]}, {"target_end": None}])
@pytest.mark.parametrize("make", [pa.table, pd.DataFrame])
@pytest.mark.parametrize("read", [read_marked, read_sentences])
def test_half_a_span_is_refused_by_its_row(make, read, lost):
    columns = {"text": ["Moscow", "Tehran"], "target_start": [0, 0], "target_end": [6, 6]} | lost
    with pytest.raises(InputError, match=r"row [01]: target span .* needs both ends, or neither"):
        read(make({name: values for name, values in columns.items() if values}))


def test_half_a_character_is_read_as_by_the_slow_way():
    frame = pd.DataFrame({"text": pd.Series(["Iran \ud800 objects.", "No."], dtype="string[python]")})
    assert read_marked(frame).texts == read_marked(read_sentences(frame)).texts


@pytest.mark.parametrize("make", [pa.table, lambda columns: pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype)])
@pytest.mark.parametrize("bad", ["text", "holder"])
def test_a_text_that_is_searched_for_a_mention_and_is_not_utf8_is_refused_by_its_row(make, bad):
    columns = {"text": [b"Iran objects.", b"Iran agrees."], "holder": [b"iran", b"iran"]}
    columns[bad][1] = b"Iran \xff"
    with pytest.raises(InputError, match="row 1 is not UTF-8"):
        read_marked(make({name: pa.array(values).view(pa.string()) for name, values in columns.items()}))
