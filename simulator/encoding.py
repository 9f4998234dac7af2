"""Readings to MQTT packets: everything that does not change is prepared once for each sensor. Pure."""

from __future__ import annotations

from mqtt5 import PublishPacket

from simulator.source import Roster
from wire.payloads.json import JsonTemplate
from wire.topics import TopicTemplate


class Encoder:
    """Topics and payloads of a roster; columns of readings go in, bytes come out.

    Raises:
        TopicTemplateError: a sensor's name cannot stand in a topic.
    """

    def __init__(self, roster: Roster, template: TopicTemplate) -> None:
        self._topics = [
            template.topic(building=sensor.building, quantity=sensor.quantity, sensor=sensor.name)
            for sensor in roster.sensors
        ]
        self._formats = [
            JsonTemplate.of(sensor.id, unit=sensor.unit, decimals=sensor.decimals).format for sensor in roster.sensors
        ]

    def packets(self, sensors: list[int], ts: list[float], seqs: list[int], values: list[float]) -> list[bytes]:
        """QoS 0 PUBLISH packets, one a reading; `ts` in Unix seconds."""
        topics, formats = self._topics, self._formats
        return [
            PublishPacket(topics[sensor], formats[sensor] % (at, seq, value)).write()
            for sensor, at, seq, value in zip(sensors, ts, seqs, values, strict=True)
        ]

    def messages(
        self, sensors: list[int], ts: list[float], seqs: list[int], values: list[float]
    ) -> list[tuple[str, bytes]]:
        """Topic and payload of each reading, for a link that must see every message (QoS 1)."""
        topics, formats = self._topics, self._formats
        return [
            (topics[sensor], formats[sensor] % (at, seq, value))
            for sensor, at, seq, value in zip(sensors, ts, seqs, values, strict=True)
        ]
