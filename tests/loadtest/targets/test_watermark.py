"""The target of servers that forward nothing but values: what it books, and one real run."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import numpy as np
import orjson
import pytest
from hdrh.log import HistogramLogReader
from mqtt5 import PublishPacket
from websockets.asyncio.server import ServerConnection, serve

from loadtest.alerts import AlertRegister
from loadtest.books import Books
from loadtest.histogram import new_histogram
from loadtest.ledger import Catalogue
from loadtest.roster import Manager
from loadtest.targets.watermark import WatermarkTarget
from loadtest.unknown import Unknown
from wire import records, watermark
from wire.mqtt import BrokerAddress, Link, Subscription

ROOT = Path(__file__).parents[3]
NOW = 1_763_856_000.0
SENSOR = "b-1/temperature/1"


class Talk:
    """A conversation with everything it lays down; readings are meant a second apart."""

    def __init__(self) -> None:
        self.unknown, self.latencies = Unknown(), []
        self.books = Books(
            ("b-1",),
            catalogue=Catalogue(),
            register=AlertRegister(),
            unknown=self.unknown,
            delivered=self.latencies.append,
            number=lambda _building, _sensor, ts: 1000 + round(ts - NOW),
        )
        manager = Manager("m-0001", ("b-1",))
        self.talk = WatermarkTarget().conversation(manager, self.books, self.unknown, lambda *_: None)
        self.talk.hello(None)

    def hear(self, message: object, arrival_ts: float = NOW) -> None:
        self.talk.take([orjson.dumps(message)], arrival_ts)


def marked(seq: int, *, of_time: int | None = None) -> float:
    second = seq if of_time is None else of_time
    ts_ns = int(NOW + second) * 10**9
    return float(watermark.encode(np.array(21.5), np.array(2), np.array(ts_ns), np.array(seq)))


def test_time_and_number_come_out_of_the_value() -> None:
    """Latency is measured from the time in the value, and a number left out is missing."""
    it = Talk()
    for seq in (0, 1, 3):
        it.hear([{"k": SENSOR, "v": marked(seq)}], NOW + seq + 0.25)
    assert it.latencies == pytest.approx([0.25] * 3, abs=1e-4)
    ledger = it.books.ledgers["b-1"]
    assert [(gap.start, gap.stop) for gap in ledger.gaps[0]] == [(1002, 1003)]
    assert it.unknown.total == 0


@pytest.mark.parametrize("value", [21.53, 600, None, "21.5", True, round(marked(1), 6), float(np.float32(marked(1)))])
def test_a_value_without_a_watermark_is_told(value: object) -> None:
    """Such a value is in no book, and counted as not understood."""
    it = Talk()
    it.hear({"k": SENSOR, "v": value})
    assert it.unknown.kinds == {"no watermark": 1}
    assert it.books.received == 0


def test_a_time_and_a_number_that_disagree_are_told() -> None:
    """Noise that passes for a watermark by chance does not pass for the next reading."""
    it = Talk()
    it.hear({"k": SENSOR, "v": marked(0)})
    it.hear({"k": SENSOR, "v": marked(1, of_time=40)}, NOW + 40)
    assert it.unknown.kinds == {"a watermark whose time and number disagree": 1}


def test_without_ids_there_is_latency_and_nothing_else() -> None:
    """A server of bare values lets latency be measured; nobody can say which reading it was."""
    it = Talk()
    it.hear({"v": marked(0)}, NOW + 0.5)
    assert it.latencies == pytest.approx([0.5], abs=1e-4)
    assert (it.books.received, it.books.unnumbered) == (1, 1)


class ValueServer:
    """Forwards only id and value, each after `delay_s`, and every `drops`th not at all; notes true latencies."""

    def __init__(self, broker_url: str, *, delay_s: float, drops: int) -> None:
        self.forwarded = self.dropped = 0
        self.latencies_s: list[float] = []
        self._address = BrokerAddress.parse(broker_url)
        self._delay_s, self._drops = delay_s, drops
        self._clients: set[ServerConnection] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()))

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(20)

    async def _main(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        link = Link(
            self._address, on_messages=self._take, subscriptions=[Subscription("values/#", 0)], client_id="values"
        )
        async with serve(self._client, "127.0.0.1", 0, compression=None) as server:
            self.port = server.sockets[0].getsockname()[1]
            await link.start()
            self._ready.set()
            await self._stopping.wait()
            await link.close()

    async def _client(self, connection: ServerConnection) -> None:
        self._clients.add(connection)
        await connection.wait_closed()
        self._clients.discard(connection)

    def _take(self, packets: list[PublishPacket]) -> None:
        for packet in packets:
            self._loop.call_later(self._delay_s, self._forward, orjson.loads(packet.payload))

    def _forward(self, reading: dict) -> None:
        if not self._clients:
            return
        if (self.forwarded + self.dropped) % self._drops == self._drops - 1:
            self.dropped += 1
            return
        self.forwarded += 1
        frame = orjson.dumps({"k": reading["sensor"], "v": reading["value"]}).decode()
        for connection in self._clients:
            connection.protocol.send_text(frame.encode())
            connection.send_data()
        self.latencies_s.append(time.time() - reading["ts"])


@contextlib.contextmanager
def running(*command: str) -> Iterator[subprocess.Popen[str]]:
    """A module as a process of its own, which is ended in any case."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("SENSORSWARM_", "LOCUST_"))}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, env=environment, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


