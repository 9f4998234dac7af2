"""What options say in words about MQTT: a will, user properties. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from mqtt5 import QoS, Will

from wire.errors import SensorSwarmError
from wire.mqtt import Version

_MOST_BYTES = 1000  # of all properties of a message


def parse_will(text: str, *, qos: int, retain: bool) -> Will:
    """Read `TOPIC=PAYLOAD`; what stands after the first `=` is payload.

    Raises:
        SensorSwarmError: it is no such thing, or nothing can be published to the topic.
    """
    topic, sign, payload = text.partition("=")
    if not (topic and sign) or any(character in topic for character in "+#\0"):
        raise SensorSwarmError(f"--will {text!r}: write TOPIC=PAYLOAD, a topic without '+' and '#'")
    return Will(topic, payload=payload.encode(), qos=QoS(qos), retain=retain)


def parse_user_properties(texts: Sequence[str], version: Version) -> list[tuple[str, str]]:
    """Read `K=V`, one after the other.

    Raises:
        SensorSwarmError: one is no such thing, they are too long, or the version has none.
    """
    if texts and version != "5":
        raise SensorSwarmError(f"--user-property is for MQTT 5; leave out --mqtt-version {version} or it")
    pairs = []
    for text in texts:
        key, sign, value = text.partition("=")
        if not (key and sign) or "\0" in text:
            raise SensorSwarmError(f"--user-property {text!r}: write K=V")
        pairs.append((key, value))
    if sum(len(text.encode()) for text in texts) > _MOST_BYTES:
        raise SensorSwarmError(f"--user-property: all together take more than {_MOST_BYTES} bytes; give fewer")
    return pairs
