"""What reaches the server through a real broker: at least once from the broker, once to the dashboards."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest

from reference_server import ingest_link
from reference_server.alert_feed import AlertFeed
from reference_server.alert_store import AlertStore
from reference_server.ingest_link import RECONNECT, SessionNameError, check_session, session_name
from reference_server.server import listen
from reference_server.service import Service
from reference_server.settings import Settings
from tests.mosquitto import Mosquitto, needs_mosquitto
from tests.wire.mqtt.conftest import session_present
from wire.backoff import Backoff
from wire.broker import EmbeddedBroker
from wire.mqtt import BrokerAddress, BrokerError, Link, MqttLink, Version
from wire.payloads import json as payload_json
from wire.reading import Reading
from wire.topics import TopicTemplate

SECRET = "a secret of the tests, long enough for HS256"
Patience = Callable[[float], float]


class Room:
    """One sensor's publisher, and servers of one session on topics of their own."""

    def __init__(self, broker_url: str, patience: Patience) -> None:
        self.address = BrokerAddress.parse(broker_url)
        self.topics = TopicTemplate(f"t{secrets.token_hex(4)}/{{building}}/{{quantity}}/{{sensor}}")
        self.session = f"session-{secrets.token_hex(4)}"
        self.publisher = Link(self.address, backoff=RECONNECT)
        self.within_s = patience(20)
        self.seq = 0

    async def publish(self, count: int) -> None:
        """Publish the next readings at QoS 1, and wait until the broker has them."""
        topic = self.topics.topic(building="b-1", quantity="temperature", sensor="1")
        for _ in range(count):
            reading = Reading("b-1/temperature/1", time.time(), self.seq, 20.0, "Cel")
            assert self.publisher.publish(topic, payload_json.encode(reading, decimals=2), qos=1)
            self.seq += 1
        async with asyncio.timeout(self.within_s):
            await self.publisher.drained()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Service]:
        settings = Settings(secret=SECRET, broker=self.address, topics=self.topics, session=self.session)
        service = Service(settings, listen("127.0.0.1", 0))
        ready = asyncio.Event()
        task = asyncio.create_task(service.run(ready.set))
        try:
            async with asyncio.timeout(self.within_s):
                await ready.wait()
            yield service
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(self.within_s):
            while not holds():  # noqa: ASYNC110 - what is waited for happens inside the server, which tells nobody
                await asyncio.sleep(0.01)


@asynccontextmanager
async def room(broker_url: str, patience: Patience) -> AsyncIterator[Room]:
    made = Room(broker_url, patience)
    await made.publisher.start()
    try:
        yield made
    finally:
        await made.publisher.close()


async def test_readings_wait_at_the_broker_while_the_server_is_away(broker: EmbeddedBroker, patience: Patience) -> None:
    """A server that comes back under its session's name gets what was published meanwhile, and each reading once."""
    async with room(broker.url, patience) as one:
        async with one.serving() as first:
            await one.publish(5)
            await one.until(lambda: first.ingest.readings == 5)
        await one.publish(20)
        async with one.serving() as second:
            await one.until(lambda: second.ingest.readings == 20)
            await one.publish(1)
            await one.until(lambda: second.ingest.readings == 21)
            assert second.ingest.duplicates == 0


async def test_readings_wait_while_the_connection_is_broken(broker: EmbeddedBroker, patience: Patience) -> None:
    """A connection that breaks under load costs no reading and brings none twice to the hub."""
    async with room(broker.url, patience) as one, one.serving() as service:
        for _ in range(3):
            await one.publish(50)
            connection = service.link._connection
            assert connection is not None
            connection.transport.abort()
            await one.publish(50)
            await one.until(lambda: service.link.connected)
        await one.until(lambda: service.ingest.readings == 300)
        assert service.hub._buildings["b-1"].readings.offset == 300
        assert service.link.reconnects == 3


