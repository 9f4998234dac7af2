"""Which link carries what is asked for."""

import pytest

from wire.mqtt import BrokerAddress, ClientLink, Link, Version, carried_by, make_link, readings_per_s

CASES = [
    ("mqtt://h", "5", 0, Link),
    ("mqtts://h", "5", 1, Link),
    ("mqtt://h", "5", 2, ClientLink),
    ("mqtt://h", "3.1.1", 0, ClientLink),
    ("ws://h", "5", 0, ClientLink),
    ("wss://h", "3.1.1", 1, ClientLink),
]


@pytest.mark.parametrize(("url", "version", "qos", "kind"), CASES)
async def test_our_own_link_carries_what_it_can(url: str, version: Version, qos: int, kind: type) -> None:
    """MQTT 5 on TCP or TLS at QoS 0 and 1; aiomqtt has the rest, and says so with its rate."""
    address = BrokerAddress.parse(url)
    assert type(make_link(address, version=version, qos=qos)) is kind
    told = carried_by(address, version=version, qos=qos)
    assert ("aiomqtt" in told) == (kind is ClientLink)
    assert f"{readings_per_s(address, version=version, qos=qos):,} readings/s" in told
    assert told.startswith(f"MQTT {version} over {'WebSocket' if 'ws' in url else 'TCP'}")
