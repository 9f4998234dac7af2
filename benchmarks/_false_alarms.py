"""How often the detector is wrong: alerts per sensor and day of a fleet without anomalies, in accelerated time.

    python -m benchmarks._false_alarms [HOURS]

The simulated fleet's signals, two buildings of 40 sensors at 5 s, go straight into the detector, nothing added. What it
says is then a false alarm.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from itertools import islice

import numpy as np

from reference_server.detector import Detector
from reference_server.limits import Limits
from reference_server.readings import Readings
from simulator.fleet import Fleet
from wire.clock import NS

START_TS = 1_763_856_000.0
BUILDINGS, SENSORS = 2, 40


def false_alarms(hours: float, *, seed: int = 1) -> Counter[tuple[str, str]]:
    """Alerts by quantity and kind that `hours` of a fleet without anomalies raise."""
    fleet = Fleet(buildings=BUILDINGS, sensors=SENSORS, seed=seed)
    detector = Detector(Limits())
    rows = np.array([detector.sensors.row(sensor.id) for sensor in fleet.roster.sensors])
    found: Counter[tuple[str, str]] = Counter()
    for block in islice(fleet.blocks(), round(hours * 3600 / fleet.interval_s)):
        count = len(block.sensor)
        readings = Readings(
            rows[block.sensor].tolist(),
            (START_TS + block.offset_ns / NS).tolist(),
            block.seq.tolist(),
            np.round(block.value, 6).tolist(),
            [b""] * count,
        )
        now = readings.ts[-1]
        for alert in detector.check(now) + detector.observe(readings, now):
            if not alert.cleared:
                found[alert.sensor.split("/")[1], alert.kind] += 1
    return found


def main() -> None:
    """Print the count."""
    hours = float(sys.argv[1]) if len(sys.argv) > 1 else 24.0
    started = time.perf_counter()
    found = false_alarms(hours)
    days = BUILDINGS * SENSORS * hours / 24
    print(f"{sum(found.values())} false alarms in {days:g} sensor-days ({time.perf_counter() - started:.1f} s)")
    for (quantity, kind), count in sorted(found.items()):
        print(f"  {quantity:12} {kind:8} {count}")


if __name__ == "__main__":
    main()
