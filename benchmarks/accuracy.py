"""How well the swarm's client measures a latency that is known: docs/accuracy.md has the definition and the figures.

A sender stamps each reading when it writes it; a proxy holds it for 0, 1, 5, 20 or 100 ms; the swarm's own receive path
measures it. The proxy keeps a journal of how long it really held each one: its own lateness is known and not guessed.

    error = measured latency - time held by the proxy         (of every reading; never corrected for anything)

which leaves the way from the sender's stamp to the proxy, and from the proxy to the client's kernel.
"""

from __future__ import annotations

import json
import random
import socket
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks import _accuracy_sender as sender
from benchmarks._harness import Benchmark
from scenarios.faults.latency import Delay
from wire.errors import UnusableError

DELAYS_MS = (0.0, 1.0, 5.0, 20.0, 100.0)
CLIENTS = 50
READINGS_PER_S = 500.0  # ten a second for each client
BUSY_SHARE = 0.9  # of a core
_ROUNDS = 4  # times that each delay has its turn within one measurement
_SETTLE_S = 0.05  # beyond the delay, for what is under way
_PATIENCE_S = 30.0

Milliseconds = NDArray[np.float64]


class Held(NamedTuple):
    """What the proxy did with the chunks it sent to one client, in order."""

    ends: list[int]  # number of the last byte of each
    ms: list[float]  # from arrival to sending


class Outcome(NamedTuple):
    """One measurement: a value for each reading."""

    delay_ms: Milliseconds  # asked for
    held_ms: Milliseconds  # what the proxy really did
    latency_ms: Milliseconds  # measured by the client
    core_share: float  # of the client's process


def held_by_port(journal: str) -> dict[int, Held]:
    """Read a proxy's journal: its own port -> what it sent from there to the client."""
    held: dict[int, Held] = {}
    for line in journal.splitlines():
        port, way, end_byte, read_ns, sent_ns = line.split()
        if way == "down":
            entry = held.setdefault(int(port), Held([], []))
            entry.ends.append(int(end_byte))
            entry.ms.append((int(sent_ns) - int(read_ns)) / 1e6)
    return held


def figures(outcome: Outcome, suffix: str) -> dict[str, float]:
    """Quantiles of the absolute error for each delay, and the worst of them over the delays."""
    found: dict[str, float] = {}
    for against, truth_ms in (("", outcome.held_ms), ("_nominal", outcome.delay_ms)):
        error_ms = np.abs(outcome.latency_ms - truth_ms)
        for name, rank in (("p50", 50), ("p99", 99)):
            of_delay = {
                delay_ms: float(np.percentile(error_ms[outcome.delay_ms == delay_ms], rank)) for delay_ms in DELAYS_MS
            }
            found[f"{name}_error{against}{suffix}_ms"] = max(of_delay.values())
            if not against:
                found |= {f"{name}_error{suffix}_at_{delay_ms:g}_ms": value for delay_ms, value in of_delay.items()}
    found[f"least_error{suffix}_ms"] = float(np.min(outcome.latency_ms - outcome.held_ms))
    found[f"proxy_late_p99{suffix}_ms"] = float(np.percentile(outcome.held_ms - outcome.delay_ms, 99))
    found[f"core_share{suffix}"] = outcome.core_share
    return found


