"""Sparkplug packets, read with the messages that Eclipse Tahu's own schema makes."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sparkplub_b_packets.core import sparkplug_b_pb2 as tahu

from simulator.encoding_sparkplug import SparkplugEncoder
from simulator.source import Alike, Roster, Sensor
from wire.mqtt.session import Decoder

MOUNTED = [
    Sensor("", "temperature", "0001", "Cel", 2),
    Sensor("", "co2", "0002", "ppm", 0),
    *[Sensor("", "temperature", f"{number:04d}", "Cel", 2) for number in range(3, 203)],
]
ROSTER = Roster(Alike(["b-1", "b-2"], MOUNTED))
COUNT = len(MOUNTED)
NS = 1_763_856_000_123_456_789
MS = NS // 1_000_000


def encoder() -> SparkplugEncoder:
    return SparkplugEncoder(ROSTER, "plant", lambda: NS)


def read(data: bytes) -> list[tuple[str, Any]]:
    messages = []
    for packet in Decoder().feed(data):
        message = tahu.Payload()
        message.ParseFromString(bytes(packet.payload))
        messages.append((packet.topic, message))
    return messages


def births(one: SparkplugEncoder) -> dict[int, list[tuple[str, Any]]]:
    return {number: read(packets) for number, packets in one.announcements()}


def aliases() -> dict[tuple[str, int], tuple[str, str]]:
    """Device and name of each alias of each node, as the births say."""
    one = encoder()
    one.bear(0)
    one.bear(1)
    return {
        (topic.split("/")[3], metric.alias): (topic.split("/")[4], metric.name)
        for messages in births(one).values()
        for topic, message in messages[1:]
        for metric in message.metrics
    }


NAMES = aliases()
ROWS = st.lists(
    st.tuples(
        st.integers(0, 2 * COUNT - 1),
        st.integers(10**18, 4 * 10**18),
        st.integers(0, 2**34) | st.integers(0, 300),
        st.integers(-(10**9), 10**9),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(rows=ROWS)
def test_data_goes_by_alias(rows: list[tuple[int, int, int, int]]) -> None:
    """Whatever the numbers: alias, milliseconds, value and the property `seq`; no name, no type; a device a message."""
    one = encoder()
    sensor, ts_ns, seq, value = np.array(rows, dtype=np.int64).T
    values = value / [10 ** ROSTER.sensors[number].decimals for number in sensor]
    found = []
    for topic, message in read(one.packets(sensor, ts_ns, seq, values).data):
        namespace, group, kind, edge, device = topic.split("/")
        assert (namespace, group, kind) == ("spBv1.0", "plant", "DDATA")
        assert message.timestamp == max(metric.timestamp for metric in message.metrics)
        for metric in message.metrics:
            assert (metric.HasField("name"), metric.HasField("datatype")) == (False, False)
            assert list(metric.properties.keys) == ["seq"]
            [number] = metric.properties.values
            known_device, name = NAMES[edge, metric.alias]
            assert (known_device, number.type) == (device, tahu.UInt64)
            found.append((edge, device, name, metric.timestamp, number.long_value, metric.double_value))
    expected = [
        (one.building, one.quantity, one.name, at // 1_000_000, number, number_value)
        for one, at, number, number_value in zip(
            (ROSTER.sensors[number] for number in sensor), ts_ns.tolist(), seq.tolist(), values.tolist(), strict=True
        )
    ]
    assert sorted(found) == sorted(expected)


def test_every_metric_has_an_alias_of_its_own() -> None:
    """Unique in its node, whatever its device."""
    assert len(NAMES) == 2 * COUNT


def test_births_come_first_and_number_the_messages() -> None:
    """NBIRTH is 0, its devices go on, data after that; after 255 comes 0; each node counts by itself."""
    one = encoder()
    one.bear(1)
    [(number, packets)] = one.announcements()
    assert number == 1
    assert list(one.announcements()) == []
    messages = read(packets)
    assert [topic for topic, _ in messages] == [
        "spBv1.0/plant/NBIRTH/b-2",
        "spBv1.0/plant/DBIRTH/b-2/temperature",
        "spBv1.0/plant/DBIRTH/b-2/co2",
    ]
    assert [message.seq for _, message in messages] == [0, 1, 2]
    assert [len(message.metrics) for _, message in messages] == [2, COUNT - 1, 1]
    assert all(metric.is_null for metric in messages[1][1].metrics)
    seqs = []
    for at in range(260):
        data = one.packets(np.array([COUNT, COUNT + 1]), np.full(2, NS), np.full(2, at), np.zeros(2)).data
        seqs += [message.seq for _, message in read(data)]
    assert seqs == [number % 256 for number in range(3, 523)]


def test_a_rebirth_in_mid_stream_says_what_was_measured_last() -> None:
    """Same bdSeq, messages from 0 again, the last reading of each metric; data goes on from there."""
    one = encoder()
    one.bear(0)
    births(one)
    one.packets(np.array([0, 0, 1]), np.array([NS, NS + 10**9, NS]), np.array([4, 5, 4]), np.array([1.5, 2.25, 600.4]))
    one.bear(0)
    node, temperature, co2 = births(one)[0]
    assert node[1].metrics[0].long_value == 0
    [known, *others] = temperature[1].metrics
    assert (known.name, known.timestamp, known.double_value) == ("0001", MS + 1000, 2.25)
    assert dict(zip(known.properties.keys, known.properties.values, strict=True))["seq"].long_value == 5
    assert all(metric.is_null for metric in others)
    assert co2[1].metrics[0].double_value == 600
    [(_, data)] = read(one.packets(np.array([0]), np.array([NS]), np.array([6]), np.array([0.0])).data)
    assert data.seq == 3


def test_each_life_has_its_own_number() -> None:
    """A death says which birth it ends; the next life counts on, and after 255 from 0."""
    one = encoder()
    for life in range(258):
        death = tahu.Payload()
        death.ParseFromString(one.death(0))
        assert [(metric.name, metric.long_value) for metric in death.metrics] == [("bdSeq", life % 256)]
        assert not death.HasField("seq")
        one.next_life(0)
    one.bear(0)
    assert births(one)[0][0][1].metrics[0].long_value == 258 % 256


def test_nodes_can_be_cut_apart() -> None:
    """Where readings are in the order of their buildings, each one's part is whole messages of its own."""
    sensor = np.array([1, 0, 2, COUNT, COUNT + 1])
    packets = encoder().packets(sensor, np.full(5, NS), np.arange(5), np.zeros(5))
    first, second = read(packets.part(0, 3)), read(packets.part(3, 5))
    assert [topic.split("/", 3)[3] for topic, _ in first] == ["b-1/temperature", "b-1/co2"]
    assert [topic.split("/", 3)[3] for topic, _ in second] == ["b-2/temperature", "b-2/co2"]
