"""The face: each command is there, and what is used wrongly is said in a line."""

import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sensorswarm.cli import app, main
from wire.broker import PortInUseError

runner = CliRunner()


def test_every_command_is_in_the_help() -> None:
    """A user finds them all, and what exit codes mean."""
    result = runner.invoke(app, ["--help"])
    assert result.exit_code == 0
    for command in (
        "run",
        "serve",
        "report",
        "compare",
        "calibrate",
        "scenarios",
        "locustfile",
        "broker",
        "token",
        "password",
    ):
        assert f" {command} " in result.output
    assert "3 the measurement is not usable" in " ".join(result.output.split())


def test_shipped_scenarios_are_listed() -> None:
    """Name and description of each, a line."""
    lines = runner.invoke(app, ["scenarios"]).output.splitlines()
    assert [line.split()[0] for line in lines] == ["crash", "demo", "gate", "mixed", "recorded", "restart"]


def test_the_locustfile_is_there() -> None:
    """What is printed can be given to `locust -f`."""
    path = Path(runner.invoke(app, ["locustfile"]).output.strip())
    assert path.name == "ws.py"
    assert "locust" in path.read_text()


def test_errors_are_one_line_on_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The entry point turns our errors into a line and their exit code."""
    monkeypatch.setattr("sys.argv", ["sensorswarm", "run", "dmeo"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    assert capsys.readouterr().err == "sensorswarm: no scenario 'dmeo'; did you mean demo?\n"


def test_a_broker_on_a_taken_port_is_refused() -> None:
    """Who is in the way is named."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = runner.invoke(app, ["broker", "--port", str(taken.getsockname()[1])])
    assert isinstance(result.exception, PortInUseError)
