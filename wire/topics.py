"""MQTT topics of readings: a template a user may change, filled in one direction and read in the other."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from string import Formatter

from wire.errors import SensorSwarmError
from wire.nearest import nearest

DEFAULT_TEMPLATE = "buildings/{building}/{quantity}/{sensor}"
FIELDS = ("building", "quantity", "sensor")
_MAX_TOPIC_BYTES = 65535  # MQTT 5, 1.5.4: a UTF-8 string has a two-byte length


class TopicTemplateError(SensorSwarmError):
    """A topic template that cannot be used."""


@dataclass(frozen=True, slots=True)
class TopicParts:
    """What a topic says about the reading it carries."""

    building: str
    quantity: str
    sensor: str


@dataclass(frozen=True)
class TopicTemplate:
    """A topic with the fields {building}, {quantity} and {sensor}, each filling one whole level.

    Raises:
        TopicTemplateError: unknown or missing field, wildcard, or a field that shares its level with other text.
    """

    text: str = DEFAULT_TEMPLATE
    subscription: str = field(init=False)  # topic filter that hears every reading
    _pattern: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        levels = self.text.split("/")
        seen = []
        if self.text.startswith("$"):  # the broker's own (MQTT 5, 4.7.2)
            raise TopicTemplateError(f"topic template {self.text!r}: begins with '$'; choose another first level")
        for level in levels:
            names = self._names(level)
            for name in names:
                if name not in FIELDS:
                    raise TopicTemplateError(
                        f"topic template {self.text!r}: unknown field {{{name}}}; {nearest(name, FIELDS)}"
                    )
                if level != f"{{{name}}}":
                    raise TopicTemplateError(
                        f"topic template {self.text!r}: {{{name}}} must fill a whole level, not part of {level!r}"
                    )
            seen += names
            if not names and re.search(r"[{}]", level):
                raise TopicTemplateError(f"topic template {self.text!r}: braces in {level!r} hold no field")
            if not names and re.search(r"[+#\x00]", level):
                raise TopicTemplateError(f"topic template {self.text!r}: wildcards cannot be published to")
        if sorted(seen) != sorted(FIELDS):
            raise TopicTemplateError(f"topic template {self.text!r}: needs each of {', '.join(FIELDS)} once")
        fixed = {f"{{{name}}}": f"(?P<{name}>[^/+#]+)" for name in FIELDS}
        pattern = "/".join(fixed.get(level) or re.escape(level) for level in levels)
        object.__setattr__(self, "subscription", "/".join("+" if level in fixed else level for level in levels))
        object.__setattr__(self, "_pattern", re.compile(pattern))

    def _names(self, level: str) -> list[str]:
        """Fields named in a level."""
        try:
            return [name for _, name, _, _ in Formatter().parse(level) if name is not None]
        except ValueError:  # a brace without the other
            raise TopicTemplateError(f"topic template {self.text!r}: a single brace in {level!r}") from None

    def topic(self, *, building: str, quantity: str, sensor: str) -> str:
        """Topic of one sensor.

        Raises:
            TopicTemplateError: a name holds a character that a topic level cannot, or the topic is too long.
        """
        for name in (building, quantity, sensor):
            if not name or re.search(r"[/+#\x00]", name):
                raise TopicTemplateError(f"{name!r} cannot stand in a topic: leave out '/', '+', '#' and NUL")
        topic = self.text.format(building=building, quantity=quantity, sensor=sensor)
        if len(topic.encode()) > _MAX_TOPIC_BYTES:
            raise TopicTemplateError(f"topic of {len(topic)} characters is longer than MQTT allows")
        return topic

    def parse(self, topic: str) -> TopicParts | None:
        """Fields of a topic, or None when the topic is not of this template."""
        match = self._pattern.fullmatch(topic)
        return TopicParts(**match.groupdict()) if match else None
