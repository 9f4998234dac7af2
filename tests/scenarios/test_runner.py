"""What a runner makes of Ctrl-C while it cleans up, and of a server that ends; whole runs are in tests/end_to_end."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scenarios import runner, schema
from scenarios.endings import LostServerError, ServerError
from scenarios.interrupts import InterruptedRunError
from scenarios.subject import Command
from wire.errors import ExitCode, UnusableError

SCENARIO = """\
name = "tiny"
[fleet]
buildings = 1
sensors = 1
duration_s = 1
[swarm]
managers = 1
buildings_per_manager = 1
"""
LISTENS = "import socket, sys; s = socket.create_server(('127.0.0.1', int(sys.argv[1]))); s.accept(); print('bye'); "


@pytest.fixture
def scenario(tmp_path: Path) -> schema.Scenario:
    path = tmp_path / "tiny.toml"
    path.write_text(SCENARIO)
    return schema.load(path)


def test_ctrl_c_while_a_run_stops_its_processes_leaves_none(
    scenario: schema.Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything after the moment it came is stopped as well, the broker last; the run is told to be interrupted."""
    stop_all = runner.stop_all
    running = []

    def stop(children, *, patience_s):
        signal.raise_signal(signal.SIGINT)
        stop_all(children, patience_s=patience_s)
        running.extend(child for child in children if child.exit_code is None)

    brokers = []
    monkeypatch.setattr("scenarios.runner.stop_all", stop)
    monkeypatch.setattr("wire.broker.EmbeddedBroker.stop", lambda self: brokers.append(self._process), raising=True)
    server = Command((sys.executable, "-c", "raise SystemExit(7)", "{port}"))
    try:
        with pytest.raises(InterruptedRunError):
            runner.run(scenario, tmp_path / "run", tell=lambda _: None, server=server)
    finally:
        for process in brokers:
            process.stdin.close()
            process.wait()
    assert running == []
    assert len(brokers) == 1


@pytest.mark.parametrize(
    ("code", "exit_code", "was_ready", "complaint"),
    [
        ("raise SystemExit('no disk')", 3, False, "the server ended with exit code 1 before it was ready: no disk"),
        ("print('no option'); raise SystemExit(2)", 2, False, "^no option$"),
        (LISTENS, 3, True, "the server ended with exit code 0 during the run: bye"),
        (LISTENS + "sys.exit(2)", 2, True, "the server ended with exit code 2 during the run: bye"),
    ],
)
def test_a_server_that_ends_is_told_with_whether_it_was_ready(
    scenario: schema.Scenario, tmp_path: Path, code: str, exit_code: int, was_ready: bool, complaint: str
) -> None:
    """Exit code 2 refuses settings, anything else makes the run not usable; who compares wants to know when it was."""
    server = Command((sys.executable, "-c", code, "{port}"))
    with pytest.raises(ServerError, match=complaint) as caught:
        runner.run(scenario, tmp_path / "run", tell=lambda _: None, server=server)
    assert caught.value.exit_code == exit_code
    assert caught.value.was_ready == was_ready
    assert isinstance(caught.value, UnusableError) == (exit_code == ExitCode.NOT_USABLE)


def test_a_server_that_never_answers_was_not_ready(
    scenario: schema.Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patience: Callable[[float], float]
) -> None:
    """It runs, but not where it should."""
    monkeypatch.setattr("scenarios.runner._READY_S", 0.5)
    server = Command((sys.executable, "-c", "import time; time.sleep(60)", "{port}"))
    with pytest.raises(LostServerError, match="in vain until the server is ready") as caught:
        runner.run(scenario, tmp_path / "run", tell=lambda _: None, server=server)
    assert not caught.value.was_ready
