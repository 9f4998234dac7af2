"""How much a simulated fleet looks like recordings of real buildings, statistic by statistic.

Simulates a week of eight buildings at one-minute steps, some hours of it again at five seconds, and weeks of the other
seasons for the power by the hour. Compares the median sensor with the range between the 10th and the 90th percentile of
real sensors (`_realism_bands.json`, derived from public recordings). docs/realism.md says what is inside, what is not,
and why.

    python -m benchmarks.realism [--profile office] [--buildings 8] [--sensors 50] [--seed 0] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks import _realism_rooms as rooms
from benchmarks import _realism_series as series
from scenarios import facts
from simulator.fleet import START, Fleet
from simulator.layout import ZONE, Layout
from simulator.physics import Physics
from simulator.sensing import Sensing
from wire.records import write_json

Floats = NDArray[np.float64]
BANDS = Path(__file__).with_name("_realism_bands.json")
WEEK_S, MINUTE_S, SHORT_S = 7 * 86_400.0, 60.0, 5.0
POWER_S = 600.0
SEASONS = (0, 13, 26, 39)  # weeks after the start
SESSION_S = 3 * 3600.0  # as long as the recordings at five seconds
_TEMPERATURE, _HUMIDITY, _CO2 = (ZONE.index(name) for name in ("temperature", "humidity", "co2"))


@dataclass(frozen=True, slots=True)
class Recording:
    """What the sensors of a healthy fleet said."""

    layout: Layout
    step_s: float
    t_s: Floats  # local times, shape (samples,)
    values: NDArray[np.float32]  # (samples, buildings, sensors), NaN where a reading was lost
    occupied: NDArray[np.bool_]  # (samples, buildings, zones)
    stamps_s: Floats  # when the sensors of building 0 really sampled, (samples, sensors)

    def complete(self, building: int, slot: int) -> Floats:
        """One quantity of all zones of a building, (samples, zones), gaps filled with the value before."""
        x = self.values[:, building, slot :: len(ZONE)].astype(np.float64)
        last = np.maximum.accumulate(np.where(np.isfinite(x), np.arange(len(x))[:, None], 0), axis=0)
        return np.take_along_axis(x, last, axis=0)


def record(fleet: Fleet, *, seconds: float) -> Recording:
    """Let a fleet live for so long."""
    physics, sensing = fleet.physics(), fleet.sensing()
    layout, step_s = fleet.layout, fleet.interval_s
    samples = round(seconds / step_s)
    values = np.empty((samples, layout.buildings, layout.sensors), dtype=np.float32)
    occupied = np.empty((samples, layout.buildings, layout.zones), dtype=np.bool_)
    stamps_s: Floats = np.empty((samples, layout.sensors))
    for sample in range(samples):
        values[sample], stamps_s[sample] = _one(physics, sensing)
        stamps_s[sample] += sample * step_s
        occupied[sample] = physics.occupancy.people > 0
    return Recording(
        layout, step_s, fleet.start_s + step_s * np.arange(samples, dtype=np.float64), values, occupied, stamps_s
    )


def _one(physics: Physics, sensing: Sensing) -> tuple[Floats, Floats]:
    """Next sample of every sensor, and the delays of building 0; NaN in both where it is lost."""
    measured = sensing.apply(physics.step())
    sensing.quantise(measured)
    measured[sensing.lost] = np.nan
    delay_s = np.where(sensing.lost[0], np.nan, sensing.delay_s[0].astype(np.float64))
    return measured, delay_s


def of_the_week(recording: Recording) -> dict[str, list[float]]:
    """Every statistic at one-minute steps: one value a sensor, room, pair of rooms or building."""
    found: dict[str, list[float]] = {}
    for name, quantity in (("temp", "temperature"), ("rh", "humidity"), ("co2", "co2")):
        for column in recording.layout.columns(quantity):
            for building in range(recording.layout.buildings):
                x = recording.values[:, building, column].astype(np.float64)
                _add(found, f"{name}.", series.week(recording.t_s, x, recording.step_s))
    found["miss.share_week"] = found["temp.miss/share"]
    for building in range(recording.layout.buildings):
        _rooms(found, recording, building)
    return found


def of_the_year(weeks: list[Recording]) -> dict[str, list[float]]:
    """Power of each building by the hour, over weeks of all seasons: the recordings cover a year."""
    found: dict[str, list[float]] = {}
    hours = round(3600 / weeks[0].step_s)
    t_s = np.concatenate([week.t_s[::hours] for week in weeks])
    for building in range(weeks[0].layout.buildings):
        mains = [week.values[:, building, week.layout.main_meters].sum(axis=1) for week in weeks]
        means = np.concatenate(mains).astype(np.float64).reshape(-1, hours).mean(axis=1)
        _add(found, "power_building_hourly.", series.building_power(t_s, means))
    return found


def _rooms(found: dict[str, list[float]], recording: Recording, building: int) -> None:
    air_c, percent, ppm = (recording.complete(building, slot) for slot in (_TEMPERATURE, _HUMIDITY, _CO2))
    used = recording.occupied[:, building].astype(np.float64)
    for zone in range(air_c.shape[1]):
        _add(found, "cross.", rooms.within_room(air_c[:, zone], percent[:, zone], ppm[:, zone], used[:, zone]))
    for name, pairs in rooms.between_rooms(recording.t_s, air_c, percent, ppm).items():
        found.setdefault(f"cross.{name}", []).extend(pairs.tolist())


def of_the_session(recording: Recording) -> dict[str, list[float]]:
    """Every statistic at five seconds."""
    found: dict[str, list[float]] = {}
    for name, quantity in (("temp_5s", "temperature"), ("rh_5s", "humidity")):
        for column in recording.layout.columns(quantity):
            for building in range(recording.layout.buildings):
                x = recording.values[:, building, column].astype(np.float64)
                _add(found, f"{name}.", series.session(x, recording.step_s))
    for stamps_s in recording.stamps_s[:, recording.layout.columns("temperature")].T:
        _add(found, "jitter.", series.jitter(stamps_s[np.isfinite(stamps_s)]))
    return found


def _add(found: dict[str, list[float]], prefix: str, figures: series.Figures) -> None:
    for name, value in figures.items():
        found.setdefault(prefix + name, []).append(value)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One statistic against its band."""

    name: str
    low: float
    high: float
    median: float

    @property
    def inside(self) -> bool:
        """Whether the median sensor lies within."""
        slack = 5e-5 * abs(self.high)  # bands are rounded to four digits
        return self.low - slack <= self.median <= self.high + slack


