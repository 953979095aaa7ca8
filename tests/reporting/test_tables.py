"""Tables: the leaderboard's numbers, and text of at most 80 columns."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score

from stance.core.records import Timing
from stance.reporting.columns import score_table, speed_table
from stance.reporting.escaping import width
from stance.reporting.leaderboard import Board, Row, Value, make_boards
from stance.reporting.tables import render_table, render_terminal
from tests.reporting.conftest import LABELS, TIMING, predictions

NAMES = st.text(max_size=90)


def board_of(names, actors, n=100, timing=True):
    clock = {"corpus": "toy", "scheme": "stance", **TIMING}
    rows = [
        Row(
            name,
            2,
            {"macro_f1": Value(0.5, 0.4, 0.6), "f_avg": Value(1, 1, 1)},
            dict.fromkeys(actors, 0.25),
            np.eye(3) * n / 3,
            Timing(classifier=name, **clock) if timing else None,
        )
        for name in names
    ]
    counts = dict.fromkeys(actors, n)
    return Board("toy", "stance", "official", "test", LABELS, tuple(actors), n, 9, counts, tuple(rows))


@given(st.lists(NAMES, min_size=1, max_size=4), st.lists(NAMES, max_size=14, unique=True), NAMES)
@settings(max_examples=200, deadline=None)
def test_no_line_is_wider_than_80_columns(names, actors, test):
    board = board_of(names, actors)
    board = Board(**{**vars(board), "test": test})
    for line in render_table(board).split("\n"):
        assert width(line) <= 80
        assert line.isprintable()


def test_every_actor_has_its_column_even_where_two_blocks_are_needed():
    actors = [f"a{i}" for i in range(14)]
    head = [line for line in render_table(board_of(["svm"], actors)).split("\n") if line.startswith("class")]
    assert [word for line in head for word in line.split() if word in actors] == actors


def test_scores_are_those_of_scikit_learn(results):
    (board,) = make_boards(results)
    assert [row.classifier for row in board.rows] == ["svm", "sgd", "majority"]
    by_name = {row.classifier: row for row in board.rows}
    for name, tables in {
        "svm": [predictions(0)],
        "sgd": [predictions(2, skill=0.5), predictions(3, skill=0.5)],
    }.items():
        frames = [table.to_pandas() for table in tables]
        row = by_name[name]

        def mean(score, rows, **options):
            return np.mean([score(f["label"], f["prediction"], **options) for f in rows])

        macro = {"labels": LABELS, "average": "macro", "zero_division": 0.0}
        assert np.isclose(row.scores["macro_f1"].value, mean(f1_score, frames, **macro))
        assert np.isclose(row.scores["accuracy"].value, mean(accuracy_score, frames))
        f_avg = {"labels": ["favor", "against"], "average": "macro", "zero_division": 0.0}
        assert np.isclose(row.scores["f_avg"].value, mean(f1_score, frames, **f_avg))
        for actor in ("iran", "trump"):
            of_actor = [frame[frame["actor"] == actor] for frame in frames]
            assert np.isclose(row.by_actor[actor], mean(f1_score, of_actor, **macro))
        assert row.scores["macro_f1"].low <= row.scores["macro_f1"].value <= row.scores["macro_f1"].high


def test_the_terminal_shows_all_there_is(results):
    said = render_terminal(results)
    assert said.count("peak") == 1
    for part in ("toy · stance · official · test", "Iran", "120 test sentences in 20 groups", "sgd (2)"):
        assert part in said
    assert "toy/stance/official/test/encoder: out of memory: over 2,000 MB" in said
    assert "toy/stance/sgd (2 cells): ConvergenceWarning: it did not converge" in said.replace("\n  ", " ")
    assert all(width(line) <= 80 for line in said.split("\n"))


def test_what_is_undefined_is_a_dash(make_results):
    few = predictions(0, actors=("iran", *["trump"] * 23))
    (board,) = make_boards(make_results([("svm", "test", None, few)], timed=False))
    (row,) = score_table(board).rows
    assert row[-2:] == ("–", f"{board.rows[0].by_actor['trump']:.3f}")
    assert "fewer than 10 sentences" in render_table(board)
    assert speed_table([board]) is None


def test_a_failed_fold_leaves_its_actor_undefined_and_says_so(make_results):
    folds = {actor: predictions(0, actors=(actor,), n=60) for actor in ("iran", "trump")}
    cells = [("svm", actor, None, table) for actor, table in folds.items()]
    cells += [("sgd", "iran", 0, folds["iran"]), ("sgd", "iran", 1, folds["iran"])]
    (board,) = make_boards(make_results(cells, protocol="leave-one-actor-out"))
    sgd = next(row for row in board.rows if row.classifier == "sgd")
    assert set(sgd.by_actor) == {"iran"}
    said = render_table(board).replace("\n  ", " ")
    assert "sgd: scored on 60 of 120 sentences, as other cells failed; not comparable with the rest." in said


def test_seeds_of_which_one_misses_a_fold_are_scored(make_results):
    first = predictions(0, actors=("iran",), n=60)
    second = predictions(1, actors=("trump",), n=60)
    second = second.set_column(3, "group", [[f"h{i // 6}" for i in range(60)]])
    cells = [("sgd", "iran", 0, first), ("sgd", "iran", 1, first), ("sgd", "trump", 1, second)]
    (board,) = make_boards(make_results(cells, protocol="leave-one-actor-out"))
    assert board.rows[0].seeds == 2


def test_a_run_without_a_finished_cell_is_told(make_results):
    failure = {"title": "toy/stance/official/test/svm", "status": "error", "cause": "ValueError: no\x1b[31m"}
    said = render_terminal(make_results([], failures=[failure]))
    assert "no cell finished" in said
    assert "ValueError: no[31m" in said
