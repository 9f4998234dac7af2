"""The reference server under churn for a long time: whether its memory grows, and its open descriptors.

    rss_slope_kib_min        growth of the server's resident memory over the second half, Theil-Sen over medians of 10 s
    rss_slope_at_least, rss_slope_at_most
                             bounds of that with 95 % confidence
    rss_mib_middle, _end     resident memory at the half and at the end, each after a full garbage collection
    descriptors_slope_min, descriptors_slope_at_least, descriptors_slope_at_most
                             the same as for memory, of open descriptors that are no client's connection: /metrics
                             counts connections at the same moment
    descriptors_start, _end  how many those are, medians of the first and the last 10 s
    connections_s            connections that were opened a second

With --workers N all of them are sums over the whole server: parent, detector and workers.

The first half is warm-up: pools, caches and histories fill. Flat means that even the upper bounds of the slopes are
below FLAT_KIB_MIN, less than 150 MB a day, and FLAT_DESCRIPTORS_MIN, one descriptor that 3,600 connections leave open
at the least churn. Ends with 1 where either is not so, with 3 where a process ended, or where fewer than half of the
connections came that were asked for: what few connections leave behind cannot be told from nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import secrets
import signal
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil

from benchmarks._harness import Benchmark
from benchmarks._soak_trend import medians, theil_sen
from scenarios.children import Child, stop_all
from scenarios.commands import Addresses
from scenarios.ready import is_ready
from wire import ports
from wire.broker import EmbeddedBroker
from wire.errors import ExitCode, SensorSwarmError, UnusableError
from wire.records import CLIENTS, SWARM_READY
from wire.secret import SECRET_VARIABLE

# Within the first half of 20 minutes history must be full: 4096 readings a building, at 20 a second after 205 s.
BUILDINGS, SENSORS, INTERVAL_S = 10, 8, 0.4
CLIENTS_AT_ONCE = 200
CHURN_PER_MINUTE = 3600
LEAST_CONNECTIONS_S = CHURN_PER_MINUTE / 60 / 2
SAMPLE_S = 1.0
STRETCH_S = 10.0
LEAST_S = 12 * STRETCH_S  # of fewer than six stretches in a half the interval is the range of all slopes
FLAT_KIB_MIN = 100.0
FLAT_DESCRIPTORS_MIN = 0.5
PATIENCE_S = 120.0
ANSWER_S = 10.0
STOP_S = 20.0


class Sample(NamedTuple):
    """The server at one moment."""

    s: float  # since the swarm was there
    rss_kib: float
    descriptors: int  # that are no client's connection


class Watched(NamedTuple):
    """The server's processes, and where those that have clients tell how many."""

    processes: Sequence[psutil.Process]
    metrics_ports: Sequence[int]


def measure(seconds: float, *, workers: int = 1) -> dict[str, float]:
    """Figures of one soak.

    Raises:
        SensorSwarmError: there is too little time for a slope, or nobody would serve.
        UnusableError: a process ended, or the swarm did not come.
    """
    if seconds < LEAST_S:
        raise SensorSwarmError(f"--seconds {seconds:g}: too few points for a slope; give {LEAST_S:g} or more")
    if workers < 1:
        raise SensorSwarmError(f"--workers {workers}: give 1 or more")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        broker = stack.enter_context(EmbeddedBroker(port=0))
        children: list[Child] = []
        stack.callback(lambda: stop_all(children, patience_s=STOP_S))
        server = _start(children, folder, broker, seconds, workers)
        before = _opened(folder)
        began_s = time.monotonic()
        samples = list(_samples(server, children, seconds / 2))
        middle_kib = _collected_kib(server)
        samples += [one._replace(s=one.s + seconds / 2) for one in _samples(server, children, seconds / 2)]
        took_s = time.monotonic() - began_s
        connections_s = (_opened(folder) - before) / took_s
        end_kib = _collected_kib(server)
    return figures(samples) | {
        "rss_mib_middle": middle_kib / 1024,
        "rss_mib_end": end_kib / 1024,
        "connections_s": connections_s,
    }


def figures(samples: list[Sample]) -> dict[str, float]:
    """What the samples of one soak say. Pure."""
    s, kib, descriptors = (np.array(column, dtype=float) for column in zip(*samples, strict=True))
    late = s >= s[-1] / 2
    kib_min, descriptors_min = (
        theil_sen(*medians(s[late] / 60, column[late], STRETCH_S / 60)) for column in (kib, descriptors)
    )
    _, stretches = medians(s, descriptors, STRETCH_S)
    return {
        "rss_slope_kib_min": kib_min.slope,
        "rss_slope_at_least": kib_min.low,
        "rss_slope_at_most": kib_min.high,
        "descriptors_slope_min": descriptors_min.slope,
        "descriptors_slope_at_least": descriptors_min.low,
        "descriptors_slope_at_most": descriptors_min.high,
        "descriptors_start": float(stretches[0]),
        "descriptors_end": float(stretches[-1]),
    }


def flat(figures: dict[str, float]) -> bool:
    """Whether neither memory nor descriptors grow. Pure."""
    return figures["rss_slope_at_most"] < FLAT_KIB_MIN and figures["descriptors_slope_at_most"] < FLAT_DESCRIPTORS_MIN


