"""Orders of the scenario's runner that the swarm carries out: kind "cut" breaks live connections abruptly."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from wire.records import FAULTS, Fault, read_records

T = TypeVar("T")

CUT = "cut"


def due(orders: Sequence[Fault], done: int, after_ts: float, now_ts: float) -> tuple[list[Fault], list[Fault]]:
    """Orders of ours among `orders` after the first `done` of them, as (due now, not due yet).

    An order meant before `after_ts` belongs to an earlier run and is passed over.
    """
    ours = [order for order in orders[done:] if order.kind == CUT and order.ts >= after_ts]
    return [order for order in ours if order.ts <= now_ts], [order for order in ours if order.ts > now_ts]


def chosen(live: Sequence[T], connections: int, rng: random.Random) -> list[T]:
    """Which of the live ones are cut: all when there are not more."""
    return rng.sample(live, min(connections, len(live)))


class FaultOrders:
    """Reads faults.jsonl as it grows."""

    def __init__(self, run_dir: Path, started_ts: float) -> None:
        self._path = run_dir / FAULTS
        self._started_ts = started_ts
        self._bytes = -1
        self._read = 0
        self._waiting: list[Fault] = []

    def take_due(self, now_ts: float) -> list[Fault]:
        """Orders to carry out now; each is given once."""
        orders = list(self._waiting)
        try:
            size = self._path.stat().st_size
        except FileNotFoundError:
            size = -1
        if size != self._bytes:
            known = read_records(self._path, Fault)
            orders += known[self._read :]
            self._read, self._bytes = len(known), size
        now_due, self._waiting = due(orders, 0, self._started_ts, now_ts)
        return now_due