async def test_a_reading_published_twice_is_served_once(broker: EmbeddedBroker, patience: Patience) -> None:
    """What comes again is dropped and counted in /healthz."""
    async with room(broker.url, patience) as one, one.serving() as service:
        await one.publish(3)
        one.seq = 2
        payload = payload_json.encode(Reading("b-1/temperature/1", time.time() - 60, 1, 20.0, "Cel"), decimals=2)
        topic = one.topics.topic(building="b-1", quantity="temperature", sensor="1")
        one.publisher.publish(topic, payload, qos=1)
        await one.until(lambda: service.health()[1]["duplicates"] == 1)
        assert service.ingest.readings == 3


@needs_mosquitto
@pytest.mark.parametrize("worker", [True, False])
@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_the_broker_keeps_nothing_for_a_worker_that_ended(
    tmp_path: Path, patience: Patience, version: Version, *, worker: bool
) -> None:
    """A server that stands alone finds at its next start what was published meanwhile; a worker never comes back."""
    AlertStore(tmp_path / "a", history=1, shared=True).close()
    feed = AlertFeed(tmp_path / "a") if worker else None
    with Mosquitto() as broker:
        address = BrokerAddress.parse(broker.url)
        settings = Settings(secret=SECRET, broker=address, mqtt_version=version, session="s")
        service = Service(settings, listen("127.0.0.1", 0), feed=feed, number=1)
        ready = asyncio.Event()
        task = asyncio.create_task(service.run(ready.set))
        async with asyncio.timeout(patience(20)):
            await ready.wait()
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            assert await session_present(broker.port, "sensorswarm-serve-s") is not worker


async def test_the_broker_killed_and_started_again(free_port: int, patience: Patience) -> None:
    """After kill -9 of the broker the server comes back by itself, subscribed, and takes readings in again."""
    with EmbeddedBroker(port=free_port) as first:
        async with room(first.url, patience) as one, one.serving() as service:
            await one.publish(5)
            await one.until(lambda: service.ingest.readings == 5)
            os.kill(first.pid, signal.SIGKILL)
            await one.until(lambda: not service.health()[0])
            # Nobody can be heard, nobody is silent; the link tells so a turn of the loop after it is down.
            await one.until(lambda: service.ingest.silence_due_ts == float("inf"))
            with EmbeddedBroker(port=free_port):
                await one.until(lambda: service.health()[0] and one.publisher.connected)
                await one.publish(5)
                await one.until(lambda: service.ingest.readings == 10)


class Unreachable:
    """A link to a broker that is away for some attempts."""

    def __init__(self, attempts: int) -> None:
        self.left = attempts

    async def start(self) -> None:
        if self.left:
            self.left -= 1
            raise BrokerError("broker mqtt://b cannot be reached")


async def test_the_patient_wait_and_say_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Others are told that there is no broker."""
    monkeypatch.setattr(ingest_link, "RECONNECT", Backoff(delays_s=(0.0,), jitter="none"))
    away = Unreachable(5)
    with pytest.raises(BrokerError):
        await ingest_link.connect(cast("MqttLink", away), patient=False)
    assert away.left == 4
    await ingest_link.connect(cast("MqttLink", away), patient=True)
    assert away.left == 0
    assert caplog.messages == ["broker mqtt://b cannot be reached; waiting for it"]


def test_the_link_is_quick_at_first_and_polite_later() -> None:
    """For three seconds it tries at least every 100 ms, then ever less often, up to seconds apart."""
    ceilings = [RECONNECT.ceiling_s(attempt) for attempt in range(1, 60)]
    assert ceilings[:30] == [0.1] * 30
    assert ceilings == sorted(ceilings)
    assert 2 <= ceilings[-1] <= 10


def test_a_session_is_named_after_machine_and_address() -> None:
    """The name is the same after a restart, and another one for another port."""
    with listen("127.0.0.1", 0) as one, listen("127.0.0.1", 0) as other:
        assert session_name(one) == session_name(one) != session_name(other)
        assert session_name(one).endswith(f"-127.0.0.1-{one.getsockname()[1]}")


@pytest.mark.parametrize("name", ["", "with space", "a/b", "x" * 101, "ü"])
def test_session_names_that_cannot_be(name: str) -> None:
    """A name that brokers may refuse is refused in one line."""
    with pytest.raises(SessionNameError, match="--session"):
        check_session(name)
