"""CBOR packets, read with a codec and a CBOR library that are not ours."""

import cbor2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mqtt5 import PublishPacket

from simulator.encoding_cbor import CborEncoder
from simulator.source import Alike, Roster, Sensor
from wire.clock import NS
from wire.mqtt.session import Decoder
from wire.payloads.cbor import encode
from wire.reading import Reading
from wire.topics import TopicTemplate

MOUNTED = [Sensor("", "temperature", "0001", "Cel", 2), Sensor("", "power", "0002" * 26, "W", 0)]
ROSTERS = [
    Roster([Sensor("a", "temperature", "1", "Cel", 2), Sensor("100% b", "co2", "x" * 255, "ppm", 0)]),
    # One of these has an id of 127 bytes, a length that looks like the name that is put in; one of 255.
    Roster(Alike(["b-0001", "b-10000", "Königsbau", "n" * 16, "n" * 144], MOUNTED)),
]
ROWS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 4 * 10**15), st.integers(0, 2**53), st.integers(-(10**9), 10**9)),
    min_size=1,
    max_size=8,
)


@pytest.mark.parametrize("roster", ROSTERS)
@settings(max_examples=40, deadline=None)
@example([(0, 95_294_024_468_005, 0, 0)])
@given(rows=ROWS)
def test_the_table_gives_what_the_library_reads(roster: Roster, rows: list[tuple[int, int, int, int]]) -> None:
    """Whatever the numbers and the lengths, each packet is the plain encoder's and holds the five fields."""
    sensor, ts_us, seq, value = np.array(rows, dtype=np.int64).T
    sensor %= len(roster.sensors)
    mounted = [roster.sensors[number] for number in sensor]
    values = value / [10**one.decimals for one in mounted]
    packets = CborEncoder(roster, TopicTemplate()).packets(sensor, ts_us * 1000, seq, values)
    begin = 0
    expected = [
        Reading(one.id, at * 1000 / NS, number, number_value, one.unit)
        for one, at, number, number_value in zip(mounted, ts_us.tolist(), seq.tolist(), values.tolist(), strict=True)
    ]
    for reading, one, end in zip(expected, mounted, packets.ends.tolist(), strict=True):
        packet = packets.data[begin:end]
        topic = f"buildings/{one.building}/{one.quantity}/{one.name}"
        assert packet == PublishPacket(topic, encode(reading)).write()
        [read] = Decoder().feed(packet)
        assert cbor2.loads(bytes(read.payload)) == {
            "sensor": reading.sensor,
            "ts": reading.ts,
            "seq": reading.seq,
            "value": reading.value,
            "unit": reading.unit,
        }
        begin = end
    assert begin == len(packets.data)


def test_a_topic_of_any_length() -> None:
    """What has no room in two bytes of a remaining length is encoded one by one."""
    roster = Roster([Sensor("a", "temperature", "1", "Cel", 2)])
    encoder = CborEncoder(roster, TopicTemplate("x" * 20_000 + "/{building}/{quantity}/{sensor}"))
    packets = encoder.packets(np.array([0]), np.array([10**18]), np.array([7]), np.array([1.256]))
    [packet] = Decoder().feed(packets.data)
    assert cbor2.loads(bytes(packet.payload))["value"] == 1.26
