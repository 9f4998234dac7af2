"""A recording as a source: each row is due at (elapsed - from) / speed seconds after the load starts. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simulator.recording import Recording, RecordingError
from simulator.source import Block, Floats, Ints, Roster, Truth
from wire.clock import NS

_US = 1000  # nanoseconds; what `ts` resolves


class Replay:
    """The rows of a recording with from_s <= elapsed < to_s.

    Args:
        recording: rows in the order of time.
        from_s, to_s: seconds of the recording; None for its beginning and its end.
        speed: recorded seconds per wall-clock second.

    Raises:
        RecordingError: no row lies in the slice.
    """

    def __init__(
        self, recording: Recording, *, from_s: float | None = None, to_s: float | None = None, speed: float = 1.0
    ) -> None:
        elapsed = recording.elapsed_s
        from_s = float(elapsed[0]) if from_s is None else from_s
        rows = slice(
            int(elapsed.searchsorted(from_s, side="left")),
            elapsed.size if to_s is None else int(elapsed.searchsorted(to_s, side="left")),
        )
        if rows.stop <= rows.start:
            until = "the end" if to_s is None else f"{to_s:g} s"
            raise RecordingError(
                f"recording {recording.name} has no row from {from_s:g} s to {until}; "
                f"it runs from {elapsed[0]:g} to {elapsed[-1]:g} s"
            )
        self.name = recording.name
        self.time_scale = speed
        used, self._sensor = np.unique(recording.sensor[rows], return_inverse=True)
        self.roster = Roster([recording.roster.sensors[number] for number in used.tolist()])
        self._offset_ns = np.round((elapsed[rows] - from_s) / speed * (NS / _US)).astype(np.int64) * _US
        self._value = recording.value[rows]
        self._labelled = recording.labelled[rows]
        self._by_sensor = np.argsort(self._sensor, kind="stable")
        starts = np.searchsorted(self._sensor[self._by_sensor], np.arange(used.size))
        self.first_ns: Ints = self._offset_ns[self._by_sensor][starts]
        self.interval_s = _interval_s(self._offset_ns, self._sensor, self._by_sensor)
        self._starts = starts

    def blocks(self) -> Iterator[Block]:
        """All rows as one block."""
        size = self._sensor.size
        seq = np.empty(size, dtype=np.int64)
        counts = np.diff(np.append(self._starts, size))
        seq[self._by_sensor] = np.arange(size) - np.repeat(self._starts, counts)
        yield Block(
            offset_ns=self._offset_ns,
            sensor=self._sensor,
            seq=seq,
            value=self._value,
            kept=np.ones(size, dtype=np.bool_),
            truths=list(self._truths()),
        )

    def _truths(self) -> Iterator[Truth]:
        """One anomaly for each contiguous run of labelled readings of a sensor."""
        for number, rows in enumerate(np.split(self._by_sensor, self._starts[1:])):
            edges = np.flatnonzero(np.diff(np.concatenate(([False], self._labelled[rows], [False]))))
            sensor = self.roster.sensors[number]
            for index, (begin, end) in enumerate(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True), 1):
                cause = f"recorded-{sensor.building}-{sensor.quantity}-{sensor.name}-{index}"
                yield Truth(
                    id=cause,
                    building=sensor.building,
                    sensor=sensor.id,
                    kind="recorded",
                    start_ns=int(self._offset_ns[rows[begin]]),
                    end_ns=int(self._offset_ns[rows[end - 1]]),
                    magnitude=0.0,
                    cause=cause,
                )


def _interval_s(offset_ns: Ints, sensor: Ints, by_sensor: Ints) -> float:
    """Return the median time between two readings of a sensor; the whole slice where each has only one."""
    gaps: Floats = np.diff(offset_ns[by_sensor])[np.diff(sensor[by_sensor]) == 0] / NS
    gaps = gaps[gaps > 0]
    return float(np.median(gaps)) if gaps.size else max(float(offset_ns[-1]) / NS, 1.0)
