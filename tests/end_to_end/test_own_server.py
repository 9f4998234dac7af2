"""A server that knows nothing of SensorSwarm, tested by a target file alone (docs/testing-your-own-server.md)."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from wire import records

pytestmark = pytest.mark.end_to_end
EXAMPLE = Path(__file__).parents[2] / "docs" / "example"
SCENARIO = f"""\
name = "own"
drain_s = 1
[fleet]
buildings = 4
sensors = 10
interval_s = 0.5
duration_s = 3
[swarm]
target = "{EXAMPLE / "target.toml"}"
managers = 12
buildings_per_manager = 2
[[anomaly]]
kind = "spike"
at_s = 1
building = "b-0002"
quantity = "temperature"
"""


def test_the_example_holds_with_its_target_file(
    start: Callable[..., Any], tmp_path: Path, patience: Callable[[float], float]
) -> None:
    """Every reading reaches everyone whose key opens its building; what the server does not carry is said."""
    path = tmp_path / "own.toml"
    path.write_text(SCENARIO)
    server = f"cmd:{sys.executable} {EXAMPLE}/server.py --port {{port}} --broker {{broker}} --keys {EXAMPLE}/keys.txt"
    run = start("sensorswarm", "run", path, "--server", server, "--run-dir", "run")
    code, output = run.finish(patience(60))
    assert code == 0, output
    assert run.orphans(patience(5)) == []
    books = records.Books.from_dict(orjson.loads((tmp_path / "run" / records.BOOKS).read_bytes()))
    assert books.settled
    assert books.balanced
    assert books.readings.delivered == books.readings.expected > 12 * 2 * 10 * 4
    assert not books.not_understood
    assert "alerts" in books.not_measurable
    assert "not measurable: alerts" in " ".join(output.split())
    summary = orjson.loads((tmp_path / "run" / records.SUMMARY).read_bytes())
    assert summary["alerts"]["missing"] is None


def test_a_target_that_cannot_be_used_ends_before_there_is_load(
    start: Callable[..., Any], tmp_path: Path, patience: Callable[[float], float]
) -> None:
    """Exit code 2, the line of the file, and nothing was started."""
    (tmp_path / "broken.toml").write_text('[reading]\nsensor = "id"\n')
    run = start("sensorswarm", "run", "gate", "--target", tmp_path / "broken.toml", "--run-dir", "run")
    code, output = run.finish(patience(30))
    assert code == 2
    assert "broken.toml:2: reading.sensor: 'id' is no JSON Pointer" in output
    assert not (tmp_path / "run").exists()
