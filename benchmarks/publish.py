"""What publishing costs: our publisher, an aiomqtt loop and pre-encoded bytes, to an embedded broker with a subscriber.

    readings_per_s     encoded and published by one process of ours, from blocks of a fleet, with its books
    ratio_aiomqtt      to a loop that awaits aiomqtt for every reading
    ratio_raw          to the same link fed bytes that were encoded before: 1 would be an encoder that costs nothing
    us_per_reading     CPU of our process, sockets included
    step_s_million     one step of a million sensors: physics, sensors, anomalies, and their order in time
    start_s_million    from the command to its first reading: the real command with a million sensors every 5 s
    late_ms_p99_million, shed_million, rss_mb_million, broker_rss_mb_million   the same command, its own records

Everything a contestant sent has to reach the subscriber, a process of its own that counts, or there is no figure.
A million sensors run as `simulate --buildings 5000 --sensors 200` for --million-seconds; --only million measures
nothing else, --only publishers leaves them out.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import psutil

from benchmarks._harness import Benchmark
from benchmarks._publish_counter import counter
from simulator.fleet import Fleet
from wire import records
from wire.broker import EmbeddedBroker

BUILDINGS, SENSORS, INTERVAL_S = 5000, 200, 5.0
MIB = 2**20
PATIENCE_S = 30


class Counter:
    """The subscribing process."""

    def __init__(self, port: int) -> None:
        with tempfile.NamedTemporaryFile(prefix="publish-", delete=False) as file:
            file.write(bytes(8))
        self.file = file.name
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks._publish_counter", str(port), self.file],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        if not self._process.stdout.readline():
            raise SystemExit("the subscriber ended")
        self._shared = counter(self.file)

    def heard(self) -> int:
        """Readings so far."""
        return int(self._shared[0])

    def wait_for(self, readings: int) -> None:
        """Wait until as many have been heard, and see that no more were."""
        deadline = time.monotonic() + PATIENCE_S
        while (heard := self.heard()) < readings and time.monotonic() < deadline:
            time.sleep(0.05)
        if heard != readings:
            raise SystemExit(f"{readings} readings were sent, the subscriber heard {heard}")

    def close(self) -> None:
        """End it."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process.wait(10)
        Path(self.file).unlink()


@contextlib.contextmanager
def heard_broker() -> Iterator[tuple[EmbeddedBroker, Counter]]:
    """A broker and its subscriber for as long as the block lasts."""
    with EmbeddedBroker(port=0) as broker:
        subscriber = Counter(broker.port + 1)
        try:
            yield broker, subscriber
        finally:
            subscriber.close()


def _run(subscriber: Counter, module: str, *arguments: str) -> tuple[float, float, float]:
    """Readings, seconds until the subscriber had the last one, and CPU seconds of one contestant."""
    before = subscriber.heard()
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE, check=True, timeout=600, text=True
    )
    result = orjson.loads(done.stdout)
    subscriber.wait_for(before + result["sent"])
    return result["sent"], result["took_s"], result["cpu_s"]


def measure_ours(seconds: float) -> dict[str, float]:
    """Our publisher as fast as it goes."""
    with heard_broker() as (broker, subscriber):
        sent, took_s, cpu_s = _run(
            subscriber, "benchmarks._publish_sender", "ours", str(broker.port), str(seconds), subscriber.file
        )
        rss = psutil.Process(broker.pid).memory_info().rss
    return {"readings_per_s": sent / took_s, "us_per_reading": 1e6 * cpu_s / sent, "broker_rss_mb": rss / MIB}


def measure_raw(seconds: float) -> dict[str, float]:
    """The same link, fed bytes that were encoded before."""
    with heard_broker() as (broker, subscriber):
        sent, took_s, cpu_s = _run(
            subscriber, "benchmarks._publish_sender", "raw", str(broker.port), str(seconds), subscriber.file
        )
    return {"readings_per_s_raw": sent / took_s, "us_per_reading_raw": 1e6 * cpu_s / sent}


