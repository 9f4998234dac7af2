"""Values that carry their time and number, for servers that forward nothing else (docs/watermark.md). Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from simulator.packets import Encoding, Packets, PerReading
from simulator.source import Alike, Floats, Ints, Roster, Sensor
from wire import watermark
from wire.reading import QUANTITIES


class Watermarking(PerReading):
    """An encoder whose every value is given a watermark before, where its sensor's resolution is known.

    That is so for the fleet's quantities: what other values of a recording are exact to, nobody says.

    Args:
        roster: the sensors as they report.
        encoder: makes the encoder of a roster, whose sensors now have more digits.
    """

    def __init__(self, roster: Roster, encoder: Callable[[Roster], Encoding]) -> None:
        every = roster.sensors
        one_building = every.mounted if isinstance(every, Alike) else every
        marked = [_marked(sensor) for sensor in one_building]
        self._encoder = encoder(Roster(Alike(every.buildings, marked) if isinstance(every, Alike) else marked))
        pairs = zip(one_building, marked, strict=True)
        decimals = [-1 if one is sensor else sensor.decimals for sensor, one in pairs]
        self._decimals = np.resize(np.array(decimals, dtype=np.int64), len(every))  # of each sensor; -1: not known

    def packets(self, sensor: Ints, ts_ns: Ints, seq: Ints, value: Floats) -> Packets:
        """As the encoder does."""
        return self._encoder.packets(sensor, ts_ns, seq, self._values(sensor, ts_ns, seq, value))

    def announcements(self) -> Iterable[tuple[int, bytes]]:
        """What the encoder announces."""
        return self._encoder.announcements()

    def _values(self, sensor: Ints, ts_ns: Ints, seq: Ints, value: Floats) -> Floats:
        decimals = self._decimals[sensor]
        values: Floats = np.where(decimals >= 0, watermark.encode(value, decimals, ts_ns, seq), value)
        return values


def _marked(sensor: Sensor) -> Sensor:
    """The sensor with digits for a watermark; the very same one where its resolution is not known."""
    known = QUANTITIES.get(sensor.quantity)
    if known is None or known.decimals != sensor.decimals:
        return sensor
    return replace(sensor, decimals=sensor.decimals + watermark.DIGITS)
