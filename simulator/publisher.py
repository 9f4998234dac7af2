"""The load: wakes when a reading is due, sends all that became due, keeps the books. A thin shell over pure parts.

Due times are read from the wall clock, the one that `ts` is in: a reading is never sent before its `ts`, and lateness
is the time of its write minus its `ts`. Nothing that is due is ever left out, however late we are. A simulated fault
may delay a reading on its way: then it is due later than its `ts`, and lateness counts from there.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from simulator.lateness import Lateness
from simulator.ledger import Ledger
from simulator.links import drain_links
from simulator.marking import Marking
from simulator.onsets import Onsets
from simulator.pacing import Pacer, Part
from simulator.packets import Encoding, PerReading
from simulator.recorder import Recorder
from simulator.sending import AtLeastOnce, AtMostOnce, Sender
from simulator.source import Ints, Source
from simulator.status import Snapshot
from simulator.transport_faults import Departures, Transit
from simulator.wiring import Wiring
from wire.clock import NS
from wire.errors import SensorSwarmError
from wire.mqtt import MqttLink, UserProperties
from wire.records import PublishedTotal

LEAST_PAUSE_S = 0.004  # what falls due meanwhile leaves together: a little late, and few wake-ups for many sensors
LONGEST_PAUSE_S = 0.050  # Ctrl-C, the end and the once-a-second records are seen this soon
LEAD_NS = NS // 2  # from here to the start of the load: the first readings are not late
LAST_WAIT_S = 5.0  # for the broker to take what still waits when the load is over
BATCH = 2000  # readings in one write at most; between full batches the loop gets its turn
_US = 1000


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a load ended."""

    total: PublishedTotal
    anomalies: dict[str, int]  # that began, by kind


