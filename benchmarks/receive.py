"""What it costs to receive: our swarm, k6, and websocket-client under Locust, all fed by the same server.

    us_per_message     CPU of the client process a message of about 150 bytes, 500 connections, under full load: the
                       server is asked for 120,000 messages a second, writes what is due, and waits for the slowest
    us_per_message_calm  the same at 8,000 messages a second, each woken for by itself: what waking costs
    messages_per_s     what one process of ours takes when the server sends as much as it takes, ten frames a write
    kib_per_client     memory of a client with books of 60 sensors, 10,000 connections in one process
    handshakes_per_s   clients that became live again a second, after the server reset all connections at once
    spawned_per_s      clients that became live a second when Locust spawns all at once: its own spawning included

Ours is the real locustfile with its books and records. Its books must hold, or there is no figure.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import psutil

from benchmarks._harness import Benchmark
from scenarios.runner import locustfile
from wire import records

CLIENTS = 500
MANY_CLIENTS = 10_000
STORM_CLIENTS = 6_000
FULL_PER_S = 120_000  # messages over all clients that are offered
CALM_PER_S = 8_000  # that every contestant takes
PEERS = Path(__file__).parent / "peers"


class Blaster:
    """The sending server as a child process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.peers.blaster"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.port = int(self._answer())

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def _order(self, order: str) -> list[str]:
        assert self._process.stdin is not None
        self._process.stdin.write(order + "\n")
        self._process.stdin.flush()
        return self._answer().split()

    def wait_for(self, clients: int, patience_s: float = 90) -> None:
        """Wait until so many clients have said hello."""
        deadline = time.monotonic() + patience_s
        while (count := int(self._order("count")[1])) < clients:
            if time.monotonic() > deadline:
                raise SystemExit(f"only {count} of {clients} clients came within {patience_s:g} s")
            time.sleep(0.1)

    def blast(self, rate: float, burst: int, seconds: float) -> tuple[int, float]:
        """Messages sent over all clients, and the seconds it took."""
        _, sent, took_s = self._order(f"blast {rate} {burst} {seconds}")
        return int(sent), float(took_s)

    def cut(self) -> None:
        """Reset every connection."""
        self._order("cut")

    def close(self) -> None:
        """End it; safe to call twice."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process.wait(10)


@contextlib.contextmanager
def blaster() -> Iterator[Blaster]:
    """A blaster for as long as the block lasts."""
    running = Blaster()
    try:
        yield running
    finally:
        running.close()


@contextlib.contextmanager
def contestant(command: list[str], **environment: str) -> Iterator[psutil.Process]:
    """A client process for as long as the block lasts; ended as its user would end it."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )
    try:
        yield psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def ours(port: int, clients: int, directory: str, *, buildings: int = 1, rate: int = 500) -> list[str]:
    """Our swarm, with everything it keeps."""
    return [
        *(sys.executable, "-m", "locust", "-f", str(locustfile()), "--headless", "--only-summary"),
        *("--host", f"ws://127.0.0.1:{port}", "-u", str(clients), "-r", str(rate), "-t", "10m"),
        *("--fleet", str(buildings), "--buildings-per-manager", str(buildings), "--run-dir", directory),
    ]


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _settled_cpu_s(process: psutil.Process, patience_s: float = 60) -> float:
    """CPU seconds so far, once all that lies in buffers is received."""
    deadline = time.monotonic() + patience_s
    before_s = _cpu_s(process)
    while True:
        time.sleep(0.25)
        after_s = _cpu_s(process)
        if after_s - before_s < 0.05 or time.monotonic() > deadline:
            return after_s
        before_s = after_s


def _us_per_message(server: Blaster, process: psutil.Process, seconds: float) -> tuple[float, float, int]:
    """Under full load and calm, and how many messages that were in all."""
    server.wait_for(CLIENTS)
    time.sleep(1.5)  # what starting left to do
    figures = []
    total = 0
    for rate in (FULL_PER_S, CALM_PER_S):
        before_s = _cpu_s(process)
        sent, _ = server.blast(rate, 0, seconds)
        figures.append(1e6 * (_settled_cpu_s(process) - before_s) / sent)
        total += sent
    return figures[0], figures[1], total


def _books(directory: str) -> records.Books:
    return records.Books.from_dict(orjson.loads((Path(directory) / records.BOOKS).read_bytes()))


def _check(directory: str, sent: int) -> None:
    counts = _books(directory).readings
    if not (counts.balanced and counts.delivered == counts.expected == sent):
        raise SystemExit(f"our books do not hold: {sent} sent, {counts}")


def measure_ours(seconds: float) -> dict[str, float]:
    """CPU a message of our swarm, checked by its books."""
    with blaster() as server, tempfile.TemporaryDirectory() as directory:
        with contestant(ours(server.port, CLIENTS, directory)) as process:
            full, calm, sent = _us_per_message(server, process, seconds)
        _check(directory, sent)
    return {"us_per_message": full, "us_per_message_calm": calm}


