"""What was refused, counted by close code or HTTP status for /healthz: what strangers do wrong fills no log. Pure."""

from __future__ import annotations

from wire.dashboard import Close

_NO_REFUSAL = frozenset({Close.NORMAL, Close.GOING_AWAY, Close.RESTART})


class Refusals:
    """Counts since the start."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}

    def add(self, code: int) -> None:
        """Count one; a close that refuses nothing is left out."""
        if code not in _NO_REFUSAL:
            self._counts[int(code)] = self._counts.get(int(code), 0) + 1

    @property
    def counts(self) -> dict[str, int]:
        """By code, in its order."""
        return {str(code): count for code, count in sorted(self._counts.items())}
