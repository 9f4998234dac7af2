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
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
import websockets

from reference_server.identity import Access, mint
from reference_server.server import ListenError, listen
from reference_server.service import Settings
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
                self._position["alert_offset"] = message["offset"]


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    while not holds():  # noqa: ASYNC110 - other processes tell nobody
        await asyncio.sleep(0.02)


async def page(url: str) -> str:
    body: bytes = await asyncio.to_thread(lambda: urllib.request.urlopen(url).read())  # noqa: S310 - our own
    return body.decode()


async def worker_of(url: str) -> int:
    return int(json.loads(await page(url.replace("ws:", "http:").replace("/ws", "/healthz")))["worker"])


async def clients_of(watched: str) -> int:
    lines = (await page(watched.strip())).splitlines()
    return next(int(float(line.split()[1])) for line in lines if line.startswith("sensorswarm_clients "))


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
        clients = [Resuming(url) for _ in range(8)]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(client.run()) for client in clients]
            await until(lambda: all(client.here for client in clients))
            assert len({epoch for client in clients for epoch in client.epochs}) == 2
            process.send_signal(signal.SIGHUP)
            raised = 0
            while any(child.is_running() for child in before):
                publish(str(raised), 60.0)
                raised += 1
                await asyncio.sleep(0.1)
            victim = next(child for child in family.children() if child.net_connections())
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


async def test_no_process_outlives_its_parent(
    start: Start, broker: EmbeddedBroker, patience: Callable[[float], float], tmp_path: Path
) -> None:
    """Also after kill -9, when the parent can tell nobody, and also one that is still starting."""
    process = start("--broker", broker.url, "--alerts", str(tmp_path / "a"))
    family = psutil.Process(process.pid)
    async with asyncio.timeout(patience(90)):
        await until(lambda: bool(family.children()))
        children = family.children()
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
