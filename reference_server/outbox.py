"""How much may wait for one client that does not keep up. Pure.

What the transport could not send yet is bounded twice. Beyond the first bound a client is behind: readings are left
out until it has caught up, and it is then told the latest of each sensor. What must not be lost still goes; beyond the
second bound not even that does, and the client must be closed: it can resume.
"""

from __future__ import annotations

MAX_BEHIND_BYTES = 256 * 1024  # of readings that wait in the transport
MAX_BUFFERED_BYTES = 1 << 20  # of all that waits in the transport


class Outbox:
    """The bounds of one client. `buffered_bytes` is always what its transport holds from earlier writes."""

    __slots__ = ("_max_behind_bytes", "_max_buffered_bytes", "_room_bytes")

    def __init__(
        self, *, max_behind_bytes: int = MAX_BEHIND_BYTES, max_buffered_bytes: int = MAX_BUFFERED_BYTES
    ) -> None:
        self._max_buffered_bytes = max_buffered_bytes
        self._max_behind_bytes = min(max_behind_bytes, max_buffered_bytes)
        self._room_bytes = 0  # above the bounds, for what a client missed

    def keeps_up(self, buffered_bytes: int) -> bool:
        """Whether it may be given readings, however many are new."""
        return buffered_bytes <= self._max_behind_bytes + self._room(buffered_bytes)

    def has_room_for(self, lossless_bytes: int, buffered_bytes: int) -> bool:
        """Whether a client that is behind can still be given what must not be lost."""
        return buffered_bytes + lossless_bytes <= self._max_buffered_bytes + self._room(buffered_bytes)

    def may_catch_up(self, buffered_bytes: int) -> bool:
        """Whether it may be given what it missed: not while an earlier catch-up fills the transport."""
        return buffered_bytes <= self._max_buffered_bytes

    def catching_up(self, missed_bytes: int, buffered_bytes: int) -> None:
        """Make room for what it missed and has just been written: bounded by the history, and no sign of slowness."""
        self._room_bytes += missed_bytes
        self._room(buffered_bytes)

    def _room(self, buffered_bytes: int) -> int:
        # It goes as the catch-up drains.
        self._room_bytes = min(self._room_bytes, buffered_bytes)
        return self._room_bytes
