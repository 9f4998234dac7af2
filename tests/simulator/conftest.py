"""Small sources, recordings and fake links for the simulator's tests."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from simulator.source import Block, Roster, Sensor


class HandMade:
    """A source whose blocks are written by the test: readings given as (sensor, seq, offset_ns)."""

    name = "hand"
    time_scale = 1.0
    interval_s = 0.1

    def __init__(self, roster: Roster, readings: list[tuple[int, int, int]], dropped: set[tuple[int, int]]) -> None:
        self.roster = roster
        self.readings = sorted(readings, key=lambda item: item[2])
        self.dropped = dropped
        first = {sensor: offset for sensor, _, offset in reversed(self.readings)}
        self.first_ns = np.array([first.get(number, 0) for number in range(len(roster.sensors))], dtype=np.int64)

    def blocks(self) -> Iterator[Block]:
        sensor, seq, offset = np.array(self.readings, dtype=np.int64).reshape(-1, 3).T
        kept = np.array([(s, q) not in self.dropped for s, q, _ in self.readings], dtype=np.bool_)
        yield Block(offset, sensor, seq, sensor * 1.0, kept)


@pytest.fixture
def roster() -> Roster:
    """Two sensors in building `a`, one in building `b`."""
    return Roster(
        [
            Sensor("a", "temperature", "1", "Cel", 2),
            Sensor("a", "co2", "2", "ppm", 0),
            Sensor("b", "temperature", "1", "Cel", 2),
        ]
    )


@pytest.fixture
def hand_made(roster: Roster) -> Callable[..., HandMade]:
    """Make a source of `roster` from readings (sensor, seq, offset_ns) and the (sensor, seq) that are dropped."""
    return lambda readings, dropped=(): HandMade(roster, readings, set(dropped))


@pytest.fixture
def csv_file(tmp_path: Path) -> Callable[..., Path]:
    """Write a recording from its lines after the default header."""

    def write(*lines: str, header: str = "elapsed_s,building,sensor,quantity,unit,value,anomaly") -> Path:
        path = tmp_path / "recording.csv"
        path.write_text("\r\n".join((header, *lines)) + "\r\n")
        return path

    return write
