"""Interrupts are remembered where Python drops them."""

import os
import signal

import pytest

from stance.core import interrupts


@pytest.fixture
def listening(monkeypatch):
    monkeypatch.setattr(interrupts, "_came", False)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    interrupts.listen()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_that_comes_amid_a_destructor_is_found_later(number, listening):
    class Dying:
        def __del__(self):
            os.kill(os.getpid(), number)
            sum(range(100))  # here it is raised, and ignored

    interrupts.check()
    Dying()
    with pytest.raises(KeyboardInterrupt):
        interrupts.check()
    interrupts.listen()
    interrupts.check()


def test_who_ignores_ctrl_c_goes_on_ignoring_it(listening):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    interrupts.listen()
    os.kill(os.getpid(), signal.SIGINT)
    interrupts.check()
