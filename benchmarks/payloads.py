"""What each payload costs: CPU of our publisher to encode a reading, and of our server to read it. No socket.

    us_encode_NAME        from columns of a fleet to MQTT packets, 2,000 readings a batch
    us_read_NAME          from MQTT packets to columns with their JSON for the clients, detector and fan-out left out
    readings_per_s_NAME   that one core encodes
    bytes_NAME            of a reading, its packet's topic and header among them

Batches are what falls due together of 100 buildings with 200 sensors; where a payload says a building's readings
together (senml-pack), its sensors measure together, as the simulator has it. Only the process's own CPU time counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from itertools import cycle

from mqtt5 import PublishPacket

from benchmarks._harness import Benchmark
from reference_server.accept import Message, RejectedError
from reference_server.formats import KINDS, Format
from reference_server.sensors import Sensors
from simulator.fleet import Fleet
from simulator.packets import Encoding
from simulator.payloads import Payload
from simulator.publisher import BATCH
from wire.clock import NS
from wire.mqtt.session import Decoder
from wire.topics import TopicTemplate

BUILDINGS, SENSORS = 100, 200
TEMPLATE = 'template:{"v":{value},"t":{ts_ms},"n":{seq}}'


class Contestant:
    """One payload: its encoder and reader, and batches of a fleet."""

    def __init__(self, text: str) -> None:
        payload = Payload.parse(text)
        fleet = Fleet(buildings=BUILDINGS, sensors=SENSORS, interval_s=1.0, seed=1, together=payload.packed)
        block = next(fleet.blocks())
        self.name = payload.kind.replace("-", "_")
        self.encoder: Encoding = payload.encoder(fleet.roster, TopicTemplate())
        start_ns = time.time_ns()
        self._batches = [
            (block.sensor[rows], start_ns + block.offset_ns[rows], block.seq[rows], block.value[rows])
            for rows in (slice(first, first + BATCH) for first in range(0, block.sensor.size, BATCH))
        ]
        self._reader = None
        if payload.kind in KINDS:
            self._reader = Format.parse(text).reader(
                TopicTemplate(),
                Sensors(),
                has_room_for=lambda _: True,
                ask=lambda *_: None,
                clock=lambda: start_ns / NS,
            )

    def encode(self, seconds: float) -> Mapping[str, float]:
        """Encode for so many seconds of CPU."""
        count = size = 0
        began_s = time.process_time()
        for batch in cycle(self._batches):
            size += len(self.encoder.packets(*batch).data)
            count += batch[0].size
            spent_s = time.process_time() - began_s
            if spent_s >= seconds:
                break
        return {
            f"us_encode_{self.name}": 1e6 * spent_s / count,
            f"readings_per_s_{self.name}": count / spent_s,
            f"bytes_{self.name}": size / count,
        }

    def read(self, seconds: float) -> Mapping[str, float]:
        """Read for so many seconds of CPU; births and the first of each sensor do not count."""
        assert self._reader is not None
        reads = list(self._reads())
        self._accept(reads)
        count, spent_s = 0, 0.0
        while spent_s < seconds:
            began_s = time.process_time()
            count += self._accept(reads[self._births :])
            spent_s += time.process_time() - began_s
        return {f"us_read_{self.name}": 1e6 * spent_s / count}

    def _reads(self) -> Iterator[list[Message]]:
        if self.name == "sparkplug":
            for number in range(BUILDINGS):
                self.encoder.bear(number)  # type: ignore[attr-defined]  # it is a SparkplugEncoder
        births = [_messages(packets) for _, packets in self.encoder.announcements()]
        self._births = len(births)
        yield from births
        for batch in self._batches:
            yield _messages(self.encoder.packets(*batch).data)

    def _accept(self, reads: list[list[Message]]) -> int:
        assert self._reader is not None
        return sum(len(self._reader.accept(messages, _complain)) for messages in reads)


def _messages(data: bytes) -> list[Message]:
    return [packet for packet in Decoder().feed(data) if isinstance(packet, PublishPacket)]


def _complain(error: RejectedError) -> None:
    if error.kind != "order":  # the same messages come again and again
        raise error


def main() -> None:
    """Measure all in turn."""
    benchmark = Benchmark("payloads", "What each payload costs", seconds=1, repetitions=3)
    benchmark.parse()
    contestants = [Contestant(text) for text in (*KINDS, TEMPLATE)]
    turns: dict[str, Callable[[float], Mapping[str, float]]] = {}
    for one in contestants:
        turns[f"encode {one.name}"] = one.encode
        if one.name != "template":
            turns[f"read {one.name}"] = one.read
    benchmark.take_turns(turns)
    benchmark.finish()


if __name__ == "__main__":
    main()
