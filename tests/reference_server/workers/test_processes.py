"""Workers as processes: spread over one port, replaced under clients, started again, and gone with their parent."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.request
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
import websockets
from websockets.protocol import State

from reference_server.identity import Access, mint
from reference_server.server import ListenError, listen
from reference_server.settings import Settings
from reference_server.workers.supervisor import check_workers, listen_several
from wire.broker import EmbeddedBroker
from wire.errors import SensorSwarmError
from wire.mqtt import BrokerAddress, Link
from wire.payloads import json as payload_json
from wire.reading import Reading

SECRET = "a secret of the tests, long enough for HS256"
Start = Callable[..., subprocess.Popen[str]]
PREFIX = f"t{secrets.token_hex(4)}"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start `python -m reference_server` with options; what still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def run(*options: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "reference_server", "--port", "0", "--workers", "2"),
                *("--topic", f"{PREFIX}/{{building}}/{{quantity}}/{{sensor}}"),
                *options,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "SENSORSWARM_JWT_SECRET": SECRET, "XDG_STATE_HOME": str(tmp_path), "COLUMNS": "200"},
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            family = psutil.Process(process.pid)
            for member in [*family.children(), family]:
                member.kill()
        process.communicate()


@pytest.fixture
async def publish(broker: EmbeddedBroker) -> AsyncIterator[Callable[[str, float], None]]:
    """Publish a reading of a sensor of building b-1."""
    link = Link(BrokerAddress.parse(broker.url))
    await link.start()
    seqs: dict[str, int] = {}

    def publish(sensor: str, value: float) -> None:
        seqs[sensor] = seq = seqs.get(sensor, -1) + 1
        payload = payload_json.encode(Reading(f"b-1/temperature/{sensor}", time.time(), seq, value, "Cel"), decimals=1)
        assert link.publish(f"{PREFIX}/b-1/temperature/{sensor}", payload, qos=1)

    yield publish
    await link.close()


@dataclass
class Resuming:
    """A client that comes back at once, and says where it was."""

    url: str
    alerts: list[str] = field(default_factory=list)  # ids, as they came
    sensors: list[str] = field(default_factory=list)  # of these alerts
    closes: list[int] = field(default_factory=list)
    epochs: set[str] = field(default_factory=set)  # of readings: one a worker
    here: bool = False
    _position: dict[str, Any] = field(default_factory=dict)

    async def run(self) -> None:
        token = mint(SECRET, "m", ["b-1"], 60)
        while True:
            # Who comes to the socket of a worker that was killed waits until the next one has started.
            async with websockets.connect(self.url, open_timeout=None) as socket:
                resume = {"b-1": self._position} if self._position else {}
                await socket.send(json.dumps({"type": "hello", "token": token, "subscribe": ["b-1"], "resume": resume}))
                with contextlib.suppress(websockets.ConnectionClosed):
                    async for text in socket:
                        self._take(json.loads(text))
                self.here = False
                assert socket.close_code is not None
                self.closes.append(socket.close_code)

    def _take(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "subscribed":
                assert message["alerts_recovered"] is bool(self._position), message
                self.epochs.add(message["epoch"])
                self.here = True
                if not self._position:
                    self._position = {"epoch": message["epoch"], "offset": 0, "alert_epoch": message["alert_epoch"]}
                    self._position["alert_offset"] = message["alert_offset"]
            case "alert":
                self.alerts.append(message["id"])
                self.sensors.append(message["sensor"].rpartition("/")[2])
                self._position["alert_offset"] = message["offset"]


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    while not holds():  # noqa: ASYNC110 - other processes tell nobody
        await asyncio.sleep(0.02)


async def page(url: str) -> str:
    body: bytes = await asyncio.to_thread(lambda: urllib.request.urlopen(url, timeout=60).read())  # noqa: S310 - our own
    return body.decode()


async def worker_of(url: str) -> int:
    return int(json.loads(await page(url.replace("ws:", "http:").replace("/ws", "/healthz")))["worker"])


async def clients_of(watched: str) -> int:
    lines = (await page(watched.strip())).splitlines()
    return next(int(float(line.split()[1])) for line in lines if line.startswith("sensorswarm_clients "))


def serves(process: psutil.Process) -> bool:
    """Whether it is a worker: a detector listens to nobody."""
    return any(connection.status == psutil.CONN_LISTEN for connection in process.net_connections())


async def test_clients_get_every_alert_once_over_a_rolling_restart_and_a_kill(
    start: Start,
    broker: EmbeddedBroker,
    publish: Callable[[str, float], None],
    patience: Callable[[float], float],
    tmp_path: Path,
) -> None:
    """Every process is replaced while alerts are raised, then one is killed, then SIGTERM ends them all with 0."""
    process = start("--broker", broker.url, "--alerts", str(tmp_path / "a"), "--drain", "0.3", "--metrics-port", "0")
    family = psutil.Process(process.pid)
    assert process.stdout is not None
    async with asyncio.timeout(patience(100)):
        line = await asyncio.to_thread(process.stdout.readline)
        said, _, metrics = line.partition(", metrics at ")
        assert said.endswith(", 2 workers")
        url = line.split()[1]
        before = family.children()
        assert {await worker_of(url) for _ in range(30)} == {1, 2}
        clients: list[Resuming] = []
        tasks: list[asyncio.Task[None]] = []
        async with asyncio.TaskGroup() as group:
            # The kernel spreads them by the ports they come from: until each worker has one.
            while len(clients) < 8 or len({epoch for client in clients for epoch in client.epochs}) < 2:
                clients.append(Resuming(url))
                tasks.append(group.create_task(clients[-1].run()))
                await until(lambda: clients[-1].here)
                assert len(clients) < 64
            process.send_signal(signal.SIGHUP)
            raised = 0
            while any(child.is_running() for child in before):
                publish(str(raised), 60.0)
                raised += 1
                await asyncio.sleep(0.1)
            victim = next(child for child in family.children() if serves(child))
            victim.kill()
            publish("last", 60.0)
            await until(lambda: all(client.here and len(client.alerts) == raised + 1 for client in clients))
            await until(lambda: len(family.children()) == 3)
            counts = [await clients_of(watched) for watched in metrics.split(", ")]
            assert len(counts) == 2
            assert sum(counts) == len(clients)
            for task in tasks:
                task.cancel()
        assert all(len(set(client.alerts)) == raised + 1 for client in clients)
        assert all(client.alerts == clients[0].alerts for client in clients)
        assert {code for client in clients for code in client.closes} <= {1012, 1006}
        assert sum(client.closes.count(1012) for client in clients) >= len(clients)
        children = family.children()
        process.send_signal(signal.SIGTERM)
        out, err = await asyncio.to_thread(process.communicate)
    assert (process.returncode, out) == (0, "")
    assert "was killed by SIGKILL; starting it again" in err
    assert not any(child.is_running() for child in children)


async def test_a_detector_killed_among_alerts_loses_none_and_raises_none_twice(
    start: Start,
    broker: EmbeddedBroker,
    publish: Callable[[str, float], None],
    patience: Callable[[float], float],
    tmp_path: Path,
) -> None:
    """Kill -9: its successor goes on with what was committed, and with what the broker kept."""
    process = start("--broker", broker.url, "--alerts", str(tmp_path / "a"), "--silence", "3600")
    assert process.stdout is not None
    async with asyncio.timeout(patience(60)):
        line = await asyncio.to_thread(process.stdout.readline)
        victim = next(child for child in psutil.Process(process.pid).children() if not serves(child))
        client, raised = Resuming(line.split()[1]), 0
        async with asyncio.TaskGroup() as group:
            task = group.create_task(client.run())
            await until(lambda: client.here)
            # On and on, until the successor has found something too.
            while not client.sensors or int(client.sensors[-1]) < 50:
                if raised == 50:
                    victim.kill()
                publish(str(raised), 60.0)
                raised += 1
                await asyncio.sleep(0.01)
            publish(str(raised), 60.0)
            await until(lambda: client.sensors[-1] == str(raised))
            task.cancel()
        assert sorted(map(int, client.sensors)) == list(range(raised + 1))
        assert len(set(client.alerts)) == raised + 1
        assert not client.closes
        process.send_signal(signal.SIGTERM)
        _, err = await asyncio.to_thread(process.communicate)
    assert "detector was killed by SIGKILL; starting it again" in err


async def subscribed(url: str) -> tuple[str, websockets.ClientConnection]:
    """A client that stays where it is, and the epoch of its worker."""
    socket = await websockets.connect(url)
    await socket.send(json.dumps({"type": "hello", "token": mint(SECRET, "m", ["b-1"], 60), "subscribe": ["b-1"]}))
    while (message := json.loads(await socket.recv()))["type"] != "subscribed":
        pass
    return message["epoch"], socket


async def refused(port: int) -> bool:
    """Whether nobody listens there, not even the kernel."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return True
    writer.close()
    return False


