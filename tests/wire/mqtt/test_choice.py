"""Which link carries what is asked for."""

import pytest

from wire.mqtt import BrokerAddress, ClientLink, Link, Version, carried_by, make_link, readings_per_s

CASES = [
    ("mqtt://h", "5", 0, Link, "MQTT 5 over TCP, QoS 0, by our own link"),
    ("mqtts://h", "5", 1, Link, "MQTT 5 over TLS, QoS 1, by our own link"),
    ("mqtt://h", "5", 2, ClientLink, "MQTT 5 over TCP, QoS 2, by aiomqtt"),
    ("mqtt://h", "3.1.1", 0, ClientLink, "MQTT 3.1.1 over TCP, QoS 0, by aiomqtt"),
    ("ws://h", "5", 0, ClientLink, "MQTT 5 over WebSocket, QoS 0, by aiomqtt"),
    ("wss://h", "3.1.1", 1, ClientLink, "MQTT 3.1.1 over WebSocket/TLS, QoS 1, by aiomqtt"),
]


@pytest.mark.parametrize(("url", "version", "qos", "kind", "told"), CASES)
async def test_our_own_link_carries_what_it_can(url: str, version: Version, qos: int, kind: type, told: str) -> None:
    """MQTT 5 on TCP or TLS at QoS 0 and 1; aiomqtt has the rest, and says so with its rate."""
    address = BrokerAddress.parse(url)
    assert type(make_link(address, version=version, qos=qos)) is kind
    rate = readings_per_s(address, version=version, qos=qos)
    assert carried_by(address, version=version, qos=qos) == f"{told}: about {rate:,} readings/s"
