"""Tables: the leaderboard's numbers, and text of at most 80 columns."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score

from stance.core.records import Timing
from stance.evaluation.comparison import paired_difference
from stance.reporting.columns import confidence_table, notes, score_table, speed_table
from stance.reporting.escaping import width
from stance.reporting.leaderboard import Board, Row, Value, make_boards
from stance.reporting.markdown import render_markdown
from stance.reporting.report import report
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


def of_target(target, seed, n, skill):
    """Return the predictions of a fold that holds one target; its groups and ids are its own."""
    frame = predictions(seed, n=n, skill=skill, actors=("trump",) if target == "a" else (None,)).to_pandas()
    return frame.assign(target=target, group=target + frame["group"], id=target + frame["id"])


def test_the_targets_together_are_scored_pooled_and_by_target(make_results):
    skills = {("svm", None): (0.9, 0.4), ("sgd", 0): (0.6, 0.5), ("sgd", 1): (0.8, 0.3)}
    frames = {
        (name, seed): [of_target("a", 1, 90, first), of_target("b", 2, 30, second)]
        for (name, seed), (first, second) in skills.items()
    }
    cells = [
        (name, f"test_{frame['target'][0]}", seed, pa.Table.from_pandas(frame))
        for (name, seed), pair in frames.items()
        for frame in pair
    ]
    boards = make_boards(make_results(cells, train_per="target", metric="f_avg_by_target"))
    assert [board.test for board in boards] == ["all targets", "test_a", "test_b"]
    assert [board.n_sentences for board in boards] == [120, 90, 30]
    options = {"labels": ["favor", "against"], "average": "macro", "zero_division": 0.0}
    for row in boards[0].rows:
        pairs = [pair for (name, _), pair in frames.items() if name == row.classifier]
        each = [[f1_score(f["label"], f["prediction"], **options) for f in pair] for pair in pairs]
        pooled = [pd.concat(pair) for pair in pairs]
        f_avg = np.mean([f1_score(f["label"], f["prediction"], **options) for f in pooled])
        assert np.isclose(row.scores["f_avg_by_target"].value, np.mean(each))
        assert np.isclose(row.scores["f_avg"].value, f_avg)
        assert not np.isclose(f_avg, np.mean(each))
        held = row.scores["f_avg_by_target"]
        assert held.low < held.value < held.high
    assert all("f_avg_by_target" not in row.scores for board in boards[1:] for row in board.rows)
    said = render_table(boards[0]).replace("\n  ", " ")
    assert "One model a target" in said
    assert "F-avg by target: the mean of the targets' F-avg." in said


def test_one_target_needs_no_board_of_all_and_other_corpora_have_none(make_results):
    table = predictions(0)
    made = make_results([("svm", "test", None, table)], train_per="target")
    assert [board.test for board in make_boards(made)] == ["test"]
    made = make_results([("svm", "a", None, table), ("svm", "b", None, table)])
    assert [board.test for board in make_boards(made)] == ["a", "b"]


def test_a_table_shows_the_corpus_s_own_metric_though_the_experiment_does_not_ask(make_results):
    made = make_results([("svm", "test", None, predictions(0))], metric="f_avg", metrics=["accuracy"])
    assert "f_avg" in make_boards(made)[0].rows[0].scores
    assert {one.metric for one in made.scores()} == {"accuracy", "f_avg"}


def leak(fold, leaked):
    place = {"corpus": "toy", "scheme": "stance", "protocol": "official", "fold": fold}
    return place | {"leaked": leaked, "sentences": 120}


def test_a_leaky_split_is_marked_in_every_table(make_results):
    cells = [("svm", fold, None, predictions(0)) for fold in ("a", "b")]
    made = make_results(cells, leaks=[leak("a", 7), leak("b", 0), leak("c", 9)])
    first, second = make_boards(made)
    assert "leaky split: 7 of 120 test sentences stand in train." in render_table(first)
    assert "leaky" not in render_table(second)
    pooled = make_boards(make_results(cells, leaks=[leak("a", 7), leak("b", 1)], train_per="target"))[0]
    assert "leaky split: 8 of 240 test sentences stand in train." in render_table(pooled)
    for written in report(made, formats=["html", "md", "tex"]):
        if written.suffix != ".png":
            assert written.read_text().count("leaky split: 7 of 120 test sentences stand in train") == 1


def test_the_terminal_shows_all_there_is(results):
    said = render_terminal(results)
    assert said.count("peak") == 1
    for part in ("toy · stance · official · test", "Iran", "120 test sentences in 20 groups", "sgd (2)"):
        assert part in said
    assert "toy/stance/official/test/encoder: out of memory: over 2,000 MB" in said
    assert "toy/stance/sgd (2 cells): ConvergenceWarning: it did not converge" in said.replace("\n  ", " ")
    assert all(width(line) <= 80 for line in said.split("\n"))


def test_the_terminal_shows_what_tuning_chose(make_results):
    cells = [("svm", "test", None, predictions(0)), ("tuned", "test", 1, predictions(1))]
    said = render_terminal(make_results(cells, tuned={"C": 0.3, "alpha": 2})).replace("\n  ", " ")
    head = "Chosen by inner cross-validation (1)\n\n"
    assert f"{head}tuned/toy/stance/official/test, seed 1: C = 0.3, alpha = 2 (0.613)\n" in said


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


def test_what_probabilities_are_worth_is_shown_where_there_are_any(make_results):
    table = predictions(0, sure=0.9)
    cells = [("sure", "test", None, table), ("silent", "test", None, predictions(1))]
    (board,) = make_boards(make_results(cells))
    shown = confidence_table(board)
    accuracy = np.mean(
        [a == b for a, b in zip(table["label"].to_pylist(), table["prediction"].to_pylist(), strict=True)]
    )
    assert shown.names == ("sure",)
    assert [column.head for column in shown.columns] == [
        "calibration error",
        "accuracy on the surest 80 %",
        "accuracy on the surest 60 %",
        "accuracy on the surest 40 %",
    ]
    # All are as sure as each other: abstaining buys nothing.
    assert shown.rows == [("sure", f"{0.9 - accuracy:.3f}", *[f"{accuracy:.3f}"] * 3)]
    assert "What the probabilities are worth" in render_markdown(make_results(cells), [board])


SKILLS = [("good", 0.85), ("as_good", 0.75), ("worse", 0.5), ("bad", 0.1)]


def test_who_may_be_as_good_as_the_first_is_said(make_results):
    cells = [(name, "test", None, predictions(i, n=300, skill=skill)) for i, (name, skill) in enumerate(SKILLS)]
    (board,) = make_boards(make_results(cells))
    assert board.rows[0].behind is None
    for row in board.rows[1:]:
        raw = paired_difference(row.counts, board.rows[0].counts, "macro_f1", LABELS)
        assert (row.behind.value, row.behind.low, row.behind.high) == (raw.value, raw.low, raw.high)
        assert raw.value == pytest.approx(row.scores["macro_f1"].value - board.rows[0].scores["macro_f1"].value)
        assert raw.p_value <= row.behind.p_value <= 3 * raw.p_value  # three were compared with the first
    assert any(
        "Not told apart from good (paired test, whole groups swapped, Holm, p ≥ 0.05): as_good." in note
        for note in notes(board)
    )
    (alone,) = make_boards(make_results([cells[0], cells[3]]))
    assert any("All others are told apart from good (" in note for note in notes(alone))


def test_who_was_scored_on_fewer_sentences_is_not_compared(make_results):
    whole, part = predictions(0, n=300), predictions(1, n=300)
    cells = [("svm", fold, None, whole.filter(pc.equal(whole["actor"], fold))) for fold in ("iran", "trump")]
    cells.append(("sgd", "iran", None, part.filter(pc.equal(part["actor"], "iran"))))
    (board,) = make_boards(make_results(cells, protocol="leave-one-actor-out"))
    assert [row.behind for row in board.rows] == [None, None]
    assert not any("paired" in note for note in notes(board))
