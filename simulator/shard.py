"""A part of a fleet: n shards publish exactly the fleet that one process would, each its own buildings. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from simulator.layout import Layout
from simulator.schedule import Event
from wire.errors import SensorSwarmError

_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Shard:
    """Number `index`, from 1, of `count` shards."""

    index: int = 1
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read `i/n`.

        Raises:
            SensorSwarmError: it is no such thing.
        """
        match = re.fullmatch(r"([0-9]{1,5})/([0-9]{1,5})", text)
        if match is None or not 1 <= int(match[1]) <= int(match[2]) <= _MOST:
            raise SensorSwarmError(f"--shard {text!r} is no part of a whole; write I/N with I from 1 to N, such as 1/2")
        return cls(int(match[1]), int(match[2]))

    def layout(self, buildings: int, sensors: int) -> Layout:
        """Buildings of this shard, out of as many: in a row, and as many as in any other shard, or one more or less.

        Raises:
            SensorSwarmError: there are fewer buildings than shards.
        """
        if buildings < self.count:
            raise SensorSwarmError(
                f"--shard {self.index}/{self.count}: {buildings} buildings cannot be shared by {self.count} shards; "
                "a building is never split, so use fewer shards"
            )
        first, end = (buildings * index // self.count for index in (self.index - 1, self.index))
        return Layout(end - first, sensors, first)


WHOLE = Shard()


def of_shard(events: Iterable[Event], layout: Layout) -> list[Event]:
    """Those of a whole fleet's events that befall the buildings of a part of it, as that part numbers its sensors."""
    first = layout.first
    return [
        replace(
            event,
            building=event.building - first,
            hits=tuple(replace(hit, sensor=hit.sensor - first * layout.sensors) for hit in event.hits),
        )
        for event in events
        if first <= event.building < first + layout.buildings
    ]
