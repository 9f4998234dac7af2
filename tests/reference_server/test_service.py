"""From start to stop: the broker goes away and comes back, or was never there."""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mqtt5 import ConnAckPacket, ConnectPacket, Packet, SubAckPacket, SubAckReasonCode, SubscribePacket

from reference_server.alert_feed import AlertFeed
from reference_server.alert_store import AlertStore
from reference_server.ingest_link import SESSION_EXPIRY_S, WORKER_SESSION_EXPIRY_S
from reference_server.server import listen
from reference_server.service import Service, allow_many_connections
from reference_server.settings import Settings
from wire.broker import EmbeddedBroker
from wire.errors import UnusableError
from wire.mqtt import BrokerAddress, BrokerError, Version
from wire.mqtt.session import Decoder

SECRET = "a secret of the tests, long enough for HS256"


async def test_without_a_broker_it_does_not_start(free_port: int) -> None:
    """A broker that cannot be reached ends the start with one line, and the port is free again."""
    listening = listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    service = Service(Settings(secret=SECRET, broker=BrokerAddress(port=free_port)), listening)
    with pytest.raises(BrokerError, match=str(free_port)):
        await service.run(lambda: pytest.fail("must not say that it serves"))
    listen("127.0.0.1", port).close()


class SlowBroker:
    """Takes clients at once and subscriptions when it is let."""

    def __init__(self) -> None:
        self.heard: list[Packet] = []
        self.asked = asyncio.Event()
        self.let = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        decoder = Decoder()
        while data := await reader.read(1024):
            for packet in decoder.feed(data):
                self.heard.append(packet)
                if isinstance(packet, ConnectPacket):
                    writer.write(ConnAckPacket().write())
                elif isinstance(packet, SubscribePacket):
                    self.asked.set()
                    await self.let.wait()
                    codes = [SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE]
                    writer.write(SubAckPacket(packet.packet_id, codes).write())
        writer.close()


async def test_a_worker_lets_nobody_in_before_it_hears_readings(
    tmp_path: Path, patience: Callable[[float], float]
) -> None:
    """A client of that time would miss what is published until then. What a killed worker leaves is soon forgotten."""
    AlertStore(tmp_path / "a", history=1, shared=True).close()
    broker, listening = SlowBroker(), listen("127.0.0.1", 0)
    host, port = listening.getsockname()
    async with asyncio.timeout(patience(20)), await asyncio.start_server(broker, "127.0.0.1", 0) as serving:
        address = BrokerAddress(port=serving.sockets[0].getsockname()[1])
        service = Service(Settings(SECRET, broker=address), listening, feed=AlertFeed(tmp_path / "a"), number=1)
        task = asyncio.create_task(service.run(lambda: None))
        await broker.asked.wait()
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n")
        first = asyncio.create_task(reader.readline())
        await asyncio.wait([first], timeout=0.2)
        assert not first.done()
        broker.let.set()
        assert (await first).startswith(b"HTTP/1.1 200 ")
        writer.close()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    hello = broker.heard[0]
    assert isinstance(hello, ConnectPacket)
    assert hello.session_expiry_interval == WORKER_SESSION_EXPIRY_S < SESSION_EXPIRY_S


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_a_patient_server_serves_when_its_broker_comes(
    free_port: int, patience: Callable[[float], float], caplog: pytest.LogCaptureFixture, version: Version
) -> None:
    """Whichever link carries it: one that could not start can be started again."""
    settings = Settings(SECRET, broker=BrokerAddress(port=free_port), mqtt_version=version, patient=True)
    ready = asyncio.Event()
    task = asyncio.create_task(Service(settings, listen("127.0.0.1", 0)).run(ready.set))
    async with asyncio.timeout(patience(20)):
        while "waiting for it" not in caplog.text:  # noqa: ASYNC110 - it tells nobody else
            await asyncio.sleep(0.01)
        with EmbeddedBroker(port=free_port):
            await ready.wait()
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def test_health_follows_the_broker(patience: Callable[[float], float]) -> None:
    """While the broker is away /healthz says 503 in effect; the server itself goes on."""
    with EmbeddedBroker(port=0) as own:
        service = Service(Settings(secret=SECRET, broker=BrokerAddress.parse(own.url)), listen("127.0.0.1", 0))
        ready = asyncio.Event()
        task = asyncio.create_task(service.run(ready.set))
        async with asyncio.timeout(patience(10)):
            await ready.wait()
            assert service.health()[0]
            await asyncio.to_thread(own.stop)
            while service.health()[0]:  # noqa: ASYNC110 - health is asked, it does not tell
                await asyncio.sleep(0.01)
        well, fields = service.health()
        assert (well, fields["status"], fields["mqtt"]) == (False, "no broker", False)
        assert not task.done()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_the_death_of_our_own_broker_ends_the_server(patience: Callable[[float], float]) -> None:
    """A broker we started ourselves and that died cannot come back: not usable, and clients are told to come back."""
    with EmbeddedBroker(port=0) as own:
        listening = listen("127.0.0.1", 0)
        service = Service(Settings(secret=SECRET, broker=BrokerAddress.parse(own.url)), listening)
        service.embedded = own
        ready = asyncio.Event()
        task = asyncio.create_task(service.run(ready.set))
        async with asyncio.timeout(patience(15)):
            await ready.wait()
            assert own._process is not None
            own._process.kill()
            with pytest.raises(UnusableError, match="embedded broker ended"):
                await task


