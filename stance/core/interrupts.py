"""Interrupts: a Ctrl-C that is not lost where Python ignores it, as amid a destructor."""

from __future__ import annotations

import contextlib
import signal

_came = False


def listen() -> None:
    """Let Ctrl-C and SIGTERM raise KeyboardInterrupt, and be remembered; outside of the main thread do nothing."""
    global _came  # noqa: PLW0603 - a signal is the process's, too
    _came = False
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGTERM, _interrupt)
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, _interrupt)


def check() -> None:
    """Raise KeyboardInterrupt where one came before and was lost; asked by those that wait long.

    Examples
    --------
    >>> check()
    """
    if _came:
        raise KeyboardInterrupt


def _interrupt(number: int, frame: object) -> None:
    global _came  # noqa: PLW0603
    _came = True
    raise KeyboardInterrupt
