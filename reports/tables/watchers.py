"""Who may see a building."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from reports.tables.lives import Life


class Watchers:
    """The clients of each building; they share few sets of patterns, so each set is matched once."""

    def __init__(self, lives: Sequence[Life]) -> None:
        self._by_patterns: dict[tuple[str, ...], list[Life]] = {}
        for one in lives:
            self._by_patterns.setdefault(one.buildings, []).append(one)
        self._by_building: dict[str, list[Life]] = {}
        self.known = bool(lives)

    def of(self, building: str) -> list[Life]:
        """Every client that may see a building."""
        if building not in self._by_building:
            self._by_building[building] = [
                one
                for patterns, group in self._by_patterns.items()
                if any(fnmatchcase(building, pattern) for pattern in patterns)
                for one in group
            ]
        return self._by_building[building]