async def test_silence_alerts_reach_clients(run_server: Any, connect: Any) -> None:
    """The clockwork raises silence by itself, in wall-clock time that the time scale shortens."""
    server = await run_server(time_scale=60.0)
    client = await connect(server, "b-1")
    server.publish("b-1")
    payload = json.loads(server.publish("b-1"))  # two: of one alone the server waits longer, to learn its interval
    alert = await client.next_of("alert")
    assert (alert["kind"], alert["limit"]) == ("silent", 60.0)
    assert alert["ts"] == pytest.approx(payload["ts"] + 1.0)


def test_many_connections_are_allowed() -> None:
    """The limit of open files is raised as far as it may be."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        assert allow_many_connections() == before[1]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_alerts_of_one_life_of_the_server_can_be_resumed_in_the_next(
    run_server: Callable[..., Any], connect: Callable[..., Any], tmp_path: Path
) -> None:
    """What came while a client was away comes once, by its id; what is still the matter is not raised again."""
    file = tmp_path / "alerts.sqlite"
    first = await run_server(alerts=file)
    watching = await connect(first, "b-1")
    first.publish("b-1", 50.0, sensor="1")
    seen = await watching.next_of("alert")
    position = {"epoch": watching.got[1]["epoch"], "offset": 1, "alert_epoch": watching.got[1]["alert_epoch"]}
    await watching.socket.close()
    first.publish("b-1", 51.0, sensor="2")
    await first.taken_in(2)
    first.task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await first.task

    second = await run_server(alerts=file)
    resume = {"b-1": position | {"alert_offset": seen["offset"]}}
    again = await connect(second, "b-1", resume=resume)
    told = next(message for message in again.got if message["type"] == "subscribed")
    assert (told["recovered"], told["alerts_recovered"]) == (False, True)
    missed = await again.next_of("alert")
    assert (missed["sensor"], missed["offset"]) == ("b-1/temperature/2", seen["offset"] + 1)
    second.publish("b-1", 50.5, sensor="1")  # still too high: told already
    second.publish("b-1", 52.0, sensor="3")
    new = await again.next_of("alert")
    assert (new["sensor"], new["offset"]) == ("b-1/temperature/3", missed["offset"] + 1)
    second.publish("b-1", 20.0, sensor="1")
    assert (await again.next_of("clear"))["id"] == seen["id"]


@pytest.mark.parametrize("spoilt", [False, True])
async def test_a_step_over_a_restart_is_seen(
    run_server: Callable[..., Any],
    connect: Callable[..., Any],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    *,
    spoilt: bool,
) -> None:
    """What the detector knows goes on to the next life; what cannot be read is told, and done without."""
    file = tmp_path / "alerts.sqlite"
    first = await run_server(alerts=file)
    first.publish("b-1", 20.0, sensor="1")
    await first.taken_in(1)
    first.task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await first.task
    if spoilt:
        with contextlib.closing(sqlite3.connect(file)) as database, database:
            database.execute("UPDATE memory SET memory = ?", (b"x",))

    second = await run_server(alerts=file)
    client = await connect(second, "b-1")
    second.publish("b-1", 35.0, sensor="1")
    second.publish("b-1", 50.0, sensor="2")
    kinds = [(await client.next_of("alert"))["kind"] for _ in range(1 if spoilt else 2)]
    assert kinds == (["high"] if spoilt else ["rate", "high"])
    assert ("broken memory" in caplog.text) == spoilt
