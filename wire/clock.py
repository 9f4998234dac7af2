"""The clock that stamps and books are read from: Unix time in seconds, by CLOCK_REALTIME.

A process may set it right by an offset, where what it measures spans two machines; everything it stamps then is in the
other machine's time. Kernel receive stamps are the system's own: `by_our_clock` brings them over.
"""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path

NS = 1_000_000_000
TEST_ERROR_VARIABLE = "SENSORSWARM_TEST_CLOCK_ERROR_S"
"""For tests: seconds by which the clock of a process of the swarm is wrong, kernel stamps included."""

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class _Clock:
    error_s = float(os.environ.get(TEST_ERROR_VARIABLE) or 0.0)
    correction_s = 0.0
    shift_s = error_s  # both together


def now() -> float:
    """Unix time in seconds."""
    return time.time_ns() / NS + _Clock.shift_s


def by_our_clock(system_ts: float) -> float:
    """Time that `now` gave, or will give, when the system's clock shows `system_ts`."""
    return system_ts + _Clock.shift_s


def correction_s() -> float:
    """What is added to the system's clock to set it right."""
    return _Clock.correction_s


def correct(offset_s: float) -> None:
    """From now on add this to the system's clock, in place of what was added before."""
    _Clock.correction_s = offset_s
    _Clock.shift_s = _Clock.error_s + offset_s


def identity() -> str:
    """Name of the system's clock: two processes that give the same read one clock, which needs no comparing."""
    try:
        system = _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        system = platform.node()
    return system + (f"{_Clock.error_s:+g}" if _Clock.error_s else "")
