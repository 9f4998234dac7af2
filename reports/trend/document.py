"""The series as JSON: docs/gates.md names the fields."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from reports.trend import words
from reports.trend.change_points import LEAST_SEGMENT, LEVEL, PERMUTATIONS
from reports.trend.model import Series, Trend

SCHEMA = 1


def document(trend: Trend) -> dict[str, Any]:
    """Return trend.json; a gap is null."""
    return {
        "schema": SCHEMA,
        "scenario": trend.scenario,
        "sentence": words.sentence(trend),
        "method": {
            "name": "E-divisive means on ln(latency)",
            "level": LEVEL,
            "permutations": PERMUTATIONS,
            "least_segment": LEAST_SEGMENT,
            "seed": trend.seed,
        },
        "runs": [
            {
                "name": run.name,
                "started_ts": run.started_ts,
                "seed": run.figures.seed,
                "machine": dict(run.figures.machine),
                "versions": dict(run.figures.versions),
            }
            for run in trend.runs
        ],
        "metrics": {series.metric: _series(series) for series in trend.series},
        "left_out": [dataclasses.asdict(one) for one in trend.left_out],
        "notices": words.notices(trend),
    }


def _series(series: Series) -> dict[str, Any]:
    return {
        "values_ms": [value if math.isfinite(value) else None for value in series.values_ms.tolist()],
        "segments": [dataclasses.asdict(one) for one in series.segments],
        "change_points": [dataclasses.asdict(one) | {"change": one.share} for one in series.changes],
    }
