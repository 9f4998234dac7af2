"""Anomalies listed in a TOML or JSON file: read, checked, and resolved to sensors of the fleet.

[[anomaly]]
kind = "spike"            # any of simulator/anomalies; docs/anomalies.md has them all
at = 20.0                 # seconds after the load starts
duration = 10.0           # seconds; optional, as are all that follow
magnitude = 15.0          # in the unit of the kind, which is mostly the sensor's
building = "b-0003"       # omitted: chosen by the seed, as is the sensor
quantity = "temperature"
sensor = "b-0003/temperature/0001"
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from simulator.anomalies import KINDS, Kind
from simulator.layout import Layout
from simulator.schedule import Event, event
from wire.clock import NS
from wire.errors import SensorSwarmError
from wire.nearest import nearest
from wire.reading import QUANTITIES, building_name

_NUMBERS = ("at", "duration", "magnitude")
_TEXTS = ("kind", "building", "quantity", "sensor")
_LIST_KEY = 2**32 - 1  # of the seed: no building has this number, so the list takes nobody's randomness
LONGEST_S = 1e9  # 30 years: beyond, nanoseconds no longer fit


class AnomalyFileError(SensorSwarmError):
    """A list of anomalies that cannot be used."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One table of the file, None where a key is omitted."""

    where: str  # file and number, for messages
    kind: Kind
    at_s: float
    duration_s: float | None = None
    magnitude: float | None = None
    building: str | None = None
    quantity: str | None = None
    sensor: str | None = None


def read_entries(path: Path) -> list[Entry]:
    """Read the file; JSON by its ending, else TOML.

    Raises:
        AnomalyFileError: not readable, not TOML or JSON, an unknown key or kind, or a value that does not fit.
    """
    try:
        text = path.read_text(encoding="utf-8")
        content = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except OSError as error:
        raise AnomalyFileError(f"{path}: {error.strerror}; --anomalies takes a TOML or JSON file") from None
    except (ValueError, RecursionError) as error:  # of JSON, TOML and UTF-8
        raise AnomalyFileError(f"{path}: {str(error).splitlines()[0]}; --anomalies takes a TOML or JSON file") from None
    tables = content.get("anomaly", []) if isinstance(content, dict) else None
    if not isinstance(tables, list) or set(content) - {"anomaly"}:
        raise AnomalyFileError(f"{path}: expected nothing but [[anomaly]] tables")
    return [entry_of(f"{path}: anomaly {number}", table) for number, table in enumerate(tables, 1)]


def entry_of(where: str, table: object) -> Entry:
    """Check one table; `where` names it in messages.

    Raises:
        AnomalyFileError: an unknown key or kind, or a value that does not fit.
    """
    if not isinstance(table, dict):
        raise AnomalyFileError(f"{where}: expected a table, not {table!r}")
    _check_keys(where, table)
    if table["kind"] not in KINDS:
        raise AnomalyFileError(f"{where}: unknown kind {table['kind']!r}; {nearest(table['kind'], KINDS)}")
    kind = KINDS[table["kind"]]
    if table["at"] < 0:
        raise AnomalyFileError(f"{where}: at is seconds after the load starts and cannot be {table['at']:g}")
    if table.get("duration", 1) <= 0:
        raise AnomalyFileError(f"{where}: duration must be above 0 s, not {table['duration']:g}")
    if "magnitude" in table and (reason := kind.refusal(table["magnitude"])):
        raise AnomalyFileError(f"{where}: magnitude {reason}")
    return Entry(
        where,
        kind,
        float(table["at"]),
        duration_s=table.get("duration"),
        magnitude=table.get("magnitude"),
        building=table.get("building"),
        quantity=table.get("quantity"),
        sensor=table.get("sensor"),
    )


def _check_keys(where: str, table: dict[str, Any]) -> None:
    for key, value in table.items():
        if key in _TEXTS:
            if not isinstance(value, str):
                raise AnomalyFileError(f"{where}: {key} must be a string, not {value!r}")
        elif key not in _NUMBERS:
            raise AnomalyFileError(f"{where}: unknown key {key!r}; {nearest(key, _TEXTS + _NUMBERS)}")
        elif not _number(value):
            raise AnomalyFileError(f"{where}: {key} must be a number within 1e9, not {value!r}")
    for key in ("kind", "at"):
        if key not in table:
            raise AnomalyFileError(f"{where}: {key!r} is missing")


