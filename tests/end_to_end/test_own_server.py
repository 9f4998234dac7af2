"""A server that knows nothing of SensorSwarm, tested by a target file alone (docs/testing-your-own-server.md)."""

import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from reports.rundata import load
from reports.summary import summarise
from reports.tables.build import tabulate
from scenarios import runner, schema
from scenarios.subject import Command
from sensorswarm import cli
from wire.errors import ExitCode, SensorSwarmError

pytestmark = pytest.mark.end_to_end
EXAMPLE = Path(__file__).parents[2] / "docs" / "example"
SCENARIO = f"""\
name = "own"
drain_s = 0.5
[fleet]
buildings = 4
sensors = 10
interval_s = 0.5
duration_s = 2
[swarm]
target = "{EXAMPLE / "target.toml"}"
managers = 12
buildings_per_manager = 2
"""


def test_the_example_holds_with_its_target_file(tmp_path: Path, patience: Callable[[float], float]) -> None:
    """Every reading reaches everyone whose key opens its building; what the server does not carry is said."""
    path = tmp_path / "own.toml"
    path.write_text(SCENARIO)
    words = ("server.py", "--port", "{port}", "--broker", "{broker}", "--keys", "keys.txt")
    server = Command((sys.executable, *words), folder=EXAMPLE)
    before = set(psutil.Process().children(recursive=True))  # of other tests' fixtures
    # Without the page and its figures: drawing them takes longer than the run, and other runs look at them.
    runner.run(schema.load(path), tmp_path / "run", tell=lambda _: None, server=server)
    left = set(psutil.Process().children(recursive=True)) - before
    assert psutil.wait_procs(left, timeout=patience(5))[1] == []
    data = load(tmp_path / "run")
    summary = summarise(data, tabulate(data))
    assert summary.exit_code == 0, summary.verdict
    assert data.books is not None
    assert data.books.settled
    assert data.books.balanced
    # Each manager has two buildings of ten sensors; a radio may lose a reading, which then was never sent.
    assert data.books.readings.delivered == data.books.readings.expected > 0.9 * 12 * 2 * 10 * 4
    assert not data.books.not_understood
    assert "alerts" in data.books.not_measurable
    assert summary.document()["alerts"]["missing"] is None


def test_a_target_that_cannot_be_used_ends_before_there_is_load(tmp_path: Path) -> None:
    """Exit code 2, the line of the file, and nothing was started."""
    (tmp_path / "broken.toml").write_text('[reading]\nsensor = "id"\n')
    words = ["run", "gate", "--target", str(tmp_path / "broken.toml"), "--run-dir", str(tmp_path / "run")]
    with pytest.raises(SensorSwarmError, match=r"broken.toml:2: reading.sensor: 'id' is no JSON Pointer") as refused:
        cli.app(words, standalone_mode=False)
    assert refused.value.exit_code == ExitCode.USAGE
    assert not (tmp_path / "run").exists()
