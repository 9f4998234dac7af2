"""Readings that come again after kill -9: the alert lane is the one there would have been without it."""

from __future__ import annotations

import json
from itertools import groupby, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mqtt5 import PublishPacket

from reference_server.accept import Acceptor
from reference_server.detector import Detector
from reference_server.hub import Hub, Publication
from reference_server.ingest import Ingest
from reference_server.lanes import Entry
from reference_server.limits import Limits, QuantityLimits
from wire.topics import TopicTemplate

START = 1_763_856_000.0
LEVELS = Limits(quantities={"temperature": QuantityLimits(high=45, low=-30, deadband=0.5)})  # what no memory is for
Reading = tuple[int, float, float]  # number of the sensor, seconds, value


class Server:
    """One life of a server, from what was committed before to its kill -9."""

    def __init__(self, committed: list[Entry], limits: Limits = LEVELS) -> None:
        self._committed = committed
        hub: Hub[str] = Hub(epoch="life", alert_epoch="lanes")
        hub.restore(committed)
        detector = Detector(limits)
        detector.restore(hub.open_alerts, hub.told)
        reader = Acceptor(TopicTemplate(), detector.sensors, has_room_for=hub.has_room_for)
        self._ingest = Ingest(hub=hub, detector=detector, reader=reader, deliver=self._commit, clock=lambda: START)

    def read(self, readings: list[Reading], *, at_once: int = 1) -> None:
        """Take readings in, so many at once."""
        for first in range(0, len(readings), at_once):
            self._ingest.messages([packet(*reading) for reading in readings[first : first + at_once]])

    def _commit(self, publications: list[Publication[str]]) -> None:
        self._committed += [entry for publication in publications for entry in publication.entries]


def packet(sensor: int, seconds: float, value: float) -> PublishPacket:
    record = {"sensor": f"b-1/temperature/{sensor}", "ts": START + seconds, "seq": int(seconds), "value": value}
    return PublishPacket(f"buildings/b-1/temperature/{sensor}", json.dumps(record | {"unit": "Cel"}).encode())


def lane(committed: list[Entry]) -> list[tuple[int, float, str]]:
    return [(entry.offset, entry.ts - START, "clear" if entry.cleared else entry.kind) for entry in committed]


def test_a_reading_from_before_an_alert_does_not_end_it() -> None:
    """Killed between commit and acknowledgement, in the middle of an event: it ends when it ends."""
    committed: list[Entry] = []
    Server(committed).read([(1, 1, 20.0), (1, 2, 60.0)])
    Server(committed).read([(1, 1, 20.0), (1, 2, 60.0), (1, 3, 20.0)])
    assert lane(committed) == [(1, 2, "high"), (2, 3, "clear")]


def test_an_event_that_is_over_is_not_told_again() -> None:
    """Its first reading was acknowledged, the others come again."""
    committed: list[Entry] = []
    Server(committed).read([(1, 1, 60.0), (1, 2, 60.0), (1, 3, 20.0)])
    Server(committed).read([(1, 2, 60.0), (1, 3, 20.0), (1, 4, 20.0), (1, 5, 60.0)])
    assert lane(committed) == [(1, 1, "high"), (2, 3, "clear"), (3, 5, "high")]


def stream(samples: list[list[float]], sensors: int, every_s: float = 1.0) -> list[Reading]:
    """All sensors at once, sample by sample; neighbours differ."""
    return [
        (sensor, every_s * (1 + number), values[sensor % len(values)])
        for number, values in enumerate(samples)
        for sensor in range(sensors)
    ]


def live(readings: list[Reading], kills: list[tuple[float, float]], limits: Limits, at_once: int) -> list[Entry]:
    """What is committed over several lives: each ends at a share of the readings, and some before that come again."""
    committed: list[Entry] = []
    first = 0
    for killed, again in [*sorted(kills), (1.0, 0.0)]:
        end = max(first, round(killed * len(readings)))
        Server(committed, limits).read(readings[first:end], at_once=at_once)
        first = end - round(again * end)
    Server(committed, limits).read(readings[first:], at_once=at_once)
    return committed


@pytest.mark.parametrize("sensors", [1, 30])  # thirty are judged together
def test_all_that_was_told_comes_again_and_changes_nothing(sensors: int) -> None:
    """Two events, of which the second goes on."""
    readings = stream([[20.0], [60.0], [20.0], [60.0]], sensors)
    committed: list[Entry] = []
    Server(committed).read(readings)
    before = list(committed)
    assert len(before) == 3 * sensors
    Server(committed).read(readings, at_once=64)
    assert committed == before


KILLS = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=3)
AT_ONCE = st.sampled_from([1, 7, 64])
SENSORS = st.sampled_from([1, 2, 30])


@settings(deadline=None)
@given(
    st.lists(st.lists(st.sampled_from([20.0, 44.8, 60.0, -40.0]), min_size=2, max_size=2), min_size=1, max_size=12),
    SENSORS,
    KILLS,
    AT_ONCE,
)
def test_whatever_comes_again_alerts_and_ends_are_the_same(
    samples: list[list[float]], sensors: int, kills: list[tuple[float, float]], at_once: int
) -> None:
    """To the byte: number, id, time and value, each once."""
    readings = stream(samples, sensors)
    assert live(readings, kills, LEVELS, at_once) == live(readings, [], LEVELS, at_once)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.lists(st.sampled_from([20.0, 20.0, 20.1, 24.0, 60.0]), min_size=2, max_size=2), min_size=20, max_size=60
    ),
    SENSORS,
    KILLS,
    AT_ONCE,
)
def test_whatever_was_forgotten_each_alert_ends_once(
    samples: list[list[float]], sensors: int, kills: list[tuple[float, float]], at_once: int
) -> None:
    """A new life knows nothing of the last minute and may find less; still no end without its alert, nor before it."""
    committed = live(stream(samples, sensors, 5.0), kills, Limits(), at_once)
    assert [entry.offset for entry in committed] == list(range(1, len(committed) + 1))
    for _, found in groupby(sorted(committed, key=lambda entry: (entry.sensor, entry.kind, entry.offset)), key=of):
        events = list(found)
        assert [event.cleared for event in events] == [number % 2 == 1 for number in range(len(events))]
        assert all(event.ts < later.ts for event, later in pairwise(events))


def of(entry: Entry) -> tuple[str, str]:
    return entry.sensor, entry.kind