async def test_one_signal_amid_a_replacement_is_one_and_closes_the_port(
    start: Start, broker: EmbeddedBroker, patience: Callable[[float], float], tmp_path: Path
) -> None:
    """Clients leave at the pace of --drain, also those of a worker that is being relieved; nobody new is taken in."""
    process = start("--broker", broker.url, "--alerts", str(tmp_path / "a"), "--drain", "3600", "--metrics-port", "0")
    assert process.stdout is not None
    async with asyncio.timeout(patience(60)):
        line = await asyncio.to_thread(process.stdout.readline)
        url, (first, second) = line.split()[1], line.partition(", metrics at ")[2].split(", ")
        clients: dict[str, list[websockets.ClientConnection]] = defaultdict(list)  # by their worker
        while len(clients) < 2 or min(map(len, clients.values())) < 2:
            epoch, socket = await subscribed(url)
            clients[epoch].append(socket)
        everybody = [socket for sockets in clients.values() for socket in sockets]

        def gone() -> int:
            return sum(socket.state is State.CLOSED for socket in everybody)

        process.send_signal(signal.SIGHUP)
        await until(lambda: gone() == 1)
        # The old worker, which has clients for an hour, answers no more in the place of the new one.
        for _ in range(20):
            assert "sensorswarm_draining 0.0" in await page(first)
        process.send_signal(signal.SIGTERM)
        await until(lambda: gone() == 2)
        while not await refused(urlsplit(url).port or 0):  # noqa: ASYNC110 - each worker closes its own, and tells nobody
            await asyncio.sleep(0.02)
        for sockets in clients.values():
            here = [socket for socket in sockets if socket.state is State.OPEN]
            assert len(here) == len(sockets) - 1
            for socket in here:
                await (await socket.ping())
        assert "sensorswarm_draining 1.0" in await page(second.strip())
        process.send_signal(signal.SIGTERM)
        await until(lambda: gone() == len(everybody))
        await asyncio.to_thread(process.communicate)
    assert process.returncode == 0
    assert {socket.close_code for socket in everybody} == {1012}


