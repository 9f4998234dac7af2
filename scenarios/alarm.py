"""A timer of an asyncio loop that is right to some ten microseconds.

The loops' own timers are not: asyncio rounds the time that epoll waits up to whole milliseconds, and uvloop counts in
milliseconds throughout. On Linux the time is given to the kernel (timerfd) and its file descriptor to the loop. The
standard library has no timerfd before Python 3.13, so it is called through ctypes. Elsewhere the loop's timer serves.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
import time
from collections.abc import Callable

_CLOCK_MONOTONIC = 1  # linux/time.h
_TFD_TIMER_ABSTIME = 1  # linux/timerfd.h
_NS = 1_000_000_000


class Alarm:
    """Calls `ring` once after each `set`; times are ns of CLOCK_MONOTONIC."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._loop = loop
        self._ring = ring
        self._timer = _KernelTimer() if sys.platform.startswith("linux") else None
        self._handle: asyncio.TimerHandle | None = None
        if self._timer is not None:
            loop.add_reader(self._timer.descriptor, self._expired)

    def set(self, at_ns: int) -> None:
        """Ring at this time, at once when it is past; replaces the time set before."""
        if self._timer is not None:
            self._timer.set(at_ns)
            return
        if self._handle is not None:
            self._handle.cancel()
        self._handle = self._loop.call_later(max(0, at_ns - time.monotonic_ns()) / _NS, self._ring)

    def close(self) -> None:
        """Never ring again."""
        if self._timer is not None:
            self._loop.remove_reader(self._timer.descriptor)
            os.close(self._timer.descriptor)
        if self._handle is not None:
            self._handle.cancel()

    def _expired(self) -> None:
        assert self._timer is not None  # noqa: S101 - only its descriptor calls here
        if self._timer.expired():
            self._ring()


class _KernelTimer:
    """One timerfd."""

    def __init__(self) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor: int = libc.timerfd_create(_CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self.descriptor < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        self._settime = libc.timerfd_settime
        self._times = (ctypes.c_long * 4)()  # struct itimerspec: interval s, ns, first expiry s, ns

    def set(self, at_ns: int) -> None:
        self._times[2], self._times[3] = divmod(max(at_ns, 1), _NS)  # all zero would disarm it
        self._settime(self.descriptor, _TFD_TIMER_ABSTIME, self._times, None)

    def expired(self) -> bool:
        """Whether it did, which is to be asked once for each time."""
        try:
            return bool(os.read(self.descriptor, 8))
        except BlockingIOError:  # set anew between the loop's look and ours
            return False
