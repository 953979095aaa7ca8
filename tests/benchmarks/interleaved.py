"""Races: ours and a peer turn by turn, so that whatever else the machine does hits both."""

import contextlib
import gc
import os
import statistics
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """The seconds of each round, the warm-up left out."""

    ours: tuple[float, ...]
    peer: tuple[float, ...]

    @property
    def ours_seconds(self):
        """Our median round."""
        return statistics.median(self.ours)

    @property
    def peer_seconds(self):
        """The peer's median round."""
        return statistics.median(self.peer)

    @property
    def times_as_fast(self):
        """How many times our speed is the peer's, where both do the same work."""
        return self.peer_seconds / self.ours_seconds


def race(ours, peer, rounds=5, benchmark=None, clock=time.perf_counter):
    """Call the peer, then ours, so many times after a round that does not count.

    Parameters
    ----------
    ours, peer : callable
    rounds : int
    benchmark : pytest-benchmark's fixture, optional
        Takes note of our rounds.

    Returns
    -------
    Ratio
    """
    ours_seconds, peer_seconds = [], []

    def our_turn():
        ours_seconds.append(seconds_of(ours, clock))

    def peer_turn():
        peer_seconds.append(seconds_of(peer, clock))

    if benchmark is None:
        for _ in range(rounds + 1):
            peer_turn()
            our_turn()
    else:
        benchmark.pedantic(our_turn, setup=peer_turn, rounds=rounds, warmup_rounds=1)
    return Ratio(tuple(ours_seconds[1:]), tuple(peer_seconds[1:]))


@contextlib.contextmanager
def on_cores(n_cores):
    """Keep this process, and the threads that it starts meanwhile, on so many of its cores; where the system can.

    A peer that reads on a second thread would else be measured by two cores.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(cores)[:n_cores])
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def seconds_of(call, clock=time.perf_counter):
    """Return the seconds that a call takes; rubbish is collected before it, and not during it."""
    gc.collect()
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        start = clock()
        call()
        return clock() - start
    finally:
        if was_enabled:
            gc.enable()


def fastest(calls):
    """Return the name of the call that takes the least time, the better of two tries each.

    Parameters
    ----------
    calls : dict of str to callable
    """
    return min(calls, key=lambda name: min(seconds_of(calls[name]) for _ in range(2)))
