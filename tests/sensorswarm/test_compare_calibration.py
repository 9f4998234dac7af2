"""What a comparison takes from a calibration."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from sensorswarm.compare_calibration import CalibrationError, calibrated_limits, read_calibration
from wire.errors import SensorSwarmError, UnusableError

SETTINGS = {"name": "gate", "fleet": {"buildings": 10}}
MACHINE = {"processor": "x86_64", "cpu_model": "Fast 9000", "cores": 2, "memory_gib": 8.0, "system": "Linux 6.1"}
DOCUMENT = {
    "schema": 2,
    "settings": SETTINGS,
    "machine": MACHINE,
    "pairs": 8,
    "metrics": {"reading.p50": {"floor": 0.04}, "reading.p99": {"floor": 0.395}},
    "control_flagged": [],
}
LIMITS = {"reading.p50": 0.1, "reading.p99": 0.25}


def limits(path: Path, changes: dict[str, Any] | None = None, *, pairs: int = 8) -> dict[str, float]:
    path.write_bytes(orjson.dumps({**DOCUMENT, **(changes or {})}))
    return calibrated_limits(read_calibration(path), LIMITS, settings=SETTINGS, machine=MACHINE, pairs=pairs)


def test_no_limit_is_below_what_can_be_seen(tmp_path: Path) -> None:
    """Limits grow to the floor in whole per cent and never shrink to it; a newer kernel is the same machine."""
    path = tmp_path / "calibration.json"
    assert limits(path) == {"reading.p50": 0.1, "reading.p99": 0.4}
    assert limits(path, pairs=12) == limits(path, {"machine": {**MACHINE, "system": "Linux 6.2"}})


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("settings", {**SETTINGS, "fleet": {"buildings": 9}}, "a scenario with another fleet"),
        ("settings", {**SETTINGS, "seed": 1}, "a scenario with another seed"),
        ("machine", {**MACHINE, "cores": 64}, r"another machine \(cores 64, here 2\)"),
        ("machine", {**MACHINE, "cpu_model": "Slow 1"}, r"another machine \(cpu_model Slow 1, here Fast 9000\)"),
        ("machine", {}, r"another machine \(processor None"),
        ("metrics", {"reading.p50": {"floor": 0.1}}, "has no reading.p99"),
        ("pairs", 9, "--pairs 8: the calibration is of 9"),
        ("schema", 99, "schema 99"),
        ("schema", 1, "schema 1, not 2; calibrate again"),
        ("metrics", [], "is no calibration"),
        ("metrics", {"reading.p50": {}}, "is no calibration"),
        ("pairs", "many", "is no calibration"),
    ],
)
def test_a_calibration_of_something_else_is_refused(tmp_path: Path, name: str, value: object, complaint: str) -> None:
    """Exit 2 with what differs: a baseline of another machine is none."""
    with pytest.raises(CalibrationError, match=complaint) as caught:
        limits(tmp_path / "calibration.json", {name: value})
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("control_flagged", ["reading.p50"], "flagged reading.p50 of base against base"),
        ("metrics", {**DOCUMENT["metrics"], "reading.p99": {"floor": None}}, "no change of reading.p99"),
        ("metrics", {**DOCUMENT["metrics"], "reading.p99": {"floor": 4.5}}, "no change of reading.p99"),
    ],
)
def test_a_restless_machine_is_not_usable(tmp_path: Path, name: str, value: object, complaint: str) -> None:
    """Exit 3: a limit so far off would catch nothing, and a flagged control says nothing of another server."""
    with pytest.raises(UnusableError, match=complaint):
        limits(tmp_path / "calibration.json", {name: value})


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"null"])
def test_what_is_no_calibration_is_refused_in_a_line(tmp_path: Path, content: bytes) -> None:
    """Neither a broken file nor none is a traceback."""
    path = tmp_path / "calibration.json"
    with pytest.raises(SensorSwarmError, match="No such file"):
        read_calibration(path)
    path.write_bytes(content)
    with pytest.raises(SensorSwarmError, match="is no calibration; give a file"):
        read_calibration(path)
