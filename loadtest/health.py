"""Samples the swarm's own process once a second: how late its greenlets wake, its CPU time, its receive queues."""

from __future__ import annotations

import array
import fcntl
import random
import termios
import time
from collections.abc import Callable

import gevent

from loadtest.selfcheck import Sample, SelfCheck, percentile
from wire.clock import now
from wire.records import Health, Record

NAP_S = 0.05
SPAN_S = 1.0
QUEUES = 50  # sockets whose receive queue is looked at


class HealthSampler:
    """Samples until `stop`.

    Args:
        check: judges the samples.
        record: takes a `Health` for each.
        sockets: descriptors of the live connections whose queues should be short.
        rng: draws those that are looked at.
    """

    def __init__(
        self,
        check: SelfCheck,
        record: Callable[[Record], None],
        sockets: Callable[[], list[int]],
        rng: random.Random,
    ) -> None:
        self._check = check
        self._record = record
        self._sockets = sockets
        self._rng = rng
        self._lags_ms: list[float] = []
        self._since_ts, self._since_s, self._since_cpu_s = now(), time.monotonic(), time.process_time()
        self._greenlet = gevent.spawn(self._watch)

    def _watch(self) -> None:
        while True:
            woken_s = time.monotonic() + NAP_S
            gevent.sleep(NAP_S)
            self._lags_ms.append(max(0.0, time.monotonic() - woken_s) * 1e3)
            if time.monotonic() - self._since_s >= SPAN_S:
                self._sample()

    def _sample(self) -> None:
        ts, at_s, cpu_s = now(), time.monotonic(), time.process_time()
        cpu_percent = (cpu_s - self._since_cpu_s) / (at_s - self._since_s) * 100
        lag_ms = percentile(self._lags_ms, 0.99)
        self._check.add(Sample(self._since_ts, ts, cpu_percent, lag_ms))
        self._record(
            Health(
                ts=ts,
                role="swarm",
                span_s=at_s - self._since_s,
                lag_ms_p99=lag_ms,
                cpu_percent=cpu_percent,
                receive_queue_bytes_max=self._longest_queue(),
            )
        )
        self._lags_ms.clear()
        self._since_ts, self._since_s, self._since_cpu_s = ts, at_s, cpu_s

    def _longest_queue(self) -> int:
        descriptors = self._sockets()
        return max(map(unread_bytes, self._rng.sample(descriptors, min(QUEUES, len(descriptors)))), default=0)

    def stop(self) -> None:
        """Take a last sample when most of a span has passed, and end: a busy swarm must not escape by stopping."""
        self._greenlet.kill()
        if self._lags_ms and time.monotonic() - self._since_s >= SPAN_S / 2:
            self._sample()


def unread_bytes(descriptor: int) -> int:
    """Bytes that the kernel holds for a socket; 0 for one that is gone."""
    if descriptor < 0:
        return 0
    held = array.array("i", [0])
    try:
        fcntl.ioctl(descriptor, termios.FIONREAD, held)
    except OSError:
        return 0
    return held[0]
