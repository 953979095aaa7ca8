"""Isolation: each task in a process of its own, with a time limit and a memory limit."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
import time
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.context import ForkServerProcess

import psutil

from stance.core.errors import StanceError
from stance.running.tasks import Task

POLL_SECONDS = 0.1
PRELOAD = ["stance.running.worker"]


@dataclass(frozen=True)
class Outcome:
    """How a task ended: a status of `stance.core.records.STATUSES`, and the cause if not ``ok``."""

    task: Task
    status: str
    cause: str = ""


@dataclass
class _Running:
    task: Task
    process: ForkServerProcess
    deadline: float
    ended: tuple[str, str] | None = None


def run_tasks(
    tasks: Sequence[Task], jobs: int, time_limit_seconds: float, memory_limit_mb: float, preload: Sequence[str] = ()
) -> Iterator[Outcome]:
    """Do tasks in child processes, at most `jobs` at once; yield outcomes as they come.

    A child that outlives its time, outgrows its memory or crashes ends alone. When the caller stops
    early, the children are ended too.

    Parameters
    ----------
    tasks : sequence of Task
    jobs : int
        Children at once.
    time_limit_seconds, memory_limit_mb : float
        Of each child; memory is resident memory.
    preload : sequence of str
        Modules to be imported once for all children, beside the worker itself.
    """
    context = _context(preload)
    waiting = list(reversed(tasks))
    running: list[_Running] = []
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                running.append(_start(context, waiting.pop(), time_limit_seconds))
            connection.wait([one.process.sentinel for one in running], timeout=POLL_SECONDS)
            for one in list(running):
                if one.process.is_alive():
                    _watch(one, time_limit_seconds, memory_limit_mb)
                else:
                    running.remove(one)
                    yield _outcome(one)
    finally:
        for one in running:
            one.process.kill()
            one.process.join()


def _context(preload: Sequence[str]) -> multiprocessing.context.ForkServerContext:
    if "forkserver" not in multiprocessing.get_all_start_methods():
        raise StanceError("running experiments needs forked processes: use Linux, macOS or WSL")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*PRELOAD, *preload])
    return context


def _start(context: multiprocessing.context.ForkServerContext, task: Task, seconds: float) -> _Running:
    process = context.Process(target=_work, args=(task,), daemon=True)
    with _no_main_module():
        process.start()
    return _Running(task, process, time.monotonic() + seconds)


def _work(task: Task) -> None:
    from stance.running.worker import work

    work(task)


@contextlib.contextmanager
def _no_main_module() -> Iterator[None]:
    """Hide the caller's script, which a child would otherwise run once more to import it."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _watch(one: _Running, time_limit_seconds: float, memory_limit_mb: float) -> None:
    if time.monotonic() > one.deadline:
        one.ended = ("timeout", f"took longer than {time_limit_seconds:,.0f} seconds")
    elif _resident_mb(one.process.pid) > memory_limit_mb:
        one.ended = ("out_of_memory", f"grew over {memory_limit_mb:,.0f} MB")
    if one.ended:
        one.process.kill()


def _resident_mb(pid: int | None) -> float:
    try:
        return float(psutil.Process(pid).memory_info().rss) / 1e6
    except psutil.Error:
        return 0.0


def _outcome(one: _Running) -> Outcome:
    one.process.join()
    code = one.process.exitcode
    if one.ended:
        return Outcome(one.task, *one.ended)
    if code == 0:
        return Outcome(one.task, "ok")
    if code == 1:
        return Outcome(one.task, "error")
    name = signal.Signals(-code).name if code is not None and code < 0 else f"exit status {code}"
    return Outcome(one.task, "crashed", name)
