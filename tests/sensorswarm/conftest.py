"""A stub of the one interface between deciding and running: it writes down what a run would have measured."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import TypeAdapter

from reports.gate.model import Figures
from reports.gate_page.runs import RunLatency
from scenarios.duet import Task
from scenarios.schema import Scenario
from scenarios.subject import Subject
from wire.errors import SensorSwarmError

METRICS = ("reading.p50", "reading.p95", "reading.p99")
LATENCY_MS = (20.0, 40.0, 80.0)


@dataclass
class Lab:
    """Makes runs without running anything: 20 ms plus the delay of the server asked for, with 2 % of noise."""

    made: list[str] = field(default_factory=list)
    before: Callable[[Task], None] = lambda _: None
    change: Callable[[Task, dict[str, Any]], None] = lambda *_: None
    guess_s: float = 1.0

    def __call__(self, scenario: Scenario, server_of: Callable[[Task], Subject]) -> Callable[[Task, Path], None]:
        """Stand in for RealRun."""

        def run(task: Task, directory: Path) -> None:
            self.before(task)
            rng = random.Random(task.name)
            slower_ms = server_of(task).delay_ms or 0.0
            figures = {
                "run": task.name,
                "scenario": scenario.name,
                "seed": scenario.seed,
                "latency_ms": {
                    metric: (usual_ms + slower_ms) * rng.gauss(1, 0.02)
                    for metric, usual_ms in zip(METRICS, LATENCY_MS, strict=True)
                },
                "samples": dict.fromkeys(METRICS, 2000),
                "counts": {},
            }
            self.change(task, figures)
            directory.mkdir(parents=True)
            (directory / "figures.json").write_bytes(orjson.dumps(figures))
            self.made.append(task.name)

        run.guess_s = 1.0  # type: ignore[attr-defined]
        return run


def read(directory: Path) -> Figures:
    """Figures that the lab wrote; as of a real run, an error of ours where there are none."""
    file = directory / "figures.json"
    if not file.exists():
        raise SensorSwarmError(f"{directory} holds no run")
    return TypeAdapter(Figures).validate_json(file.read_bytes())


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Lab:
    """Every run of `compare` and `calibrate` is made by the lab, in a folder of the test's own."""
    made = Lab()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.setattr("sensorswarm.compare.RealRun", made)
    monkeypatch.setattr("sensorswarm.calibrate.RealRun", made)
    monkeypatch.setattr("sensorswarm.compare_set.read_figures", read)
    monkeypatch.setattr("sensorswarm.compare_halves.read_figures", read)
    monkeypatch.setattr("reports.gate_page.runs.read_run", lambda _: RunLatency({}))
    monkeypatch.setattr("reports.gate_page.api.entries", lambda _: [])  # drawing has tests of its own
    return made
