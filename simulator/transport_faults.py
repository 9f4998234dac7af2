"""Faults on the way to the broker: which readings of a sample they befall, and what leaves when. Pure.

A reading under several of them is delayed by the sum of the delays, and each of its copies has the skewed `ts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from simulator.anomalies import Conveyance
from simulator.source import Block, Bools, Floats, Ints, Transport
from simulator.touches import Touches
from wire.clock import NS


def transport_at(
    touches: Sequence[tuple[Conveyance, Touches]], sample: int, *, row_of: Ints, interval_s: float
) -> Transport | None:
    """What goes wrong at a sample, None when nothing does.

    Args:
        touches: faults, and the sensors under each.
        sample: number of the reading.
        row_of: place in the block of each sensor's reading, shape (sensors,).
        interval_s: seconds between two readings of a sensor.
    """
    delay_s, copies, skew_s = (np.zeros(row_of.size) for _ in range(3))
    befallen = np.zeros(row_of.size, dtype=np.bool_)
    for effect, under in touches:
        for places in under.active(sample):
            rows = under.rows[places]
            sensors = rows["sensor"]
            befallen[sensors] = True
            if effect.delay_s is not None:
                delay_s[sensors] += effect.delay_s(rows["magnitude"], sample - rows["first"], interval_s)
            if effect.copies:
                copies[sensors] += rows["magnitude"]
            if effect.skews:
                skew_s[sensors] += rows["magnitude"]
    sensors = np.flatnonzero(befallen)
    if not sensors.size:
        return None
    sensors = sensors[np.argsort(row_of[sensors])]
    return Transport(
        row=row_of[sensors],
        delay_ns=np.round(delay_s[sensors] * NS).astype(np.int64),
        copies=copies[sensors].astype(np.int64),
        skew_ns=np.round(skew_s[sensors] * NS).astype(np.int64),
    )


@dataclass(frozen=True, slots=True)
class Departures:
    """Readings that leave now; all of shape (departures,)."""

    sensor: Ints
    meant_ns: Ints  # offset at which it was meant: which second of the books it belongs to
    due_ns: Ints  # offset at which it has to leave: what lateness is measured from
    stamp_ns: Ints  # offset that its `ts` says
    seq: Ints
    value: Floats
    copy: Bools  # True: not the original; sent, but in nobody's count of what was meant

    def where(self, chosen: Bools | Ints) -> Departures:
        """Some of them."""
        return Departures(*(getattr(self, item.name)[chosen] for item in fields(self)))

    def __len__(self) -> int:
        return self.sensor.size


class Transit:
    """Readings between the moment they are meant and the moment they leave."""

    def __init__(self) -> None:
        self._waiting: Departures | None = None  # by due_ns

    def __len__(self) -> int:
        """Count what waits."""
        return 0 if self._waiting is None else len(self._waiting)

    @property
    def next_ns(self) -> int | None:
        """Offset at which the next one that waits has to leave, None when none does."""
        return None if self._waiting is None else int(self._waiting.due_ns[0])

    def enter(self, block: Block, rows: Ints) -> Departures:
        """Take readings that are meant now and give those that leave now; the others wait for `due`.

        Args:
            block: where they come from.
            rows: their places in the block, ascending, without those that are not kept.
        """
        meant_ns = block.offset_ns[rows]
        readings = Departures(
            sensor=block.sensor[rows],
            meant_ns=meant_ns,
            due_ns=meant_ns,
            stamp_ns=meant_ns,
            seq=block.seq[rows],
            value=block.value[rows],
            copy=np.zeros(rows.size, dtype=np.bool_),
        )
        return readings if block.transport is None else self._befall(readings, rows, block.transport)

    def due(self, elapsed_ns: int) -> Departures | None:
        """Give those that waited until now, by time; None when there are none."""
        waiting = self._waiting
        if waiting is None or waiting.due_ns[0] > elapsed_ns:
            return None
        count = int(waiting.due_ns.searchsorted(elapsed_ns, side="right"))
        self._waiting = waiting.where(np.arange(count, len(waiting))) if count < len(waiting) else None
        return waiting.where(np.arange(count))

    def give_up(self) -> Departures | None:
        """Everything that waits: the load ends, and it will not leave."""
        rest, self._waiting = self._waiting, None
        return rest

    def _befall(self, readings: Departures, rows: Ints, transport: Transport) -> Departures:
        _, ours, theirs = np.intersect1d(rows, transport.row, assume_unique=True, return_indices=True)
        delay_ns, skew_ns = np.zeros(rows.size, dtype=np.int64), np.zeros(rows.size, dtype=np.int64)
        times = np.ones(rows.size, dtype=np.int64)
        delay_ns[ours] = transport.delay_ns[theirs]
        skew_ns[ours] = transport.skew_ns[theirs]
        times[ours] += transport.copies[theirs]
        source = np.repeat(np.arange(rows.size), times)
        everything = readings.where(source)
        changed = Departures(
            sensor=everything.sensor,
            meant_ns=everything.meant_ns,
            due_ns=everything.due_ns + delay_ns[source],
            stamp_ns=everything.stamp_ns + skew_ns[source],
            seq=everything.seq,
            value=everything.value,
            copy=np.diff(source, prepend=-1) == 0,
        )
        later = changed.due_ns > changed.meant_ns
        if later.any():
            self._wait(changed.where(later))
        return changed.where(~later)

    def _wait(self, readings: Departures) -> None:
        if self._waiting is not None:
            columns = zip(
                *([getattr(part, item.name) for item in fields(part)] for part in (self._waiting, readings)),
                strict=True,
            )
            readings = Departures(*(np.concatenate(column) for column in columns))
        self._waiting = readings.where(np.argsort(readings.due_ns, kind="stable"))
