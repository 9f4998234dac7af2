"""The decoder cuts any stream right; QoS 1 messages are kept until acknowledged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mqtt5 import PingRespPacket, PublishPacket, QoS

from wire.mqtt.session import Decoder, Outbound


@given(st.lists(st.binary(max_size=300), max_size=20), st.lists(st.integers(1, 50), min_size=1))
def test_any_cut_of_the_stream_gives_the_same_packets(payloads: list[bytes], cuts: list[int]) -> None:
    """However TCP cuts the bytes, every packet comes out once and in order."""
    stream = b"".join(PublishPacket("t", payload).write() + PingRespPacket().write() for payload in payloads)
    decoder = Decoder()
    found: list[bytes] = []
    position = turn = 0
    while position < len(stream):
        size = cuts[turn % len(cuts)]
        packets = decoder.feed(stream[position : position + size])
        found += [packet.payload for packet in packets if isinstance(packet, PublishPacket)]
        position += size
        turn += 1
    assert found == payloads


def test_what_is_not_mqtt_is_refused() -> None:
    """Garbage raises, and a packet that never ends raises once it is too long."""
    with pytest.raises(ValueError, match="flags"):
        Decoder().feed(b"\xff\x02aa")
    decoder = Decoder(max_packet_bytes=100)
    with pytest.raises(ValueError, match="more than 100 bytes"):
        decoder.feed(PublishPacket("t", bytes(1000)).write()[:500])


def test_messages_in_flight_are_sent_again_until_acknowledged() -> None:
    """After a reconnect the unacknowledged ones go out in order, with DUP and their packet ids."""
    outbound = Outbound(max_in_flight=3)
    ids = [outbound.publish("t", b"%d" % number).packet_id for number in range(3)]
    assert outbound.full
    assert outbound.acknowledged(ids[1] or 0)
    assert not outbound.acknowledged(ids[1] or 0)
    again = outbound.again()
    assert [(packet.packet_id, packet.payload) for packet in again] == [(ids[0], b"0"), (ids[2], b"2")]
    assert all(packet.duplicate and packet.qos is QoS.AT_LEAST_ONCE for packet in again)


def test_packet_ids_are_never_zero_nor_in_use() -> None:
    """Ids wrap at 65535 and pass over those in flight (MQTT 5, 2.2.1)."""
    outbound = Outbound()
    outbound._last_id = 65534
    kept = outbound.publish("t", b"").packet_id
    assert kept == 65535
    outbound._last_id = 65534
    assert outbound.publish("t", b"").packet_id == 1
