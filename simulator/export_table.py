"""Readings of a source as rows of a table, each with the true anomalies it lies under. Pure.

A row is a reading as it would reach a collector, in the order in which it leaves: a delayed one stands later, a copy
stands again, the time of a skewed clock is skewed. One that is missing has its row too, without a value: else nobody
could see what a dropout took.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np

from simulator.source import Block, Floats, Ints, Source, Truth
from simulator.transport_faults import Departures, Transit

_US = 1000  # nanoseconds; what `ts` resolves
_FOREVER_NS = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Table:
    """Rows; all of shape (rows,)."""

    ts_us: Ints  # what the reading's `ts` says: simulated time, microseconds since 1970
    sensor: Ints  # number in the roster
    value: Floats  # NaN: missing
    label: Ints  # number in `Labels.texts`

    def __len__(self) -> int:
        return self.sensor.size

    def part(self, begin: int, end: int) -> Table:
        """Rows `begin` to `end` (excluded)."""
        rows = slice(begin, end)
        return Table(self.ts_us[rows], self.sensor[rows], self.value[rows], self.label[rows])


class Labels:
    """The anomalies under which each reading lies, as one text: "", "drift", "drift+spike".

    Args:
        ids: id of each sensor, in the order of the roster.
    """

    def __init__(self, ids: list[str]) -> None:
        self.texts = [""]
        self._number_of_id = {name: number for number, name in enumerate(ids)}
        self._kinds: list[str] = []
        self._number_of_set = {0: 0}
        self._sensor, self._start_ns, self._end_ns, self._bit = (np.empty(0, dtype=np.int64) for _ in range(4))

    def add(self, truths: list[Truth]) -> None:
        """Take anomalies that became known."""
        if not truths:
            return
        rows = [
            (self._number_of_id[truth.sensor], truth.start_ns, truth.end_ns, self._bit_of(truth.kind))
            for truth in truths
        ]
        more = np.array(rows, dtype=np.int64).T
        held = (self._sensor, self._start_ns, self._end_ns, self._bit)
        self._sensor, self._start_ns, self._end_ns, self._bit = (
            np.concatenate(both) for both in zip(held, more, strict=True)
        )

    def of(self, block: Block) -> Ints:
        """Number of the text of each reading of a block, shape (readings,). A sensor stands in a block at most once."""
        if not self._sensor.size:
            return np.zeros(block.sensor.size, dtype=np.int64)
        row_of = np.full(len(self._number_of_id), -1)
        row_of[block.sensor] = np.arange(block.sensor.size)
        row = row_of[self._sensor]
        meant_ns = block.offset_ns[row]
        under = (row >= 0) & (self._start_ns <= meant_ns) & (meant_ns <= self._end_ns)
        sets = np.zeros(block.sensor.size, dtype=np.int64)
        np.bitwise_or.at(sets, row[under], self._bit[under])
        self._forget(int(block.offset_ns[-1]))
        return self._texts_of(sets)

    def _forget(self, reached_ns: int) -> None:
        going_on = self._end_ns > reached_ns
        if not going_on.all():
            held = (self._sensor, self._start_ns, self._end_ns, self._bit)
            self._sensor, self._start_ns, self._end_ns, self._bit = (column[going_on] for column in held)

    def _bit_of(self, kind: str) -> int:
        if kind not in self._kinds:
            self._kinds.append(kind)
        return int(1 << self._kinds.index(kind))

    def _texts_of(self, sets: Ints) -> Ints:
        different, place = np.unique(sets, return_inverse=True)
        for bits in different.tolist():
            if bits not in self._number_of_set:
                self._number_of_set[bits] = len(self.texts)
                kinds = sorted(kind for number, kind in enumerate(self._kinds) if bits >> number & 1)
                self.texts.append("+".join(kinds))
        numbers: Ints = np.array([self._number_of_set[bits] for bits in different.tolist()], dtype=np.int64)[place]
        return numbers


def tables(source: Source, labels: Labels, *, start_us: int, end_ns: int) -> Iterator[Table]:
    """One table a block: the readings meant before `end_ns`, whenever they leave.

    Args:
        source: a fleet, in simulated time.
        labels: takes up the truths as they become known.
        start_us: simulated time of the source's start, microseconds since 1970.
        end_ns: offset at which it ends.
    """
    transit = Transit()
    for block in source.blocks():
        labels.add(block.truths)
        size = int(block.offset_ns.searchsorted(end_ns, side="left"))
        if not size:
            break
        label = labels.of(block)
        value = np.where(block.kept, block.value, np.nan)
        if block.transport is None and not len(transit):
            yield Table(start_us + block.offset_ns[:size] // _US, block.sensor[:size], value[:size], label[:size])
            continue
        reached_ns = int(block.offset_ns[size - 1])
        late = transit.due(reached_ns)
        # A table has no sequence numbers: the label travels in their place.
        now = transit.enter(replace(block, value=value, seq=label), np.arange(size))
        yield _in_order([part for part in (late, now, transit.due(reached_ns)) if part is not None], start_us)
    rest = transit.due(_FOREVER_NS)
    if rest is not None:
        yield _in_order([rest], start_us)


def _in_order(parts: list[Departures], start_us: int) -> Table:
    """Rows in the order in which they leave."""
    due_ns = np.concatenate([part.due_ns for part in parts])
    order = np.argsort(due_ns, kind="stable")
    stamp_ns, sensor, value, label = (
        np.concatenate([getattr(part, name) for part in parts])[order]
        for name in ("stamp_ns", "sensor", "value", "seq")
    )
    return Table(start_us + stamp_ns // _US, sensor, value, label)


def batches(parts: Iterator[Table], rows: int) -> Iterator[Table]:
    """The same rows in tables of about `rows`: small ones joined, large ones cut."""
    waiting: list[Table] = []
    for part in parts:
        for begin in range(0, len(part), rows):
            waiting.append(part.part(begin, begin + rows))
            if sum(map(len, waiting)) >= rows:
                yield _joined(waiting)
                waiting = []
    if waiting:
        yield _joined(waiting)


def _joined(parts: list[Table]) -> Table:
    columns = ([getattr(part, item.name) for part in parts] for item in fields(Table))
    return Table(*(np.concatenate(column) for column in columns))