def measure_k6(seconds: float) -> dict[str, float]:
    """CPU a message of k6 with a Trend; all it received must be all that was sent."""
    binary = Path(sys.executable).with_name("k6")
    with blaster() as server, tempfile.TemporaryDirectory() as directory:
        summary = Path(directory) / "summary.json"
        command = [str(binary), "run", "--quiet", "--summary-export", str(summary), str(PEERS / "k6_swarm.js")]
        environment = {"URL": f"ws://127.0.0.1:{server.port}/ws", "CLIENTS": str(CLIENTS)}
        with contestant(command, **environment) as process:
            full, calm, sent = _us_per_message(server, process, seconds)
            rss_mib = process.memory_info().rss / 2**20
            server.close()  # its sockets close, and with them k6 has nothing left to do
            process.wait(30)
        received = orjson.loads(summary.read_bytes())["metrics"]["ws_msgs_received"]["count"]
        if received < sent:
            raise SystemExit(f"k6 received {received} of {sent} messages")
    return {"us_per_message_k6": full, "us_per_message_calm_k6": calm, "rss_mib_k6": rss_mib}


def measure_websocket_client(seconds: float) -> dict[str, float]:
    """CPU a message of websocket-client under Locust."""
    with blaster() as server:
        command = [
            *(sys.executable, "-m", "locust", "-f", str(PEERS / "websocket_client_swarm.py"), "--headless"),
            *("--host", f"ws://127.0.0.1:{server.port}", "-u", str(CLIENTS), "-r", "500", "-t", "10m"),
            "--only-summary",
        ]
        with contestant(command) as process:
            full, calm, _ = _us_per_message(server, process, seconds)
    return {"us_per_message_websocket_client": full, "us_per_message_calm_websocket_client": calm}


def measure_throughput(seconds: float) -> dict[str, float]:
    """Messages a second that one process takes."""
    with blaster() as server, tempfile.TemporaryDirectory() as directory:
        with contestant(ours(server.port, CLIENTS, directory)) as process:
            server.wait_for(CLIENTS)
            time.sleep(1.5)
            before_s, started_s = _cpu_s(process), time.monotonic()
            sent, _ = server.blast(0, 10, seconds)
            cpu_s = _settled_cpu_s(process) - before_s
            took_s = time.monotonic() - started_s - 0.25
        _check(directory, sent)
    return {"messages_per_s": sent / took_s, "us_per_message_full": 1e6 * cpu_s / sent}


def measure_memory(_: float) -> dict[str, float]:
    """Memory of a client among ten thousand, after each has heard every one of its 60 sensors."""
    with blaster() as server, tempfile.TemporaryDirectory() as directory:
        with contestant(ours(server.port, 1, directory, buildings=3)) as process:
            server.wait_for(1)
            time.sleep(2)
            server.blast(0, 20, 0.001)
            alone = process.memory_info().rss
        with contestant(ours(server.port, MANY_CLIENTS, directory, buildings=3, rate=2000)) as process:
            server.wait_for(MANY_CLIENTS)
            time.sleep(2)
            server.blast(0, 20, 0.001)
            time.sleep(5)
            many = process.memory_info().rss
    return {"kib_per_client": (many - alone) / (MANY_CLIENTS - 1) / 1024}


def measure_storm(_: float) -> dict[str, float]:
    """Clients that become live a second: when Locust spawns all at once, and when all come back at once."""
    with blaster() as server, tempfile.TemporaryDirectory() as directory:
        command = ours(server.port, STORM_CLIENTS, directory, rate=STORM_CLIENTS)
        with contestant([*command, "--backoff", "0", "--jitter", "none"]):
            server.wait_for(STORM_CLIENTS)
            time.sleep(2)
            server.cut()
            time.sleep(0.5)
            server.wait_for(STORM_CLIENTS)
            time.sleep(2)
        events = records.read_records(Path(directory) / records.CLIENTS, records.ClientEvent)
    lost_ts = min(event.ts for event in events if event.event == "lost")
    first = [event.ts for event in events if event.event == "live" and event.ts < lost_ts]
    again = [event.ts for event in events if event.event == "live" and event.ts >= lost_ts]
    if not len(first) == len(again) == STORM_CLIENTS:
        raise SystemExit(f"{len(first)} of {STORM_CLIENTS} clients became live, {len(again)} again")
    started_ts = min(event.ts for event in events if event.event == "start")
    return {
        "handshakes_per_s": len(again) / (max(again) - lost_ts),
        "spawned_per_s": len(first) / (max(first) - started_ts),
    }


def main() -> None:
    """Run it."""
    benchmark = Benchmark(
        "receive",
        "Receiving with full accounting: CPU a message, throughput, memory, connect storm",
        seconds=5,
        repetitions=3,
    )
    benchmark.parse()
    os.environ.setdefault("SENSORSWARM_JWT_SECRET", "a-secret-that-nobody-checks-here-0123456789")
    benchmark.take_turns(
        {
            "ours": measure_ours,
            "k6": measure_k6,
            "websocket-client": measure_websocket_client,
            "throughput": measure_throughput,
            "memory": measure_memory,
            "storm": measure_storm,
        }
    )
    benchmark.ratio("ratio_k6", "us_per_message_k6", "us_per_message")
    benchmark.ratio("ratio_k6_calm", "us_per_message_calm_k6", "us_per_message_calm")
    benchmark.ratio("ratio_websocket_client", "us_per_message_websocket_client", "us_per_message")
    benchmark.finish()


if __name__ == "__main__":
    main()
