"""Absolute limits on one run: `reading.p99<250ms`, `alert.missing==0`, `reading.delivered_share>=99.9%`.

    limit     = metric operator number [unit]
    operator  = "<" | "<=" | ">" | ">=" | "==" | "!="
    unit      = "us" | "ms" | "s" for a latency (required), "%" for a share, none for a count

A latency is a measured quantity: == and != are refused for it. A limit on a quantile that too few messages stand
behind is "not supported", never held.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from reports.gate.metrics import LATENCIES, SHARES, check_metric
from reports.gate.model import Figures, Outcome
from reports.gate.support import samples_needed
from reports.measurable import NOT_MEASURABLE
from reports.words import milliseconds, plural
from wire.errors import SensorSwarmError

_GRAMMAR = re.compile(r"\s*([A-Za-z_][\w.]*)\s*(<=|>=|==|!=|<|>)\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z%]*)\s*")
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_MS = {"us": Decimal("0.001"), "ms": Decimal(1), "s": Decimal(1000)}


@dataclass(frozen=True, slots=True)
class Slo:
    """One limit."""

    text: str  # as it was given
    metric: str
    compare: str
    limit: float  # milliseconds, a share from 0 to 1, or a count


@dataclass(frozen=True, slots=True)
class SloResult:
    """One limit and what the run made of it."""

    metric: str  # the limit as it was given: a run may have several on one metric
    outcome: Outcome
    reason: str
    actual: float | None  # in the unit of the limit's kind: milliseconds, share or count


def parse_slo(text: str) -> Slo:
    """Read one limit.

    Raises:
        SensorSwarmError: it is none; says what is wrong and what to write.
    """
    found = _GRAMMAR.fullmatch(text)
    if found is None:
        raise SensorSwarmError(f"limit {text!r}: write METRIC OPERATOR NUMBER UNIT, such as reading.p99<250ms")
    metric, compare, number, unit = found.groups()
    try:
        check_metric(metric)
        # In decimal: 99.9 * 0.01 is more than 0.999 to a computer.
        limit = float(Decimal(number) * _factor(metric, compare, number, unit))
    except SensorSwarmError as error:
        raise SensorSwarmError(f"limit {text!r}: {error}") from None
    return Slo(text.strip(), metric, compare, limit)


def _factor(metric: str, compare: str, number: str, unit: str) -> Decimal:
    """What the number is to be multiplied by."""
    if metric in LATENCIES:
        if compare in ("==", "!="):
            raise SensorSwarmError(f"a latency is never exactly anything; write {metric}<={number}{unit or 'ms'}")
        if unit not in _MS:
            raise SensorSwarmError(f"unit {unit!r} is no time; write {number}us, {number}ms or {number}s")
        return _MS[unit]
    if metric in SHARES:
        if unit not in ("", "%"):
            raise SensorSwarmError(f"unit {unit!r}: a share is a number from 0 to 1, or {number}%")
        return Decimal("0.01") if unit else Decimal(1)
    if unit:
        raise SensorSwarmError(f"unit {unit!r}: {metric} is a count and has none; write {metric}{compare}{number}")
    return Decimal(1)


def check_slo(slo: Slo, figures: Figures) -> SloResult:
    """Hold one run against one limit."""
    if why := figures.measures.why_not(slo.metric):
        return SloResult(slo.text, "not_supported", f"{NOT_MEASURABLE}: {why}", None)
    if slo.metric in LATENCIES:
        count, needed = figures.samples.get(slo.metric, 0), samples_needed(slo.metric)
        actual = figures.latency_ms.get(slo.metric)
        if actual is None or count < needed:
            lack = f"not supported: {plural(count, 'independent message')}, {needed:,} are needed; make the run longer"
            return SloResult(slo.text, "not_supported", lack, actual)
    else:
        actual = figures.counts.get(slo.metric)
        if actual is None:
            return SloResult(slo.text, "not_supported", "not supported: the run's files do not say", None)
    held = _COMPARE[slo.compare](actual, slo.limit)
    return SloResult(slo.text, "held" if held else "failed", f"{slo.metric} is {_said(slo.metric, actual)}", actual)


def _said(metric: str, value: float) -> str:
    if metric in LATENCIES:
        return milliseconds(value)
    return f"{value * 100:.6g} %" if metric in SHARES else f"{value:,.0f}"