def measure_aiomqtt(seconds: float) -> dict[str, float]:
    """A loop that awaits every reading."""
    with heard_broker() as (broker, subscriber):
        sent, took_s, cpu_s = _run(subscriber, "benchmarks.peers.aiomqtt_loop", str(broker.port), str(seconds))
    return {"readings_per_s_aiomqtt": sent / took_s, "us_per_reading_aiomqtt": 1e6 * cpu_s / sent}


def measure_step(_: float) -> dict[str, float]:
    """One step of a million sensors: the least of those within a simulated minute and the one that ends it."""
    blocks = Fleet(buildings=BUILDINGS, sensors=SENSORS, interval_s=INTERVAL_S, seed=1, anomaly_rate=1.0).blocks()
    next(blocks)
    times_s = []
    for _ in range(round(60 / INTERVAL_S)):
        started_s = time.perf_counter()
        next(blocks)
        times_s.append(time.perf_counter() - started_s)
    return {"step_s_million": sum(times_s) / len(times_s), "step_s_million_greatest": max(times_s)}


def measure_million(seconds: float) -> dict[str, float]:
    """The real command; memory is looked at while it runs, the rest is in its records."""
    with heard_broker() as (broker, subscriber), tempfile.TemporaryDirectory() as directory:
        run = Path(directory) / "run"
        command = [
            *(sys.executable, "-m", "simulator.cli", "--broker", broker.url, "--run-dir", str(run)),
            *("--buildings", str(BUILDINGS), "--sensors", str(SENSORS), "--interval", str(INTERVAL_S)),
            *("--duration", str(seconds)),
        ]
        before, started_ts = subscriber.heard(), time.time()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ})
        watched, of_broker, ours_rss, broker_rss = psutil.Process(process.pid), psutil.Process(broker.pid), 0, 0
        while process.poll() is None:
            with contextlib.suppress(psutil.Error):
                ours_rss = max(ours_rss, watched.memory_info().rss)
            broker_rss = max(broker_rss, of_broker.memory_info().rss)
            time.sleep(0.2)
        if process.returncode:
            raise SystemExit(f"simulate ended with {process.returncode}")
        [start] = records.read_records(run / records.PUBLISHED, records.PublishedStart)
        [total] = records.read_records(run / records.PUBLISHED, records.PublishedTotal)
        subscriber.wait_for(before + total.sent + total.copies)
    return {
        "start_s_million": start.ts - started_ts,
        "readings_per_s_million": total.sent / seconds,
        "late_ms_p50_million": total.late_ms_p50,
        "late_ms_p99_million": total.late_ms_p99,
        "late_ms_max_million": total.late_ms_max,
        "shed_million": total.shed,
        "cpu_s_million": total.cpu_s,
        "rss_mb_million": ours_rss / MIB,
        "broker_rss_mb_million": broker_rss / MIB,
    }


def main() -> None:
    """Measure all in turn."""
    benchmark = Benchmark("publish", "What publishing costs", seconds=20, repetitions=3)
    more = argparse.ArgumentParser(add_help=False)
    more.add_argument("--only", choices=("publishers", "million"), help="the three contestants, or a million sensors")
    more.add_argument("--million-seconds", type=float, default=60, help="load of the million sensors (%(default)g)")
    options = benchmark.parse(more=more)
    if options.million_seconds <= 0:
        more.error("--million-seconds must be above 0; --only publishers leaves the million out")
    if options.only != "million":
        benchmark.take_turns({"ours": measure_ours, "raw": measure_raw, "aiomqtt": measure_aiomqtt})
        benchmark.ratio("ratio_aiomqtt", "readings_per_s", "readings_per_s_aiomqtt")
        benchmark.ratio("ratio_raw", "readings_per_s", "readings_per_s_raw")
    if options.only != "publishers":
        benchmark.repetitions = 1
        benchmark.take_turns({"step": measure_step, "a million": lambda _: measure_million(options.million_seconds)})
    benchmark.finish()


if __name__ == "__main__":
    main()
