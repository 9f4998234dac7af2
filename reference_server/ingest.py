"""From MQTT messages to publications of the hub: decode, judge, number. No socket here, only what one read brought."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from mqtt5 import PublishPacket

from reference_server.accept import Reader, RejectedError
from reference_server.alert import Alert
from reference_server.detector import Detector
from reference_server.hub import Hub, Publication
from reference_server.malformed import Malformed
from reference_server.readings import Readings
from reference_server.seen import Seen

S = TypeVar("S", bound=Hashable)
log = logging.getLogger("sensorswarm.serve")


class Ingest(Generic[S]):
    """Takes all messages of one read and gives everything that is to be sent because of them, at once.

    Args:
        reader: makes readings of messages, with rows of the detector's sensors.
        deliver: sends publications in their order; must not block.
        clock: Unix time in seconds.
    """

    def __init__(
        self,
        *,
        hub: Hub[S],
        detector: Detector,
        reader: Reader,
        deliver: Callable[[list[Publication[S]]], None],
        clock: Callable[[], float],
    ) -> None:
        self.readings = 0  # accepted, and new
        self.alerts = 0  # raised
        self.malformed = Malformed()
        self._hub = hub
        self._detector = detector
        self._deliver = deliver
        self._clock = clock
        self._reader = reader
        self._seen = Seen()

    def messages(self, packets: list[PublishPacket]) -> None:
        """Handle the messages of one read: nothing here waits, and what they cause leaves together."""
        now = self._clock()
        readings = self._seen.new(self._reader.accept(packets, lambda error: self._reject(error, now)))
        self.readings += len(readings)
        self._publish(readings, self._detector.observe(readings, now))

    def check_silence(self) -> None:
        """Raise alerts for what fell silent; call it when `silence_due_ts` has come."""
        alerts = self._detector.check(self._clock())
        if alerts:
            self._publish(Readings(), alerts)

    @property
    def silence_due_ts(self) -> float:
        """Unix time at which a sensor may first be found silent; infinite for not at all."""
        return self._detector.look_at

    @property
    def duplicates(self) -> int:
        """Readings dropped because they came before."""
        return self._seen.duplicates

    def link_changed(self, connected: bool) -> None:
        """While the broker is away nothing can be heard, and nobody is silent."""
        if connected:
            self._detector.resume(self._clock())
        else:
            self._detector.suspend()

    def _reject(self, error: RejectedError, now: float) -> None:
        line = self.malformed.add(error.kind, error.detail, now)
        if line is not None:
            log.warning("%s", line)

    def _publish(self, readings: Readings, alerts: list[Alert]) -> None:
        buildings = self._detector.sensors.buildings
        batches: dict[str, tuple[list[bytes], list[int]]] = {}
        for row, payload in zip(readings.rows, readings.payloads, strict=True):
            building = buildings[row]
            batch = batches.get(building)
            if batch is None:
                batches[building] = [payload], [row]
            else:
                batch[0].append(payload)
                batch[1].append(row)
        found: dict[str, list[Alert]] = {}
        for alert in alerts:
            self.alerts += not alert.cleared
            found.setdefault(alert.building, []).append(alert)
        publications: list[Publication[S]] = []
        for building, (payloads, rows) in batches.items():
            publications += self._hub.publish(building, payloads, rows, found.pop(building, ()))
        for building, late in found.items():
            publications += self._hub.publish(building, (), (), late)
        self._deliver(publications)
