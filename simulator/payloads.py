"""The payload that `simulate --payload` names: which encoder makes it, and what it asks of the load. Pure."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from simulator.encoding import Encoder
from simulator.encoding_cbor import CborEncoder
from simulator.encoding_senml import SenmlPackEncoder, check_names
from simulator.encoding_sparkplug import SparkplugEncoder
from simulator.packets import Encoding, OneByOne
from simulator.source import Roster, Sensor
from simulator.wiring import Connections
from wire.errors import SensorSwarmError
from wire.nearest import nearest
from wire.payloads import senml, sparkplug
from wire.payloads.template import PayloadTemplate
from wire.reading import Reading
from wire.topics import DEFAULT_TEMPLATE, TopicTemplate

KINDS = ("json", "senml", "senml-pack", "sparkplug", "cbor", "template:FILE_OR_TEXT")


@dataclass(frozen=True, slots=True)
class Payload:
    """A format by its name, for a template that, and for Sparkplug the group."""

    kind: str = "json"
    template: PayloadTemplate | None = None
    group: str = sparkplug.DEFAULT_GROUP

    @classmethod
    def parse(cls, text: str) -> Payload:
        """Read what --payload was given.

        Raises:
            SensorSwarmError: no such format, or a template that cannot be used.
        """
        kind, colon, rest = text.partition(":")
        if kind == "template" and colon:
            return cls(kind, PayloadTemplate.of(rest))
        if kind == "sparkplug" and rest:
            return cls(kind, group=sparkplug.check_id(rest))
        if text not in KINDS:
            raise SensorSwarmError(f"--payload {text!r} is no format; {nearest(text, KINDS)}")
        return cls(kind)

    @property
    def packed(self) -> bool:
        """Whether what a building measures is sent together, so that its sensors measure together."""
        return self.kind == "senml-pack"

    @property
    def by_building(self) -> bool:
        """Whether each building needs a connection of its own: a death is the will of one."""
        return self.kind == "sparkplug"

    def check(self, *, qos: int, connections: Connections, topic: str, marked: bool, will: bool) -> None:
        """See that the load can carry it; `marked`: each message is to be retained or to have user properties.

        Raises:
            SensorSwarmError: it cannot.
        """
        if self.kind not in ("senml-pack", "sparkplug"):
            return
        where = f"--payload {self.kind}"
        if qos:
            raise SensorSwarmError(f"{where} is published at QoS 0 only; leave out --qos, or use senml")
        if marked:
            raise SensorSwarmError(f"{where} has neither --retain nor --user-property; leave them out, or use senml")
        if connections is Connections.sensor:
            raise SensorSwarmError(f"{where} says several sensors at once; leave out --connections sensor")
        if self.kind != "sparkplug":
            return
        if connections is Connections.one or will:
            option = "--will" if will else "--connections one"
            raise SensorSwarmError(f"{where}: an edge node's death is the will of its connection; leave out {option}")
        if topic != DEFAULT_TEMPLATE:
            raise SensorSwarmError(f"--topic: Sparkplug has its own topics; name a group with {where}:GROUP")

    def encoder(self, roster: Roster, topics: TopicTemplate) -> Encoding:
        """Make the encoder of a roster.

        Raises:
            SensorSwarmError: a name cannot stand in the topic or in the payload.
        """
        if self.template is not None:
            return OneByOne(roster, topics, _filled(self.template))
        if self.kind == "senml":
            check_names(roster)
            return Encoder(roster, topics, senml.texts)
        if self.kind == "sparkplug":
            return SparkplugEncoder(roster, self.group, time.time_ns)
        kinds: dict[str, Callable[[Roster, TopicTemplate], Encoding]]
        kinds = {"json": Encoder, "cbor": CborEncoder, "senml-pack": SenmlPackEncoder}
        return kinds[self.kind](roster, topics)


def _filled(template: PayloadTemplate) -> Callable[[Sensor, float, int, float], bytes]:
    def payload(sensor: Sensor, ts: float, seq: int, value: float) -> bytes:
        return template.fill(Reading(sensor.id, ts, seq, value, sensor.unit), decimals=sensor.decimals)

    return payload
