"""Messages that could not be used: counted by kind, told at most now and then. Pure."""

from __future__ import annotations

TELL_EVERY_S = 10.0


class Malformed:
    """Counts by kind. A publisher that sends nothing but nonsense must not fill the log as well."""

    def __init__(self, *, tell_every_s: float = TELL_EVERY_S) -> None:
        self.counts: dict[str, int] = {}
        self._tell_every_s = tell_every_s
        self._told: dict[str, tuple[float, int]] = {}  # when, and the count then

    def add(self, kind: str, detail: str, now_s: float) -> str | None:
        """Count one; give the line to log, or None when this kind was told less than `tell_every_s` ago."""
        count = self.counts[kind] = self.counts.get(kind, 0) + 1
        told_at, told = self._told.get(kind, (None, 0))
        if told_at is not None and now_s - told_at < self._tell_every_s:
            return None
        self._told[kind] = (now_s, count)
        unsaid = count - told - 1
        return f"malformed {kind}: {detail}" + (f" (and {unsaid} more since last told)" if unsaid else "")
