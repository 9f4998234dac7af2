"""Signals while something is cleaned up."""

import signal

import pytest

from scenarios.interrupts import InterruptedRunError, interrupted_later, interruptible


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_cleaning_is_not_interrupted_and_the_signal_not_lost(number: signal.Signals) -> None:
    """What is being stopped is stopped to the last; then it is as if the signal had come now."""
    done = []

    def clean() -> None:
        with interrupted_later():
            signal.raise_signal(number)
            done.append("cleaned")

    with interruptible():
        with pytest.raises(InterruptedRunError):
            clean()
        with interrupted_later():  # the first signal was enough: what comes after it is ignored
            signal.raise_signal(number)
    assert done == ["cleaned"]
