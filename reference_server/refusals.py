"""What was refused, counted by close code or HTTP status and by reason: what strangers do wrong fills no log. Pure."""

from __future__ import annotations

import http

from wire.dashboard import Close

_NO_REFUSAL = frozenset({Close.NORMAL, Close.GOING_AWAY, Close.RESTART})
_REASONS = {  # of closes that no session asked for: the library's, and the outbox's
    1002: "broken frame",
    1007: "not UTF-8",
    Close.TOO_BIG: "message too big",
    1011: "internal error",
    Close.SLOW: "too slow",
}


def reason_of(code: int) -> str:
    """Words for a code that came without any of ours: few and fixed, for they become labels."""
    if code in _REASONS:
        return _REASONS[code]
    try:
        return http.HTTPStatus(code).phrase.lower()
    except ValueError:
        return "other"


class Refusals:
    """Counts since the start."""

    def __init__(self) -> None:
        self._counts: dict[tuple[int, str], int] = {}

    def add(self, code: int, reason: str | None = None) -> None:
        """Count one; a close that refuses nothing is left out. `reason` is one of a few, never what a stranger sent."""
        if code not in _NO_REFUSAL:
            key = (int(code), reason or reason_of(code))
            self._counts[key] = self._counts.get(key, 0) + 1

    @property
    def counts(self) -> dict[str, int]:
        """By code, in its order."""
        counts: dict[str, int] = {}
        for (code, _), count in sorted(self._counts.items()):
            counts[str(code)] = counts.get(str(code), 0) + count
        return counts

    @property
    def by_reason(self) -> list[tuple[int, str, int]]:
        """Code, reason and count, in their order."""
        return [(code, reason, count) for (code, reason), count in sorted(self._counts.items())]
