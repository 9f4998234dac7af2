"""What became of every reading: counts per second and building, and where each sensor ended. Pure.

A reading belongs to the second in which it was due to leave. That is the second of its intended time, but for one that
a simulated fault delays on its way. Memory is bounded by the readings of the seconds that are not closed yet, normally
one, and by the ranges of numbers left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simulator.lateness import Lateness
from simulator.skipped import Skipped
from simulator.source import Bools, Floats, Ints, Source
from wire.clock import NS
from wire.records import Published, PublishedFinal, PublishedTotal


@dataclass(frozen=True, slots=True)
class _Batch:
    """Readings that were sent or shed, each of shape (readings,)."""

    building: Ints
    second: Ints  # Unix second in which it was due
    late_ns: Ints
    sent: Bools

    def where(self, chosen: Bools) -> _Batch:
        return _Batch(self.building[chosen], self.second[chosen], self.late_ns[chosen], self.sent[chosen])


class Ledger:
    """Counts for one load that starts at Unix time `start_ns`."""

    def __init__(self, source: Source, start_ns: int) -> None:
        roster = source.roster
        self.start_ns = start_ns
        self.sent = 0
        self.shed = 0
        self.copies = 0
        self.lateness = Lateness()
        self._roster = roster
        self._interval_s = source.interval_s
        self._first_ns = source.first_ns
        self._last_seq = np.full(len(roster.sensors), -1, dtype=np.int64)
        self._skipped = Skipped()
        self._batches: list[_Batch] = []

    def reached(self, sensor: Ints, seq: Ints) -> None:
        """Each of these readings was due, in order."""
        self._last_seq[sensor] = seq

    def skipped(self, sensor: Ints, seq: Ints) -> None:
        """These were due and are missing on purpose."""
        self._skipped.add(sensor, seq)

    def count(self, sensor: Ints, due_ns: Ints, late_ns: Ints, sent: Bools) -> None:
        """These were sent, or shed where `sent` is False; all of shape (readings,), `due_ns` an offset."""
        second = (self.start_ns + due_ns) // NS
        self._batches.append(_Batch(self._roster.building_of[sensor], second, late_ns, sent))
        count = int(np.count_nonzero(sent))
        self.sent += count
        self.shed += sent.size - count
        self.lateness.add(late_ns if count == sent.size else late_ns[sent])

    def close_seconds(self, before_ns: Ints | int | None = None) -> list[Published]:
        """Records of the seconds that end at or before a Unix time in nanoseconds; of all that are left when None.

        The time may differ from building to building, shape (buildings,). The caller knows that nothing of these
        seconds is to come.
        """
        if not self._batches:
            return []
        joined = _Batch(
            np.concatenate([batch.building for batch in self._batches]),
            np.concatenate([batch.second for batch in self._batches]),
            np.concatenate([batch.late_ns for batch in self._batches]),
            np.concatenate([batch.sent for batch in self._batches]),
        )
        if before_ns is None:
            closed = np.ones(joined.second.size, dtype=np.bool_)
        else:
            closed = joined.second < np.broadcast_to(before_ns, len(self._roster.buildings))[joined.building] // NS
        rest = joined.where(~closed)
        self._batches = [rest] if rest.second.size else []
        done = joined.where(closed)
        records: list[Published] = []
        for second in np.unique(done.second).tolist():
            records += self._close(second, done.where(done.second == second))
        return records

    def _close(self, second: int, batch: _Batch) -> Iterator[Published]:
        names = self._roster.buildings
        late_ms = batch.late_ns[batch.sent] / 1e6
        intended = np.bincount(batch.building, minlength=len(names))
        building = batch.building[batch.sent]
        sent = np.bincount(building, minlength=len(names))
        there = np.flatnonzero(intended)
        quantiles = _quantiles_by_group(late_ms, building, sent)[there].tolist()
        columns = zip(there.tolist(), intended[there].tolist(), sent[there].tolist(), quantiles, strict=True)
        for number, meant, left, (p50, p99, most) in columns:
            yield Published(
                ts=float(second),
                building=names[number],
                intended=meant,
                sent=left,
                shed=meant - left,
                late_ms_p50=p50,
                late_ms_p99=p99,
                late_ms_max=most,
            )

    def total(self, *, ended_ns: int, cpu_s: float, unacknowledged: int = 0) -> PublishedTotal:
        """The whole run; `unacknowledged` of what was sent at QoS 1 the broker never confirmed."""
        return PublishedTotal(
            started_ts=self.start_ns / NS,
            ended_ts=ended_ns / NS,
            buildings=len(self._roster.buildings),
            sensors=len(self._roster.sensors),
            intended=self.sent + self.shed,
            sent=self.sent,
            shed=self.shed,
            late_ms_p50=round(self.lateness.quantile_ms(0.5), 3),
            late_ms_p99=round(self.lateness.quantile_ms(0.99), 3),
            late_ms_max=round(self.lateness.max_ms, 3),
            cpu_s=round(cpu_s, 3),
            unacknowledged=unacknowledged,
            copies=self.copies,
        )

    def finals(self) -> Iterator[PublishedFinal]:
        """Where the sensors of each building ended."""
        roster = self._roster
        numbers = np.arange(len(roster.buildings) + 1)
        edges = np.searchsorted(roster.building_of, numbers).tolist()
        skipped = self._skipped.ranges()
        skips = np.searchsorted(skipped[0], edges).tolist()
        for number, building in enumerate(roster.buildings):
            begin, end = edges[number], edges[number + 1]
            yield PublishedFinal(
                building=building,
                interval_s=self._interval_s,
                sensors=[sensor.id for sensor in roster.sensors[begin:end]],
                first_ts=[round(ns / NS, 6) for ns in (self.start_ns + self._first_ns[begin:end]).tolist()],
                last_seq=self._last_seq[begin:end].tolist(),
                skipped=(skipped[:, skips[number] : skips[number + 1]].T - [begin, 0, 0]).tolist(),
            )


def _quantiles_by_group(late_ms: Floats, group: Ints, counts: Ints) -> Floats:
    """Nearest-rank p50, p99 and maximum of each group, shape (groups, 3); 0 where a group is empty."""
    result = np.zeros((counts.size, 3))
    if not late_ms.size:
        return result
    ordered = np.round(late_ms[np.lexsort((late_ms, group))], 3)
    begins = np.cumsum(counts) - counts
    there = counts > 0
    for column, share in enumerate((0.5, 0.99, 1.0)):
        ranks = begins + np.ceil(share * counts).astype(np.int64) - 1
        result[there, column] = ordered[ranks[there]]
    return result
