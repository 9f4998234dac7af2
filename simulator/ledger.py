"""What became of every reading: counts per second and building, and where each sensor ended. Pure.

Memory is bounded by the readings of the seconds that are not closed yet, normally one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simulator.lateness import Lateness
from simulator.source import Bools, Floats, Ints, Source
from wire.clock import NS
from wire.records import Published, PublishedFinal, PublishedTotal


@dataclass(frozen=True, slots=True)
class _Batch:
    """Readings that were sent or shed, each of shape (readings,)."""

    building: Ints
    second: Ints  # Unix second of the intended time
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
        self.lateness = Lateness()
        self.last_second_sent = 0
        self.last_second_late_ms_p99 = 0.0
        self._roster = roster
        self._interval_s = source.interval_s
        self._first_ns = source.first_ns
        self._last_seq = np.full(len(roster.sensors), -1, dtype=np.int64)
        self._skipped: dict[int, list[tuple[int, int]]] = {}
        self._batches: list[_Batch] = []

    def reached(self, sensor: Ints, seq: Ints) -> None:
        """Each of these readings was due, in order."""
        self._last_seq[sensor] = seq

    def skipped(self, sensor: Ints, seq: Ints) -> None:
        """These were due and are missing on purpose."""
        for number, at in zip(sensor.tolist(), seq.tolist(), strict=True):
            ranges = self._skipped.setdefault(number, [])
            if ranges and ranges[-1][1] == at - 1:
                ranges[-1] = (ranges[-1][0], at)
            else:
                ranges.append((at, at))

    def count(self, sensor: Ints, offset_ns: Ints, late_ns: Ints, sent: Bools) -> None:
        """These were sent, or shed where `sent` is False; all of shape (readings,)."""
        second = (self.start_ns + offset_ns) // NS
        self._batches.append(_Batch(self._roster.building_of[sensor], second, late_ns, sent))
        count = int(np.count_nonzero(sent))
        self.sent += count
        self.shed += sent.size - count
        self.lateness.add(late_ns if count == sent.size else late_ns[sent])

    def close_seconds(self, before_ns: int | None = None) -> list[Published]:
        """Records of the seconds that end at or before a Unix time in nanoseconds; of all that are left when None.

        The caller knows that nothing of these seconds is to come.
        """
        if not self._batches:
            return []
        joined = _Batch(
            np.concatenate([batch.building for batch in self._batches]),
            np.concatenate([batch.second for batch in self._batches]),
            np.concatenate([batch.late_ns for batch in self._batches]),
            np.concatenate([batch.sent for batch in self._batches]),
        )
        closed = np.ones(joined.second.size, dtype=np.bool_) if before_ns is None else joined.second < before_ns // NS
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
        self.last_second_sent = late_ms.size
        self.last_second_late_ms_p99 = float(np.quantile(late_ms, 0.99, method="inverted_cdf")) if late_ms.size else 0.0
        intended = np.bincount(batch.building, minlength=len(names))
        building = batch.building[batch.sent]
        sent = np.bincount(building, minlength=len(names))
        quantiles = _quantiles_by_group(late_ms, building, sent)
        for number in np.flatnonzero(intended).tolist():
            p50, p99, most = quantiles[number].tolist()
            yield Published(
                ts=float(second),
                building=names[number],
                intended=int(intended[number]),
                sent=int(sent[number]),
                shed=int(intended[number] - sent[number]),
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
        )

    def finals(self) -> Iterator[PublishedFinal]:
        """Where the sensors of each building ended."""
        roster = self._roster
        edges = np.searchsorted(roster.building_of, np.arange(len(roster.buildings) + 1)).tolist()
        for number, building in enumerate(roster.buildings):
            begin, end = edges[number], edges[number + 1]
            yield PublishedFinal(
                building=building,
                interval_s=self._interval_s,
                sensors=[sensor.id for sensor in roster.sensors[begin:end]],
                first_ts=[round(ns / NS, 6) for ns in (self.start_ns + self._first_ns[begin:end]).tolist()],
                last_seq=self._last_seq[begin:end].tolist(),
                skipped=[
                    [sensor - begin, first, last]
                    for sensor in range(begin, end)
                    for first, last in self._skipped.get(sensor, ())
                ],
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
