"""The clock, its correction, and whose it is."""

import os
import subprocess
import sys
import time

import pytest

from wire import clock


@pytest.fixture
def corrected():
    """Leave the process's clock as it was."""
    yield
    clock.correct(0.0)


@pytest.mark.usefixtures("corrected")
def test_a_correction_moves_what_is_read_and_what_the_kernel_stamped():
    """Both by the same: a latency between the two does not change."""
    clock.correct(100.0)
    assert clock.correction_s() == 100.0
    assert clock.now() == pytest.approx(time.time() + 100, abs=5)
    assert clock.by_our_clock(7.0) == 107.0
    clock.correct(-1.0)
    assert clock.by_our_clock(7.0) == 6.0


def test_an_error_put_in_by_a_test_makes_it_another_clock():
    """The variable shifts every reading, and the clock no longer passes for this machine's."""
    script = "import time; from wire import clock; print(clock.now() - time.time(), clock.identity())"
    told = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, clock.TEST_ERROR_VARIABLE: "60"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert float(told[0]) == pytest.approx(60, abs=5)
    assert told[1] == clock.identity() + "+60"