def judge(found: dict[str, list[float]]) -> list[Verdict]:
    """Compare the median of each statistic with its band; a statistic we have not is outside."""
    bands: dict[str, list[float]] = json.loads(BANDS.read_text(encoding="utf-8"))
    return [
        Verdict(name, low, high, float(np.median(found[name])) if name in found else float("nan"))
        for name, (low, high) in bands.items()
    ]


def measure(*, profile: str, buildings: int, sensors: int, seed: int) -> list[Verdict]:
    """Simulate, compute, compare."""

    def fleet(interval_s: float, weeks: int = 0) -> Fleet:
        start = START + timedelta(weeks=weeks)
        return Fleet(
            buildings=buildings, sensors=sensors, interval_s=interval_s, seed=seed, profile=profile, start=start
        )

    week = record(fleet(MINUTE_S), seconds=WEEK_S)
    others = [record(fleet(POWER_S, weeks=weeks), seconds=WEEK_S) for weeks in SEASONS]
    found = of_the_week(week) | of_the_session(record(fleet(SHORT_S), seconds=SESSION_S))
    found |= of_the_year(others)
    return judge(found)


def show(verdicts: Iterable[Verdict], title: str) -> None:
    """Print the table."""
    table = Table(title=title)
    for column in ("statistic", "median sensor", "from", "to", "inside"):
        table.add_column(column, justify="left" if column == "statistic" else "right")
    for item in verdicts:
        row = (f"{value:.4g}" for value in (item.median, item.low, item.high))
        table.add_row(item.name, *row, "yes" if item.inside else "NO")
    Console(width=100).print(table)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.realism", description=str(__doc__).splitlines()[0])
    parser.add_argument("--profile", default="office", help="%(default)s")
    parser.add_argument("--buildings", type=int, default=8, help="%(default)d")
    parser.add_argument("--sensors", type=int, default=50, help="in each building, at least 10; %(default)d")
    parser.add_argument("--seed", type=int, default=0, help="%(default)d")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    if options.buildings < 1 or options.sensors < 2 * len(ZONE):
        parser.error("--buildings must be at least 1 and --sensors at least 10")
    verdicts = measure(profile=options.profile, buildings=options.buildings, sensors=options.sensors, seed=options.seed)
    show(verdicts, f"{options.buildings} {options.profile} buildings, a week, seed {options.seed}")
    inside = sum(item.inside for item in verdicts)
    share = inside / len(verdicts)
    print(f"inside {inside} of {len(verdicts)} bands: {share:.1%}")
    if options.json is not None:
        figures = {item.name: item.median for item in verdicts} | {"share_inside": share}
        bands = {item.name: [item.low, item.high, item.inside] for item in verdicts}
        write_json(
            options.json,
            {
                "name": "realism",
                "share_inside": share,
                "figures": figures,
                "bands": bands,
                "ratios": {},
                "machine": facts.machine(),
                "versions": facts.versions(),
            },
        )


if __name__ == "__main__":
    main()
