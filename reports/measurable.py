"""What the server did not let us measure, in the report's words: said wherever a number would stand, never guessed."""

from __future__ import annotations

import dataclasses
from typing import Any

from wire.records import AlertCounts, Measures, ReadingCounts

NOT_MEASURABLE = "not measurable"

_LOST = {
    "time": "the latency of readings",
    "sequence": "which readings are missing, duplicated or late",
    "building": "what leaked",
    "alerts": "alerts, and what was detected",
}

_NEEDS = {  # figure -> what it cannot be drawn without
    "latency_over_time": "time",
    "heatmap": "time",
    "percentiles": "time",
    "cdf": "time",
    "alerts": "alerts",
    "detection": "alerts",
}


def notices(measures: Measures) -> list[str]:
    """One line for each thing that could not be measured."""
    lacking = measures.lacking
    return [f"{NOT_MEASURABLE}: {lost}: {lacking[name]}" for name, lost in _LOST.items() if name in lacking]


def why_no_figure(measures: Measures, figure: str) -> str:
    """Why a figure shows nothing; empty when it can be drawn."""
    return measures.lacking.get(_NEEDS.get(figure, ""), "")


def told(counts: ReadingCounts | AlertCounts, measures: Measures) -> dict[str, Any]:
    """Counts by name; None for what could not be measured."""
    kind = "reading" if isinstance(counts, ReadingCounts) else "alert"
    every = dataclasses.asdict(counts) | {"missing": counts.missing}
    return {name: None if measures.why_not(f"{kind}.{name}") else count for name, count in every.items()}
