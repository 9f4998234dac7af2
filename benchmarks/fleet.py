"""Time of a step against the size of the fleet: a straight line of slope 1 where nothing grows faster than the fleet.

    step_s_N        one step of N sensors: physics, sensors, anomalies, and the order of the readings in time
    publish_s_N     the same, and the encoding of all its readings
    slope           of publish_s_N against N, both logarithms, by least squares; slope_step that of step_s_N

Small fleets cost what numpy's calls cost, whatever their size: the line is fitted from FITTED_FROM sensors on.
`--plot FILE.png` draws both.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from benchmarks._harness import Benchmark
from simulator.encoding import Encoder
from simulator.fleet import Fleet
from wire.topics import TopicTemplate

SENSORS = 200
BUILDINGS = (5, 16, 50, 160, 500, 1600, 5000)
FITTED_FROM = 10_000
INTERVAL_S = 5.0
STEPS = 12  # a simulated minute: every step but one only moves the buildings on, that one draws weather and people anew
BATCH = 2000
START_NS = 1_763_856_000 * 10**9


def measure(buildings: int) -> dict[str, float]:
    """Seconds of a step, a mean over one simulated minute."""
    fleet = Fleet(buildings=buildings, sensors=SENSORS, interval_s=INTERVAL_S, seed=1, anomaly_rate=1.0)
    encoder = Encoder(fleet.roster, TopicTemplate())
    blocks = fleet.blocks()
    next(blocks)
    step_s = encode_s = 0.0
    for _ in range(STEPS):
        began_s = time.perf_counter()
        block = next(blocks)
        stepped_s = time.perf_counter()
        for begin in range(0, block.seq.size, BATCH):
            rows = slice(begin, begin + BATCH)
            encoder.packets(block.sensor[rows], START_NS + block.offset_ns[rows], block.seq[rows], block.value[rows])
        step_s += stepped_s - began_s
        encode_s += time.perf_counter() - stepped_s
    count = buildings * SENSORS
    return {f"step_s_{count}": step_s / STEPS, f"publish_s_{count}": (step_s + encode_s) / STEPS}


def slope(sizes: list[int], seconds: list[float]) -> float:
    """Exponent of the power law that fits best, by least squares on logarithms."""
    exponent, _ = np.polyfit(np.log(sizes), np.log(seconds), 1)
    return float(exponent)


def draw(sizes: list[int], series: dict[str, list[float]], fitted: float) -> Figure:
    """Both times against the size, on logarithmic axes, beside a line of slope 1."""
    mpl.use("Agg")
    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.add_subplot()
    for label, seconds in series.items():
        axes.loglog(sizes, seconds, marker="o", label=label)
    last = series["step and encoding"][-1]
    axes.loglog(sizes, [last * size / sizes[-1] for size in sizes], "k:", label="slope 1")
    axes.set(
        xlabel="sensors", ylabel="seconds", title=f"One step of the fleet; slope {fitted:.2f} from {FITTED_FROM:,}"
    )
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
    return figure


def main() -> None:
    """Measure every size in turn, fit, and draw."""
    benchmark = Benchmark("fleet", "Time of a step against the size of the fleet", seconds=5, repetitions=3)
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--plot", type=Path, help="draw to this PNG file")
    options, rest = parser.parse_known_args()
    benchmark.parse(rest)
    benchmark.take_turns(
        {f"{count * SENSORS:,} sensors": lambda _, count=count: measure(count) for count in BUILDINGS}  # type: ignore[misc]
    )
    sizes = [count * SENSORS for count in BUILDINGS]
    fitted = [size for size in sizes if size >= FITTED_FROM]
    for name, kind in (("slope", "publish_s"), ("slope_step", "step_s")):
        turns = range(benchmark.repetitions)
        benchmark.ratios[name] = [
            slope(fitted, [benchmark.samples[f"{kind}_{size}"][turn] for size in fitted]) for turn in turns
        ]
    benchmark.finish()
    if options.plot is not None:
        series = {
            label: [float(np.median(benchmark.samples[f"{kind}_{size}"])) for size in sizes]
            for label, kind in (("step", "step_s"), ("step and encoding", "publish_s"))
        }
        draw(sizes, series, float(np.median(benchmark.ratios["slope"]))).savefig(options.plot, dpi=120)


if __name__ == "__main__":
    main()
