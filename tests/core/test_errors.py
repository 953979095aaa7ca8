"""Messages: one line, the nearest name, the exit code."""

import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.core import errors
from stance.core.errors import Problem, StanceError, TableError, show, suggest, unknown

EXIT_CODES = {
    "StanceError": 2,
    "InputError": 2,
    "InputTypeError": 2,
    "MissingDataError": 2,
    "TableError": 2,
    "BusyError": 3,
    "StorageError": 4,
    "RefusedFileError": 5,
}
BUILT_IN = {
    "InputError": ValueError,
    "InputTypeError": TypeError,
    "MissingDataError": FileNotFoundError,
    "StorageError": OSError,
    "RefusedFileError": ValueError,
    "TableError": ValueError,
}
CLASSES = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, StanceError)]


def test_each_class_has_its_exit_code():
    assert {c.__name__: c.exit_code for c in CLASSES} == EXIT_CODES


@pytest.mark.parametrize(("name", "built_in"), BUILT_IN.items())
def test_what_python_users_catch_catches_ours(name, built_in):
    assert issubclass(getattr(errors, name), built_in)


@pytest.mark.parametrize("kind", [c for c in CLASSES if c is not TableError])
def test_errors_cross_process_borders(kind):
    again = pickle.loads(pickle.dumps(kind("us.csv: no")))
    assert (type(again), str(again)) == (kind, "us.csv: no")


def test_a_table_error_crosses_process_borders():
    first = TableError("us.csv", [Problem("is wrong", 7, "label", "Favour")] * 30)
    again = pickle.loads(pickle.dumps(first))
    assert type(again) is TableError
    assert (again.path, again.problems, str(again)) == (first.path, first.problems, str(first))


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (Problem("is wrong", 7, "label", "a\nb"), 'line 7, column "label": "a\\nb" is wrong'),
        (Problem("is wrong", 7), "line 7: is wrong"),
        (Problem("is missing", column="x\ty"), 'column "x\\ty": is missing'),
        (Problem("file is empty"), "file is empty"),
        (Problem("is wrong", 0, "", ""), 'line 0, column "": "" is wrong'),
    ],
)
def test_a_problem_names_its_place(problem, said):
    assert problem.describe() == said


def test_twenty_problems_are_shown_and_all_are_counted():
    lines = str(TableError("a\nb.csv", [Problem("is wrong", i) for i in range(1, 1235)])).split("\n")
    assert lines[0] == "a\\nb.csv: line 1: is wrong"
    assert lines[19] == "a\\nb.csv: line 20: is wrong"
    assert lines[20:] == ["a\\nb.csv: 1,234 problems in all, 20 shown"]
    assert len(str(TableError("a", [Problem("is wrong")] * 20)).split("\n")) == 20


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=())), st.integers(1, 100))
def test_what_is_shown_is_one_short_printable_line(text, limit):
    said = show(text, limit)
    assert len(said) <= limit
    assert said.isprintable()
    assert len(said.splitlines()) <= 1


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\ud800", "\\ud800"),
        ("x" * 80, "x" * 80),
        ("x" * 81, "x" * 79 + "…"),
        ("Тегеран 伊朗 🕊", "Тегеран 伊朗 🕊"),
        (None, "None"),
    ],
)
def test_show(value, said):
    assert show(value) == said


def test_a_path_is_shown_to_its_end():
    path = Path("/tmp") / ("folder" * 20) / "us.csv"
    assert show(path) == str(path)
    assert str(TableError(path, [Problem("is wrong")])) == f"{path}: is wrong"
    assert len(show(Path("x" * 999))) == 300


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("Favour ", ' (did you mean "Favor"?)'),
        ("agianst", ' (did you mean "against"?)'),
        ("banana", ""),
        ("", ""),
        (6, ""),
    ],
)
def test_suggest(word, said):
    assert suggest(word, ["Favor", "against", "none"]) == said


def test_an_unknown_name_is_answered_with_the_known_ones():
    assert str(unknown("scheme", "stanse", {"stance", "directed"})) == (
        'scheme "stanse" is not known (did you mean "stance"?); known: directed, stance'
    )
    assert str(unknown("split", "x\n", [])) == 'split "x\\n" is not known; known: none'
    assert "\n" not in str(unknown("split\n", "trian\n", ["train\n"]))
