"""Faults, one file a kind: what a scenario's [[fault]] becomes in the run. A registry line each."""

from __future__ import annotations

from collections.abc import Sequence

from scenarios.faults import cut, latency, restart, rolling
from scenarios.schema import Cut, Fault, Latency, Restart, Rolling
from wire import records


def _order(fault: Fault, load_started_ts: float) -> records.Fault:
    match fault:
        case Cut():
            return cut.order(fault, load_started_ts)
        case Restart():
            return restart.order(fault, load_started_ts)
        case Rolling():
            return rolling.order(fault, load_started_ts)
        case Latency():
            return latency.order(fault, load_started_ts)


def orders(faults: Sequence[Fault], *, load_started_ts: float) -> list[records.Fault]:
    """Orders of a scenario's faults by wall-clock time, earliest first."""
    return sorted((_order(fault, load_started_ts) for fault in faults), key=lambda order: order.ts)
