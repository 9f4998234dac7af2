"""A small dashboard server of the tests' own: plain `websockets`, honest or faulty in a known way."""

import asyncio
import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import jwt
import pytest
import trustme
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from wire import dashboard
from wire.records import PublishedFinal, PublishedStart, RecordWriter

SECRET = "a secret that is long enough for SHA-256"
SENSORS = 4  # in each building


def as_it_is(seq: int) -> list[int]:
    """An honest server: each number once, in order."""
    return [seq]


@dataclass
class Building:
    name: str
    history: list[bytes] = field(default_factory=list)  # payloads in the order they went out
    alerts: list[bytes] = field(default_factory=list)
    clients: set[ServerConnection] = field(default_factory=set)


@dataclass
class DashboardServer:
    """Serves in a thread of its own; publishes `ticks` numbers of every sensor once `awaited` clients are there.

    `sends` says which numbers go out at the tick of each number; `beside` gives frames for one client besides.
    """

    run_dir: Path | None = None
    buildings: tuple[str, ...] = ("b-0001", "b-0002", "b-0003")
    awaited: int = 1
    ticks: int = 10
    interval_s: float = 0.1
    resumes: bool = True
    checks_tokens: bool = True
    checks_claims: bool = True
    sends: Callable[[int], list[int]] = as_it_is
    beside: Callable[[int], list[bytes]] = lambda _: []
    host: str = "127.0.0.1"
    port: int = 0
    done: threading.Event = field(default_factory=threading.Event)
    hellos: list[dict[str, Any]] = field(default_factory=list)

    def start(self) -> "DashboardServer":
        self._buildings = {name: Building(name) for name in self.buildings}
        self._listening = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()))
        self._thread.start()
        assert self._listening.wait(10)
        return self

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(10)
        assert not self._thread.is_alive()

    @property
    def url(self) -> str:
        return f"ws://{self.host}:{self.port}"

    async def _main(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self._clients: list[ServerConnection] = []
        self._all_there = asyncio.Event()
        async with serve(
            self._client,
            self.host,
            self.port,
            compression=None,
            subprotocols=[dashboard.SUBPROTOCOL],
            process_request=self._only_ws,
        ) as server:
            self.port = server.sockets[0].getsockname()[1]
            self._listening.set()
            load = asyncio.create_task(self._load())
            await self._stopping.wait()
            load.cancel()
            await asyncio.gather(load, return_exceptions=True)
            server.close()

    @staticmethod
    def _only_ws(connection: ServerConnection, request: Any) -> Any:
        return None if request.path == "/ws" else connection.respond(HTTPStatus.NOT_FOUND, "no")

    async def _client(self, connection: ServerConnection) -> None:
        hello = json.loads(await connection.recv())
        self.hellos.append(hello)
        try:
            claims = self._claims(hello["token"])
        except jwt.InvalidTokenError as error:
            await connection.close(dashboard.Close.INVALID_TOKEN, str(error))
            return
        await connection.send(
            dashboard.welcome(user=claims["sub"], buildings=claims["buildings"], heartbeat_s=25), text=True
        )
        wanted: list[Building] = []
        await self._answer(connection, claims, hello, wanted)
        self._clients.append(connection)
        if len(self._clients) >= self.awaited:
            self._all_there.set()
        try:
            async for message in connection:
                await self._answer(connection, claims, {"subscribe": json.loads(message)["buildings"]}, wanted)
        except ConnectionClosed:
            pass  # without goodbye
        finally:
            self._clients.remove(connection)
            for building in wanted:
                building.clients.discard(connection)

    def _claims(self, token: str) -> dict[str, Any]:
        if not self.checks_tokens:
            return jwt.decode(token, options={"verify_signature": False})
        return jwt.decode(token, SECRET, algorithms=["HS256"])

    async def _answer(
        self, connection: ServerConnection, claims: dict[str, Any], asks: dict[str, Any], wanted: list[Building]
    ) -> None:
        for name in asks["subscribe"]:
            if self.checks_claims and name not in claims["buildings"]:
                code = dashboard.Close.NOT_YOUR_BUILDING
                await connection.send(dashboard.error(code=code, reason=f"not your building: {name}"), text=True)
            elif name in self._buildings:
                wanted.append(self._buildings[name])
                await self._subscribe(connection, wanted[-1], asks.get("resume", {}).get(name))

    async def _subscribe(self, connection: ServerConnection, building: Building, resume: dict | None) -> None:
        recovered = self.resumes and resume is not None
        frames = [
            dashboard.subscribed(
                building=building.name,
                epoch="e",
                offset=len(building.history),
                alert_offset=len(building.alerts),
                recovered=recovered,
            )
        ]
        if recovered:
            frames += building.alerts[resume["alert_offset"] :]
            if missed := building.history[resume["offset"] :]:
                frames.append(dashboard.readings(building=building.name, offset=resume["offset"] + 1, payloads=missed))
        building.clients.add(connection)
        for frame in frames:
            await connection.send(frame, text=True)

    async def _load(self) -> None:
        await self._all_there.wait()
        await asyncio.sleep(0.1)
        started_ts = time.time()
        if self.run_dir:
            with RecordWriter(self.run_dir) as writer:
                writer.add(
                    PublishedStart(
                        ts=started_ts,
                        buildings=list(self.buildings),
                        sensors=SENSORS * len(self.buildings),
                        interval_s=self.interval_s,
                        time_scale=1.0,
                        seed=0,
                        source="test",
                    )
                )
        for seq in range(self.ticks):
            await asyncio.sleep(max(0.0, started_ts + seq * self.interval_s - time.time()))
            for building in self._buildings.values():
                await self._publish(building, seq, started_ts)
            for frame in self.beside(seq):
                if self._clients:
                    await self._clients[0].send(frame, text=True)
        if self.run_dir:
            with RecordWriter(self.run_dir) as writer:
                for name in self.buildings:
                    writer.add(
                        PublishedFinal(
                            building=name,
                            interval_s=self.interval_s,
                            sensors=[f"{name}/t/{number}" for number in range(SENSORS)],
                            first_ts=[started_ts] * SENSORS,
                            last_seq=[self.ticks - 1] * SENSORS,
                        )
                    )
        self.done.set()

    async def _publish(self, building: Building, seq: int, started_ts: float) -> None:
        payloads = [
            json.dumps(
                {"sensor": f"{building.name}/t/{number}", "ts": started_ts + each * self.interval_s, "seq": each}
            ).encode()
            for each in self.sends(seq)
            for number in range(SENSORS)
        ]
        offset = len(building.history) + 1
        building.history += payloads
        frames = [dashboard.readings(building=building.name, offset=offset, payloads=payloads)] if payloads else []
        if seq == self.ticks // 2:
            building.alerts.append(
                dashboard.alert(
                    building=building.name,
                    offset=len(building.alerts) + 1,
                    alert_id=f"{building.name}-1",
                    sensor=f"{building.name}/t/0",
                    kind="high",
                    ts=time.time(),
                    value=40.0,
                    limit=30.0,
                )
            )
            frames.append(building.alerts[-1])
        for client in list(building.clients):
            for frame in frames:
                with contextlib.suppress(ConnectionClosed):  # a client that was cut does not concern the others
                    await client.send(frame, text=True)


@pytest.fixture
def dashboard_server() -> Iterator[Callable[..., DashboardServer]]:
    """Start servers with the given properties; all are stopped at the end."""
    running: list[DashboardServer] = []

    def start(**properties: Any) -> DashboardServer:
        running.append(DashboardServer(**properties).start())
        return running[-1]

    yield start
    for server in running:
        server.stop()


@pytest.fixture(scope="session")
def jwt_secret() -> str:
    """The secret those servers check tokens with."""
    return SECRET


@contextlib.contextmanager
def served(handler: Callable[[ServerConnection], Any], **options: Any) -> Iterator[int]:
    """Run a `websockets` server in a thread; gives its port."""
    ready, box = threading.Event(), {}

    async def main() -> None:
        box["loop"], box["stop"] = asyncio.get_running_loop(), asyncio.Event()
        async with serve(handler, "127.0.0.1", 0, **{"compression": None, **options}) as server:
            box["port"] = server.sockets[0].getsockname()[1]
            ready.set()
            await box["stop"].wait()

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    assert ready.wait(10)
    try:
        yield box["port"]
    finally:
        box["loop"].call_soon_threadsafe(box["stop"].set)
        thread.join(10)


@contextlib.contextmanager
def accepting(handler: Callable[[socket.socket], None]) -> Iterator[int]:
    """A TCP server in threads that hands each connection to `handler` and closes it after; gives its port."""

    def one(far: socket.socket) -> None:
        with far, contextlib.suppress(OSError):
            handler(far)

    def run() -> None:
        threads = []
        while True:
            try:
                far, _ = server.accept()
            except OSError:
                break
            threads.append(threading.Thread(target=one, args=(far,)))
            threads[-1].start()
        for thread in threads:
            thread.join(10)

    server = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)  # wakes the accept
        server.close()
        thread.join(10)


@pytest.fixture(scope="session")
def websocket_server() -> Callable[..., contextlib.AbstractContextManager[int]]:
    """Real WebSocket servers: call with a handler and options of `websockets`; a context manager gives the port."""
    return served


@pytest.fixture(scope="session")
def tcp_server() -> Callable[..., contextlib.AbstractContextManager[int]]:
    """Servers of raw TCP: call with a handler of each peer's socket; a context manager gives the port."""
    return accepting


@dataclass
class Authority:
    """A certificate authority of the tests' own."""

    pem: Path
    server: ssl.SSLContext  # certificate for 127.0.0.1
    elsewhere: ssl.SSLContext  # for another name
    expired: ssl.SSLContext


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Certificates good and bad, and the file of the CA that signed them."""
    ca = trustme.CA()
    pem = tmp_path_factory.mktemp("tls") / "ca.pem"
    ca.cert_pem.write_to_path(str(pem))

    def context(name: str, **dates: datetime) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ca.issue_cert(name, **dates).configure_cert(made)
        return made

    return Authority(
        pem,
        context("127.0.0.1"),
        context("other.example"),
        context("127.0.0.1", not_after=datetime(2020, 1, 1, tzinfo=UTC)),
    )
