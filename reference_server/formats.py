"""The payload that `serve --payload` names: who reads it, and what is subscribed to. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reference_server.accept import Acceptor, Reader
from reference_server.decoding import Decoding
from reference_server.sensors import Sensors
from reference_server.sparkplug import Sparkplug
from wire.errors import SensorSwarmError
from wire.nearest import nearest
from wire.payloads import cbor, senml, sparkplug
from wire.topics import TopicTemplate

KINDS = ("json", "senml", "senml-pack", "sparkplug", "cbor")


@dataclass(frozen=True, slots=True)
class Format:
    """A format by its name, and for Sparkplug the group."""

    kind: str = "json"
    group: str = sparkplug.DEFAULT_GROUP

    @classmethod
    def parse(cls, text: str) -> Format:
        """Read what --payload was given.

        Raises:
            SensorSwarmError: no format that can be read.
        """
        kind, _, group = text.partition(":")
        if kind == "template":
            raise SensorSwarmError(f"--payload template: the server cannot read one; it reads {', '.join(KINDS)}")
        if kind == "sparkplug" and group:
            return cls(kind, sparkplug.check_id(group))
        if text not in KINDS:
            raise SensorSwarmError(f"--payload {text!r} is no format; {nearest(text, KINDS)}")
        return cls(kind)

    def subscription(self, topics: TopicTemplate) -> str:
        """Topic filter that hears all of it: one, for between two a broker need not keep the order."""
        return f"{sparkplug.NAMESPACE}/{self.group}/#" if self.kind == "sparkplug" else topics.subscription

    def reader(
        self,
        topics: TopicTemplate,
        sensors: Sensors,
        *,
        has_room_for: Callable[[str], bool],
        ask: Callable[[str, bytes], object],
        clock: Callable[[], float],
    ) -> Reader:
        """Make the reader; the arguments are those of `Admission` and of `Sparkplug`."""
        if self.kind == "json":
            return Acceptor(topics, sensors, has_room_for=has_room_for)
        if self.kind == "sparkplug":
            return Sparkplug(sensors, ask=ask, clock=clock, has_room_for=has_room_for)
        if self.kind == "cbor":
            return Decoding(
                topics, sensors, lambda data: [cbor.decode(data)], whole_building=False, has_room_for=has_room_for
            )
        return Decoding(
            topics, sensors, lambda data: senml.decode(data, clock()), whole_building=True, has_room_for=has_room_for
        )
