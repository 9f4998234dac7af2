"""What waits to be written to one client, and how much of it may. Pure.

Everything a client is given in one wake-up leaves in one write: the cost of a delivery is the cost of the write call.
What the transport could not send yet is bounded twice. Beyond the first bound a client is behind: readings are left
out until it has caught up, and it is then told the latest of each sensor. What must not be lost still goes; beyond the
second bound not even that does, and the client must be closed: it can resume.
"""

from __future__ import annotations

MAX_BEHIND_BYTES = 256 * 1024  # of readings that wait in the transport
MAX_BUFFERED_BYTES = 1 << 20  # of all that waits in the transport


class Outbox:
    """Frames for the next write.

    `waiting` may be appended to directly by the fan-out, which has no time for a call per frame.
    """

    __slots__ = ("_room_bytes", "max_behind_bytes", "max_buffered_bytes", "waiting")

    def __init__(
        self, *, max_behind_bytes: int = MAX_BEHIND_BYTES, max_buffered_bytes: int = MAX_BUFFERED_BYTES
    ) -> None:
        self.max_buffered_bytes = max_buffered_bytes
        self.max_behind_bytes = min(max_behind_bytes, max_buffered_bytes)
        self.waiting: list[bytes] = []
        self._room_bytes = 0  # above the bounds, for what a client missed

    def take(self, buffered_bytes: int) -> bytes | None:
        """Give what waits as one piece for one write, or None when the client is too far behind for readings.

        Args:
            buffered_bytes: what the transport still holds from earlier writes.
        """
        waiting = self.waiting
        data = waiting[0] if len(waiting) == 1 else b"".join(waiting)
        waiting.clear()
        if self._room_bytes:
            self._use_room(buffered_bytes + len(data))
        return data if buffered_bytes <= self.max_behind_bytes + self._room_bytes else None

    def has_room_for(self, lossless_bytes: int, buffered_bytes: int) -> bool:
        """Whether a client that is behind can still be given what must not be lost."""
        expected_bytes = buffered_bytes + lossless_bytes
        self._use_room(expected_bytes)
        return expected_bytes <= self.max_buffered_bytes + self._room_bytes

    def allow(self, catch_up_bytes: int) -> None:
        """Make room for what the client missed: bounded by the history, and no sign of a slow client."""
        self._room_bytes += catch_up_bytes

    def _use_room(self, expected_bytes: int) -> None:
        # The room that `allow` made goes as the catch-up drains.
        self._room_bytes = min(self._room_bytes, expected_bytes)
