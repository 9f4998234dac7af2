"""Reads the A/A differences that `sensorswarm calibrate` wrote, for a model of the machine's noise."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson

from reports.gate.statistics import Floats
from wire.errors import SensorSwarmError

SCHEMA = 2  # of calibration.json
_READABLE = (1, SCHEMA)  # both tell the differences alike, which is all that is read here


@dataclass(frozen=True, slots=True)
class Calibration:
    """Base against base on one machine."""

    metrics: tuple[str, ...]
    d: Floats  # shape (n, m): ln(candidate / base) of every pair of every set
    base_ms: Floats  # shape (m,): median latency over all runs


def read_calibration(path: Path, *, metrics: tuple[str, ...]) -> Calibration:
    """Read some metrics of a calibration.

    Raises:
        SensorSwarmError: it cannot be read, is no calibration of this schema, or lacks one of the metrics.
    """
    remedy = "give a file that `sensorswarm calibrate` wrote"
    try:
        content = orjson.loads(path.read_bytes())
        schema = content["schema"]
        if schema not in _READABLE:
            raise SensorSwarmError(f"calibration {path}: schema {schema}, this version reads up to {SCHEMA}; {remedy}")
        told = content["metrics"]
        for metric in metrics:
            if metric not in told:
                raise SensorSwarmError(f"calibration {path} has no {metric}, only {', '.join(told)}; calibrate longer")
        sets = [[np.array(one, np.float64) for one in told[metric]["d"]] for metric in metrics]
        d = np.array([np.concatenate(each) for each in sets]).T
        runs = [[run["values_ms"][metric] for metric in metrics] for run in content["runs"]]
        base_ms = np.median(np.array(runs, np.float64), axis=0)
    except OSError as error:
        raise SensorSwarmError(f"calibration {path}: {error.strerror}; {remedy}") from None
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        raise SensorSwarmError(f"{path} is no calibration; {remedy}") from None
    if not np.isfinite(d).all() or not np.isfinite(base_ms).all():
        raise SensorSwarmError(f"{path} is no calibration: it holds values that are no numbers; {remedy}")
    return Calibration(metrics, d, base_ms)
