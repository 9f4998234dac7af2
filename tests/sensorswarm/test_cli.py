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
    assert [line.split()[0] for line in lines] == ["crash", "demo", "gate", "mixed", "recorded", "restart", "rolling"]


def test_the_locustfile_is_there() -> None:
    """What is printed can be given to `locust -f`."""
    path = Path(runner.invoke(app, ["locustfile"]).output.strip())
    assert path.name == "ws.py"
    assert "locust" in path.read_text()


def test_what_nobody_foresaw_is_no_gate_that_failed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its traceback is shown, and the exit code is 3: 1 would say that a candidate is slower."""

    def fail(_: str) -> None:
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr("scenarios.library.find", fail)
    monkeypatch.setattr("sys.argv", ["sensorswarm", "run", "demo"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 3
    told = capsys.readouterr().err
    assert "Traceback" in told
    assert "ZeroDivisionError: of ours\nsensorswarm: the error above is a mistake of SensorSwarm" in told


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


def test_a_limit_that_cannot_be_judged_is_refused_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Scenario, limit and the nearest metric in one line; nothing is started."""
    scenario = tmp_path / "s.toml"
    scenario.write_text(
        'name = "s"\n[fleet]\nbuildings = 1\nsensors = 1\nduration_s = 5\n[swarm]\nmanagers = 1\n'
        'buildings_per_manager = 1\n[gate]\nslo = ["reading.p98<1s"]\n'
    )
    monkeypatch.setattr("sys.argv", ["sensorswarm", "run", str(scenario), "--run-dir", str(tmp_path / "run")])
    with pytest.raises(SystemExit) as raised:
        main()
    assert raised.value.code == 2
    said = capsys.readouterr().err
    assert "[gate] slo: limit 'reading.p98<1s'" in said
    assert "reading.p99" in said or "reading.p95" in said
    assert not (tmp_path / "run").exists()
