"""The whole server, from start to stop: link, ingest, hub, WebSocket server, one clockwork, signals."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import secrets
import signal
import socket
import ssl
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from reference_server import auth
from reference_server.client import Client
from reference_server.detector import Detector
from reference_server.hub import READINGS_HISTORY, Hub
from reference_server.ingest import Ingest
from reference_server.limits import Limits
from reference_server.outbox import MAX_BUFFERED_BYTES
from reference_server.server import Server
from reference_server.session import HEARTBEAT_S, HELLO_DEADLINE_S
from wire import clock
from wire.broker import EmbeddedBroker
from wire.errors import UnusableError
from wire.mqtt import BrokerAddress, Link, Subscription
from wire.topics import TopicTemplate

TICK_S = 0.25
TICKS_PER_CLIENT_CHECK = 4
_LINK_CLOSE_TIMEOUT_S = 1.0  # stopping must take less than 5 s in all


@dataclass(frozen=True, slots=True)
class Settings:
    """What a server is told. Durations in `limits` are simulated seconds, of `time_scale` in one wall-clock second."""

    secret: str = field(repr=False)
    broker: BrokerAddress = field(default_factory=BrokerAddress)
    tls: ssl.SSLContext | None = None
    topics: TopicTemplate = field(default_factory=TopicTemplate)
    qos: int = 0
    limits: Limits = field(default_factory=Limits)
    time_scale: float = 1.0
    readings_history: int = READINGS_HISTORY
    max_buffered_bytes: int = MAX_BUFFERED_BYTES
    hello_deadline_s: float = HELLO_DEADLINE_S
    heartbeat_s: float = HEARTBEAT_S


class Service:
    """One running server.

    Args:
        settings: what it is told.
        listening: socket from `server.listen`; closed at the end.
        embedded: the broker we started ourselves, watched so that its death is not taken for a lost connection.
    """

    def __init__(self, settings: Settings, listening: socket.socket, *, embedded: EmbeddedBroker | None = None) -> None:
        self._embedded = embedded
        self._recent_lags_s = [0.0]
        hub: Hub[Client] = Hub(epoch=secrets.token_hex(8), readings_history=settings.readings_history)
        self.hub = hub
        self.server = Server(
            hub=hub,
            identify=lambda token, now: auth.verify(token, settings.secret, now),
            health=self.health,
            listening=listening,
            max_buffered_bytes=settings.max_buffered_bytes,
            hello_deadline_s=settings.hello_deadline_s,
            heartbeat_s=settings.heartbeat_s,
        )
        self.ingest = Ingest(
            hub=hub,
            detector=Detector(settings.limits, time_scale=settings.time_scale),
            topics=settings.topics,
            deliver=self.server.deliver,
            clock=clock.now,
        )
        self.link = Link(
            settings.broker,
            on_messages=self.ingest.messages,
            on_state=self.ingest.link_changed,
            subscriptions=[Subscription(settings.topics.subscription, settings.qos)],
            tls=settings.tls,
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
                await _first(self.link.failed(), self._clockwork())
            finally:
                await self.link.close(timeout_s=_LINK_CLOSE_TIMEOUT_S)

    async def _clockwork(self) -> None:
        """Do what time alone brings, and measure how late the loop is for it."""
        loop = asyncio.get_running_loop()
        ticks = 0
        while True:
            planned_s = loop.time() + TICK_S
            await asyncio.sleep(TICK_S)
            self._recent_lags_s = [*self._recent_lags_s[1 - TICKS_PER_CLIENT_CHECK :], loop.time() - planned_s]
            ticks += 1
            self.ingest.check_silence()
            if ticks % TICKS_PER_CLIENT_CHECK == 0:
                self.server.check_clients()
            if self._embedded is not None and self._embedded.exit_code is not None:
                raise UnusableError(f"the embedded broker ended with {self._embedded.exit_code}; start again")


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
