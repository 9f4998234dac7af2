"""How much slower is too slow: limits by metric, and never one that the machine cannot tell from noise."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reports.gate.metrics import LATENCIES, check_metric
from wire.errors import SensorSwarmError

DEFAULT_LIMITS: Mapping[str, float] = {"reading.p50": 0.10, "reading.p95": 0.15, "reading.p99": 0.25}
_BY_QUANTILE = {"p50": 0.10, "p90": 0.12, "p95": 0.15, "p99": 0.25, "p999": 0.50, "max": 1.0}
_LIMIT = re.compile(r"\s*([a-z]+\.[a-z0-9]+)\s*(?:=\s*([0-9]+(?:\.[0-9]+)?)\s*(%?))?\s*")
MOST_LIMIT = 4.0  # beyond 400 % a limit has been seen to catch nothing


def parse_limit(text: str) -> tuple[str, float]:
    """Read "reading.p95=15%", or "reading.p95" for the quantile's usual limit.

    Raises:
        SensorSwarmError: it is no such limit, or one that could catch nothing.
    """
    found = _LIMIT.fullmatch(text)
    if found is None:
        raise SensorSwarmError(f"limit {text!r}: give a metric and a share, such as reading.p95=15%")
    metric, number, percent = found.groups()
    check_metric(metric, known=LATENCIES)
    if number is None:
        return metric, usual_limit(metric)
    limit = float(number) / (100 if percent else 1)
    if not 0 < limit <= MOST_LIMIT:
        raise SensorSwarmError(f"limit {text!r}: give a share above 0 and at most {MOST_LIMIT:.0%}")
    return metric, limit


def usual_limit(metric: str) -> float:
    """Limit of a latency metric that nobody gave one: the further out the quantile, the more it scatters."""
    return _BY_QUANTILE[metric.partition(".")[2]]


def raised(limits: Mapping[str, float], floors: Mapping[str, float]) -> dict[str, float]:
    """Limits, none of them below what a calibration says can be told from chance."""
    return {metric: max(limit, floors.get(metric, 0.0)) for metric, limit in limits.items()}
