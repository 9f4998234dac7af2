"""Real Locust masters and workers in child processes."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wire import ports
from wire.records import BOOKS, CLIENTS, SWARM_READY, Books, ClientEvent, read_records

ROOT = Path(__file__).parents[3]


# Locust with a master that misses a worker sooner.
IMPATIENT = """
from locust.main import main
from loadtest.distributed import master
master.HEARTBEATS = 1
main()
"""


class Locust:
    """One process of Locust, in a process group of its own.

    `before` is put in front of its command, `program` is what Python runs.
    """

    def __init__(
        self, *options: str, before: tuple[str, ...] = (), program: tuple[str, ...] = ("-m", "locust"), **variables: str
    ) -> None:
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("SENSORSWARM_", "LOCUST_"))}
        self.process = subprocess.Popen(
            [*before, sys.executable, *program, "-f", str(ROOT / "loadtest" / "ws.py"), *options],
            cwd=ROOT,
            env=clean | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.out = ""

    def finish(self, timeout_s: float) -> int:
        """Wait for the end; a traceback is never right."""
        try:
            self.out, _ = self.process.communicate(timeout=timeout_s)
        finally:
            self.process.kill()
            self.process.wait()
        assert "Traceback" not in self.out, self.out
        return self.process.returncode


class Run:
    """A master with workers of their own, on one machine; `forked` are its own children, which start sooner."""

    def __init__(
        self,
        run_dir: Path,
        url: str,
        secret: str,
        users: int,
        *options: str,
        forked: int = 0,
        impatient: bool = False,
    ) -> None:
        self.run_dir = run_dir
        self.port = ports.free_port()
        role = ("--processes", str(forked), "--master-port", str(self.port)) if forked else ("--master",)
        self.master = Locust(
            *(*role, "--headless", "--only-summary", "--fleet", "3", "-u", str(users), "-r", "50"),
            *("--master-bind-port", str(self.port), "--host", url, "--run-dir", str(run_dir)),
            *("--jwt-secret", secret, "--buildings-per-manager", "2", *options),
            program=("-c", IMPATIENT) if impatient else ("-m", "locust"),
        )
        self.workers: list[Locust] = []

    def worker(self, *, before: tuple[str, ...] = (), host: str = "127.0.0.1", **variables: str) -> Locust:
        """Start one more worker."""
        worker = ("--worker", "--master-host", host, "--master-port", str(self.port))
        self.workers.append(Locust(*worker, before=before, **variables))
        return self.workers[-1]

    @property
    def ready(self) -> bool:
        return (self.run_dir / SWARM_READY).exists()

    @property
    def books(self) -> Books:
        return Books.from_dict(json.loads((self.run_dir / BOOKS).read_bytes()))

    @property
    def events(self) -> list[ClientEvent]:
        return read_records(self.run_dir / CLIENTS, ClientEvent)

    def kill(self) -> None:
        for each in (self.master, *self.workers):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(each.process.pid, signal.SIGKILL)
            each.process.communicate()


@pytest.fixture
def distributed(tmp_path, dashboard_server, jwt_secret) -> Iterator[Callable[..., tuple]]:
    """Start a run against a server of its own; gives both. Options come last, so that they may overrule."""
    runs: list[Run] = []

    def start(workers: int, users: int, *options: str, forked: int = 0, impatient: bool = False, **properties) -> tuple:
        run_dir = tmp_path / f"run-{len(runs)}"
        run_dir.mkdir()
        server = dashboard_server(run_dir=run_dir, awaited=users, **properties)
        expected = ("--expect-workers", str(workers)) if workers else ()
        how = {"forked": forked, "impatient": impatient}
        runs.append(Run(run_dir, server.url, jwt_secret, users, *expected, *options, **how))
        for _ in range(workers):
            runs[-1].worker()
        return runs[-1], server

    yield start
    for run in runs:
        run.kill()
