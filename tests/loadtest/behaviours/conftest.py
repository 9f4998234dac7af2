"""Runs of the locustfile in child processes, ended whatever happens."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from wire.records import BOOKS, SWARM_READY, Books

ROOT = Path(__file__).parents[3]


class SwarmRun:
    """One headless run; `stop` ends it and gives its exit code."""

    def __init__(self, run_dir: Path, locustfile: Path, *options: str) -> None:
        self.run_dir = run_dir
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("SENSORSWARM_", "LOCUST_"))}
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "locust", "-f", str(locustfile), "--headless", "--only-summary"),
                *("-r", "50", "--run-dir", str(run_dir), *options),
            ],
            cwd=ROOT,
            env={**clean, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.out = self.err = ""

    def ready(self, timeout_s: float) -> None:
        """Wait until every client is live."""
        deadline = time.monotonic() + timeout_s
        while not (self.run_dir / SWARM_READY).exists():
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def stop(self, timeout_s: float) -> int:
        """End it as the runner does; a traceback is never right."""
        self.process.send_signal(signal.SIGTERM)
        return self.finish(timeout_s)

    def finish(self, timeout_s: float) -> int:
        """Wait for its end."""
        self.out, self.err = self.process.communicate(timeout=timeout_s)
        assert "Traceback" not in self.out + self.err, self.err
        return self.process.returncode

    @property
    def books(self) -> Books:
        """What it left in books.json."""
        content: dict[str, Any] = json.loads((self.run_dir / BOOKS).read_bytes())
        return Books.from_dict(content)


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """An empty run directory."""
    directory = tmp_path / "run"
    directory.mkdir()
    return directory


@pytest.fixture
def swarm(run_dir: Path) -> Iterator[Callable[..., SwarmRun]]:
    """Start swarms with the given options."""
    started: list[SwarmRun] = []

    def start(*options: str, locustfile: Path = ROOT / "loadtest" / "ws.py") -> SwarmRun:
        started.append(SwarmRun(run_dir, locustfile, *options))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.communicate()


@pytest.fixture
def patched(tmp_path: Path) -> Callable[[str], Path]:
    """A locustfile that runs some code, such as shorter times, and is ours otherwise."""

    def write(code: str) -> Path:
        path = tmp_path / "locustfile.py"
        path.write_text(f"from loadtest.ws import *\n{code}\n")
        return path

    return write


@pytest.fixture
def reference_server(broker: Any, free_port: int, jwt_secret: str, patience: Any) -> Iterator[str]:
    """The real server on the tests' broker; its address."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "reference_server", "--broker", broker.url, "--port", str(free_port)),
            *("--jwt-secret", jwt_secret),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert "serving" in process.stdout.readline()
    yield f"ws://127.0.0.1:{free_port}"
    process.terminate()
    process.communicate(timeout=patience(10))
