"""Recorded telemetry: a CSV file with one reading a row, checked whole before any of it is used."""

from __future__ import annotations

import csv
import gzip
import math
import re
import zlib
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TextIO

import numpy as np

from simulator.source import Bools, Floats, Ints, Roster, Sensor
from wire.errors import SensorSwarmError
from wire.nearest import nearest
from wire.reading import QUANTITIES

_MAX_DECIMALS = 9
_LONGEST_S = 1e9  # 30 years: beyond, nanoseconds no longer fit
_UNFIT = re.compile(r"[/+#\x00-\x1f]|^\s*$")  # what cannot stand in a topic level
_LABELS = {"0": False, "": False, "false": False, "1": True, "true": True}
_GZIP_MAGIC = b"\x1f\x8b"


class RecordingError(SensorSwarmError):
    """A recording that cannot be used."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the columns; the defaults are those of the recording that comes with us."""

    time: str = "elapsed_s"
    building: str = "building"
    sensor: str = "sensor"
    quantity: str = "quantity"
    unit: str = "unit"  # may be missing where the quantities are known ones
    value: str = "value"
    label: str = "anomaly"  # may be missing: nothing is labelled


@dataclass(frozen=True)
class Recording:
    """Rows in the order of time, as columns of shape (rows,)."""

    name: str
    roster: Roster
    elapsed_s: Floats
    sensor: Ints  # number in the roster
    value: Floats
    labelled: Bools


def read_recording(path: Path, columns: Columns | None = None) -> Recording:
    """Read a CSV file, compressed by gzip or not.

    Raises:
        RecordingError: not readable, a column is missing, or a row is broken; the text names file, line and reason.
    """
    with _opened(path) as file:
        rows = csv.reader(file, strict=True)
        reader = _Reader(path, _header(path, rows, columns or Columns()))
        for row in rows:
            if row:
                reader.add(rows.line_num, row)
    return reader.recording()


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    """Open the file, and translate whatever reading it raises."""
    try:
        with path.open("rb") as raw:
            packed = raw.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
        opener = gzip.open if packed else open
        with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
            yield file
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise RecordingError(f"recording {path}: {reason}; --replay takes a CSV file, plain or .gz") from None
    except UnicodeDecodeError:
        raise RecordingError(f"recording {path} is not UTF-8 text; --replay takes a CSV file, plain or .gz") from None
    except csv.Error as error:
        raise RecordingError(f"recording {path} is no CSV file: {error}") from None


def _header(path: Path, rows: Iterator[list[str]], columns: Columns) -> dict[str, int]:
    """Position of each of our columns in a row."""
    header = next(rows, None)
    if header is None:
        raise RecordingError(f"recording {path} is empty; expected a header line")
    found = {}
    for item in fields(columns):
        name = getattr(columns, item.name)
        if name in header:
            found[item.name] = header.index(name)
        elif item.name not in ("unit", "label") or name != item.default:
            hint = nearest(name, header)
            raise RecordingError(f"recording {path}, line 1: no column {name!r}; {hint} (--{item.name}-column)")
    return found


class _Reader:
    """Collects rows as columns; a row that does not fit raises."""

    def __init__(self, path: Path, position: dict[str, int]) -> None:
        self._path = path
        self._at = position
        self._width = max(position.values()) + 1
        self._numbers: dict[tuple[str, str, str], int] = {}
        self._units: list[str] = []
        self._decimals: list[int] = []
        self._elapsed, self._sensor, self._value = array("d"), array("q"), array("d")
        self._labelled = array("b")

    def add(self, line: int, row: list[str]) -> None:
        """Take one row."""
        if len(row) < self._width:
            raise self._broken(line, f"{len(row)} columns, expected at least {self._width}")
        at = self._at
        value_text = row[at["value"]].strip()
        elapsed = self._number(line, "time", row[at["time"]].strip())
        if abs(elapsed) > _LONGEST_S:
            raise self._broken(line, f"time {elapsed:g} is beyond 1e9 s")
        value = self._number(line, "value", value_text)
        label = row[at["label"]].strip().lower() if "label" in at else "0"
        if label not in _LABELS:
            raise self._broken(line, f"label {label!r} is neither 0 nor 1")
        number = self._sensor_number(line, row)
        self._decimals[number] = max(self._decimals[number], _decimals(value_text))
        self._elapsed.append(elapsed)
        self._sensor.append(number)
        self._value.append(value)
        self._labelled.append(_LABELS[label])

    def _sensor_number(self, line: int, row: list[str]) -> int:
        at = self._at
        key = (row[at["building"]], row[at["quantity"]], row[at["sensor"]])
        number = self._numbers.get(key)
        if number is None:
            for name, text in zip(("building", "quantity", "sensor"), key, strict=True):
                if _UNFIT.search(text):
                    raise self._broken(line, f"{name} {text!r} cannot stand in a topic")
            number = self._numbers[key] = len(self._numbers)
            self._units.append(self._unit(line, row, key[1]))
            self._decimals.append(0)
        elif "unit" in at and row[at["unit"]] != self._units[number]:
            raise self._broken(line, f"unit {row[at['unit']]!r}, but {self._units[number]!r} before")
        return number

    def _unit(self, line: int, row: list[str], quantity: str) -> str:
        if "unit" in self._at:
            return row[self._at["unit"]]
        if quantity not in QUANTITIES:
            raise self._broken(line, f"no unit column, and none is known for {quantity!r}; give --unit-column")
        return QUANTITIES[quantity].unit

    def _number(self, line: int, name: str, text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            raise self._broken(line, f"{name} {text!r} is no number") from None
        if not math.isfinite(number):
            raise self._broken(line, f"{name} {text!r} is not finite")
        return number

    def _broken(self, line: int, reason: str) -> RecordingError:
        return RecordingError(f"recording {self._path}, line {line}: {reason}")

    def recording(self) -> Recording:
        """Sort by time, and the sensors by building."""
        if not self._numbers:
            raise RecordingError(f"recording {self._path} has no rows")
        keys = list(self._numbers)
        first_seen = {building: index for index, (building, _, _) in reversed(list(enumerate(keys)))}
        order = sorted(range(len(keys)), key=lambda number: first_seen[keys[number][0]])
        place = np.empty(len(keys), dtype=np.int64)
        place[order] = np.arange(len(keys))
        sensors = [Sensor(*keys[number], self._units[number], self._decimals[number]) for number in order]
        elapsed = np.array(self._elapsed)
        by_time = np.argsort(elapsed, kind="stable")
        return Recording(
            name=self._path.name,
            roster=Roster(sensors),
            elapsed_s=elapsed[by_time],
            sensor=place[np.array(self._sensor)][by_time],
            value=np.array(self._value)[by_time],
            labelled=np.array(self._labelled, dtype=np.bool_)[by_time],
        )


def _decimals(text: str) -> int:
    """Digits after the point that keep the value as it was written."""
    if "e" in text.lower():
        return _MAX_DECIMALS
    return min(len(text.partition(".")[2]), _MAX_DECIMALS)
