"""Anomalies in the order in which they begin: which are new, which are under way. Pure."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable

from simulator.source import Truth


class Onsets:
    """Truths come in as they become known, and out when their first reading is due."""

    def __init__(self) -> None:
        self.by_kind: Counter[str] = Counter()  # of those that began, one for each sensor touched
        self._waiting: list[tuple[int, str, Truth]] = []
        self._ends_ns: list[int] = []

    def add(self, truths: Iterable[Truth]) -> None:
        """Take what became known."""
        for truth in truths:
            heapq.heappush(self._waiting, (truth.start_ns, truth.id, truth))

    def begun(self, elapsed_ns: int) -> list[Truth]:
        """Those that began at or before `elapsed_ns` and were not returned yet."""
        new = []
        while self._waiting and self._waiting[0][0] <= elapsed_ns:
            truth = heapq.heappop(self._waiting)[2]
            self.by_kind[truth.kind] += 1
            heapq.heappush(self._ends_ns, truth.end_ns)
            new.append(truth)
        return new

    def under_way(self, elapsed_ns: int) -> int:
        """How many have begun and not ended."""
        while self._ends_ns and self._ends_ns[0] < elapsed_ns:
            heapq.heappop(self._ends_ns)
        return len(self._ends_ns)
