"""What a preview shows: the readings of one building as columns, and which sensors are worth a line. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from simulator.fleet import Fleet
from simulator.source import Floats, Truth
from wire.clock import NS

LINES = 3  # sensors drawn beside the median


@dataclass(frozen=True)
class Day:
    """Readings of one building; time is in seconds after the start."""

    at_s: Floats  # shape (samples, sensors)
    value: Floats  # shape (samples, sensors), NaN where a reading is missing
    labelled: NDArray[np.bool_]  # shape (samples, sensors): under an anomaly
    people: Floats  # in the whole building at each sample, shape (samples,)
    truths: list[list[Truth]]  # of each sensor


def live_through(fleet: Fleet, building: int, samples: int) -> Day:
    """Simulate, and keep what the sensors of one building say."""
    sensors = fleet.layout.sensors
    numbers = np.arange(building * sensors, (building + 1) * sensors)
    column_of = {fleet.roster.sensors[number].id: column for column, number in enumerate(numbers.tolist())}
    at_s, value = np.empty((samples, sensors)), np.empty((samples, sensors))
    people = np.empty(samples)
    truths: list[list[Truth]] = [[] for _ in range(sensors)]
    for sample, block in enumerate(islice(fleet.blocks(), samples)):
        row_of = np.argsort(block.sensor)[numbers]  # every sensor stands in every block of a fleet
        at_s[sample] = block.offset_ns[row_of] / NS
        value[sample] = np.where(block.kept[row_of], block.value[row_of], np.nan)
        people[sample] = 0.0 if fleet.running is None else fleet.running.occupancy.people[building].sum()
        for truth in block.truths:
            if truth.sensor in column_of:
                truths[column_of[truth.sensor]].append(truth)
    labelled = np.zeros(value.shape, dtype=np.bool_)
    for column, befallen in enumerate(truths):
        for truth in befallen:
            labelled[:, column] |= (truth.start_ns / NS <= at_s[:, column]) & (at_s[:, column] <= truth.end_ns / NS)
    return Day(at_s, value, labelled, people, truths)


@dataclass(frozen=True, slots=True)
class Panel:
    """One quantity."""

    title: str
    unit: str
    columns: list[int]  # all sensors of it
    shown: list[int]  # of them, those with a line of their own


def panels(fleet: Fleet, day: Day) -> list[Panel]:
    """Quantities in the order of the layout; main meters apart from the meters of rooms, for they see far more."""
    layout = fleet.layout
    mains = set(layout.main_meters.tolist())
    made = []
    for quantity in dict.fromkeys(layout.quantities):
        columns = layout.columns(quantity).tolist()
        unit = fleet.roster.sensors[columns[0]].unit
        rooms = [column for column in columns if column not in mains]
        if quantity != "power":
            made.append(Panel(quantity, unit, columns, _shown(columns, day)))
            continue
        made += [Panel("power, rooms", unit, rooms, _shown(rooms, day))] if rooms else []
        whole = [column for column in columns if column in mains]
        made += [Panel("power, main meter", unit, whole, _shown(whole, day))] if whole else []
    return made


def _shown(columns: list[int], day: Day) -> list[int]:
    """One sensor for each listed cause, those that befall few first, then some spread over the building."""
    by_cause: dict[str, list[int]] = {}
    for column in columns:
        for truth in day.truths[column]:
            if "-listed-" in truth.cause:
                by_cause.setdefault(truth.cause, []).append(column)
    listed = [_hardest(befallen, cause, day) for cause, befallen in sorted(by_cause.items(), key=lambda at: len(at[1]))]
    spread = [columns[place] for place in np.linspace(0, len(columns) - 1, LINES).round().astype(int).tolist()]
    return sorted(list(dict.fromkeys([*listed, *spread]))[:LINES])


def _hardest(columns: list[int], cause: str, day: Day) -> int:
    """Which of the sensors that a cause befalls it changes most."""
    return max(columns, key=lambda column: [abs(t.magnitude) for t in day.truths[column] if t.cause == cause])


def median(day: Day, columns: list[int]) -> Floats:
    """Of what the sensors say at each sample, shape (samples,); NaN where none says anything."""
    known = np.ma.masked_invalid(day.value[:, columns])
    middle: Floats = np.ma.median(known, axis=1).filled(np.nan)  # type: ignore[no-untyped-call]  # numpy's
    return middle


def limits(day: Day, panel: Panel) -> tuple[float, float]:
    """What the axis shows: all healthy readings, and of the others as far as their span beyond."""
    value, labelled = day.value[:, panel.shown], day.labelled[:, panel.shown]
    seen = value[np.isfinite(value)]
    healthy = value[np.isfinite(value) & ~labelled]
    if not seen.size:
        return 0.0, 1.0
    low, high = (healthy.min(), healthy.max()) if healthy.size else (seen.min(), seen.max())
    span = max(high - low, 1e-3 * abs(high), 1e-3)
    least = max(low - span, min(low, seen.min()))
    most = min(high + span, max(high, seen.max()))
    room = 0.06 * (most - least)
    return float(least - room), float(most + 5 * room)  # above, names of anomalies stand