def test_latency_and_loss_of_a_server_that_forwards_only_values(broker, tmp_path, patience) -> None:
    """A real load, a real swarm: percentiles are the server's own, and every reading it dropped is missing."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(ValueServer(broker.url, delay_s=0.2, drops=50))
        swarm = stack.enter_context(
            running(
                *("locust", "-f", "loadtest/ws.py", "--headless", "--only-summary", "-u", "1", "-r", "1"),
                *("--host", f"ws://127.0.0.1:{server.port}", "--fleet", "1", "--run-dir", str(tmp_path)),
                *("--buildings-per-manager", "1", "--target", "watermark"),
                *("--jwt-secret", "long enough for SHA-256" * 2),
            )
        )
        deadline_s = time.monotonic() + patience(30)
        while not (tmp_path / records.SWARM_READY).exists():
            assert swarm.poll() is None, swarm.communicate()
            assert time.monotonic() < deadline_s
            time.sleep(0.05)
        fleet = stack.enter_context(
            running(
                *("simulator", "--broker", broker.url, "--buildings", "1", "--sensors", "40", "--interval", "0.5"),
                *("--topic", "values/{building}/{quantity}/{sensor}", "--watermark", "--duration", "3"),
                *("--run-dir", str(tmp_path), "--anomaly-rate", "0", "--control-topic", ""),
            )
        )
        out, _ = fleet.communicate(timeout=patience(40))
        assert fleet.returncode == 0, out
        time.sleep(0.5)  # what is delayed leaves
        swarm.send_signal(signal.SIGINT)
        out, _ = swarm.communicate(timeout=patience(20))
    books = records.Books.from_dict(json.loads((tmp_path / records.BOOKS).read_bytes()))
    counts = books.readings
    assert books.settled, out
    assert books.not_understood == {}
    assert (counts.balanced, counts.delivered, counts.missing) == (True, server.forwarded, server.dropped)
    assert server.dropped > 3
    for percent in (50, 90, 99):
        measured_s = latencies(tmp_path / records.LATENCY).get_value_at_percentile(percent) / 1e6
        assert measured_s == pytest.approx(np.percentile(server.latencies_s, percent), abs=patience(0.05))


def latencies(path: Path):
    """All latencies of readings."""
    whole = new_histogram()
    reader = HistogramLogReader(str(path), new_histogram())
    try:
        while (interval := reader.get_next_interval_histogram()) is not None:
            if interval.get_tag() == "reading":
                whole.add(interval)
    finally:
        reader.input_file.close()
    return whole
