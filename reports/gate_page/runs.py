"""What the page reads of each run beyond the verdict: its latencies, and when it took place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reports.gate.metrics import compared_histograms
from reports.gate.model import JobVerdict
from reports.histogram import Histogram
from reports.rundata import load


@dataclass(frozen=True, slots=True)
class RunLatency:
    """One run of a comparison."""

    latency: Mapping[str, Histogram]  # by tag, without the warm-up, as it was compared
    started_ts: float | None = None  # Unix seconds
    ended_ts: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that the page is made of."""

    verdict: JobVerdict
    runs: Mapping[str, RunLatency]  # by the name of the run


def read_run(directory: Path) -> RunLatency:
    """Read one run directory.

    Raises:
        SensorSwarmError: there is no such run directory.
    """
    data = load(directory)
    run = data.run
    return RunLatency(
        compared_histograms(data),
        run.started_ts if run is not None else None,
        run.ended_ts if run is not None else None,
    )


def read_comparison(verdict: JobVerdict, folder: Path) -> Comparison:
    """Read every run that a verdict rests on.

    Args:
        verdict: of the comparison.
        folder: holds a run directory for each run, under its name.

    Raises:
        SensorSwarmError: a run directory is gone.
    """
    names = [run.run for pairs in verdict.sets.values() for pair in pairs for run in (pair.base, pair.candidate)]
    return Comparison(verdict, {name: read_run(folder / name) for name in names})
