"""MQTT 5 inside of WebSocket messages, without a broker: the broker's packets are written by the codec."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mqtt5 import (
    ConnAckPacket,
    ConnAckReasonCode,
    ConnectPacket,
    DisconnectPacket,
    DisconnectReasonCode,
    PingReqPacket,
    PublishPacket,
    QoS,
    SubAckPacket,
    SubAckReasonCode,
    SubscribePacket,
    read,
)

from loadtest.endings import ConnectionEndedError
from loadtest.targets.mqtt_ws import BROKEN_PACKET, DISCONNECTED, KEEP_ALIVE_S, LARGEST_PACKET_BYTES, Packets
from tests.loadtest.targets.talk import NOW, Talk

FILE = """
kind = "mqtt-ws"
subscribe = ["buildings/{building}/+/+", "alerts/{building}"]
[reading]
when = { "/topic/0" = "buildings" }
sensor = "/payload/sensor"
time = "/payload/ts"
sequence = "/payload/seq"
building = "/topic/1"
[alert]
when = { "/topic/0" = "alerts" }
id = "/payload/id"
sensor = "/payload/sensor"
time = "/payload/ts"
"""


def reading(building: str, seq: int) -> bytes:
    payload = orjson.dumps({"sensor": f"{building}/t/1", "ts": NOW - 1, "seq": seq})
    return PublishPacket(f"buildings/{building}/t/1", payload).write()


def granted(packet_id: int, *codes: SubAckReasonCode) -> bytes:
    return SubAckPacket(packet_id, list(codes or [SubAckReasonCode.GRANTED_QOS_AT_MOST_ONCE] * 2)).write()


@settings(max_examples=40)
@given(st.lists(st.integers(0, 60), max_size=30))
def test_packets_come_out_however_messages_cut_them(cuts):
    """A packet may span messages, and a message hold several (MQTT 5.0, 6)."""
    wire = b"".join(reading("b-1", seq) for seq in range(3)) + PingReqPacket().write()
    packets, got, at = Packets(), [], 0
    for cut in cuts:
        got += packets.feed([wire[at : at + cut]])
        at += cut
    got += packets.feed([wire[at:], b""])
    assert [type(packet).__name__ for packet in got] == ["PublishPacket"] * 3 + ["PingReqPacket"]
    assert [orjson.loads(packet.payload)["seq"] for packet in got[:3]] == [0, 1, 2]


def test_a_packet_larger_than_told_is_refused():
    """No broker can make a client keep more than it said it takes."""
    packets = Packets()
    head = PublishPacket("t", b"x" * (LARGEST_PACKET_BYTES + 9)).write()
    with pytest.raises(ValueError, match=f"more than {LARGEST_PACKET_BYTES} bytes"):
        packets.feed([head[:-1]])


def test_a_client_is_live_when_the_broker_granted_every_building(tmp_path):
    """CONNECT with the token as password, SUBSCRIBE for each building, and each grant acknowledges its own."""
    talk = Talk(tmp_path, FILE, "b-1", "b-2")
    connect, _ = read(talk.talk.hello("tok")[0])
    assert isinstance(connect, ConnectPacket)
    assert (connect.client_id, connect.username, connect.password, connect.clean_start) == ("", "m-0001", b"tok", True)
    assert (connect.keep_alive, talk.talk.beat_every_s) == (KEEP_ALIVE_S, KEEP_ALIVE_S / 2)
    talk.hear(ConnAckPacket(server_keep_alive=10).write())
    assert talk.talk.welcomed
    assert talk.talk.beat_every_s == 5
    asked = [read(message)[0] for message in talk.talk.replies]
    assert all(isinstance(packet, SubscribePacket) for packet in asked)
    assert [[one.pattern for one in packet.topic_filters] for packet in asked] == [
        ["buildings/b-1/+/+", "alerts/b-1"],
        ["buildings/b-2/+/+", "alerts/b-2"],
    ]
    assert all(one.max_qos == QoS.AT_MOST_ONCE for packet in asked for one in packet.topic_filters)
    talk.hear(granted(asked[1].packet_id))
    assert not talk.talk.live
    talk.hear(granted(asked[0].packet_id) + reading("b-1", 0) + reading("b-3", 0))
    assert talk.talk.live
    assert (talk.books.received, talk.books.leaked) == (2, 1)
    assert read(talk.talk.beat()[0])[0] == PingReqPacket()
    again, _ = read(talk.talk.hello(None)[0])
    assert again.password is None
    assert not talk.talk.live


@pytest.mark.parametrize(
    ("packet", "code", "reason"),
    [
        (ConnAckPacket(reason_code=ConnAckReasonCode.NOT_AUTHORIZED), 4500, "not authorized (MQTT 135)"),
        (ConnAckPacket(reason_code=ConnAckReasonCode.BAD_USER_NAME_OR_PASSWORD), 4500, "bad user name or password"),
        (ConnAckPacket(reason_code=ConnAckReasonCode.SERVER_BUSY), 1013, "server busy (MQTT 137)"),
        (ConnAckPacket(reason_code=ConnAckReasonCode.CLIENT_ID_NOT_VALID), 1008, "client id not valid (MQTT 133)"),
    ],
)
def test_a_refused_connect_is_told_by_the_close_code_of_its_meaning(tmp_path, packet, code, reason):
    """So that a client comes back where that may help, and only there."""
    talk = Talk(tmp_path, FILE, "b-1")
    talk.talk.hello("tok")
    talk.hear(packet.write())
    assert talk.talk.told[0] == code
    assert reason in talk.talk.told[1]
    assert not talk.talk.welcomed


def test_one_refused_filter_refuses_its_building(tmp_path):
    """A building without its alerts is not subscribed to."""
    talk = Talk(tmp_path, FILE, "b-1")
    talk.talk.hello("tok")
    talk.hear(ConnAckPacket().write())
    talk.hear(granted(1, SubAckReasonCode.GRANTED_QOS_AT_MOST_ONCE, SubAckReasonCode.NOT_AUTHORIZED))
    assert talk.talk.told == (4507, "b-1: not authorized (MQTT 135)")
    assert not talk.talk.live


def test_a_grant_without_a_reason_code_grants_nothing(tmp_path):
    """A broken broker's; it must not be a client's death either."""
    talk = Talk(tmp_path, FILE, "b-1")
    talk.talk.hello("tok")
    talk.hear(ConnAckPacket().write(), b"\x90\x03\x00\x01\x00")
    assert not talk.talk.live


@pytest.mark.parametrize(
    ("wire", "kind", "code"),
    [
        (DisconnectPacket(reason_code=DisconnectReasonCode.SERVER_SHUTTING_DOWN).write(), DISCONNECTED, 1013),
        (DisconnectPacket(reason_code=DisconnectReasonCode.NOT_AUTHORIZED).write(), DISCONNECTED, 4500),
        (DisconnectPacket().write(), DISCONNECTED, 1001),
        (b"\x00\x00", BROKEN_PACKET, 0),
        (b"\xf1\x00", BROKEN_PACKET, 0),
    ],
)
def test_goodbyes_and_broken_packets_end_the_connection(tmp_path, wire, kind, code):
    """Each by its kind, and with a code that says whether to come back."""
    talk = Talk(tmp_path, FILE, "b-1")
    talk.talk.hello("tok")
    with pytest.raises(ConnectionEndedError) as ended:
        talk.hear(wire)
    assert (ended.value.kind, ended.value.code) == (kind, code)


def test_payloads_that_are_not_as_described_are_told(tmp_path):
    """By their kind, with topic and payload for an example."""
    talk = Talk(tmp_path, FILE, "b-1")
    talk.talk.hello("tok")
    talk.hear(PublishPacket("buildings/b-1/t/1", b"{soup").write(), PublishPacket("elsewhere", b"{}").write())
    talk.hear(PublishPacket("buildings/b-1/t/1", b"{}").write())
    assert dict(talk.unknown.kinds) == {
        "not JSON": 1,
        "no table says what it is": 1,
        "not as reading.sensor says": 1,
    }
    assert "soup" in talk.unknown.first