async def test_who_dies_while_the_broker_is_away_waits_for_it(
    start: Start, free_port: int, patience: Callable[[float], float], tmp_path: Path
) -> None:
    """However long that is: it does not count as one death after another, which would end the server."""
    async with asyncio.timeout(patience(90)):
        with EmbeddedBroker(port=free_port) as own:
            process = start("--broker", own.url, "--alerts", str(tmp_path / "a"))
            assert process.stdout is not None
            assert process.stderr is not None
            url = (await asyncio.to_thread(process.stdout.readline)).split()[1]
        for child in psutil.Process(process.pid).children():
            child.kill()
        waiting = 0
        while waiting < 3:
            line = await asyncio.to_thread(process.stderr.readline)
            assert line, "it ended"
            waiting += "cannot be reached" in line and "waiting for it" in line
        with EmbeddedBroker(port=free_port):
            assert {await worker_of(url) for _ in range(30)} == {1, 2}
            process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(process.communicate)
    assert process.returncode == 0


@pytest.mark.parametrize("serving", [False, True])
async def test_no_process_outlives_its_parent(
    start: Start, broker: EmbeddedBroker, patience: Callable[[float], float], tmp_path: Path, *, serving: bool
) -> None:
    """Also after kill -9, when the parent can tell nobody: not one that serves, nor one that is still starting."""
    process = start("--broker", broker.url, "--alerts", str(tmp_path / "a"))
    family = psutil.Process(process.pid)
    assert process.stdout is not None
    async with asyncio.timeout(patience(90)):
        if serving:
            assert (await asyncio.to_thread(process.stdout.readline)).startswith("serving ")
        await until(lambda: bool(family.children()))
        children = family.children()
        assert len(children) == (3 if serving else 1)
        process.kill()
        await until(lambda: not any(child.is_running() for child in children))


def test_what_is_wrong_with_the_options_is_told_once(start: Start, broker: EmbeddedBroker, tmp_path: Path) -> None:
    """However many processes there would have been; and the exit code is that of the one that could not start."""
    process = start("--broker", broker.url, "--alerts", str(tmp_path / "a"), "--revoked", "nowhere")
    _, err = process.communicate()
    assert process.returncode == 2
    assert "--revoked nowhere: No such file" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (Settings(SECRET), "--workers 2: they share alerts by a file; give --alerts FILE"),
        (Settings(SECRET, Access(users=Path("u")), alerts=Path("a")), "--workers 2: --users needs 1 worker"),
    ],
)
def test_what_several_workers_cannot_do_is_refused(settings: Settings, named: str) -> None:
    """With the remedy."""
    with pytest.raises(SensorSwarmError, match=named):
        check_workers(settings, 2)


def test_a_shared_port_is_not_shared_with_strangers() -> None:
    """Two servers on one port would each get a part of the clients; so the second one is refused."""
    with listen_several("127.0.0.1", 0, 2) as (first, second):
        port = first.getsockname()[1]
        assert second.getsockname()[1] == port
        with pytest.raises(ListenError, match=str(port)), listen_several("127.0.0.1", port, 2):
            pass
    listen("127.0.0.1", port).close()
