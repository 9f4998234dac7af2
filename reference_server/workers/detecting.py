"""The process that finds alerts for all workers: it judges what its own subscription brings, and serves nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Never

from reference_server.alert_store import AlertStore
from reference_server.hub import ALERTS_HISTORY, Hub, Publication
from reference_server.ingest import Ingest
from reference_server.ingest_link import LINK_CLOSE_TIMEOUT_S, connect, link_of
from reference_server.service import close_store, detector_of, first_of, reader_of, watch_silence
from reference_server.settings import Settings
from wire import clock

_STORE_AGAIN_S = 1.0  # after alerts could not be written


class Detecting:
    """Numbers alerts and commits them to the alerts' file, which the workers read.

    Args:
        settings: what the server is told; `alerts` must be a file.
        session: name of the MQTT session, that of a server without workers: whoever comes after it judges what it left.
        told: called after each commit.

    Raises:
        AlertStoreError: the file cannot be used, or another server uses it.
    """

    def __init__(self, settings: Settings, session: str, told: Callable[[], None]) -> None:
        self._told = told
        self._store = AlertStore(settings.alerts, history=ALERTS_HISTORY, shared=True)
        hub: Hub[Never] = Hub(epoch=self._store.epoch, readings_history=0)
        hub.restore(self._store.entries())
        detector = self._detector = detector_of(settings, hub, self._store)
        reader = reader_of(
            settings,
            detector.sensors,
            has_room_for=hub.has_room_for,
            ask=lambda topic, payload: self._link.publish(topic, payload),  # noqa: PLW0108 - the link is made below
        )
        self._ingest = Ingest(hub=hub, detector=detector, reader=reader, deliver=self._keep, clock=clock.now)
        self._link = link_of(settings, self._ingest, session)
        self._patient = settings.patient

    async def run(self, ready: Callable[[], None]) -> None:
        """Judge until cancelled; `ready` is called once, when the broker has taken our subscription.

        Raises:
            BrokerError: the broker cannot be reached at the start, unless we are patient.
            UnusableError: handling messages failed.
        """
        try:
            await connect(self._link, patient=self._patient)
            ready()
            self._told()  # of what the one before us may have committed and not told
            await first_of(self._link.failed(), watch_silence(self._ingest), self._store_again())
        finally:
            await self._link.close(timeout_s=LINK_CLOSE_TIMEOUT_S)
            close_store(self._store, self._detector)

    def _keep(self, publications: list[Publication[Never]]) -> None:
        entries = [entry for publication in publications for entry in publication.entries]
        if entries:
            self._store.keep(entries)
            self._told()

    async def _store_again(self) -> None:
        """Try again to write what could not be written: until then no worker knows of it."""
        while True:
            await asyncio.sleep(_STORE_AGAIN_S)
            if self._store.unstored:
                self._store.keep(())
                self._told()
