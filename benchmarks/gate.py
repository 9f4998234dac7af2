"""How often the latency gate cries wolf, and how often it sees a change, by simulation: docs/gates.md has the figures.

    python -m benchmarks.gate [--comparisons N] [--calibration FILE] [--json FILE]

Each comparison is a whole job: three metrics, 8 pairs of runs, and a fresh set of 8 pairs of what the first set flags,
decided by the code that decides for real. Without --calibration the runs scatter by 3, 6 and 12 % (p50, p95, p99), and
8 % of them are slowed down by something else; with it they scatter as the A/A runs of `sensorswarm calibrate` did.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from reports.gate.calibration import read_calibration
from reports.gate.limits import DEFAULT_LIMITS
from reports.gate.noise import Noise, Simulated, fit, simulate
from reports.gate.statistics import Floats, rate_interval
from scenarios import facts
from wire.records import write_json

METRICS = tuple(DEFAULT_LIMITS)
LIMITS = np.array(list(DEFAULT_LIMITS.values()))
SD = np.array([0.03, 0.06, 0.12])  # of ln(latency) from run to run
CONTAMINATED_SHARE = 0.08
CONTAMINATED_SD = 5.0  # standard deviations by which a contaminated run is slower: 16, 35 and 82 %
BASE_MS = np.array([20.0, 50.0, 80.0])  # far enough above 1 ms for the limits alone to decide
STRESS = (1.2, 1.5, 2.0)  # factors by which every quantile of a contaminated run is slower, to see what breaks

Figures = dict[str, float]


def assumed(size: Floats) -> Noise:
    """Noise by the figures above; `size` of shape (m,) is the logarithm by which contaminated runs are slower."""
    return Noise(METRICS, np.diag(SD) ** 2, CONTAMINATED_SHARE, size[None, :])


def job(noise: Noise, *, comparisons: int, pairs: int, base_ms: Floats, slower: dict[str, float]) -> Simulated:
    """Simulate jobs whose candidate is slower by these shares; one seed, so that every figure can be made again."""
    effect = np.array([math.log1p(slower.get(metric, 0.0)) for metric in noise.metrics])
    rng = np.random.default_rng(7)
    return simulate(noise, rng, comparisons=comparisons, pairs=pairs, effect=effect, limits=LIMITS, base_ms=base_ms)


def rates(noise: Noise, *, comparisons: int, pairs: int, base_ms: Floats) -> Figures:
    """Every figure with the bounds of its 95 % confidence interval."""
    found: Figures = {}
    options = {"comparisons": comparisons, "pairs": pairs}
    same = job(noise, base_ms=base_ms, slower={}, **options)
    _rate(found, "false_alarm_rate", same.confirmed.any(axis=-1))
    _rate(found, "false_alarm_rate_first_set", same.first.any(axis=-1))
    _rate(found, "undecided_job_rate", (same.doubtful.any(axis=-1) & ~same.confirmed.any(axis=-1)))
    for column, metric in enumerate(METRICS):
        _rate(found, f"inconclusive_{metric.partition('.')[2]}", ~same.cleared[:, column])
    for metric, slower in (("reading.p50", 0.20), ("reading.p95", 0.30), ("reading.p99", 0.50)):
        seen = job(noise, base_ms=base_ms, slower={metric: slower}, **options)
        name = f"power_{metric.partition('.')[2]}_{slower * 100:.0f}"
        _rate(found, name, seen.confirmed[:, METRICS.index(metric)])
        _rate(found, f"{name}_first_set", seen.first[:, METRICS.index(metric)])
    return found


def naive(noise: Noise, *, comparisons: int) -> Figures:
    """What a gate makes of the same noise that takes one pair of runs and the same limits."""
    d = noise.draw(np.random.default_rng(7), comparisons=comparisons, pairs=1)[..., 0]
    found: Figures = {}
    _rate(found, "false_alarm_rate_naive_pair", (d > np.log1p(LIMITS)).any(axis=-1))
    return found


def _rate(found: Figures, name: str, hits: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] | np.bool_) -> None:
    hits = np.atleast_1d(hits)
    count = int(np.count_nonzero(hits))
    found[name] = count / len(hits)
    found[f"{name}_low"], found[f"{name}_high"] = rate_interval(count, len(hits))


def measure(*, comparisons: int, pairs: int, calibration: Path | None) -> tuple[Figures, str]:
    """Every figure, and what the noise is."""
    if calibration is not None:
        read = read_calibration(calibration, metrics=METRICS)
        noise, base_ms = fit(read.d, METRICS), read.base_ms
        scatter = ", ".join(f"{sd * 100:.1f} %" for sd in noise.sd.values())
        told = f"fitted to {len(read.d)} A/A pairs: sd {scatter}, {noise.share * 100:.1f} % of the runs contaminated"
        found = rates(noise, comparisons=comparisons, pairs=pairs, base_ms=base_ms)
        return found | naive(noise, comparisons=comparisons), told
    noise = assumed(CONTAMINATED_SD * SD)
    found = rates(noise, comparisons=comparisons, pairs=pairs, base_ms=BASE_MS)
    found |= naive(noise, comparisons=comparisons)
    for factor in STRESS:
        harsh = assumed(np.full(len(METRICS), math.log(factor)))
        of = rates(harsh, comparisons=comparisons, pairs=pairs, base_ms=BASE_MS)
        found |= {f"x{factor:g}_{name}": value for name, value in of.items() if not name.startswith("inconclusive")}
    return found, f"assumed: sd 3, 6, 12 %, 8 % of the runs contaminated by {CONTAMINATED_SD:g} sd"


def main() -> None:
    """Simulate, print a table, write the JSON file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate", description="Error rates of the latency gate.")
    parser.add_argument("--comparisons", type=int, default=10_000, help="simulated jobs per figure (%(default)d)")
    parser.add_argument("--pairs", type=int, default=8, help="%(default)d")
    parser.add_argument("--calibration", type=Path, help="calibration.json of `sensorswarm calibrate`")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--seconds", type=float, help="as every benchmark has it; of no use here")
    options = parser.parse_args()
    if options.comparisons < 1 or not 6 <= options.pairs <= 25:
        parser.error("--comparisons must be at least 1 and --pairs 6 to 25")
    found, told = measure(comparisons=options.comparisons, pairs=options.pairs, calibration=options.calibration)
    table = Table(title=f"{options.comparisons:,} jobs, {options.pairs} pairs, noise {told}")
    for column in ("figure", "rate", "95 % interval"):
        table.add_column(column, justify="left" if column == "figure" else "right")
    for name in (name for name in found if not name.endswith(("_low", "_high")) and f"{name}_low" in found):
        table.add_row(name, f"{found[name]:.2%}", f"{found[f'{name}_low']:.2%} to {found[f'{name}_high']:.2%}")
    Console().print(table)
    if options.json is not None:
        write_json(
            options.json,
            {
                "name": "gate",
                "noise": told,
                "figures": found,
                "ratios": {},
                "machine": facts.machine(),
                "versions": facts.versions(),
            },
        )


if __name__ == "__main__":
    main()
