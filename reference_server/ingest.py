"""From MQTT messages to publications of the hub: decode, judge, number. No socket here, only what one read brought."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from mqtt5 import PublishPacket

from reference_server.accept import Acceptor, RejectedError
from reference_server.alert import Alert
from reference_server.detector import Detector
from reference_server.hub import Hub, Publication
from reference_server.malformed import Malformed
from wire.reading import Reading
from wire.topics import TopicTemplate

S = TypeVar("S", bound=Hashable)
log = logging.getLogger("sensorswarm.serve")


class Ingest(Generic[S]):
    """Takes all messages of one read and gives everything that is to be sent because of them, at once.

    Args:
        deliver: sends publications in their order; must not block.
        clock: Unix time in seconds.
    """

    def __init__(
        self,
        *,
        hub: Hub[S],
        detector: Detector,
        topics: TopicTemplate,
        deliver: Callable[[list[Publication[S]]], None],
        clock: Callable[[], float],
    ) -> None:
        self.readings = 0  # accepted
        self.alerts = 0  # raised
        self.malformed = Malformed()
        self._hub = hub
        self._detector = detector
        self._deliver = deliver
        self._clock = clock
        self._acceptor = Acceptor(topics)

    def messages(self, packets: list[PublishPacket]) -> None:
        """Handle the messages of one read: nothing here waits, and what they cause leaves together."""
        now = self._clock()
        payloads: dict[str, list[bytes]] = {}
        readings: list[Reading] = []
        for packet in packets:
            payload = packet.payload
            try:
                building, reading = self._accept(packet.topic, payload)
            except RejectedError as error:
                line = self.malformed.add(error.kind, error.detail, now)
                if line is not None:
                    log.warning("%s", line)
                continue
            readings.append(reading)
            if (same := payloads.get(building)) is not None:
                same.append(payload)
            else:
                payloads[building] = [payload]
        self.readings += len(readings)
        self._publish(payloads, self._detector.observe(readings, now))

    def check_silence(self) -> None:
        """Raise alerts for what fell silent; call several times per silence limit."""
        alerts = self._detector.check(self._clock())
        if alerts:
            self._publish({}, alerts)

    def link_changed(self, connected: bool) -> None:
        """While the broker is away nothing can be heard, and nobody is silent."""
        if connected:
            self._detector.resume(self._clock())
        else:
            self._detector.suspend()

    def _accept(self, topic: str, payload: bytes) -> tuple[str, Reading]:
        accepted = self._acceptor.accept(topic, payload)
        if not self._hub.has_room_for(accepted[0]):
            raise RejectedError("building", f"{accepted[0][:100]!r} is one building too many")
        return accepted

    def _publish(self, payloads: dict[str, list[bytes]], alerts: list[Alert]) -> None:
        self.alerts += len(alerts)
        raised: dict[str, list[Alert]] = {}
        for alert in alerts:
            raised.setdefault(alert.building, []).append(alert)
        publications: list[Publication[S]] = []
        for building, batch in payloads.items():
            publications += self._hub.publish(building, batch, raised.pop(building, ()))
        for building, late in raised.items():
            publications += self._hub.publish(building, (), late)
        self._deliver(publications)
