"""The fleet's locustfile as users run it: real Locust with workers, real shards, a real broker."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import psutil
import pytest

from loadtest.shard_options import ShardSettings, read
from loadtest.shard_process import ShardProcess
from loadtest.shard_rows import late_us
from simulator.fleet import Fleet
from wire.broker import EmbeddedBroker
from wire.errors import ExitCode, SensorSwarmError
from wire.mqtt import BrokerAddress, Link, Subscription
from wire.payloads.json import decode
from wire.records import PUBLISHED, Published, PublishedStart, PublishedTotal, read_records

ROOT = Path(__file__).parents[2]
BUILDINGS, SENSORS, INTERVAL_S = 5, 10, 1.0
FLEET = f"--buildings {BUILDINGS} --sensors {SENSORS} --interval {INTERVAL_S} --seed 7"


def start(broker: EmbeddedBroker, *options: str, topic: str) -> subprocess.Popen[str]:
    """Locust with three shards of the fleet."""
    command = [*(sys.executable, "-m", "locust", "-f", str(ROOT / "loadtest" / "fleet.py"), "--headless")]
    simulate = f"{FLEET} --topic {topic}/{{building}}/{{quantity}}/{{sensor}}"
    return subprocess.Popen(
        [*command, *("-u", "3", "-r", "10", "--only-summary", "--host", broker.url, "--simulate", simulate), *options],
        cwd=ROOT,
        env={key: value for key, value in os.environ.items() if not key.startswith(("SENSORSWARM_", "LOCUST_"))},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(locust: subprocess.Popen[str], seconds: float) -> tuple[int, str]:
    """Exit code and all it said; no child is left."""
    children = psutil.Process(locust.pid).children(recursive=True)
    try:
        out, err = locust.communicate(timeout=seconds)
    finally:
        locust.kill()
        locust.wait()
        _, alive = psutil.wait_procs(children, timeout=5)
        for child in alive:
            child.kill()
    assert not alive
    assert "Traceback" not in out + err, err
    return locust.returncode, out + err


async def test_users_over_workers_publish_the_very_fleet(
    broker: EmbeddedBroker, tmp_path: Path, patience: Callable[[float], float]
) -> None:
    """Three users on two workers: every reading of the whole fleet once, at its time, and Locust counted them all."""
    heard: list[bytes] = []
    witness = Link(
        BrokerAddress.parse(broker.url),
        on_messages=lambda messages: heard.extend(message.payload for message in messages),
        subscriptions=[Subscription("workers/#")],
    )
    await witness.start()
    run_dir, json_file = tmp_path / "run", tmp_path / "rows"
    locust = start(
        broker, "--processes", "2", "--run-dir", str(run_dir), "--json-file", str(json_file), topic="workers"
    )
    try:
        async with asyncio.timeout(patience(40)):
            while len(heard) < 3 * BUILDINGS * SENSORS:  # some intervals of all
                assert locust.poll() is None, locust.communicate()
                await asyncio.sleep(0.05)
    finally:
        locust.send_signal(signal.SIGTERM)
        code, said = await asyncio.to_thread(finish, locust, patience(60))
    await asyncio.sleep(0.2)
    await witness.close()
    assert code == 0, said

    totals = [read_records(path, PublishedTotal)[0] for path in sorted(run_dir.glob(f"*/{PUBLISHED}"))]
    assert [total.buildings for total in totals] == [1, 2, 2]
    sent = sum(total.sent for total in totals)
    rows = json.loads(json_file.with_suffix(".json").read_bytes())
    assert {row["name"] for row in rows} == {"shard 1/3", "shard 2/3", "shard 3/3"}, said
    assert sum(row["num_requests"] for row in rows) == sent == len(heard)

    starts = [read_records(path, PublishedStart)[0] for path in run_dir.glob(f"*/{PUBLISHED}")]
    started_ts = {building: start.ts for start in starts for building in start.buildings}
    assert all(ts % INTERVAL_S == 0 for ts in started_ts.values())  # so that machines start as one
    readings = [decode(payload) for payload in heard]
    published = {(reading.sensor, reading.seq): (reading.ts, reading.value) for reading in readings}
    assert len(published) == len(readings)
    assert published == _whole(started_ts, published.keys())


def _whole(started_ts: dict[str, float], wanted: Any) -> dict[tuple[str, int], tuple[float, float]]:
    """What one process would have published of those numbers: time and value."""
    fleet = Fleet(buildings=BUILDINGS, sensors=SENSORS, interval_s=INTERVAL_S, seed=7)
    sensors, result = fleet.roster.sensors, {}
    for _, block in zip(range(max(seq for _, seq in wanted) + 1), fleet.blocks(), strict=False):
        columns = zip(block.sensor.tolist(), block.seq.tolist(), block.offset_ns.tolist(), block.value, strict=True)
        for number, seq, offset_ns, value in columns:
            key = (sensors[number].id, seq)
            if key in wanted:
                ts = round(started_ts[sensors[number].building] + round(offset_ns / 1e3) / 1e6, 6)
                result[key] = (ts, round(float(value), sensors[number].decimals))
    return result


def test_a_shard_that_dies_is_named_and_ends_the_run_with_3(
    broker: EmbeddedBroker, patience: Callable[[float], float]
) -> None:
    """A part of the fleet is no fleet: the rest is ended, by itself."""
    locust = start(broker, topic="dies")
    try:
        deadline, shards = time.monotonic() + patience(30), []
        while not shards:
            assert time.monotonic() < deadline
            children = psutil.Process(locust.pid).children(recursive=True)
            shards = [child for child in children if "2/3" in child.cmdline()]
            time.sleep(0.05)
        shards[0].kill()
    finally:
        code, said = finish(locust, patience(40))
    assert code == 3, said
    assert "shard 2/3 ended with -9" in said


def test_a_shard_with_a_wrong_option_says_so(broker: EmbeddedBroker, patience: Callable[[float], float]) -> None:
    """Its own line is passed on, and its exit code."""
    shard = ShardProcess(ShardSettings(("--sensors", "0", "--broker", broker.url), None), 1, 2)
    try:
        deadline = time.monotonic() + patience(20)
        while shard.running:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert shard.complaint.startswith("shard 1/2 ended with 2: simulate: --sensors 0 is out of range")
        assert (shard.exit_code, shard.seconds()) == (ExitCode.USAGE, [])
    finally:
        shard.close()


@pytest.mark.parametrize(
    ("simulate", "complaint"),
    [
        ("--shard 1/2", "--shard cannot stand there; the number of users says it"),
        ("--run-dir=x", "--run-dir cannot stand there"),
        ("--broker mqtt://h", "--broker cannot stand there; give it as --host"),
        ("--duration 5", "--duration cannot stand there"),
        ("--topic 'a", "No closing quotation; quote as in a shell"),
    ],
)
def test_options_that_are_locusts_are_refused(simulate: str, complaint: str) -> None:
    """What would silently be said twice, or be no command line."""
    with pytest.raises(SensorSwarmError, match=complaint):
        read(SimpleNamespace(simulate=simulate, run_dir="", run_time=None), None)


def test_a_shard_is_told_its_number_broker_and_end() -> None:
    """Everything else is the same for all."""
    settings = read(SimpleNamespace(simulate="--seed 3", run_dir="run", run_time=90), "mqtt://h")
    assert settings.command(2, 4) == [
        *("--seed", "3", "--broker", "mqtt://h", "--duration", "90", "--shard", "2/4"),
    ]
    assert settings.directory(2, 4) == Path("run/shard-0002-of-0004")


def test_lateness_is_never_too_good() -> None:
    """Half of a second's readings count as late as its median, one in a hundred as its latest."""
    second = Published(10.0, "b", intended=103, sent=101, shed=2, late_ms_p50=2, late_ms_p99=30, late_ms_max=700)
    values, counts = np.unique(late_us([second, second]), return_counts=True)
    assert dict(zip(values.tolist(), counts.tolist(), strict=True)) == {2_000: 102, 30_000: 98, 700_000: 2}
    assert late_us([]).size == 0
