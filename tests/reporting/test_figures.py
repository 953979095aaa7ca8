"""Figures: deterministic, self-contained, labels apart."""

import itertools
import xml.etree.ElementTree as ET

import matplotlib
import numpy as np
import pytest

from stance.core.records import Timing
from stance.reporting.figures import (
    accuracy_throughput,
    accuracy_throughput_png,
    confusion_matrix,
    f1_by_actor,
)
from stance.reporting.leaderboard import Board, Row, Value, make_boards
from tests.reporting.conftest import TIMING


def drawn(board):
    return [
        accuracy_throughput(board),
        f1_by_actor(board),
        *(confusion_matrix(board, row) for row in board.rows),
    ]


def scattered(names, speeds, scores):
    rows = []
    for name, speed, score in zip(names, speeds, scores, strict=True):
        timing = TIMING | {"predict_seconds": TIMING["predict_seconds"] | {"all": [300 / speed]}}
        clock = Timing(corpus="toy", scheme="stance", classifier=name, **timing)
        value = {"macro_f1": Value(score, score - 0.02, score + 0.02)}
        rows.append(Row(name, 1, value, {"iran": score}, np.eye(2), clock))
    return Board("toy", "stance", "official", "test", ("favor", "none"), ("iran",), 50, 9, {"iran": 50}, tuple(rows))


def test_the_same_scores_are_drawn_with_the_same_bytes(results):
    (board,) = make_boards(results)
    first, picture = drawn(board), accuracy_throughput_png(board)
    matplotlib.rcParams["font.size"] = 30
    try:
        assert drawn(board) == first
        assert accuracy_throughput_png(board) == picture
    finally:
        matplotlib.rcdefaults()
    assert picture.startswith(b"\x89PNG")


def test_figures_are_whole_svg_without_links_dates_or_pictures(results):
    (board,) = make_boards(results)
    ids = []
    for svg in drawn(board):
        root = ET.fromstring(svg)
        assert not {"script", "image", "metadata", "foreignObject"} & {one.tag.split("}")[1] for one in root.iter()}
        for one in root.iter():
            ids += [one.get("id")] if one.get("id") else []
            assert one.get("{http://www.w3.org/1999/xlink}href", "#").startswith("#")
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    "name", ["$x$", r"\frac{1}", "_hidden", "<b>&\"'", "伊朗分类器", "مصنف", "a\x00\ud800\n\u202eb", ""]
)
def test_any_name_can_be_drawn(name):
    board = scattered([name, "svm"], [1000, 2000], [0.5, 0.6])
    for svg in drawn(board):
        ET.fromstring(svg.encode("utf-8"))
    if name == "$x$":
        assert ">$x$</text>" in drawn(board)[0]


def test_labels_of_points_on_one_spot_do_not_overlap():
    names = [f"classifier_{i}" for i in range(7)]
    board = scattered(
        [*names, "far"],
        [30_000 + 200 * i for i in range(7)] + [300_000],
        [0.6 + 0.002 * i for i in range(7)] + [0.2],
    )
    root = ET.fromstring(accuracy_throughput(board))
    boxes = []
    for one in root.iter("{http://www.w3.org/2000/svg}text"):
        if one.text and one.text.startswith("classifier_"):
            x, y, width = float(one.get("x")), float(one.get("y")), 5.2 * len(one.text)
            side = one.get("style")
            left = x - width if "text-anchor: end" in side else x - width / 2 if "middle" in side else x
            boxes.append((left, y - 7, left + width, y))
    assert len(boxes) == 7
    for one, other in itertools.combinations(boxes, 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart, (one, other)


def test_what_cannot_be_drawn_is_none(make_results):
    board = Board("toy", "stance", "official", "test", ("favor",), (), 0, 0, {})
    assert accuracy_throughput(board) is None
    assert accuracy_throughput_png(board) is None
    assert f1_by_actor(board) is None


def test_more_than_eight_actors_are_cut_to_those_with_most_sentences():
    actors = tuple(f"actor{i:02}" for i in range(12))
    row = Row("svm", 1, {"macro_f1": Value(0.5, 0.4, 0.6)}, dict.fromkeys(actors, 0.5), np.eye(2), None)
    counts = {actor: 30 + i for i, actor in enumerate(actors)}
    svg = f1_by_actor(Board("toy", "stance", "official", "test", ("favor", "none"), actors, 99, 9, counts, (row,)))
    assert ">actor11</text>" in svg
    assert ">actor03</text>" not in svg
