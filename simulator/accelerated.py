"""A fleet published faster or slower than it lives (`--speed`): what it says stays, only the pace changes. Pure.

The fleet lives in simulated time: its interval, the durations of its anomalies, its days. This source hands out the
same readings with wall-clock times, `speed` simulated seconds in each second of the clock. So one seed gives the same
values and anomalies at every speed. A sensor's readings stay on one line, first + number * interval, to the nanosecond:
the interval is rounded to microseconds once, not each reading by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from simulator.source import Block, Ints, Roster, Source, Transport, Truth
from wire.clock import NS
from wire.errors import SensorSwarmError

_US = 1000  # nanoseconds; what `ts` resolves
LEAST_INTERVAL_S = 1e-3


class Accelerated:
    """`source`, a source on a regular interval whose sensors all begin within the first one, at another pace.

    Args:
        source: what to hand out, in simulated time.
        speed: simulated seconds per wall-clock second.

    Raises:
        SensorSwarmError: readings of a sensor would come less than a millisecond apart.
    """

    def __init__(self, source: Source, speed: float) -> None:
        self.source = source  # as it lives
        self._simulated_ns = round(source.interval_s * NS)
        self._interval_ns = max(_US, self._wall_ns(self._simulated_ns, speed))
        if self._interval_ns < LEAST_INTERVAL_S * NS:
            raise SensorSwarmError(
                f"--speed {speed:g} with --interval {source.interval_s:g} means a reading of each sensor every "
                f"{source.interval_s / speed * 1000:.3g} ms; the least is {LEAST_INTERVAL_S * 1000:g} ms"
            )
        self.name = source.name
        self.time_scale = speed
        self._speed = speed
        self._first_ns = self._within_ns(source.first_ns)

    @staticmethod
    def _wall_ns(simulated_ns: int, speed: float) -> int:
        return round(simulated_ns / speed / _US) * _US

    @property
    def roster(self) -> Roster:
        """The sensors."""
        return self.source.roster

    @property
    def interval_s(self) -> float:
        """Wall-clock seconds between two readings of a sensor."""
        return self._interval_ns / NS

    @property
    def first_ns(self) -> Ints:
        """Wall-clock offset of each sensor's reading number 0, shape (sensors,)."""
        return self._first_ns

    def blocks(self) -> Iterator[Block]:
        """The blocks of the source, in wall-clock time."""
        for block in self.source.blocks():
            yield replace(
                block,
                offset_ns=self._first_ns[block.sensor] + block.seq * self._interval_ns,
                truths=[self._truth(truth) for truth in block.truths],
                transport=None if block.transport is None else self._transport(block.transport),
            )

    def _within_ns(self, simulated_ns: Ints) -> Ints:
        """Wall-clock place within the interval of a simulated one; in the same order, and never the next interval's."""
        place_us = np.floor(simulated_ns / self._simulated_ns * (self._interval_ns // _US))
        place_ns: Ints = np.minimum(place_us.astype(np.int64) * _US, self._interval_ns - _US)
        return place_ns

    def _moment_ns(self, simulated_ns: int) -> int:
        """Wall-clock offset of a reading meant at a simulated one."""
        number, place_ns = divmod(simulated_ns, self._simulated_ns)
        return number * self._interval_ns + int(self._within_ns(np.array([place_ns]))[0])

    def _truth(self, truth: Truth) -> Truth:
        return replace(truth, start_ns=self._moment_ns(truth.start_ns), end_ns=self._moment_ns(truth.end_ns))

    def _transport(self, transport: Transport) -> Transport:
        return replace(
            transport,
            delay_ns=np.round(transport.delay_ns / self._speed).astype(np.int64),
            skew_ns=np.round(transport.skew_ns / self._speed).astype(np.int64),
        )
