"""Readings that the broker is to keep, or that carry user properties. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from mqtt5 import PublishPacket

from simulator.packets import Encoding, Packets
from simulator.source import Floats, Ints
from wire.mqtt.session import Decoder


class Marking:
    """An encoder whose every QoS 0 packet is read and written again with these marks: some 2 us a reading more.

    Args:
        encoder: makes the packets, one a reading.
        retain: the broker is asked to keep the last of each topic.
        user_properties: of MQTT 5.
    """

    def __init__(self, encoder: Encoding, *, retain: bool, user_properties: Sequence[tuple[str, str]]) -> None:
        self._encoder = encoder
        self._retain = retain
        self._user_properties = list(user_properties)

    def packets(self, sensor: Ints, ts_ns: Ints, seq: Ints, value: Floats) -> Packets:
        """As the encoder does, with the marks."""
        plain = self._encoder.packets(sensor, ts_ns, seq, value)
        marked = [
            PublishPacket(packet.topic, packet.payload, retain=self._retain, user_properties=self._user_properties)
            for packet in Decoder().feed(plain.data)
            if isinstance(packet, PublishPacket)
        ]
        written = [packet.write() for packet in marked]
        return Packets(b"".join(written), np.cumsum([len(one) for one in written], dtype=np.int64))

    def announcements(self) -> Iterable[tuple[int, bytes]]:
        """What the encoder announces."""
        return self._encoder.announcements()
