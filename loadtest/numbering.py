"""Which number and kind the next client of a run has. Pure.

Clients are numbered over the whole run, in the order in which they ask, wherever they run: however many processes
share the clients, together they are the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping

from loadtest.behaviours.mix import Mix


class Numbering:
    """Deals numbers from 0, and kinds from the mix."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._mix = Mix(weights)
        self._next = 0

    def deal(self, kind: str = "") -> tuple[int, str]:
        """Number and kind of one client; of the kind given when it takes another one's place."""
        index, self._next = self._next, self._next + 1
        return index, kind or self._mix.next()
