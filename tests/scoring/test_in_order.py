"""Results come in the order of the work, whatever fails or stops."""

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.core import interrupts
from stance.scoring.in_order import AHEAD, map_in_order


@given(st.lists(st.integers(0, 3), max_size=20), st.integers(1, 4))
def test_order_is_that_of_the_items(waits, jobs):
    def work(item):
        number, wait = item
        time.sleep(wait / 5000)
        return number

    assert list(map_in_order(work, enumerate(waits), jobs)) == list(range(len(waits)))


def test_few_items_wait():
    taken, done = [], []
    for result in map_in_order(lambda item: item, iter(lambda: taken.append(1) or len(taken), 50), jobs=2):
        done.append(result)
        assert len(taken) - len(done) <= 2 + AHEAD
    assert done == list(range(1, 50))


def test_an_error_comes_in_its_place_and_the_threads_end():
    before = threading.active_count()
    results = map_in_order(lambda item: 1 / item, [1, 2, 0, 4], jobs=2)
    assert [next(results), next(results)] == [1, 0.5]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert threading.active_count() == before


def test_who_stops_early_leaves_no_thread():
    before = threading.active_count()
    work = map_in_order(lambda item: item, range(100), jobs=3)
    assert next(work) == 0
    work.close()
    assert threading.active_count() == before


def test_an_interrupt_that_python_lost_is_heard_all_the_same(monkeypatch):
    monkeypatch.setattr(interrupts, "_came", True)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        list(map_in_order(time.sleep, [20], jobs=1))
    assert time.monotonic() - began < 5
