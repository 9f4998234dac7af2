"""From MQTT messages of one read to publications, without a socket."""

from __future__ import annotations

import json
import logging
import math
from typing import Any

import orjson
import pytest
from mqtt5 import PublishPacket

from reference_server.accept import Acceptor
from reference_server.detector import Detector
from reference_server.hub import Hub, Publication
from reference_server.ingest import Ingest
from reference_server.limits import Limits
from wire.topics import TopicTemplate

START = 1_763_856_000.0


class Bench:
    """An ingest whose clock stands where it is put, and what it delivered."""

    def __init__(self, **hub: Any) -> None:
        self.now = START
        self.delivered: list[list[Publication[str]]] = []
        self.hub: Hub[str] = Hub(epoch="e1", **hub)
        detector = Detector(Limits().with_silence(60))
        self.ingest = Ingest(
            hub=self.hub,
            detector=detector,
            reader=Acceptor(TopicTemplate(), detector.sensors, has_room_for=self.hub.has_room_for),
            deliver=self.delivered.append,
            clock=lambda: self.now,
        )

    def frames(self) -> list[dict[str, Any]]:
        return [orjson.loads(m) for batch in self.delivered for publication in batch for m in publication.messages]


def packet(building: str = "b-1", value: float = 20.0, *, ts: float = START, seq: int = 0) -> PublishPacket:
    record = {"sensor": f"{building}/temperature/1", "ts": ts, "seq": seq, "value": value, "unit": "Cel"}
    return PublishPacket(f"buildings/{building}/temperature/1", json.dumps(record).encode())


def test_one_read_is_one_delivery_with_one_frame_per_building() -> None:
    """What arrived together leaves together, spliced as published, alerts after the readings that raised them."""
    bench = Bench()
    for name in ("b-1", "b-2"):
        bench.hub.subscribe("c", name)
    packets = [packet("b-1"), packet("b-2"), packet("b-1", 50.0, ts=START + 5, seq=1)]
    bench.ingest.messages(packets)
    assert len(bench.delivered) == 1
    kinds = [(frame["type"], frame["building"]) for frame in bench.frames()]
    assert kinds == [("readings", "b-1"), ("alert", "b-1"), ("alert", "b-1"), ("readings", "b-2")]
    spliced = bench.delivered[0][0].messages[0]
    assert packets[0].payload + b"," + packets[2].payload in spliced
    assert (bench.ingest.readings, bench.ingest.alerts) == (3, 2)


def test_the_bad_ones_are_counted_and_the_good_ones_go_on(caplog: pytest.LogCaptureFixture) -> None:
    """Nonsense among good readings costs a counter and one line, not a reading."""
    bench = Bench(max_buildings=1)
    bench.hub.subscribe("c", "b-1")
    bad = [
        PublishPacket("elsewhere", b"{}"),
        *[PublishPacket("buildings/b-1/temperature/1", b"{")] * 50,
        PublishPacket("buildings/b-2/temperature/1", packet("b-1").payload),
    ]
    with caplog.at_level(logging.WARNING):
        bench.ingest.messages([*bad, packet("b-1"), *bad])
        bench.ingest.messages([packet("b-2")])
    assert [len(frame["readings"]) for frame in bench.frames()] == [1]
    assert bench.ingest.malformed.counts == {"topic": 2, "payload": 100, "sensor": 2, "building": 1}
    assert len(caplog.records) == 4


@pytest.mark.parametrize("batch", [1, 7, 100])
def test_duplicates_reach_nobody(batch: int) -> None:
    """A reading that comes again is neither sent nor judged nor kept, and is counted."""
    bench = Bench()
    bench.hub.subscribe("c", "b-1")
    packets = [packet(value=20.0 + (seq == 50) * 30, ts=START + 5 * seq, seq=seq) for seq in range(60)]
    for first in range(0, 60, batch):
        bench.ingest.messages(packets[first : first + batch])
    before = bench.frames()
    bench.ingest.messages(packets)
    assert bench.frames() == before
    assert (bench.ingest.readings, bench.ingest.duplicates) == (60, 60)
    assert bench.hub._buildings["b-1"].readings.offset == 60


def test_one_bad_message_does_not_spoil_a_large_batch() -> None:
    """Every kind of nonsense in the middle of a full read: the rest arrives in order."""
    bench = Bench()
    bench.hub.subscribe("c", "b-1")
    topic = "buildings/b-1/temperature/1"
    record = json.loads(packet(seq=7).payload or b"")
    bad = [
        PublishPacket(topic, b"\xff\xfe"),
        PublishPacket(topic, json.dumps(record | {"value": float("nan")}).encode()),
        PublishPacket(topic, json.dumps(record | {"sensor": "b-9/temperature/1"}).encode()),
        PublishPacket(topic, json.dumps(record | {"pad": "x" * 20_000}).encode()),
        *[PublishPacket(topic, json.dumps(record | {"seq": seq}).encode()) for seq in (1 << 60, -1, True)],
        *[PublishPacket(topic, json.dumps(record | {"ts": ts}).encode()) for ts in (1.8e12, -5, None)],
        PublishPacket(topic, json.dumps(record)[:-1].encode()),
        PublishPacket(topic, b""),
    ]
    good = [packet(ts=START + 5 * seq, seq=seq) for seq in range(60)]
    bench.ingest.messages([*good[:30], *bad, *good[30:]])
    (frame,) = [frame for frame in bench.frames() if frame["type"] == "readings"]
    assert [item["seq"] for item in frame["readings"]] == list(range(60))
    assert bench.ingest.malformed.counts == {"payload": 7, "sensor": 1, "size": 1, "range": 3}
    assert bench.ingest.duplicates == 0


def test_the_time_of_the_next_look_is_told() -> None:
    """The clockwork may sleep until the first sensor can be silent, and for ever while there is none."""
    bench = Bench()
    assert bench.ingest.silence_due_ts == math.inf
    bench.ingest.messages([packet()])
    assert bench.ingest.silence_due_ts == START + 60
    bench.ingest.link_changed(False)
    assert bench.ingest.silence_due_ts == math.inf


def test_silence_is_delivered_and_suspended_with_the_link() -> None:
    """Alerts without readings reach subscribers too; while the broker is away there are none."""
    bench = Bench()
    bench.hub.subscribe("c", "b-1")
    bench.ingest.messages([packet()])
    bench.delivered.clear()
    bench.ingest.link_changed(False)
    bench.now = START + 100
    bench.ingest.check_silence()
    bench.ingest.link_changed(True)
    bench.now = START + 159
    bench.ingest.check_silence()
    assert bench.delivered == []
    bench.now = START + 160
    bench.ingest.check_silence()
    assert [(frame["type"], frame["kind"], frame["offset"]) for frame in bench.frames()] == [("alert", "silent", 1)]
