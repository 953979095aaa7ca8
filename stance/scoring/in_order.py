"""Work done by threads, its results in the order of the work."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, wait
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from stance.core import interrupts

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 2  # items that wait for a thread that gets free
GRACE_S = 2.0  # for the items at work when the rest is given up
WAKE_S = 0.5  # a signal that came just before a wait, or to another thread, wakes nobody: look again


def map_in_order(function: Callable[[Item], Result], items: Iterable[Item], jobs: int) -> Generator[Result]:
    """Yield ``function(item)`` of each item, in order; `jobs` threads work, few items wait.

    When the caller stops (an error, Ctrl-C) what waits is dropped and what is at work is waited for shortly: the
    threads are daemons, so that a slow model cannot keep the process alive.

    Raises
    ------
    Exception
        What `function` raises, in the place of its result.

    Examples
    --------
    >>> list(map_in_order(len, ["truce", "", "war"], jobs=2))
    [5, 0, 3]
    """
    tasks: SimpleQueue[tuple[Future[Result], Item] | None] = SimpleQueue()
    threads = [Thread(target=_work, args=(function, tasks), daemon=True) for _ in range(jobs)]
    waiting: deque[Future[Result]] = deque()
    for thread in threads:
        thread.start()
    try:
        for item in items:
            waiting.append(Future())
            tasks.put((waiting[-1], item))
            if len(waiting) >= jobs + AHEAD:
                yield _wait_for(waiting.popleft())
        while waiting:
            yield _wait_for(waiting.popleft())
    finally:
        for future in waiting:
            future.cancel()
        for _ in threads:
            tasks.put(None)
        for thread in threads:
            thread.join(GRACE_S / jobs)


def _wait_for(future: Future[Result]) -> Result:
    while not wait([future], WAKE_S).done:
        interrupts.check()
    return future.result()


def _work(function: Callable[[Any], Any], tasks: SimpleQueue[Any]) -> None:
    while (task := tasks.get()) is not None:
        future, item = task
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(function(item))
            except BaseException as error:  # it is raised where the result is asked for
                future.set_exception(error)
        del task, future, item