@contextmanager
def _running(module: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A module in a process of its own with pipes to it; ended at the latest when the block is left."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if not line:
        raise UnusableError(f"the benchmark's {process.args!r} ended early")
    return line


def _order(proxy: subprocess.Popen[str], delay: Delay) -> None:
    assert proxy.stdin is not None
    proxy.stdin.write(delay.command + "\n")
    proxy.stdin.flush()
    answer = _line(proxy)
    if answer != delay.command:
        raise UnusableError(f"the proxy answered {answer!r} to {delay.command!r}")


def _take_turns(streams: list[sender.Stream], proxy: subprocess.Popen[str], seconds: float, seed: int) -> None:
    rng = random.Random(seed)
    turn_s = seconds / (_ROUNDS * len(DELAYS_MS))
    for _ in range(_ROUNDS):
        for delay_ms in rng.sample(DELAYS_MS, len(DELAYS_MS)):
            _order(proxy, Delay(delay_ms))
            sender.send_for(streams, turn_s, per_second=READINGS_PER_S, delay_ms=delay_ms, rng=rng)
            time.sleep(delay_ms / 1e3 + _SETTLE_S)


def _accept_all(listener: socket.socket) -> list[sender.Stream]:
    try:
        return [sender.accept(listener) for _ in range(CLIENTS)]
    except TimeoutError:
        raise UnusableError(f"not all {CLIENTS} clients connected within {_PATIENCE_S:g} s") from None


def measure(seconds: float, *options: str, seed: int = 1) -> Outcome:
    """Send for about `seconds` and hold what the client measured against what the proxy did.

    Raises:
        UnusableError: a client did not connect, or a reading did not come, or came twice.
    """
    with tempfile.TemporaryDirectory() as directory, closing(socket.create_server(("127.0.0.1", 0))) as listener:
        listener.settimeout(_PATIENCE_S)
        journal = Path(directory) / "journal"
        to = f"127.0.0.1:{listener.getsockname()[1]}"
        with _running("scenarios.proxy", "--listen", "127.0.0.1:0", "--to", to, "--journal", str(journal)) as proxy:
            url = f"ws://{_line(proxy).split()[1]}/ws"
            arguments = ("--url", url, "--clients", str(CLIENTS), *options)
            with _running("benchmarks._accuracy_client", *arguments) as client:
                streams = _accept_all(listener)
                _take_turns(streams, proxy, seconds, seed)
                _order(proxy, Delay(0))
                sender.close(streams)
                told = json.loads(_line(client))
            assert proxy.stdin is not None
            proxy.stdin.close()
            proxy.wait(_PATIENCE_S)
        return _outcome(streams, told, held_by_port(journal.read_text("ascii")))


def _outcome(streams: list[sender.Stream], told: Mapping[str, Any], held: Mapping[int, Held]) -> Outcome:
    delays_ms: list[float] = []
    held_ms: list[float] = []
    latencies_ms: list[float] = []
    for stream in streams:
        latencies_s = told["latencies_s"][stream.user]
        if len(latencies_s) != len(stream.ends) or told["duplicated"] or told["not_understood"]:
            raise UnusableError(f"client {stream.user}: {len(stream.ends)} readings sent, {len(latencies_s)} booked")
        chunks = held[stream.port]
        delays_ms += stream.delays_ms
        held_ms += [chunks.ms[bisect_left(chunks.ends, end)] for end in stream.ends]
        latencies_ms += [latency_s * 1e3 for latency_s in latencies_s]
    return Outcome(np.array(delays_ms), np.array(held_ms), np.array(latencies_ms), told["core_share"])


def main() -> None:
    """Measure an idle client, a busy one, and a busy one that takes the time after its reads."""
    benchmark = Benchmark(
        name="accuracy", about="Known delays of 0 to 100 ms, measured by the swarm's client", seconds=12.0
    )
    benchmark.parse()
    busy = ("--busy", str(BUSY_SHARE))
    contestants = {
        "idle client": lambda seconds: figures(measure(seconds), ""),
        "busy client": lambda seconds: figures(measure(seconds, *busy), "_busy"),
        "busy client without kernel stamps": lambda seconds: figures(
            measure(seconds, *busy, "--unstamped"), "_busy_unstamped"
        ),
    }
    try:
        benchmark.take_turns(contestants)
    except UnusableError as error:
        sys.stderr.write(f"accuracy: {error}\n")
        sys.exit(int(error.exit_code))
    benchmark.ratio("unstamped_to_stamped_busy", "p99_error_busy_unstamped_ms", "p99_error_busy_ms")
    benchmark.finish()


if __name__ == "__main__":
    main()
