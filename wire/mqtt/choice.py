"""Which link carries what is asked for: ours where it can, for it is made for bulk, aiomqtt for all the rest."""

from __future__ import annotations

from typing import Unpack

from wire.mqtt.address import BrokerAddress
from wire.mqtt.client_link import ClientLink
from wire.mqtt.link import Link
from wire.mqtt.terms import LinkOptions, MqttLink, Version

_MOST_OF_OURS = 1  # QoS
# Readings a second of one process that does nothing else, at QoS 0, 1 and 2: orders of magnitude, on a core of 2026.
_OURS = {0: 300_000, 1: 30_000}
_AIOMQTT = {0: 5_000, 1: 4_000, 2: 2_500}


def make_link(
    address: BrokerAddress, *, version: Version = "5", qos: int = 0, **options: Unpack[LinkOptions]
) -> MqttLink:
    """Make the link that can do it; `qos` is the highest at which will be published."""
    if _ours(address, version, qos):
        return Link(address, qos=qos, **options)
    return ClientLink(address, version=version, qos=qos, **options)


def readings_per_s(address: BrokerAddress, *, version: Version = "5", qos: int = 0) -> int:
    """About what the link that carries this can publish, all connections of a process together."""
    return _OURS[qos] if _ours(address, version, qos) else _AIOMQTT[qos]


def carried_by(address: BrokerAddress, *, version: Version = "5", qos: int = 0) -> str:
    """Which link carries this and about how much, for a person."""
    tcp, websocket = ("TLS", "WebSocket/TLS") if address.secure else ("TCP", "WebSocket")
    transport = tcp if address.websocket_path is None else websocket
    carrier = "our own link" if _ours(address, version, qos) else "aiomqtt"
    rate = readings_per_s(address, version=version, qos=qos)
    return f"MQTT {version} over {transport}, QoS {qos}, by {carrier}: about {rate:,} readings/s"


def _ours(address: BrokerAddress, version: Version, qos: int) -> bool:
    return version == "5" and address.websocket_path is None and qos <= _MOST_OF_OURS
