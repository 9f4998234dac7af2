"""How often the detector is wrong: alerts per sensor and day of a fleet without anomalies, in accelerated time.

    python -m benchmarks._false_alarms [--hours 24] [--profiles office ...] [--intervals 5 60] [--seeds 1 2]

The readings that the simulated fleet would publish go straight into the detector with its default limits, those that
the radio loses left out. No anomaly is added, so whatever the detector says is a false alarm.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from itertools import islice

import numpy as np

from reference_server.detector import Detector
from reference_server.limits import Limits
from reference_server.readings import Readings
from simulator.fleet import Fleet
from simulator.physics.profiles import PROFILES
from wire.clock import NS

START_TS = 1_763_856_000.0
BUILDINGS, SENSORS = 5, 40
Found = Counter[tuple[str, str]]  # by quantity and kind of alert


def false_alarms(
    hours: float,
    *,
    buildings: int = BUILDINGS,
    profile: str = "office",
    interval_s: float = 5.0,
    seed: int = 1,
    limits: Limits | None = None,
) -> Found:
    """Alerts that `hours` of a fleet without anomalies raise, at the default limits unless others are given."""
    fleet = Fleet(buildings=buildings, sensors=SENSORS, profile=profile, interval_s=interval_s, seed=seed)
    detector = Detector(limits or Limits())
    detector.resume(START_TS)  # a sensor whose first reading is lost is no sensor yet
    rows = np.array([detector.sensors.row(sensor.id) for sensor in fleet.roster.sensors])
    decimals = np.array([sensor.decimals for sensor in fleet.roster.sensors])
    scale = 10.0**decimals
    found: Found = Counter()
    for block in islice(fleet.blocks(), round(hours * 3600 / interval_s)):
        sensor = block.sensor[block.kept]
        readings = Readings(
            rows[sensor].tolist(),
            (START_TS + block.offset_ns[block.kept] / NS).tolist(),
            block.seq[block.kept].tolist(),
            (np.rint(block.value[block.kept] * scale[sensor]) / scale[sensor]).tolist(),  # as in the payload
            [b""] * len(sensor),
        )
        now = readings.ts[-1]
        for alert in detector.observe(readings, now) + detector.check(now):
            if not alert.cleared:
                found[alert.sensor.split("/")[1], alert.kind] += 1
    return found


def per_sensor_day(found: Found, sensor_days: float) -> str:
    """Say how many of each kind."""
    each = [f"{quantity} {kind} {count}" for (quantity, kind), count in sorted(found.items())]
    return f"{sum(found.values()):5d} {sum(found.values()) / sensor_days:10.4f}   {', '.join(each) or 'none'}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line for each profile and interval, and one for all."""
    profiles = [*PROFILES, "mixed"]
    parser = argparse.ArgumentParser(prog="python -m benchmarks._false_alarms", description=__doc__.partition("\n")[0])
    parser.add_argument("--hours", type=float, default=24.0, help="simulated, of each fleet")
    parser.add_argument("--profiles", nargs="+", choices=profiles, default=profiles)
    parser.add_argument("--intervals", nargs="+", type=float, default=[5.0, 60.0], metavar="S", help="seconds")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2])
    options = parser.parse_args(arguments)
    days = BUILDINGS * SENSORS * options.hours / 24 * len(options.seeds)
    print(f"{BUILDINGS} buildings of {SENSORS} sensors, {options.hours:g} h, seeds {options.seeds}")
    print("profile  interval_s  false alarms, per sensor-day, of which")
    started, in_all, all_days = time.perf_counter(), Counter[tuple[str, str]](), 0.0
    for interval_s in options.intervals:
        for profile in options.profiles:
            found: Found = Counter()
            for seed in options.seeds:
                found += false_alarms(options.hours, profile=profile, interval_s=interval_s, seed=seed)
            in_all, all_days = in_all + found, all_days + days
            print(f"{profile:8} {interval_s:9g}  {per_sensor_day(found, days)}", flush=True)
    print(f"{'all':19} {per_sensor_day(in_all, all_days)}")
    print(f"{all_days:g} sensor-days in {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
