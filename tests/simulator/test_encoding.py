"""Encoding: what is prepared and filled equals what the plain encoder says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mqtt5 import PublishPacket

from simulator.encoding import Encoder
from simulator.source import Alike, Roster, Sensor
from wire.clock import NS
from wire.mqtt.session import Decoder
from wire.payloads import json, senml
from wire.payloads.json import JsonTemplate, decode
from wire.topics import TopicTemplate, TopicTemplateError

ROSTER = Roster(
    [
        Sensor("a", "temperature", "1", "Cel", 2),
        Sensor("a", "humidity", "2", "%RH", 1),
        Sensor("100% b", "co2", "x%d", "ppm", 0),
    ]
)
ALIKE = Roster(
    Alike(
        ["b-0001", "b-10000", 'the "old" house', "Königsbau"],
        [Sensor("", "temperature", "0001", "Cel", 2), Sensor("", "power", "0002" * 20, "W", 0)],
    )
)
ROWS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(10**15, 4 * 10**15),
        st.integers(0, 10**8 - 1) | st.integers(0, 12_000),
        st.integers(-(10**9), 10**9) | st.integers(-300, 300),
    ),
    min_size=1,
    max_size=8,
)
TEMPLATE = TopicTemplate("x/{quantity}/{building}/{sensor}")
BOTH = pytest.mark.parametrize(
    ("encoder", "roster", "texts"),
    [
        (Encoder(roster, TEMPLATE, texts), roster, texts)
        for roster in (ROSTER, ALIKE)
        for texts in (json.texts, senml.texts)
    ],
)


def _columns(rows, roster):
    """Columns of rows (sensor, time in microseconds, number, value in the last digit that the sensor says)."""
    sensor, ts_us, seq, value = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    sensor %= len(roster.sensors)
    return sensor, ts_us * 1000, seq, value / [10 ** roster.sensors[number].decimals for number in sensor]


@BOTH
@settings(max_examples=40, deadline=None)
@given(rows=ROWS)
def test_packets_are_those_of_the_plain_encoder(encoder, roster, texts, rows):
    """Whatever the numbers, the table gives byte for byte what the codec and the payload's own template give."""
    columns = _columns(rows, roster)
    packets = encoder.packets(*columns)
    plain, begin = [], 0
    for number, ts_ns, seq, value in zip(*(column.tolist() for column in columns), strict=True):
        sensor = roster.sensors[number]
        template = JsonTemplate.of(sensor.id, unit=sensor.unit, decimals=sensor.decimals, texts=texts)
        payload = template.fill(ts_ns / NS, seq, value)
        plain.append(PublishPacket(f"x/{sensor.quantity}/{sensor.building}/{sensor.name}", payload).write())
    for packet, end in zip(plain, packets.ends.tolist(), strict=True):
        assert packets.data[begin:end] == packet
        begin = end
    assert packets.part(0, len(plain)) == packets.data == b"".join(plain)


@BOTH
@settings(max_examples=40, deadline=None)
@given(rows=ROWS)
def test_messages_are_the_topics_and_payloads_of_the_packets(encoder, roster, texts, rows):
    """At QoS 1 the same bytes go out."""
    columns = _columns(rows, roster)
    packets = Decoder().feed(encoder.packets(*columns).data)
    assert list(encoder.messages(*columns)) == [(packet.topic, bytes(packet.payload)) for packet in packets]


@pytest.mark.parametrize(
    ("ts_ns", "seq", "value"),
    [(10**18, 10**8, 1.0), (10**18, 1, 1e17), (10**18, 1, -1e9), (10**17, 1, 1.0), (10**19 // 2 + 10**18, 1, -3.25)],
)
def test_numbers_without_a_place_in_the_table_are_formatted(ts_ns, seq, value):
    """Values, numbers and times of any size come out right, if slowly."""
    columns = (np.array([0]), np.array([ts_ns]), np.array([seq]), np.array([value]))
    [packet] = Decoder().feed(Encoder(ROSTER, TEMPLATE).packets(*columns).data)
    reading = decode(bytes(packet.payload))
    assert (reading.seq, reading.value, reading.ts) == (seq, value, ts_ns / NS)


@pytest.mark.parametrize(
    ("template", "decimals"),
    [("x" * 9000 + "/{building}/{quantity}/{sensor}", 2), ("{building}/{quantity}/{sensor}", 6)],
)
def test_what_the_table_is_not_made_for_is_formatted(template, decimals):
    """A topic of any length, and any number of digits after the point."""
    encoder = Encoder(Roster([Sensor("a", "temperature", "1", "Cel", decimals)]), TopicTemplate(template))
    packets = encoder.packets(np.array([0]), np.array([10**18]), np.array([7]), np.array([1.25]))
    [packet] = Decoder().feed(packets.data)
    assert packet.topic.endswith("a/temperature/1")
    assert f'"value":{1.25:.{decimals}f},' in bytes(packet.payload).decode()


def test_a_name_that_cannot_stand_in_a_topic_is_refused():
    """Before anything is sent, wherever the name is."""
    for roster in (Roster([Sensor("a", "co2", "x+", "ppm", 0)]), Roster(Alike(["a", "b/c"], ALIKE.sensors.mounted))):
        with pytest.raises(TopicTemplateError, match="cannot stand in a topic"):
            Encoder(roster, TopicTemplate())
