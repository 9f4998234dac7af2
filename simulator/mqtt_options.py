"""What options say in words about MQTT: a will, user properties. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from mqtt5 import QoS, Will

from wire.errors import SensorSwarmError
from wire.mqtt import Version

_MOST_BYTES = 1000  # of all properties of a message
_MOST_WILL_BYTES = 65535  # of its topic, and of its payload (MQTT 5, 1.5.4 and 1.5.6)


def check_text(option: str, text: str) -> None:
    """See that a text from the command line can be sent, which may hold any bytes.

    Raises:
        SensorSwarmError: it is not UTF-8.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise SensorSwarmError(f"{option} {text!r} is not UTF-8, and MQTT takes nothing else") from None


def parse_will(text: str, *, qos: int, retain: bool) -> Will:
    """Read `TOPIC=PAYLOAD`; what stands after the first `=` is payload.

    Raises:
        SensorSwarmError: it is no such thing, or nothing can be published to the topic.
    """
    topic, sign, payload = text.partition("=")
    if not (topic and sign) or any(character in topic for character in "+#\0"):
        raise SensorSwarmError(f"--will {text!r}: write TOPIC=PAYLOAD, a topic without '+' and '#'")
    if max(len(topic.encode()), len(payload.encode())) > _MOST_WILL_BYTES:
        raise SensorSwarmError(
            f"--will {text[:40]!r}...: topic and payload take at most {_MOST_WILL_BYTES:,} bytes each"
        )
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
