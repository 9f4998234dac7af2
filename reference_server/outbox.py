"""What waits to be written to one client, and how much of it may. Pure.

Everything a client is given in one wake-up leaves in one write: the cost of a delivery is the cost of the write call.
What the transport could not send yet is bounded; a client that falls further behind must be closed, and can resume.
"""

from __future__ import annotations

MAX_BUFFERED_BYTES = 1 << 20


class Outbox:
    """Frames for the next write.

    `waiting` may be appended to directly by the fan-out, which has no time for a call per frame.
    """

    __slots__ = ("_limit_bytes", "max_buffered_bytes", "waiting")

    def __init__(self, *, max_buffered_bytes: int = MAX_BUFFERED_BYTES) -> None:
        self.max_buffered_bytes = max_buffered_bytes
        self.waiting: list[bytes] = []
        self._limit_bytes = max_buffered_bytes

    def take(self, buffered_bytes: int) -> bytes | None:
        """Give what waits as one piece for one write, or None when the client is too far behind.

        Args:
            buffered_bytes: what the transport still holds from earlier writes.
        """
        waiting = self.waiting
        data = waiting[0] if len(waiting) == 1 else b"".join(waiting)
        waiting.clear()
        expected_bytes = buffered_bytes + len(data)
        if self._limit_bytes != self.max_buffered_bytes:
            # The room that `allow` made goes as the catch-up drains.
            room = min(self._limit_bytes, expected_bytes + self.max_buffered_bytes)
            self._limit_bytes = room
        # With nothing left from before, nobody is slow, however much comes at once.
        if buffered_bytes and expected_bytes > self._limit_bytes:
            return None
        return data

    def allow(self, catch_up_bytes: int) -> None:
        """Make room for what the client missed: bounded by the history, and no sign of a slow client."""
        self._limit_bytes += catch_up_bytes
