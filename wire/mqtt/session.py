"""What is remembered of an MQTT 5 session on our side: packet ids and QoS 1 messages not yet acknowledged. Pure.

Only QoS 0 and 1 are spoken. Section numbers are those of the OASIS MQTT 5.0 standard.
"""

from __future__ import annotations

from collections import OrderedDict

from mqtt5 import Packet, PublishPacket, QoS, read

FIRST_ERROR_CODE = 128  # reason codes from here on are failures (2.4)
_MAX_PACKET_ID = 65535


class Decoder:
    """Cuts a stream of bytes into packets."""

    def __init__(self, *, max_packet_bytes: int = 1 << 20) -> None:
        self.max_packet_bytes = max_packet_bytes
        self._rest = b""

    def feed(self, data: bytes) -> list[Packet]:
        """Packets that are complete now; the rest waits.

        Raises:
            ValueError: the bytes are not MQTT 5, or a packet is larger than allowed (sent as "Maximum Packet Size").
        """
        if self._rest:
            data = self._rest + data
        view = memoryview(data)
        packets: list[Packet] = []
        position = 0
        append = packets.append
        try:
            while True:
                packet, size = read(view[position:])
                append(packet)
                position += size
        except IndexError:  # the codec's "Not enough bytes"
            pass
        self._rest = data[position:]
        if len(self._rest) > self.max_packet_bytes:
            raise ValueError(f"packet of more than {self.max_packet_bytes} bytes")
        return packets


class Outbound:
    """QoS 1 messages in flight, oldest first (4.4: redelivered in order after a reconnect)."""

    def __init__(self, *, max_in_flight: int = 10_000) -> None:
        self.max_in_flight = max_in_flight
        self._waiting: OrderedDict[int, PublishPacket] = OrderedDict()
        self._last_id = 0

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def full(self) -> bool:
        """Whether one more message must wait."""
        return len(self._waiting) >= min(self.max_in_flight, _MAX_PACKET_ID)

    def next_id(self) -> int:
        """Return a packet id that is not in use (2.2.1: not zero)."""
        while True:
            self._last_id = self._last_id % _MAX_PACKET_ID + 1
            if self._last_id not in self._waiting:
                return self._last_id

    def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, user_properties: list[tuple[str, str]] | None = None
    ) -> PublishPacket:
        """Take a QoS 1 message into flight. The caller has looked at `full`."""
        packet = PublishPacket(
            topic,
            payload,
            qos=QoS.AT_LEAST_ONCE,
            retain=retain,
            packet_id=self.next_id(),
            user_properties=user_properties,
        )
        self._waiting[self._last_id] = packet
        return packet

    def acknowledged(self, packet_id: int) -> bool:
        """Forget an acknowledged message; False when it was not in flight."""
        return self._waiting.pop(packet_id, None) is not None

    def again(self) -> list[PublishPacket]:
        """All in flight as they are sent after a reconnect: same packet id, DUP set (3.3.1.1)."""
        return [
            PublishPacket(
                packet.topic,
                packet.payload,
                qos=packet.qos,
                retain=packet.retain,
                packet_id=packet.packet_id,
                duplicate=True,
                user_properties=packet.user_properties,
            )
            for packet in self._waiting.values()
        ]
