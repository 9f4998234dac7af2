"""The whole server, from start to stop: link, ingest, hub, WebSocket server, one clockwork, signals."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import secrets
import signal
import socket
from collections.abc import Callable, Coroutine
from typing import Any

from reference_server.accept import Reader
from reference_server.alert_feed import AlertFeed
from reference_server.alert_store import AlertStore
from reference_server.client import Client
from reference_server.detector import Detector
from reference_server.detector.memory import NOTHING, load
from reference_server.histogram import Histogram
from reference_server.hub import ALERTS_HISTORY, Hub, Publication
from reference_server.identity import Guard
from reference_server.ingest import Ingest, Judge
from reference_server.ingest_link import LINK_CLOSE_TIMEOUT_S, connect, link_of, session_name
from reference_server.logs import fields
from reference_server.sensors import Sensors
from reference_server.server import Server
from reference_server.settings import Settings
from reference_server.workers.bystander import Bystander
from wire import clock
from wire.broker import EmbeddedBroker
from wire.errors import UnusableError

TICK_S = 0.25
LEAST_SLEEP_S = 0.025  # between two looks for silent sensors, each of which goes over all of them
TICKS_PER_CLIENT_CHECK = 4
log = logging.getLogger("sensorswarm.serve")


class Service:
    """One running server.

    Args:
        settings: what it is told.
        listening: socket from `server.listen`; closed at the end.
        feed: of a worker among several: alerts come from there, see `take_news`, and none are found here. Its MQTT
            session ends with it.
        number: the worker's.

    Attributes:
        embedded: the broker we started ourselves, watched so that its death is not taken for a lost connection.
        loop_lag: seconds by which the clockwork's ticks were late.
    """

    def __init__(
        self, settings: Settings, listening: socket.socket, *, feed: AlertFeed | None = None, number: int = 0
    ) -> None:
        self.embedded: EmbeddedBroker | None = None
        self._recent_lags_s = [0.0]
        self.loop_lag = Histogram()
        self._feed = feed
        self._feed_failed: UnusableError | None = None
        self._number = number
        self._listening = listening
        self._store = AlertStore(settings.alerts if feed is None else None, history=ALERTS_HISTORY)
        hub: Hub[Client] = Hub(
            epoch=secrets.token_hex(8),
            alert_epoch=(feed or self._store).epoch,
            readings_history=settings.readings_history,
        )
        hub.restore(self._store.entries() if feed is None else feed.news())
        self.hub = hub
        self._guard = Guard(settings.secret, settings.access)
        self.server = Server(
            hub=hub,
            guard=self._guard,
            health=self.health,
            listening=listening,
            max_buffered_bytes=settings.max_buffered_bytes,
            hello_deadline_s=settings.hello_deadline_s,
            heartbeat_s=settings.heartbeat_s,
            quotas=settings.quotas,
            tls=settings.certificate.context if settings.certificate is not None else None,
            catch_up=self.take_news,
        )
        self._certificate = settings.certificate
        self._drain_s = settings.drain_s
        self._detector = detector_of(settings, hub, self._store) if feed is None else None
        judge: Judge = self._detector or Bystander()
        self.ingest = Ingest(
            hub=hub,
            detector=judge,
            reader=reader_of(
                settings,
                judge.sensors,
                has_room_for=hub.has_room_for,
                ask=lambda topic, payload: self.link.publish(topic, payload),  # noqa: PLW0108 - the link is made below
            ),
            deliver=self._deliver,
            clock=clock.now,
        )
        session = settings.session or session_name(listening)
        self.link = link_of(settings, self.ingest, session, lasting=feed is None)
        self._patient = settings.patient

    def health(self) -> tuple[bool, dict[str, Any]]:
        """Whether new clients should come here, and the fields of /healthz."""
        connected, draining = self.link.connected, self.server.draining
        return connected and not draining, {
            "status": "draining" if draining else "ok" if connected else "no broker",
            **({"worker": self._number} if self._feed is not None else {}),
            "mqtt": connected,
            "clients": len(self.server.clients),
            "buildings": self.hub.published_buildings,
            "readings": self.ingest.readings,
            "alerts": self.ingest.alerts,
            "duplicates": self.ingest.duplicates,
            "conflated": self.hub.skipped,
            **({"unstored_alerts": self.unstored_alerts} if self.unstored_alerts is not None else {}),
            "refused": self.server.refusals.counts,
            "malformed": self.ingest.malformed.counts,
            "loop_lag_ms": round(1000 * max(self._recent_lags_s), 3),
        }

    async def run(self, ready: Callable[[], None]) -> None:
        """Serve until cancelled; `ready` is called once, when the broker has taken our subscription.

        Nobody is let in before: a client is owed every reading from its subscription on.

        Raises:
            BrokerError: the broker cannot be reached at the start, unless we are patient. Later losses mend themselves.
            UnusableError: our own broker died, or handling messages failed.
        """
        try:
            await connect(self.link, patient=self._patient)
            async with self.server:
                try:
                    ready()
                    await first_of(self.link.failed(), self._clockwork(), watch_silence(self.ingest))
                finally:
                    # Before the last clients go: what would come now, the broker keeps for our next life.
                    await self.link.close(timeout_s=LINK_CLOSE_TIMEOUT_S)
        finally:
            self._listening.close()  # the server has, unless it never began
            close_store(self._store, self._detector)
            if self._feed is not None:
                self._feed.close()

    def take_news(self) -> None:
        """Take alerts up that another process committed; costs some microseconds when there are none."""
        if self._feed is None or self._feed_failed is not None:
            return
        try:
            entries = self._feed.news()
            if entries:
                self.ingest.alerts += sum(not entry.cleared for entry in entries)
                self.server.deliver(self.hub.take(entries))
        except UnusableError as error:
            self._feed_failed = error

    @property
    def unstored_alerts(self) -> int | None:
        """Alerts that wait for room on the disk; None for a worker, for they wait in another process."""
        return self._store.unstored if self._feed is None else None

    async def drain(self) -> None:
        """Send the clients away, while readings go on to those who are still here; then `run` may be cancelled."""
        log.info("draining", extra=fields(clients=len(self.server.clients), over_s=self._drain_s))
        await self.server.drain(self._drain_s)

    def reload_at_hangup(self) -> None:
        """Let SIGHUP have the certificate read again; without one it ends the process, as ever."""
        if self._certificate is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._certificate.reload)

    def _deliver(self, publications: list[Publication[Client]]) -> None:
        """Keep alerts, then send: nobody has seen an alert that a restart could forget."""
        entries = [entry for publication in publications for entry in publication.entries]
        if entries:
            self._store.keep(entries)
        self.server.deliver(publications)

    async def _clockwork(self) -> None:
        """Do what time alone brings, and measure how late the loop is for it."""
        loop = asyncio.get_running_loop()
        ticks = 0
        while True:
            planned_s = loop.time() + TICK_S
            await asyncio.sleep(TICK_S)
            lag_s = loop.time() - planned_s
            self.loop_lag.observe(lag_s)
            self._recent_lags_s = [*self._recent_lags_s[1 - TICKS_PER_CLIENT_CHECK :], lag_s]
            self.take_news()
            if self._feed_failed is not None:
                raise self._feed_failed
            ticks += 1
            if ticks % TICKS_PER_CLIENT_CHECK == 0:
                self.server.check_clients()
                revoked = self._guard.refresh(clock.now())
                if revoked is not None:
                    self.server.revoke(revoked)
                if self._certificate is not None:
                    self._certificate.refresh()
            if self.embedded is not None and self.embedded.exit_code is not None:
                raise UnusableError(f"the embedded broker ended with {self.embedded.exit_code}; start again")


def detector_of(settings: Settings, hub: Hub[Any], store: AlertStore) -> Detector:
    """Build a detector that knows what the hub was restored with, and what the one before it remembered."""
    known = NOTHING
    if (memory := store.recall()) is not None:
        try:
            known = load(memory, time_scale=settings.time_scale)
        except ValueError as error:
            log.warning("alerts file %s: %s; the detector begins without it", store.path, error)
    detector = Detector(settings.limits, time_scale=settings.time_scale, memory=known)
    detector.restore(hub.open_alerts, hub.told)
    return detector


def close_store(store: AlertStore, detector: Detector | None) -> None:
    """Leave what the detector remembers to the one that comes after it, and close."""
    if detector is not None and store.path is not None:
        store.remember(detector.memory())
    store.close()


def reader_of(
    settings: Settings, sensors: Sensors, *, has_room_for: Callable[[str], bool], ask: Callable[[str, bytes], object]
) -> Reader:
    """Build what makes readings of messages; the arguments are those of `Format.reader`."""
    return settings.format.reader(settings.topics, sensors, has_room_for=has_room_for, ask=ask, clock=clock.now)


async def watch_silence(ingest: Ingest[Any]) -> None:
    """Find silence soon after it is due; look again after a tick, for what is due may have changed meanwhile."""
    while True:
        due_in_s = ingest.silence_due_ts - clock.now()
        await asyncio.sleep(min(max(due_in_s, LEAST_SLEEP_S), TICK_S))
        if ingest.silence_due_ts <= clock.now():
            ingest.check_silence()


async def until_signal(
    work: Coroutine[Any, Any, None], drain: Callable[[], Coroutine[Any, Any, None]], hurry: Callable[[], None]
) -> None:
    """Run `work` until SIGINT or SIGTERM, then `drain` beside it, then cancel it and wait for its own end.

    Args:
        work: the server.
        drain: ends when all that can be done in peace is done.
        hurry: called at a second signal, which also ends the drain.

    Raises:
        whatever `work` raises by itself.
    """
    loop = asyncio.get_running_loop()
    once, twice = asyncio.Event(), asyncio.Event()

    def signalled() -> None:
        if once.is_set():
            twice.set()
            hurry()
        once.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, signalled)

    async def second() -> None:
        await twice.wait()

    async def stopped() -> None:
        await once.wait()
        await first_of(drain(), second())

    await first_of(work, stopped())


async def first_of(*works: Coroutine[Any, Any, None]) -> None:
    """Run all until the first one ends, cancel the others and wait for them; raises what the first one raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ended = [task for task in tasks if task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in ended:
        task.result()


def allow_many_connections() -> int:
    """Raise the limit of open files as far as we may; returns it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):  # some systems have a lower limit than the one they name
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
