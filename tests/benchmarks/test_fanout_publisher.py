"""The readings that the benchmark of the fan-out publishes."""

from mqtt5 import PublishPacket

from benchmarks._fanout_publisher import PAYLOAD_BYTES, SENSORS, Feed
from wire.mqtt.session import Decoder
from wire.payloads import json
from wire.topics import TopicTemplate


def test_readings_are_whole_and_every_sensor_counts() -> None:
    """Every payload is a reading of its topic's sensor, of about the size promised; no sequence number is left out."""
    feed = Feed()
    count = 2 * SENSORS + 3
    packets = Decoder().feed(feed.packets("b-0002", count - 3, 1.7e9) + feed.packets("b-0002", 3, 1.7e9))
    next_seq: dict[str, int] = {}
    for packet in packets:
        assert isinstance(packet, PublishPacket)
        reading = json.decode(packet.payload)
        parts = TopicTemplate().parse(packet.topic)
        assert parts is not None
        assert reading.sensor == f"{parts.building}/{parts.quantity}/{parts.sensor}"
        assert reading.building == "b-0002"
        assert abs(len(packet.payload) - PAYLOAD_BYTES) <= 3
        assert reading.seq == next_seq.get(reading.sensor, 0)
        next_seq[reading.sensor] = reading.seq + 1
    assert (len(packets), len(next_seq)) == (count, SENSORS)
