"""CPU time of taking readings in: MQTT decoding, accepting, detecting, routing. No socket, no other process.

    python -m benchmarks._ingest

Encoded PUBLISH packets (QoS 1) go through the link's own decoder, the ingest with its detector, and the hub, which
builds the frames of buildings that have a subscriber each; the frames are thrown away. Sensors report every 5 seconds
in turn, each of another building than the one before; values wander at the sensor's resolution. Only the process's own
CPU time counts.
"""

from __future__ import annotations

import time

import numpy as np
from mqtt5 import PublishPacket, QoS

from reference_server.accept import Acceptor
from reference_server.detector import Detector
from reference_server.frames import text_frames
from reference_server.hub import Hub, Publication
from reference_server.ingest import Ingest
from reference_server.limits import Limits
from wire.mqtt.session import Decoder
from wire.payloads.json import JsonTemplate
from wire.reading import QUANTITIES, building_name, sensor_id
from wire.topics import TopicTemplate

BUILDINGS = 50
SENSORS_PER_BUILDING = 200
INTERVAL_S = 5.0
START_TS = 1_763_856_000.0
BATCHES = (1, 10, 64, 200)
WARM_UP = 33  # intervals until every sensor has a past
PERIOD = 16  # intervals after which everything recurs
_LEVELS = {"temperature": 21.0, "humidity": 45.0, "co2": 600.0, "power": 400.0}


class Fleet:
    """Encoded readings of a fleet, in the order in which its sensors report."""

    def __init__(self, *, seed: int = 1) -> None:
        self._rng = np.random.default_rng(seed)
        self._topics: list[str] = []
        self._templates: list[JsonTemplate] = []
        names = list(QUANTITIES)
        self._resolutions = np.empty(BUILDINGS * SENSORS_PER_BUILDING)
        self._values = np.empty(BUILDINGS * SENSORS_PER_BUILDING)
        for number in range(BUILDINGS * SENSORS_PER_BUILDING):
            quantity = QUANTITIES[names[number % len(names)]]
            building = building_name(number % BUILDINGS)
            name = f"{number // BUILDINGS:04d}"
            sensor = sensor_id(building, quantity.name, name)
            self._topics.append(TopicTemplate().topic(building=building, quantity=quantity.name, sensor=name))
            self._templates.append(JsonTemplate.of(sensor, unit=quantity.unit, decimals=quantity.decimals))
            self._resolutions[number] = quantity.resolution
            self._values[number] = _LEVELS[quantity.name]

    def __len__(self) -> int:
        return len(self._topics)

    def reads(self, interval: int, batch: int) -> list[bytes]:
        """Every sensor's reading of one interval: an item is what one read brings."""
        count = len(self._topics)
        self._values += self._resolutions * self._rng.integers(-1, 2, count)
        packets = [
            PublishPacket(
                topic,
                template.fill(START_TS + (interval + number / count) * INTERVAL_S, interval, value),
                qos=QoS.AT_LEAST_ONCE,
                packet_id=number % 65535 + 1,
            ).write()
            for number, (topic, template, value) in enumerate(
                zip(self._topics, self._templates, self._values.tolist(), strict=True)
            )
        ]
        return [b"".join(packets[first : first + batch]) for first in range(0, count, batch)]


class _Taker:
    """A whole ingest without its sockets."""

    def __init__(self) -> None:
        self.frames = 0
        self.now = START_TS
        hub: Hub[str] = Hub(epoch="benchmark")
        for index in range(BUILDINGS):
            hub.subscribe("client", building_name(index))
        detector = Detector(Limits())
        self.ingest = Ingest(
            hub=hub,
            detector=detector,
            reader=Acceptor(TopicTemplate(), detector.sensors, has_room_for=hub.has_room_for),
            deliver=self._deliver,
            clock=lambda: self.now,
        )
        self._decoder = Decoder()

    def _deliver(self, publications: list[Publication[str]]) -> None:
        for publication in publications:
            self.frames += bool(text_frames(publication.messages))

    def take(self, reads: list[bytes]) -> float:
        """Take in what the reads brought; give the CPU seconds of it."""
        self.now += INTERVAL_S
        feed, messages = self._decoder.feed, self.ingest.messages
        started = time.process_time()
        for data in reads:
            messages(feed(data))  # type: ignore[arg-type]  # nothing but PUBLISH was encoded
        return time.process_time() - started


def us_per_reading(batch: int, seconds: float) -> float:
    """CPU microseconds of one reading, a mean over whole periods of everything the detector does periodically.

    What comes before counts for nothing: meeting the sensors, and filling their memory of past changes.
    """
    taker, fleet = _Taker(), Fleet()
    for number in range(WARM_UP):
        taker.take(fleet.reads(number, 1000))
    spent_s, first, number = 0.0, taker.ingest.readings, WARM_UP
    while spent_s < seconds:
        for _ in range(PERIOD):
            spent_s += taker.take(fleet.reads(number, batch))
            number += 1
    assert taker.frames
    assert taker.ingest.readings == number * len(fleet)
    return 1e6 * spent_s / (taker.ingest.readings - first)


def main() -> None:
    """Print the table."""
    print("readings a read   us CPU a reading   readings/s on one core")
    for batch in BATCHES:
        cost_us = us_per_reading(batch, 1.0)
        print(f"{batch:15d}   {cost_us:16.2f}   {1e6 / cost_us:22,.0f}")


if __name__ == "__main__":
    main()
