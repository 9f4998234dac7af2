"""The benchmark of the fan-out, with a handful of clients: that it measures, not what."""

import importlib.util
import json
import math
import time
from pathlib import Path

import psutil
import pytest

from benchmarks import _fanout_contestants as contestants
from benchmarks import _fanout_ingest, fanout
from benchmarks._fanout_processes import cpu_s, sinks
from wire.errors import SensorSwarmError, UnusableError

FIGURES = {
    "us_per_delivery_10",
    "us_per_delivery_1",
    "us_per_delivery_broadcast",
    "us_per_delivery_broadcast_uncompressed",
    "us_per_delivery_socketio",
    "us_per_delivery_channels",
    "ingest_per_s",
    "idle_kib_per_client",
    "p99_ms",
    "p99_hard_ms",
    "deliveries_per_s_workers_1",
    "deliveries_per_s_workers_2",
}
RATIOS = {
    "ratio_channels",
    "ratio_broadcast",
    "ratio_broadcast_uncompressed",
    "ratio_socketio",
    "ratio_stalled_p99",
    "ratio_workers",
}
CLIENTS = 10


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Benchmarks run from the root of the repository, for they are not installed."""
    monkeypatch.chdir(Path(__file__).parents[2])


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parts that take their time whatever --seconds says, shortened."""
    monkeypatch.setattr(fanout, "FILL_S", 0.05)
    monkeypatch.setattr(fanout, "FILL_SETTLES_S", 0.1)
    monkeypatch.setattr(fanout, "PLAIN_PAUSE_S", 0.01)
    monkeypatch.setattr(fanout, "TOO_MANY_BEGIN_S", 0.1)
    monkeypatch.setattr(_fanout_ingest, "WARM_UP", 1)
    monkeypatch.setattr(_fanout_ingest, "PERIOD", 1)


def test_cpu_time_is_told_finer_than_by_ticks() -> None:
    """A server of few clients uses less than a tick of 10 ms: it would have cost nothing."""
    us = psutil.Process()
    before_s, before_here_s = cpu_s(us), time.process_time()
    while time.process_time() - before_here_s < 0.002:
        pass
    used_s, used_here_s = cpu_s(us) - before_s, time.process_time() - before_here_s
    assert used_s == pytest.approx(used_here_s, abs=0.001)


def test_every_reading_of_every_client_is_counted() -> None:
    """The sinks' count is published times clients, or a cost a delivery would be a guess; each has a real latency."""
    with fanout.staged(contestants.ours) as stage, sinks(*stage.plans(CLIENTS)) as started:
        fanout.await_first_reading(stage.publisher, started, 3)
        before = sum(sink.readings for sink in started)
        told = fanout.cost(stage, started, at_once=10, wakes_per_s=20, seconds=0.5)
        assert told.undelivered_share == 0
        assert sum(sink.readings for sink in started) - before == 10 * 10 * CLIENTS
        latencies_ms = fanout.latencies_ms(stage, started, readings_per_s=60, seconds=0.5)
        assert len(latencies_ms) == 30 * started[-1].plan.clients
        assert all(latency_ms > 0 for latency_ms in latencies_ms)


@pytest.mark.usefixtures("quick")
def test_the_ingest_takes_every_reading_to_a_client() -> None:
    """Clients that got less than everything would make the server look faster; the figures are rates."""
    before = set(psutil.Process().children(recursive=True))
    told = _fanout_ingest.measure_ingest(0.01)
    assert set(told) == {"ingest_per_s", "ingest_wall_per_s"}
    assert all(math.isfinite(rate) and rate > 0 for rate in told.values())
    assert set(psutil.Process().children(recursive=True)) == before


def test_nothing_is_left_running() -> None:
    """All processes of a measurement end with it, also when it fails."""
    before = set(psutil.Process().children(recursive=True))
    children: set[psutil.Process] = set()

    def measure_and_fail() -> None:
        with fanout.staged(contestants.ours) as stage, sinks(*stage.plans(CLIENTS)):
            children.update(set(psutil.Process().children(recursive=True)) - before)
            raise UnusableError("of the test")

    with pytest.raises(UnusableError, match="of the test"):
        measure_and_fail()
    assert len(children) == 5  # broker, publisher, server, two sinks
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


def test_a_missing_package_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the peers there is no comparison, and the error says what to install."""
    monkeypatch.setattr(contestants, "_PARTS", ("no_such_part",))
    with pytest.raises(SensorSwarmError, match=r"no_such_part.*\[bench\]"):
        contestants.check_parts()


@pytest.mark.skipif(
    any(importlib.util.find_spec(part) is None for part in contestants._PARTS), reason="the extra `bench` is missing"
)
@pytest.mark.usefixtures("quick")
def test_it_runs_and_writes_its_keys(tmp_path: Path) -> None:
    """All contestants take their turn, and the JSON file has every figure and ratio it promises, each a real number."""
    file = tmp_path / "fanout.json"
    small = ["--clients", "60", "--idle-clients", "20"]
    fanout.main(["--seconds", "0.5", "--repetitions", "1", *small, "--json", str(file)])
    told = json.loads(file.read_text())
    assert told["figures"].keys() >= FIGURES
    assert told["ratios"].keys() >= RATIOS
    values = [*told["figures"].values(), *told["ratios"].values()]
    assert all(math.isfinite(value) for value in values)
