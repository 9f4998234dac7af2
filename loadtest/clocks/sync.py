"""Keeps the clock of this process right by the simulator's, and records how sure that is."""

from __future__ import annotations

import time
from collections.abc import Callable

import gevent

from loadtest.batch import ClockState
from loadtest.clocks.exchange import ClockAddress, ClockError, ask
from loadtest.clocks.offset import Estimate, Offsets
from wire.clock import correct, correction_s, identity, now
from wire.records import Clock, Record

AT_ONCE = 8  # exchanges in a row
EVERY_S = 5.0
UNTIL_FOUND_S = 0.25  # the simulator gives notice before its first reading: it must be found within that
MOST_S = 10.0  # of correction, once clients are connected: beyond, every pong would look late

ONE = "one"
SAME = Estimate(0.0, 0.0, 0.0)


class ClockSync:
    """Compares clocks until `stop`.

    Args:
        address: of the simulator's clock; None: nobody serves it, so the clocks are taken to be one.
        process: whose clock this is, as the records call it.
        stamped: whether kernel receive stamps work.
        record: takes a `Clock` for each comparison.
    """

    def __init__(
        self, address: ClockAddress | None, process: str, *, stamped: bool, record: Callable[[Record], None]
    ) -> None:
        self.how = "unmeasured"
        self.estimate: Estimate | None = None
        self._address = address
        self._process = process
        self._stamped = stamped
        self._record = record
        self._offsets = Offsets()
        self._problem = ""
        self._may_step = True
        correct(0.0)
        self._compare()
        self._may_step = False
        self._greenlet = gevent.spawn(self._watch) if address else None

    def _watch(self) -> None:
        while self.how != ONE:
            gevent.sleep(EVERY_S if self.estimate else UNTIL_FOUND_S)
            self._compare()

    def _compare(self) -> None:
        """Ask once more, set the clock right, and record what is known: what holds until the next time."""
        if self._address:
            try:
                self._ask(self._address)
            except ClockError as error:
                self._problem = str(error)
                if self.how != "measured":
                    return  # else what was found holds on, ever less surely
            self.estimate = SAME if self.how == ONE else self._offsets.estimate(time.monotonic() + EVERY_S)
            correct((self.estimate or SAME).offset_s)
        known = (self.estimate or SAME)._asdict()
        self._record(Clock(ts=now(), process=self._process, clock=identity(), how=self.how, **known))

    def _ask(self, address: ClockAddress) -> None:
        asked = ask(address, AT_ONCE, stamped=self._stamped)
        if asked.clock == identity():
            self.how = ONE
            return
        # Our stamps have the correction in them that holds now: what was measured is what is left of the offset.
        held_s = correction_s()
        left = [
            each._replace(sent_ts=each.sent_ts - held_s, arrived_ts=each.arrived_ts - held_s)
            for each in asked.exchanges
        ]
        step_s = left[0].offset_s - held_s
        if abs(step_s) > MOST_S and not self._may_step:
            raise ClockError(f"this machine's clock is {-step_s:+.1f} s from it: set it, or start the simulator first")
        self._offsets.add(left, time.monotonic())
        self.how = "measured"

    @property
    def state(self) -> ClockState:
        """How this clock stands now."""
        known = self.estimate or SAME
        return ClockState(self.how, known.offset_s, known.bound_s)

    def stop(self) -> None:
        """Compare no more; the correction stays."""
        if self._greenlet:
            self._greenlet.kill()

    def reasons(self) -> list[str]:
        """Why latencies cannot be told; empty when they can."""
        if self._address is None or self.how != "unmeasured":
            return []
        return [f"the simulator's clock at {self._address.host}:{self._address.port} was never read: {self._problem}"]