def _number(value: Any) -> bool:  # noqa: ANN401 - whatever TOML or JSON may hold
    return type(value) in (int, float) and math.isfinite(value) and abs(value) <= LONGEST_S


def resolve(entries: list[Entry], layout: Layout, *, seed: int, interval_s: float) -> list[Event]:
    """Find the sensors; what an entry leaves open is drawn from the seed and the entry's number.

    Raises:
        AnomalyFileError: a building, quantity or sensor that the fleet has not, or that the kind cannot befall, or a
            magnitude beyond physics.
    """
    events = []
    for number, entry in enumerate(entries):
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_LIST_KEY, number)))
        cause = f"{entry.kind.name}-listed-{number + 1}"
        events.append(event_of(entry, layout, rng, cause=cause, interval_s=interval_s))
    return events


def event_of(entry: Entry, layout: Layout, rng: np.random.Generator, *, cause: str, interval_s: float) -> Event:
    """Find the sensors of one entry, drawing what it leaves open.

    Raises:
        AnomalyFileError: as `resolve` does.
    """
    building, column = _place(entry, layout, rng)
    quantity = layout.quantities[column]
    most = entry.kind.most.get(quantity, math.inf)
    if entry.magnitude is not None and entry.magnitude > most:
        raise AnomalyFileError(
            f"{entry.where}: magnitude {entry.magnitude:g} is beyond physics; "
            f"{entry.kind.name} on {quantity} goes up to {most:g}"
        )
    return event(
        layout,
        kind=entry.kind,
        cause=cause,
        at_ns=round(entry.at_s * NS),
        building=building,
        column=column,
        interval_s=interval_s,
        duration_s=entry.duration_s,
        magnitude=entry.magnitude,
    )


def _place(entry: Entry, layout: Layout, rng: np.random.Generator) -> tuple[int, int]:
    """Number of the building and column in it."""
    if entry.sensor is not None:
        return _place_of_sensor(entry, entry.sensor, layout)
    if entry.building is None:
        building = int(rng.integers(layout.buildings))
    else:
        building = _building(entry, entry.building, layout)
    if entry.quantity is not None and entry.quantity not in QUANTITIES:
        known = nearest(entry.quantity, QUANTITIES)
        raise AnomalyFileError(f"{entry.where}: unknown quantity {entry.quantity!r}; {known}")
    wanted = entry.kind.durations_s if entry.quantity is None else (entry.quantity,)
    _check_quantities(entry, wanted)
    columns = [c for c, quantity in enumerate(layout.quantities) if quantity in wanted]
    if not columns:
        raise AnomalyFileError(
            f"{entry.where}: a building of {layout.sensors} sensors has none for {' or '.join(wanted)}; raise --sensors"
        )
    return building, int(rng.choice(columns))


def _place_of_sensor(entry: Entry, sensor: str, layout: Layout) -> tuple[int, int]:
    building = _building(entry, sensor.partition("/")[0], layout)
    name = building_name(building)
    ids = [f"{name}/{q}/{n}" for q, n in zip(layout.quantities, layout.names, strict=True)]
    if sensor not in ids:
        raise AnomalyFileError(f"{entry.where}: no sensor {sensor!r}; {nearest(sensor, ids)}")
    column = ids.index(sensor)
    if entry.building not in (None, name) or entry.quantity not in (None, layout.quantities[column]):
        raise AnomalyFileError(f"{entry.where}: sensor {sensor!r} is not of the building or quantity beside it")
    _check_quantities(entry, (layout.quantities[column],))
    return building, column


def _building(entry: Entry, name: str, layout: Layout) -> int:
    names = [building_name(index) for index in range(layout.buildings)]
    if name not in names:
        raise AnomalyFileError(
            f"{entry.where}: no building {name!r} in a fleet of {len(names)}; {nearest(name, names)}"
        )
    return names.index(name)


def _check_quantities(entry: Entry, wanted: Iterable[str]) -> None:
    for quantity in wanted:
        if quantity not in entry.kind.durations_s:
            raise AnomalyFileError(
                f"{entry.where}: {entry.kind.name} cannot befall {quantity}, only {', '.join(entry.kind.durations_s)}"
            )
