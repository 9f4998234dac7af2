"""`sensorswarm calibrate`, and what a comparison takes from it; runs are made by a stub."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from reports.gate.calibration import read_calibration
from scenarios.duet import Task
from scenarios.duet_lock import alone
from sensorswarm.cli import app
from wire.errors import SensorSwarmError, UnusableError

FILE = Path("out/calibration.json")


def calibrate(*options: str) -> Result:
    return CliRunner().invoke(app, ["calibrate", "gate", "--out", "out", *options])


def compare(*options: str, scenario: str = "gate") -> Result:
    sides = ["--base", "delay:0", "--candidate", "delay:12"]
    return CliRunner().invoke(
        app, ["compare", scenario, *sides, "--out", "compared", "--calibration", str(FILE), *options]
    )


def test_it_says_what_the_machine_can_tell(lab) -> None:
    """Spread, smallest change and false alarms with their bound; more sets may follow, and those made are kept."""
    result = calibrate("--sets", "2")
    assert result.exit_code == 0, result.output
    assert len(lab.made) == 2 * 16
    document = orjson.loads(FILE.read_bytes())
    p50, alarms = document["metrics"]["reading.p50"], document["false_alarms"]
    assert 0.01 < p50["run_sd"] < 0.04  # the stub's is 2 %
    assert 0.05 <= p50["floor"] < p50["limit"] < p50["smallest_change"] < 0.2  # 1 ms of 20 at the least
    assert [len(each) for each in p50["d"]] == [8, 8]
    assert (alarms["flagged_sets"], alarms["sets"]) == (0, 2)
    assert alarms["upper_bound"] > 0.5  # two sets say little, and it says so
    assert "at most" not in result.stdout.splitlines()[-2]  # a rate of draws from the same few pairs has no bound
    read = read_calibration(FILE, metrics=("reading.p50", "reading.p99"))  # as the benchmark reads it
    assert read.d.shape == (16, 2)
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert calibrate("--sets", "3").exit_code == 0
    assert len(lab.made) == 3 * 16


def test_a_comparison_needs_no_control_of_its_own_then(lab) -> None:
    """The calibration's serves; limits are never below what the machine can tell from chance."""
    assert calibrate("--sets", "2").exit_code == 0
    content = orjson.loads(FILE.read_bytes())
    lab.made.clear()
    result = compare()
    assert result.exit_code == 1, result.output
    assert [name for name in lab.made if name.startswith("control")] == []
    decisions = orjson.loads(Path("compared/compare.json").read_bytes())["decisions"]
    for one in decisions:
        assert one["limit"] == content["metrics"][one["metric"]]["limit"]


def test_a_machine_that_tells_a_server_from_itself_is_not_usable(lab) -> None:
    """Exit 3 of both commands, though the file is written for who wants to see why."""

    def change(task: Task, figures: dict[str, Any]) -> None:
        if task.side == "candidate":
            figures["latency_ms"] = {name: value * 3.0 for name, value in figures["latency_ms"].items()}

    lab.change = change
    assert isinstance(calibrate("--sets", "2").exception, UnusableError)
    assert FILE.exists()
    assert isinstance(compare().exception, UnusableError)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--pairs", "5"), "cannot support a verdict"),
        (("--sets", "1"), "needs 12 pairs in all"),
        (("--limit", "x"), "limit 'x'"),
        (("--server", "cmd:"), "needs a command"),
    ],
)
def test_wrong_usage_is_one_line_before_any_run(lab, options: tuple[str, ...], complaint: str) -> None:
    """Exit 2."""
    result = calibrate(*options)
    assert isinstance(result.exception, SensorSwarmError), result.output
    assert result.exception.exit_code == 2
    assert complaint in str(result.exception)
    assert lab.made == []


def test_too_few_messages_are_told(lab) -> None:
    """Exit 3: a quantile of too few is not calibrated."""
    lab.change = lambda _, figures: figures.update(samples={"reading.p50": 10})
    result = calibrate("--sets", "2")
    assert isinstance(result.exception, UnusableError)
    assert "independent message" in str(result.exception)


def test_a_folder_in_use_or_begun_otherwise_is_refused(lab) -> None:
    """As that of a comparison: exit 2, and nothing is run."""
    with alone(Path("out")):
        busy = calibrate("--sets", "2").exception
    assert lab.made == []
    assert calibrate("--sets", "2", "--ready", "/healthz").exit_code == 0
    other = calibrate("--sets", "2", "--ready", "/livez").exception
    for refused, told in ((busy, "under way there"), (other, "another ready (/healthz, now /livez)")):
        assert isinstance(refused, SensorSwarmError)
        assert refused.exit_code == 2
        assert told in str(refused)
    assert len(lab.made) == 2 * 16
