"""A broker's own WebSocket listener, as a dashboard in a browser uses it: MQTT 5 in binary messages (MQTT 5.0, 6).

The token is the password of CONNECT, unless the handshake carries it. `subscribe` is a topic filter, or several, for
each building; that the broker grants them is the acknowledgement. All is subscribed to with QoS 0 in a clean session:
what is missed while away stays missed.

Of a PUBLISH a document is made: {"topic": [its levels], "payload": what its payload says}.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import IntEnum
from typing import Any

from mqtt5 import (
    ConnAckPacket,
    ConnAckReasonCode,
    ConnectPacket,
    DisconnectPacket,
    Packet,
    PingReqPacket,
    PublishPacket,
    QoS,
    SubAckPacket,
    SubscribePacket,
    TopicFilter,
    read,
)

from loadtest.books import Books
from loadtest.endings import ConnectionEndedError
from loadtest.roster import Manager
from loadtest.targets import Conversation, TakeAlert
from loadtest.targets.carried import CarriedConversation
from loadtest.targets.json import JsonTarget
from loadtest.targets.json_formats import Format
from loadtest.targets.json_protocol import Protocol
from loadtest.targets.json_schema import BUILDING, Spec
from loadtest.targets.json_templates import fill
from loadtest.transport import Message
from loadtest.unknown import Unknown
from wire.dashboard import Close

BROKEN_PACKET = "broken MQTT packet"
DISCONNECTED = "MQTT DISCONNECT"
LARGEST_PACKET_BYTES = 2**20  # told to the broker
KEEP_ALIVE_S = 60  # unless the broker wants another

_PATH = "/mqtt"
_LEAST_REFUSAL = 0x80  # of reason codes (MQTT 5.0, 2.4)
_WHO = ("BAD_USER_NAME_OR_PASSWORD", "NOT_AUTHORIZED", "BANNED", "BAD_AUTHENTICATION_METHOD")
_PASSING = (
    *(
        "UNSPECIFIED_ERROR",
        "IMPLEMENTATION_SPECIFIC_ERROR",
        "SERVER_UNAVAILABLE",
        "SERVER_BUSY",
        "SERVER_SHUTTING_DOWN",
    ),
    *("KEEP_ALIVE_TIMEOUT", "QUOTA_EXCEEDED", "ADMINISTRATIVE_ACTION", "CONNECTION_RATE_EXCEEDED", "MAX_CONNECT_TIME"),
)


class Packets:
    """Cuts what messages bring into packets: one may span several, and one message may hold several."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, messages: Sequence[bytes]) -> list[Packet]:
        """Packets that are complete now.

        Raises:
            ValueError: this is not MQTT 5, or a packet is larger than we told the broker that we take.
        """
        data = b"".join([self._rest, *messages])
        packets: list[Packet] = []
        at, end = 0, len(data)
        try:
            while at < end:
                packet, size = read(memoryview(data)[at:])
                packets.append(packet)
                at += size
        except IndexError:  # the codec's "Not enough bytes"
            pass
        self._rest = data[at:]
        if end - at > LARGEST_PACKET_BYTES:
            raise ValueError(f"it has more than {LARGEST_PACKET_BYTES} bytes")
        return packets


