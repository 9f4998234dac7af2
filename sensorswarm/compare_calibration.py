"""What a calibration says to a comparison: limits that this machine can tell from chance, and its control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from reports.gate.calibration import SCHEMA
from reports.gate.limits import MOST_LIMIT, raised
from reports.words import listed
from sensorswarm.calibrate_figures import rounded_up
from wire.errors import SensorSwarmError, UnusableError

_MACHINE = ("processor", "cpu_model", "cores", "memory_gib")  # alike in these, two machines pass for one
_REMEDY = "give a file that `sensorswarm calibrate` wrote"


class CalibrationError(SensorSwarmError):
    """A calibration that says nothing of this comparison."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """The part of calibration.json that a comparison needs."""

    settings: Mapping[str, Any]  # the scenario, as it was resolved
    machine: Mapping[str, Any]
    pairs: int  # of each set
    floors: Mapping[str, float | None]  # of limits, by metric; None: none that could be held to
    control_flagged: list[str] = field(default_factory=list)


def read_calibration(path: Path) -> Calibration:
    """Read a calibration.

    Raises:
        CalibrationError: there is no such file, or it is none.
    """
    try:
        content = orjson.loads(path.read_bytes())
        if content["schema"] != SCHEMA:
            raise CalibrationError(f"calibration {path}: schema {content['schema']}, not {SCHEMA}; calibrate again")
        floors = {metric: one["floor"] for metric, one in content["metrics"].items()}
        parts = {name: content[name] for name in ("settings", "machine", "pairs", "control_flagged")}
        return TypeAdapter(Calibration).validate_python({**parts, "floors": floors})
    except OSError as error:
        raise CalibrationError(f"calibration {path}: {error.strerror}; {_REMEDY}") from None
    except (orjson.JSONDecodeError, ValidationError, KeyError, TypeError, AttributeError):
        raise CalibrationError(f"{path} is no calibration; {_REMEDY}") from None


def calibrated_limits(
    calibration: Calibration,
    limits: Mapping[str, float],
    *,
    settings: Mapping[str, Any],
    machine: Mapping[str, Any],
    pairs: int,
) -> dict[str, float]:
    """Limits of a comparison, none below what a set of pairs can tell from chance here; pure.

    Args:
        calibration: as it was read.
        limits: as they were asked for.
        settings: the scenario that is compared.
        machine: this one, as `scenarios.facts` tells it.
        pairs: K of the comparison.

    Raises:
        CalibrationError: it is of another scenario or machine, of more pairs, or lacks a metric that is gated.
        UnusableError: it flagged a server against itself, or saw no change that a limit could be held to.
    """
    for name in sorted({*settings, *calibration.settings}):
        if settings.get(name) != calibration.settings.get(name):
            raise CalibrationError(f"the calibration is of a scenario with another {name}; calibrate this one")
    for name in _MACHINE:
        there, here = calibration.machine.get(name), machine.get(name)
        if there != here:
            raise CalibrationError(
                f"the calibration is of another machine ({name} {there}, here {here}); calibrate here"
            )
    if pairs < calibration.pairs:  # fewer pairs see less; more see more, and the limits stand
        raise CalibrationError(f"--pairs {pairs}: the calibration is of {calibration.pairs}; give as many or more")
    lacking = [metric for metric in limits if metric not in calibration.floors]
    if lacking:
        raise CalibrationError(f"the calibration has no {listed(lacking)}; calibrate with the same --limit")
    if calibration.control_flagged:
        raise UnusableError(
            f"the calibration flagged {listed(calibration.control_flagged)} of base against base; this machine is too "
            "restless: calibrate again, or elsewhere"
        )
    floors = {metric: rounded_up(one) for metric, one in calibration.floors.items() if one is not None}
    deaf = [metric for metric in limits if floors.get(metric, MOST_LIMIT + 1) > MOST_LIMIT]
    if deaf:
        raise UnusableError(f"this machine sees no change of {listed(deaf)}; calibrate on a calmer one")
    return raised(limits, floors)
