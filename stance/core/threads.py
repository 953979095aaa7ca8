"""Threads: how many an ``n_jobs`` means."""

from __future__ import annotations

import os

from stance.core.errors import InputError, show


def count_threads(n_jobs: int | None) -> int:
    """Return how many threads are meant: one for None, those that the process may use for -1, and never more.

    Raises
    ------
    InputError
        If it is neither None, nor -1, nor a whole number above 0.

    Examples
    --------
    >>> count_threads(None), count_threads(1)
    (1, 1)
    """
    whole = isinstance(n_jobs, int) and not isinstance(n_jobs, bool)
    if n_jobs is not None and not (whole and (n_jobs == -1 or n_jobs > 0)):
        raise InputError(f"n_jobs={show(n_jobs)}: a number of threads is wanted, or -1 for all that there are")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores if n_jobs == -1 else min(n_jobs or 1, cores)