def judged(figures: dict[str, float]) -> tuple[ExitCode, str]:
    """Exit code, and what to say. Pure."""
    if figures["connections_s"] < LEAST_CONNECTIONS_S:
        return ExitCode.NOT_USABLE, (
            f"{figures['connections_s']:.1f} connections a second were opened, of {CHURN_PER_MINUTE / 60:g} that were "
            f"asked for: fewer than {LEAST_CONNECTIONS_S:g} prove nothing; give the machine more time"
        )
    if flat(figures):
        return ExitCode.HELD, "flat"
    return ExitCode.GATE_FAILED, "NOT flat: memory or descriptors grow"


def _start(children: list[Child], folder: Path, broker: EmbeddedBroker, seconds: float, workers: int) -> Watched:
    """Start server, fleet and swarm, and wait until every client is live."""
    port = ports.free_port(in_a_row=1 + workers)
    addresses = Addresses(broker.url, "127.0.0.1", port, folder)
    environment = {SECRET_VARIABLE: secrets.token_urlsafe(32)}

    def start(role: str, *command: str) -> Child:
        log = folder / f"{role}.log"
        children.append(Child.start(role, [sys.executable, *command], log=log, environment=environment))
        return children[-1]

    longest_s = str(int(seconds + PATIENCE_S))
    fleet = ("--buildings", str(BUILDINGS), "--sensors", str(SENSORS), "--interval", str(INTERVAL_S))
    server = start(
        *("server", "-m", "benchmarks._soak_server", "--broker", broker.url, "--host", addresses.server_host),
        *("--port", str(addresses.server_port), "--alerts", str(folder / "alerts.sqlite")),
        *("--metrics-port", str(port + 1), "--workers", str(workers)),
    )
    _wait(server, lambda: is_ready(addresses, "/healthz"))
    start("fleet", *("-m", "simulator", "--broker", broker.url, "--duration", longest_s, *fleet))
    swarm = start(
        *("swarm", "-m", "locust", "-f", "loadtest/ws.py", "--headless", "--host", addresses.server_url),
        *("-u", str(CLIENTS_AT_ONCE), "-r", "100", "-t", f"{longest_s}s", "--run-dir", str(folder)),
        *("--fleet", str(BUILDINGS), "--buildings-per-manager", "1", "--churn-per-minute", str(CHURN_PER_MINUTE)),
    )
    _wait(swarm, (folder / SWARM_READY).exists)
    parent = psutil.Process(server.pid)
    return Watched([parent, *parent.children(recursive=True)], range(port + 1, port + 1 + workers))


def _wait(child: Child, holds: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not holds():
        _alive(child)
        if time.monotonic() > deadline_s:
            raise UnusableError(f"the {child.role} was not ready within {PATIENCE_S:g} s: {child.last_words()}")
        time.sleep(SAMPLE_S)


def _alive(child: Child) -> None:
    if child.exit_code is not None:
        raise UnusableError(f"the {child.role} ended with {child.exit_code}: {child.last_words()}")


def _samples(server: Watched, children: list[Child], seconds: float) -> Iterator[Sample]:
    began_s = time.monotonic()
    while (s := time.monotonic() - began_s) < seconds:
        for child in children:
            _alive(child)
        yield sample(server, s)
        time.sleep(SAMPLE_S)


def sample(server: Watched, s: float) -> Sample:
    """Look once."""
    connections = sum(map(_connections, server.metrics_ports))
    with _all_alive():
        descriptors = sum(process.num_fds() for process in server.processes)
    return Sample(s, _rss_kib(server), descriptors - connections)


def _rss_kib(server: Watched) -> float:
    with _all_alive():
        return sum(process.memory_info().rss for process in server.processes) / 1024


def _collected_kib(server: Watched) -> float:
    """Resident memory after a full garbage collection."""
    with _all_alive():
        for process in server.processes:
            process.send_signal(signal.SIGUSR1)
    time.sleep(SAMPLE_S)
    return _rss_kib(server)


@contextlib.contextmanager
def _all_alive() -> Iterator[None]:
    """Tell of a process of the server that is gone: what took its place would be taken for what it left free."""
    try:
        yield
    except psutil.NoSuchProcess as error:
        raise UnusableError(f"process {error.pid} of the server ended") from None


def _connections(metrics_port: int) -> int:
    """Connections of clients that one process has now."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{metrics_port}/metrics", timeout=ANSWER_S) as page:
            (line,) = (line for line in page if line.startswith(b"sensorswarm_connections "))
    except OSError as error:
        raise UnusableError(f"/metrics at port {metrics_port} did not answer: {error}") from None
    return int(float(line.split()[1]))


def _opened(folder: Path) -> int:
    """Connections that were opened so far."""
    return (folder / CLIENTS).read_bytes().count(b'"event":"open"')


def main() -> int:
    """Measure, and say whether anything grows."""
    benchmark = Benchmark("soak", "The reference server under churn", seconds=1200, repetitions=1)
    more = argparse.ArgumentParser(add_help=False)
    more.add_argument("--workers", type=int, default=1, help="processes that serve (%(default)d)")
    options = benchmark.parse(more=more)
    try:
        benchmark.take_turns({"server": partial(measure, workers=options.workers)})
    except SensorSwarmError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    benchmark.finish()
    code, said = max(
        judged(dict(zip(benchmark.samples, values, strict=True)))
        for values in zip(*benchmark.samples.values(), strict=True)
    )
    print(said, file=sys.stderr if code is ExitCode.NOT_USABLE else sys.stdout)
    return code


if __name__ == "__main__":
    sys.exit(main())
