"""The reference server under churn for a long time: whether its memory grows, and its open descriptors.

    rss_slope_kib_min        growth of the server's resident memory over the second half, Theil-Sen over medians of 10 s
    rss_slope_at_least, rss_slope_at_most
                             bounds of that with 95 % confidence
    rss_mib_middle, _end     resident memory at the half and at the end, each after a full garbage collection
    descriptors_start, _end  open files once every client is live, and at the end, with as many clients
    connections_s            connections that were opened a second

The first half is warm-up: pools, caches and histories fill. Memory counts as flat when even the upper bound of the
slope is below FLAT_KIB_MIN, less than 150 MB a day, and descriptors when no more than DESCRIPTORS more are open, which
is how many clients may be on their way. Ends with 1 where either is not so, with 3 where a process ended.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
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

# A building's history of 4096 readings must be full in the first half: at 20 a second it is after 205 s.
BUILDINGS, SENSORS, INTERVAL_S = 10, 20, 1.0
CLIENTS_AT_ONCE = 200
CHURN_PER_MINUTE = 3600
SAMPLE_S = 1.0
STRETCH_S = 10.0
LEAST_S = 12 * STRETCH_S  # of fewer than six stretches in a half the interval is the range of all slopes
FLAT_KIB_MIN = 100.0
DESCRIPTORS = 20
PATIENCE_S = 120.0
STOP_S = 20.0


class Sample(NamedTuple):
    """The server at one moment."""

    s: float  # since the swarm was there
    rss_kib: float
    descriptors: int


def measure(seconds: float) -> dict[str, float]:
    """Figures of one soak.

    Raises:
        SensorSwarmError: there is too little time for a slope.
        UnusableError: a process ended, or the swarm did not come.
    """
    if seconds < LEAST_S:
        raise SensorSwarmError(f"--seconds {seconds:g}: too few points for a slope; give {LEAST_S:g} or more")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        broker = stack.enter_context(EmbeddedBroker(port=0))
        children: list[Child] = []
        stack.callback(lambda: stop_all(children, patience_s=STOP_S))
        _start(children, folder, broker, seconds)
        server = psutil.Process(children[0].pid)
        before = _connections(folder)
        began_s = time.monotonic()
        samples = list(_samples(server, children, seconds / 2))
        middle_kib = _collected_kib(server)
        samples += [sample._replace(s=sample.s + seconds / 2) for sample in _samples(server, children, seconds / 2)]
        took_s = time.monotonic() - began_s
        connections_s = (_connections(folder) - before) / took_s
        end_kib = _collected_kib(server)
    return figures(samples) | {
        "rss_mib_middle": middle_kib / 1024,
        "rss_mib_end": end_kib / 1024,
        "connections_s": connections_s,
    }


def figures(samples: list[Sample]) -> dict[str, float]:
    """What the samples of one soak say. Pure."""
    s, kib, _ = (np.array(column, dtype=float) for column in zip(*samples, strict=True))
    late = s >= s[-1] / 2
    minutes, medians_kib = medians(s[late] / 60, kib[late], STRETCH_S / 60)
    slope = theil_sen(minutes, medians_kib)
    return {
        "rss_slope_kib_min": slope.slope,
        "rss_slope_at_least": slope.low,
        "rss_slope_at_most": slope.high,
        "descriptors_start": samples[0].descriptors,
        "descriptors_end": samples[-1].descriptors,
    }


def flat(figures: dict[str, float]) -> bool:
    """Whether neither memory nor descriptors grow. Pure."""
    more = figures["descriptors_end"] - figures["descriptors_start"]
    return figures["rss_slope_at_most"] < FLAT_KIB_MIN and more <= DESCRIPTORS


def _start(children: list[Child], folder: Path, broker: EmbeddedBroker, seconds: float) -> None:
    """Start server, fleet and swarm, and wait until every client is live."""
    addresses = Addresses(broker.url, "127.0.0.1", ports.free_port(), folder)
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
    )
    _wait(server, lambda: is_ready(addresses, "/healthz"))
    start("fleet", *("-m", "simulator", "--broker", broker.url, "--duration", longest_s, *fleet))
    swarm = start(
        *("swarm", "-m", "locust", "-f", "loadtest/ws.py", "--headless", "--host", addresses.server_url),
        *("-u", str(CLIENTS_AT_ONCE), "-r", "100", "-t", f"{longest_s}s", "--run-dir", str(folder)),
        *("--fleet", str(BUILDINGS), "--buildings-per-manager", "1", "--churn-per-minute", str(CHURN_PER_MINUTE)),
    )
    _wait(swarm, (folder / SWARM_READY).exists)


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


def _samples(server: psutil.Process, children: list[Child], seconds: float) -> Iterator[Sample]:
    began_s = time.monotonic()
    while (s := time.monotonic() - began_s) < seconds:
        for child in children:
            _alive(child)
        yield Sample(s, server.memory_info().rss / 1024, server.num_fds())
        time.sleep(SAMPLE_S)


def _collected_kib(server: psutil.Process) -> float:
    """Resident memory after a full garbage collection."""
    os.kill(server.pid, signal.SIGUSR1)
    time.sleep(SAMPLE_S)
    return float(server.memory_info().rss) / 1024


def _connections(folder: Path) -> int:
    """Connections that were opened so far."""
    return (folder / CLIENTS).read_bytes().count(b'"event":"open"')


def main() -> int:
    """Measure, and say whether anything grows."""
    benchmark = Benchmark("soak", "The reference server under churn", seconds=1200, repetitions=1)
    benchmark.parse()
    try:
        benchmark.take_turns({"server": measure})
    except SensorSwarmError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    benchmark.finish()
    held = all(
        flat(dict(zip(benchmark.samples, values, strict=True)))
        for values in zip(*benchmark.samples.values(), strict=True)
    )
    print("flat" if held else "NOT flat: memory or descriptors grow")
    return ExitCode.HELD if held else ExitCode.GATE_FAILED


if __name__ == "__main__":
    sys.exit(main())
