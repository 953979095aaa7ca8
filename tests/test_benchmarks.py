"""The benchmarks' own tools: turns are taken, medians are medians, and a missed target is kept before it fails."""

import gc
import json
from io import BytesIO

import matplotlib.image
import pytest

from tests.benchmarks.collected import Collected, shown
from tests.benchmarks.interleaved import Ratio, fastest, race, seconds_of
from tests.benchmarks.plot import draw_speeds


class Clock:
    """A clock that only the contestants wind on."""

    def __init__(self):
        self.now = 0.0
        self.turns = []

    def __call__(self):
        return self.now

    def contestant(self, name, seconds):
        left = iter(seconds)

        def run():
            self.turns.append(name)
            self.now += next(left)

        return run


@pytest.fixture(autouse=True)
def _no_rubbish(monkeypatch):
    """Collect nothing: what other tests have left on the heap takes longer than they do."""
    monkeypatch.setattr(gc, "collect", lambda: 0)


def test_turns_are_taken_and_the_first_does_not_count():
    clock = Clock()
    ours, peer = clock.contestant("ours", [90, 1, 4, 2]), clock.contestant("peer", [70, 10, 30, 20])
    ratio = race(ours, peer, rounds=3, clock=clock)
    assert clock.turns == ["peer", "ours"] * 4
    assert ratio == Ratio((1, 4, 2), (10, 30, 20))
    assert (ratio.ours_seconds, ratio.peer_seconds, ratio.times_as_fast) == (2, 20, 10)


def test_pytest_benchmark_times_our_turns_and_sets_up_the_peer_s():
    class Benchmark:
        def pedantic(self, call, setup, rounds, warmup_rounds):
            for _ in range(rounds + warmup_rounds):
                setup()
                call()

    clock = Clock()
    ours, peer = clock.contestant("ours", [9, 1, 2]), clock.contestant("peer", [9, 3, 4])
    assert race(ours, peer, 2, Benchmark(), clock) == Ratio((1, 2), (3, 4))
    assert clock.turns == ["peer", "ours"] * 3


def test_rubbish_is_not_collected_while_the_clock_runs():
    seen = []
    seconds_of(lambda: seen.append(gc.isenabled()))
    assert seen == [False]
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError):
        seconds_of(lambda: 1 / 0)
    assert gc.isenabled()


def test_the_fastest_way_is_the_one_that_takes_least():
    assert fastest({"slow": lambda: sum(range(300_000)), "quick": lambda: None}) == "quick"


def test_a_missed_target_is_kept_and_fails():
    book = Collected(300_000, "toy", judged=True)
    book.add("fits", 8, "MB", at_most=8)
    book.add("fast", 40, at_least=40)
    book.add("shown only", 3)
    with pytest.raises(AssertionError, match=r"slow: 0\.5 x; wanted: at least 1"):
        book.add_ratio("slow", Ratio((2, 2), (1, 1)), 100, at_least=1)
    with pytest.raises(AssertionError, match=r"large: 8\.1 MB; wanted: at most 8"):
        book.add("large", 8.1, "MB", at_most=8)
    assert [figure.met for figure in book.figures] == [True, True, None, False, False]
    slow = json.loads(book.to_json())["figures"][3]
    assert (slow["ours_per_second"], slow["peer_per_second"], slow["ratio"]) == (50, 100, 0.5)


def test_a_quick_session_judges_nothing():
    book = Collected(2_000, "toy", judged=False)
    book.add("slow", 0.5, at_least=1)
    assert book.figures[0].met is None
    assert not json.loads(book.to_json())["judged"]


def test_the_table_has_a_line_a_figure_in_columns():
    book = Collected(300_000, "toy", judged=True)
    book.add("predict / somebody", 41.5, at_least=40, ours_per_second=1_500_000.0, peer_macro_f1=0.5)
    book.add("model file", 4, "MB", at_most=8)
    head, first, second = book.table()
    assert head.split()[:4] == ["figure", "value", "wanted", "met"]
    assert first.split() == ["predict", "/", "somebody", "41.5", "x", "≥", "40", "yes", "1,500,000", "–", "–", "0.5"]
    assert second.split() == ["model", "file", "4", "MB", "≤", "8", "yes", "–", "–", "–", "–"]
    assert len(head) - len("its") == len(first) - len("0.5")


@pytest.mark.parametrize(
    ("number", "words"), [(None, "–"), (1234567.8, "1,234,568"), (0.04321, "0.0432"), (99.94, "99.9"), (0, "0")]
)
def test_numbers_are_short(number, words):
    assert shown(number) == words


def test_the_plot_has_a_bar_a_speed():
    book = Collected(300_000, "toy", judged=True)
    for label, speed, whose in [("a", 1.0, "peer"), ("b", 2e6, "ours"), ("a", 3e3, "peer"), ("c", 9e4, "yardstick")]:
        book.add_speed(label, speed, whose)
    assert [speed["sentences_per_second"] for speed in book.speeds] == [2e6, 3e3, 9e4]
    few, more = (
        matplotlib.image.imread(BytesIO(draw_speeds(speeds, "toy"))) for speeds in (book.speeds[:2], book.speeds)
    )
    assert few.shape[0] < more.shape[0]
    assert few.shape[1] > 500
