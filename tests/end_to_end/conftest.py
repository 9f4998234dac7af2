"""Whole runs: real processes, started as a user starts them, and a check that none is left."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

SCENARIO = """\
name = "small"
seed = 7
drain_s = 1.5

[fleet]
buildings = 4
sensors = 10
interval_s = 1
duration_s = {duration_s}

[swarm]
managers = 12
buildings_per_manager = 2
spawn_rate = 100
backoff_s = [0.5, 1]

[[anomaly]]
kind = "spike"
at_s = 3
building = "b-0002"
quantity = "temperature"

[[fault]]
kind = "cut"
at_s = 2
connections = 5
"""


@dataclass
class Started:
    """A command under way."""

    process: subprocess.Popen[str]
    marker: str  # in the environment of every process it starts

    def family(self) -> list[psutil.Process]:
        """Every process of this machine that carries the marker, whoever its parent is by now."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("SENSORSWARM_TEST_MARKER") == self.marker:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def member(self, part: str, seconds: float) -> psutil.Process:
        """The process whose command line holds `part`; waits until it is there."""
        deadline = time.monotonic() + seconds
        while True:
            for process in self.family():
                try:
                    if any(part in word for word in process.cmdline()):
                        return process
                except psutil.Error:
                    continue
            assert time.monotonic() < deadline, f"no process with {part!r}"
            time.sleep(0.05)

    def finish(self, seconds: float) -> tuple[int, str]:
        """Exit code and output; fails when it takes longer."""
        output, _ = self.process.communicate(timeout=seconds)
        return self.process.returncode, output

    def orphans(self, seconds: float) -> list[psutil.Process]:
        """Processes left behind, after a moment to be gone."""
        return psutil.wait_procs(self.family(), timeout=seconds)[1]


Start = Callable[..., Started]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a Python module of ours as a user would, in a folder of its own; whatever is left is killed."""
    started: list[Started] = []

    def begin(*arguments: str | Path, **environment: str) -> Started:
        marker = f"{tmp_path.name}-{os.getpid()}-{len(started)}"
        process = subprocess.Popen(
            [sys.executable, "-m", *map(str, arguments)],
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={
                **os.environ,
                "SENSORSWARM_TEST_MARKER": marker,
                "XDG_STATE_HOME": str(tmp_path / "state"),
                "COLUMNS": "80",
                "NO_COLOR": "1",
                **environment,
            },
        )
        started.append(Started(process, marker))
        return started[-1]

    yield begin
    for item in started:
        for process in item.family():
            process.kill()
        item.process.kill()
        item.process.wait()
        if item.process.stdout:
            item.process.stdout.close()


@pytest.fixture
def scenario(tmp_path: Path) -> Callable[[float], Path]:
    """A small scenario of the given length in seconds."""

    def write(duration_s: float) -> Path:
        path = tmp_path / "small.toml"
        path.write_text(SCENARIO.format(duration_s=duration_s))
        return path

    return write