class MqttConversation(CarriedConversation):
    """One client's side."""

    def __init__(
        self, protocol: Protocol, manager: Manager, books: Books, unknown: Unknown, take_alert: TakeAlert
    ) -> None:
        super().__init__(protocol, manager, books, unknown, take_alert)
        self._packets = Packets()
        self._granting: dict[int, str] = {}  # packet id -> building

    def hello(self, token: str | None) -> Sequence[Message]:
        """Connect. The broker gives us a client id, so that no two clients can have the same."""
        self.reset()
        self.beat_every_s = KEEP_ALIVE_S / 2
        self._packets = Packets()
        self._granting.clear()
        return (
            ConnectPacket(
                "",
                clean_start=True,
                keep_alive=KEEP_ALIVE_S,
                username=self._manager.user,
                password=None if token is None else token.encode(),
                max_packet_size=LARGEST_PACKET_BYTES,
            ).write(),
        )

    def ask(self, buildings: Sequence[str]) -> Sequence[Message]:
        """Subscribe to the topics of more buildings."""
        return [self._filters_of(building) for building in buildings]

    def _filters_of(self, building: str) -> bytes:
        filters = fill(self._protocol.spec.subscribe, {BUILDING: building})
        packet_id = max(self._granting, default=0) + 1
        self._granting[packet_id] = building
        return SubscribePacket(
            packet_id,
            [
                TopicFilter(pattern, max_qos=QoS.AT_MOST_ONCE)
                for pattern in (filters if isinstance(filters, list) else [filters])
            ],
        ).write()

    def beat(self) -> Sequence[Message]:
        """Show that we are there."""
        return (PingReqPacket().write(),)

    def unpacked(self, carried: list[bytes], arrival_ts: float) -> list[Any]:
        """Topics and payloads that were published; see `CarriedConversation`."""
        try:
            packets = self._packets.feed(carried)
        except ValueError as error:
            raise ConnectionEndedError(0, f"{BROKEN_PACKET}: {error}", kind=BROKEN_PACKET) from error
        published = []
        for packet in packets:
            if packet.__class__ is PublishPacket:
                published.append((packet.topic, packet.payload))
            else:
                self._control(packet, arrival_ts)
        return published

    def _control(self, packet: Packet, arrival_ts: float) -> None:
        """Everything that is not a message of the dashboard."""
        match packet:
            case ConnAckPacket(reason_code=ConnAckReasonCode.SUCCESS):
                self.welcomed = True
                if packet.server_keep_alive is not None:
                    self.beat_every_s = packet.server_keep_alive / 2 or None  # 0: it wants none
                self.replies += self.ask(self._manager.buildings)
            case ConnAckPacket():
                self.told = _close_code(packet.reason_code, Close.INVALID_TOKEN), _said(packet.reason_code)
            case SubAckPacket() if packet.packet_id in self._granting and packet.reason_codes:
                self._granted(self._granting.pop(packet.packet_id), max(packet.reason_codes, key=int), arrival_ts)
            case DisconnectPacket():
                code = _close_code(packet.reason_code, Close.INVALID_TOKEN)
                raise ConnectionEndedError(code, f"broker disconnects: {_said(packet.reason_code)}", kind=DISCONNECTED)

    def _granted(self, building: str, worst: IntEnum, arrival_ts: float) -> None:
        if int(worst) >= _LEAST_REFUSAL:
            self.told = _close_code(worst, Close.NOT_YOUR_BUILDING), f"{building}: {_said(worst)}"
            return
        self._books.subscribed(building, arrival_ts)
        self.live = not self._granting


def _close_code(reason: IntEnum, when_forbidden: Close) -> int:
    """Close code that means what an MQTT reason code does: whether to come back is told by those."""
    if int(reason) < _LEAST_REFUSAL:
        return Close.GOING_AWAY
    if reason.name in _WHO:
        return when_forbidden
    return Close.OVERLOAD if reason.name in _PASSING else Close.POLICY


def _said(reason: IntEnum) -> str:
    return f"{reason.name.lower().replace('_', ' ')} (MQTT {int(reason)})"


class MqttTarget(JsonTarget):
    """A broker, described by a target file of the kind "mqtt-ws"."""

    def __init__(self, spec: Spec) -> None:
        super().__init__(spec)
        self.path = spec.path if "path" in spec.model_fields_set else _PATH
        self.handshake = replace(self.handshake, subprotocols=("mqtt",))
        self.protocol.format = _of_publish(self.protocol.format)

    def conversation(self, manager: Manager, books: Books, unknown: Unknown, take_alert: TakeAlert) -> Conversation:
        """A client's side of the protocol."""
        return MqttConversation(self.protocol, manager, books, unknown, take_alert)


def _of_publish(payloads: Format) -> Format:
    """Format of what a PUBLISH says: topic and payload."""
    decode = payloads.decode

    def document(published: Any) -> dict[str, Any]:  # noqa: ANN401 - not bytes, as elsewhere
        topic, payload = published
        return {"topic": topic.split("/"), "payload": decode(payload)}

    return replace(payloads, decode=document)