class Publisher:
    """Publishes one source over links that are already up. Use once.

    Args:
        source: what to publish.
        links: one, or as many as the source has buildings or sensors.
        encoder: of the source's roster.
        recorder: where the records go.
        qos: 0, 1 or 2.
        retain: whether the broker is asked to keep the last reading of each topic.
        user_properties: of readings at QoS 0; above, those of the links are.
        seed: for the records.
        duration_s: the load ends after so many seconds; None for the end of the source.
        start_multiple_s: the load starts at a Unix time that is a multiple of this, so that several processes that are
            started within one such time start at the same moment; None for at once.
        on_status: called about once a second.
    """

    def __init__(
        self,
        source: Source,
        links: list[MqttLink],
        encoder: Encoding,
        recorder: Recorder,
        *,
        qos: int = 0,
        retain: bool = False,
        user_properties: UserProperties = (),
        seed: int = 0,
        duration_s: float | None = None,
        start_multiple_s: float | None = None,
        on_status: Callable[[Snapshot], None] = lambda _: None,
    ) -> None:
        self._source = source
        self._links = links
        self._wiring = Wiring(source.roster, len(links))
        self._encoder = encoder
        self._recorder = recorder
        self._qos = qos
        self._retain = retain
        self._user_properties = user_properties
        self._seed = seed
        self._end_ns = None if duration_s is None else round(duration_s * NS)
        self._start_multiple_ns = _US if start_multiple_s is None else round(start_multiple_s * NS)
        self._on_status = on_status
        self._onsets = Onsets()
        self._transit = Transit()
        self._pacer = Pacer(source.blocks(), end_ns=self._end_ns)
        self._reached_ns = -1  # offset of the last reading that was handed out
        self._told_sent = 0
        self._told_lateness = Lateness()
        self._sender: Sender
        self._ledger: Ledger

    async def run(self, stop: asyncio.Event) -> Outcome | None:
        """Publish until the end or until `stop` is set; None when it was set before the load began.

        Raises:
            UnusableError: the run directory cannot be written to any more; what could be written was.
            BrokerError: a link ended for good.
        """
        start_ns = -(-(time.time_ns() + LEAD_NS) // self._start_multiple_ns) * self._start_multiple_ns
        self._ledger = Ledger(self._source, start_ns)
        self._sender = self._make_sender()
        await _sleep_until(start_ns, stop)
        if stop.is_set():
            return None
        cpu_s = time.process_time()
        try:
            self._recorder.start(self._source, start_ns, seed=self._seed)
            await self._publish_until_end(stop)
            if self._qos:
                await drain_links(self._links)
        except SensorSwarmError:
            with suppress(SensorSwarmError):  # the first one says what happened
                self._finish(cpu_s)
            raise
        total = self._finish(cpu_s)
        return Outcome(total, dict(self._onsets.by_kind))

    def _make_sender(self) -> Sender:
        if self._qos == 0:
            marks = bool(self._retain or self._user_properties)
            marking = Marking(self._encoder, retain=self._retain, user_properties=self._user_properties)
            return AtMostOnce(self._links, marking if marks else self._encoder, self._ledger)
        assert isinstance(self._encoder, PerReading)  # noqa: S101 - `Payload.check` refuses all others above QoS 0
        return AtLeastOnce(self._links, self._encoder, self._ledger, qos=self._qos, retain=self._retain)

    async def _publish_until_end(self, stop: asyncio.Event) -> None:
        start_ns = self._ledger.start_ns
        told_second = start_ns // NS
        while not stop.is_set():
            now_ns = time.time_ns()
            await self._publish_due(now_ns - start_ns)
            if now_ns // NS > told_second:
                told_second = now_ns // NS
                self._tell(now_ns)
            if self._over(now_ns - start_ns):
                return
            await asyncio.sleep(self._pause_s(time.time_ns() - start_ns))

    def _over(self, elapsed_ns: int) -> bool:
        """Whether nothing is left to do."""
        if self._pacer.next_ns is not None or elapsed_ns < (self._end_ns or 0):
            return False
        transit_ns = self._transit.next_ns
        if transit_ns is not None and (self._end_ns is None or transit_ns < self._end_ns):
            return False
        waited_ns = elapsed_ns - max(self._reached_ns, self._end_ns or 0)
        return not self._sender.held or waited_ns > LAST_WAIT_S * NS

    def _pause_s(self, elapsed_ns: int) -> float:
        """Sleep until the next reading is due, within bounds."""
        next_ns = min((at for at in (self._pacer.next_ns, self._transit.next_ns) if at is not None), default=None)
        until_due_s = LONGEST_PAUSE_S if next_ns is None else (next_ns - elapsed_ns) / NS
        return min(max(until_due_s, LEAST_PAUSE_S), LONGEST_PAUSE_S)

    async def _publish_due(self, elapsed_ns: int) -> None:
        sender = self._sender
        sender.retry()
        if not sender.blocked and (delayed := self._transit.due(elapsed_ns)) is not None:
            self._send(delayed)
        while not sender.blocked and (part := self._pacer.take(elapsed_ns, BATCH)) is not None:
            self._publish(part)
            if len(part) == BATCH:
                await asyncio.sleep(0)
                sender.retry()

    def _publish(self, part: Part) -> None:
        block, rows = part.block, slice(part.begin, part.end)
        if part.begin == 0:
            self._onsets.add(block.truths)
        self._reached_ns = int(block.offset_ns[part.end - 1])
        sensor, seq, kept = block.sensor[rows], block.seq[rows], block.kept[rows]
        self._ledger.reached(sensor, seq)
        chosen = np.arange(part.begin, part.end)
        if not kept.all():
            self._ledger.skipped(sensor[~kept], seq[~kept])
            chosen = chosen[kept]
        self._send(self._transit.enter(block, chosen))

    def _send(self, readings: Departures) -> None:
        if not len(readings):
            return
        link = self._wiring.link_of[readings.sensor]
        if len(self._links) > 1:
            order = np.argsort(link, kind="stable")
            readings, link = readings.where(order), link[order]
        self._sender.send(readings, link)

    def _complete_ns(self, now_ns: int) -> Ints:
        """Unix time before which nothing of a building is to come, shape (buildings,)."""
        start_ns = self._ledger.start_ns
        next_ns = (at for at in (self._pacer.next_ns, self._transit.next_ns) if at is not None)
        result = np.full(len(self._source.roster.buildings), min(now_ns, start_ns + min(next_ns, default=now_ns)))
        for link, due_ns in self._sender.oldest_ns().items():
            buildings = self._wiring.buildings(link)
            result[buildings] = np.minimum(result[buildings], start_ns + due_ns)
        return result

    def _tell(self, now_ns: int) -> None:
        """Once a second: records of what is complete, and the status line."""
        ledger = self._ledger
        elapsed_ns = now_ns - ledger.start_ns
        complete_ns = self._complete_ns(now_ns)
        self._recorder.add(ledger.start_ns, self._onsets.begun(self._reached_ns), ledger.close_seconds(complete_ns))
        for link in self._links:
            link.check()
        self._on_status(
            Snapshot(
                elapsed_s=elapsed_ns / NS,
                rate_per_s=ledger.sent - self._told_sent,
                late_ms_p99=ledger.lateness.quantile_ms(0.99, since=self._told_lateness),
                anomalies=self._onsets.under_way(elapsed_ns),
                links=len(self._links),
                down=sum(not link.connected for link in self._links),
                shed=ledger.shed,
                behind_s=max(0.0, (now_ns - int(complete_ns.min())) / NS),
            )
        )
        self._told_sent, self._told_lateness = ledger.sent, ledger.lateness.copy()

    def _finish(self, cpu_s: float) -> PublishedTotal:
        """Write all that is known now."""
        ledger = self._ledger
        ended_ns = time.time_ns()
        self._sender.give_up()
        self._keep_back(self._transit.give_up())
        unacknowledged = sum(link.in_flight for link in self._links)
        total = ledger.total(ended_ns=ended_ns, cpu_s=time.process_time() - cpu_s, unacknowledged=unacknowledged)
        try:
            self._recorder.add(ledger.start_ns, self._onsets.begun(self._reached_ns), ledger.close_seconds())
        finally:
            self._recorder.finish(ledger, total)
        return total

    def _keep_back(self, readings: Departures | None) -> None:
        """The load ends before these were due to leave: the fault that delayed them made them go missing."""
        if readings is not None:
            readings = readings.where(~readings.copy)
            self._ledger.skipped(readings.sensor, readings.seq)


async def _sleep_until(when_ns: int, stop: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, (when_ns - time.time_ns()) / NS)):
            await stop.wait()
