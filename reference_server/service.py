"""The whole server, from start to stop: link, ingest, hub, WebSocket server, one clockwork, signals."""

from __future__ import annotations

import asyncio
import contextlib
import re
import resource
import secrets
import signal
import socket
import ssl
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reference_server.alert_store import AlertStore
from reference_server.client import Client
from reference_server.detector import Detector
from reference_server.formats import Format
from reference_server.hub import ALERTS_HISTORY, READINGS_HISTORY, Hub, Publication
from reference_server.identity import Access, Guard
from reference_server.ingest import Ingest
from reference_server.limits import Limits
from reference_server.outbox import MAX_BUFFERED_BYTES
from reference_server.server import Server
from reference_server.session import HEARTBEAT_S, HELLO_DEADLINE_S
from wire import clock
from wire.backoff import Backoff
from wire.broker import EmbeddedBroker
from wire.errors import SensorSwarmError, UnusableError
from wire.mqtt import BrokerAddress, Subscription, Version, make_link
from wire.topics import TopicTemplate

TICK_S = 0.25
LEAST_SLEEP_S = 0.025  # between two looks for silent sensors, each of which goes over all of them
SESSION_EXPIRY_S = 300  # how long the broker keeps our session: for a restart, not for a holiday
# Publishers come back too, and what they publish to a new broker before we have subscribed is lost: be quick at first.
RECONNECT = Backoff(delays_s=(0.1,) * 30 + (0.25, 0.5, 1.0, 2.0, 4.0), jitter="equal")
TICKS_PER_CLIENT_CHECK = 4
_LINK_CLOSE_TIMEOUT_S = 1.0  # stopping must take less than 5 s in all


@dataclass(frozen=True, slots=True)
class Settings:
    """What a server is told. Durations in `limits` are simulated seconds, of `time_scale` in one wall-clock second."""

    secret: str | None = field(repr=False)  # of HS256 tokens; None: only those of the JWKS are accepted
    access: Access = field(default_factory=Access)
    broker: BrokerAddress = field(default_factory=BrokerAddress)
    tls: ssl.SSLContext | None = None
    mqtt_version: Version = "5"
    topics: TopicTemplate = field(default_factory=TopicTemplate)
    format: Format = field(default_factory=Format)  # of the payloads
    qos: int = 1
    session: str | None = None  # name of the MQTT session at QoS 1; by default one of this machine, address and port
    limits: Limits = field(default_factory=Limits)
    time_scale: float = 1.0
    readings_history: int = READINGS_HISTORY
    alerts: Path | None = None  # file that keeps alerts across restarts
    max_buffered_bytes: int = MAX_BUFFERED_BYTES
    hello_deadline_s: float = HELLO_DEADLINE_S
    heartbeat_s: float = HEARTBEAT_S


