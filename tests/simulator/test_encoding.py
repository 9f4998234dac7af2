"""Encoding: what is prepared and filled equals what the plain encoder says."""

from hypothesis import given
from hypothesis import strategies as st
from mqtt5 import PublishPacket, read

from simulator.encoding import Encoder
from simulator.source import Roster, Sensor
from wire.payloads.json import decode
from wire.topics import TopicTemplate

ROSTER = Roster([Sensor("a", "temperature", "1", "Cel", 2), Sensor("100% b", "co2", "x%d", "ppm", 0)])


@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.integers(10**15, 2 * 10**15), st.integers(0, 10**9), st.integers(-9999, 9999)),
        max_size=5,
    )
)
def test_packets_carry_the_readings(rows):
    """Each packet holds its sensor's topic and a payload that decodes to time, number and value, to the microsecond."""
    encoder = Encoder(ROSTER, TopicTemplate("x/{quantity}/{building}/{sensor}"))
    columns = ([row[0] for row in rows], [row[1] / 1e6 for row in rows], [row[2] for row in rows])
    values = [float(row[3]) for row in rows]
    packets = encoder.packets(*columns, values)
    messages = encoder.messages(*columns, values)
    for (number, ts_us, seq, value), packet, message in zip(rows, packets, messages, strict=True):
        decoded, size = read(packet)
        assert size == len(packet)
        assert isinstance(decoded, PublishPacket)
        assert (decoded.topic, bytes(decoded.payload or b"")) == message
        reading = decode(message[1])
        sensor = ROSTER.sensors[number]
        assert message[0] == f"x/{sensor.quantity}/{sensor.building}/{sensor.name}"
        assert (reading.sensor, reading.unit, reading.seq, reading.value) == (sensor.id, sensor.unit, seq, value)
        assert round(reading.ts * 1e6) == ts_us
