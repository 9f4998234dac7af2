"""What a reading costs by target: the real locustfile at a real server of each kind, fed by a real fleet.

    us_per_reading_NAME   CPU of the swarm a reading received, what it takes without readings left out

Every server but ours sends each reading as a message of its own; ours sends those that came together as one. The books
of each run must be exact, or there is no figure: expected = delivered, nothing missing, duplicated or leaked. A late
publisher (exit code 3) spoils latencies, which nobody asks for here, and not the CPU.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import orjson
import psutil

from benchmarks._dashboards import DASHBOARDS, SECRET, Dashboard, mosquitto_binary
from benchmarks._harness import Benchmark
from scenarios.runner import locustfile
from wire import records
from wire.errors import ExitCode

CLIENTS = 20
BUILDINGS, SENSORS, INTERVAL_S = 5, 20, 1.0
_IDLE_S = 3.0
_PATIENCE_S = 60.0


def _swarm(dashboard: Dashboard, directory: str) -> list[str]:
    return [
        *(sys.executable, "-m", "locust", "-f", str(locustfile()), "--headless", "--only-summary"),
        *("--host", dashboard.url, "--target", dashboard.target, "-u", str(CLIENTS), "-r", "50", "-t", "10m"),
        *("--fleet", str(BUILDINGS), "--run-dir", directory, "--max-unknown", "0"),
    ]


def _fleet(dashboard: Dashboard, directory: str, seconds: float) -> list[str]:
    return [
        *(sys.executable, "-m", "simulator", "--broker", dashboard.broker, "--buildings", str(BUILDINGS)),
        *("--sensors", str(SENSORS), "--interval", str(INTERVAL_S), "--duration", str(seconds)),
        *("--run-dir", directory),
    ]


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _wait_for(file: Path, swarm: subprocess.Popen[bytes]) -> None:
    deadline_s = time.monotonic() + _PATIENCE_S
    while not file.exists():
        if swarm.poll() is not None or time.monotonic() > deadline_s:
            raise SystemExit("the swarm's clients did not become live")
        time.sleep(0.1)


def measure(name: str, seconds: float) -> dict[str, float]:
    """One run."""
    with DASHBOARDS[name]() as dashboard, tempfile.TemporaryDirectory() as directory:
        run_dir = Path(directory)
        environment = {**os.environ, "SENSORSWARM_JWT_SECRET": SECRET}
        with (run_dir / "swarm.log").open("wb") as log:
            swarm = subprocess.Popen(
                _swarm(dashboard, directory), env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            _wait_for(run_dir / records.SWARM_READY, swarm)
            process = psutil.Process(swarm.pid)
            time.sleep(1.0)  # what starting left to do
            before_s = _cpu_s(process)
            time.sleep(_IDLE_S)
            idle_share = (_cpu_s(process) - before_s) / _IDLE_S
            before_s, started_s = _cpu_s(process), time.monotonic()
            subprocess.run(_fleet(dashboard, directory, seconds), check=True, stdout=subprocess.DEVNULL)
            time.sleep(1.5)
            cpu_s = _cpu_s(process) - before_s - idle_share * (time.monotonic() - started_s)
        finally:
            swarm.send_signal(signal.SIGINT)
            try:
                code = swarm.wait(_PATIENCE_S)
            finally:
                swarm.kill()
        said = (run_dir / "swarm.log").read_text()
        readings = records.Books.from_dict(orjson.loads((run_dir / records.BOOKS).read_bytes())).readings
    exact = readings.balanced and readings.expected == readings.delivered == readings.received
    print(f"  {name}: exit code {code}, {readings}")
    if code not in (ExitCode.HELD, ExitCode.NOT_USABLE) or not exact or not readings.received:
        raise SystemExit(f"{said}\nthe books of {name} do not hold")
    return {f"us_per_reading_{name}": 1e6 * cpu_s / readings.received}


def main() -> None:
    """Run it."""
    benchmark = Benchmark("targets", "Receiving by target: CPU of the swarm a reading", seconds=5, repetitions=3)
    benchmark.parse()
    names = [name for name in DASHBOARDS if name != "mqtt-ws" or mosquitto_binary() is not None]
    if len(names) < len(DASHBOARDS):
        print("without mqtt-ws: mosquitto is not installed (apt-get install mosquitto)")
    benchmark.take_turns({name: partial(measure, name) for name in names})
    for name in names:
        if name != "sensorswarm":
            benchmark.ratio(f"ratio_{name}", f"us_per_reading_{name}", "us_per_reading_sensorswarm")
    benchmark.finish()


if __name__ == "__main__":
    main()