class Service:
    """One running server.

    Args:
        settings: what it is told.
        listening: socket from `server.listen`; closed at the end.

    Attributes:
        embedded: the broker we started ourselves, watched so that its death is not taken for a lost connection.
    """

    def __init__(self, settings: Settings, listening: socket.socket) -> None:
        self.embedded: EmbeddedBroker | None = None
        self._recent_lags_s = [0.0]
        self._store = AlertStore(settings.alerts, history=ALERTS_HISTORY)
        hub: Hub[Client] = Hub(
            epoch=secrets.token_hex(8), alert_epoch=self._store.epoch, readings_history=settings.readings_history
        )
        hub.restore(self._store.entries())
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
        )
        detector = Detector(settings.limits, time_scale=settings.time_scale)
        detector.restore(hub.open_alerts)
        self.ingest = Ingest(
            hub=hub,
            detector=detector,
            reader=settings.format.reader(
                settings.topics,
                detector.sensors,
                has_room_for=hub.has_room_for,
                ask=lambda topic, payload: self.link.publish(topic, payload),  # noqa: PLW0108 - the link is made below
                clock=clock.now,
            ),
            deliver=self._deliver,
            clock=clock.now,
        )
        self.link = make_link(
            settings.broker,
            version=settings.mqtt_version,
            on_messages=self.ingest.messages,
            on_state=self.ingest.link_changed,
            subscriptions=[Subscription(settings.format.subscription(settings.topics), settings.qos)],
            tls=settings.tls,
            backoff=RECONNECT,
            # At QoS 0 the broker keeps nothing for us: no session, and a name of its own for each connection.
            client_id=f"sensorswarm-serve-{settings.session or session_name(listening)}" if settings.qos else None,
            session_expiry_s=SESSION_EXPIRY_S if settings.qos else 0,
        )

    def health(self) -> tuple[bool, dict[str, Any]]:
        """Whether readings can arrive, and the fields of /healthz."""
        well = self.link.connected
        return well, {
            "status": "ok" if well else "no broker",
            "mqtt": well,
            "clients": len(self.server.clients),
            "buildings": self.hub.published_buildings,
            "readings": self.ingest.readings,
            "alerts": self.ingest.alerts,
            "duplicates": self.ingest.duplicates,
            "conflated": self.hub.skipped,
            "unstored_alerts": self._store.unstored,
            "refused": self.server.refusals.counts,
            "malformed": self.ingest.malformed.counts,
            "loop_lag_ms": round(1000 * max(self._recent_lags_s), 3),
        }

    async def run(self, ready: Callable[[], None]) -> None:
        """Serve until cancelled; `ready` is called once, when the broker has taken our subscription.

        Raises:
            BrokerError: the broker cannot be reached at the start. Later losses mend themselves.
            UnusableError: our own broker died, or handling messages failed.
        """
        async with self.server:
            try:
                await self.link.start()
                ready()
                await _first(self.link.failed(), self._clockwork(), self._silence_watch())
            finally:
                await self.link.close(timeout_s=_LINK_CLOSE_TIMEOUT_S)
                self._store.close()

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
            self._recent_lags_s = [*self._recent_lags_s[1 - TICKS_PER_CLIENT_CHECK :], loop.time() - planned_s]
            ticks += 1
            if ticks % TICKS_PER_CLIENT_CHECK == 0:
                self.server.check_clients()
                revoked = self._guard.refresh(clock.now())
                if revoked is not None:
                    self.server.revoke(revoked)
            if self.embedded is not None and self.embedded.exit_code is not None:
                raise UnusableError(f"the embedded broker ended with {self.embedded.exit_code}; start again")

    async def _silence_watch(self) -> None:
        """Find silence soon after it is due; look again after a tick, for what is due may have changed meanwhile."""
        while True:
            due_in_s = self.ingest.silence_due_ts - clock.now()
            await asyncio.sleep(min(max(due_in_s, LEAST_SLEEP_S), TICK_S))
            if self.ingest.silence_due_ts <= clock.now():
                self.ingest.check_silence()


class SessionNameError(SensorSwarmError):
    """A session name that cannot stand in an MQTT client id."""


def check_session(name: str | None) -> str | None:
    """Give the name back.

    Raises:
        SessionNameError: empty, too long, or with characters beyond letters, digits, '.', '_', ':' and '-'.
    """
    if name is not None and not re.fullmatch(r"[A-Za-z0-9._:-]{1,100}", name):
        raise SessionNameError(f"--session {name[:100]!r}: use 1 to 100 letters, digits, '.', '_', ':' and '-'")
    return name


def session_name(listening: socket.socket) -> str:
    """Name of the server at this address: the same after a restart, another for another server of the same broker."""
    host, port = listening.getsockname()[:2]
    return f"{socket.gethostname()}-{host}-{port}"


async def until_signal(work: Coroutine[Any, Any, None]) -> None:
    """Run `work` until SIGINT or SIGTERM, then cancel it and wait for its own end.

    Raises:
        whatever `work` raises by itself.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)

    async def stopped() -> None:
        await stop.wait()

    await _first(work, stopped())


async def _first(*works: Coroutine[Any, Any, None]) -> None:
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
