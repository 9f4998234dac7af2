"""Faults, one file a kind: what a scenario's [[fault]] becomes in the run. A registry line each."""

from __future__ import annotations

from collections.abc import Callable

from scenarios.faults import cut
from scenarios.schema import Fault
from wire import records

_ORDERS: dict[str, Callable[[Fault, float], records.Fault]] = {
    "cut": cut.order,
}


def orders(faults: list[Fault], *, load_started_ts: float) -> list[records.Fault]:
    """Orders of a scenario's faults by wall-clock time, earliest first."""
    return sorted((_ORDERS[fault.kind](fault, load_started_ts) for fault in faults), key=lambda order: order.ts)
