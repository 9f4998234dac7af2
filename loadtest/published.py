"""Reads what the simulator says it published, from the run directory where it wrote it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gevent

from wire.clock import now
from wire.records import (
    ANOMALIES,
    PUBLISHED,
    Anomaly,
    PublishedFinal,
    PublishedStart,
    read_lines,
    read_records,
    records_of,
)

TRUTH_PATIENCE_S = 2.0  # longest wait at the end for the simulator's last numbers
_SETTLING = ("final", "total")


def published(run_dir: Path | None) -> list[dict[str, Any]]:
    """The lines that settle the books; empty where no simulator wrote.

    Waits a little for the last numbers of a simulator that has begun in this directory.
    """
    if not run_dir:
        return []
    deadline_ts = now() + TRUTH_PATIENCE_S
    while True:
        lines = read_lines(run_dir / PUBLISHED).records
        awaited = {building for start in records_of(lines, PublishedStart) for building in start.buildings}
        if awaited <= {final.building for final in records_of(lines, PublishedFinal)} or now() >= deadline_ts:
            return [line for line in lines if line.get("kind") in _SETTLING]
        gevent.sleep(0.1)


def interval_s(run_dir: Path | None) -> float | None:
    """Seconds between two readings of a sensor, as the simulator said when the load began; None: nobody has said."""
    starts = read_records(run_dir / PUBLISHED, PublishedStart) if run_dir else []
    return starts[0].interval_s if starts else None


def clock_was_skewed(run_dir: Path | None) -> bool:
    """Whether any sensor told wrong times on purpose."""
    return run_dir is not None and any(one.kind == "clock_skewed" for one in read_records(run_dir / ANOMALIES, Anomaly))
