"""One building's two lanes: numbered items of which the last are kept, and the latest reading of each sensor. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice

from reference_server.alert import Kind
from wire import dashboard

# Clients commonly refuse messages above 1 MiB (the default of `websockets`): stay well below it.
MAX_FRAME_PAYLOAD_BYTES = 256 * 1024
_SORTED_AT_ONCE = 64  # batches of readings


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of an alert lane: an alert, or its end."""

    building: str
    offset: int
    alert_id: str
    sensor: str
    kind: Kind
    ts: float  # as in the message, Unix seconds
    cleared: bool
    message: bytes  # as it is sent


class Lane:
    """Numbered items, of which the last `capacity` are kept."""

    __slots__ = ("_kept", "offset")

    def __init__(self, capacity: int) -> None:
        self.offset = 0  # number of the last item
        self._kept: deque[bytes] = deque(maxlen=capacity)

    def __len__(self) -> int:
        return len(self._kept)

    def extend(self, items: Collection[bytes]) -> None:
        """Number and keep items."""
        self._kept.extend(items)
        self.offset += len(items)

    def go_on_after(self, offset: int) -> None:
        """Begin behind `offset`, with nothing kept: the past was another process's."""
        self.offset = offset
        self._kept.clear()

    def reaches_back_to(self, offset: int) -> bool:
        """Whether everything after `offset` is kept; False for an offset that has not been reached yet."""
        return self.offset - len(self._kept) <= offset <= self.offset

    def after(self, offset: int) -> Iterator[bytes]:
        """Items after `offset`, which must be kept."""
        return islice(self._kept, len(self._kept) - (self.offset - offset), None)


class Latest:
    """The latest reading of each sensor, for whoever cannot keep up with all."""

    __slots__ = ("_new", "_of")

    def __init__(self) -> None:
        self._of: dict[Hashable, tuple[int, bytes]] = {}
        self._new: list[tuple[int, Sequence[Hashable], Sequence[bytes]]] = []  # sorted by sensor when it is worth it

    def extend(self, first: int, sensors: Sequence[Hashable], payloads: Sequence[bytes]) -> None:
        """Take readings numbered from `first`; neither sequence may change later."""
        self._new.append((first, sensors, payloads))
        if len(self._new) >= _SORTED_AT_ONCE:
            self._sort()

    def _sort(self) -> None:
        for first, sensors, payloads in self._new:
            self._of.update(zip(sensors, zip(count(first), payloads), strict=False))
        self._new.clear()

    def after(self, offset: int) -> list[bytes]:
        """The latest reading of each sensor that published after `offset`, in order."""
        self._sort()
        return [payload for _, payload in sorted(item for item in self._of.values() if item[0] > offset)]


def readings_messages(building: str, offset: int, payloads: Sequence[bytes], *, skipped: int = 0) -> list[bytes]:
    """Readings of one building in as few messages as their size allows.

    Args:
        building: its name.
        offset: number of the first.
        payloads: as published.
        skipped: readings left out before the first.
    """
    messages: list[bytes] = []
    first = size = 0
    for place, length in enumerate(map(len, payloads)):
        if size + length > MAX_FRAME_PAYLOAD_BYTES and place > first:
            chunk = payloads[first:place]
            messages.append(dashboard.readings(building=building, offset=offset, payloads=chunk, skipped=skipped))
            offset += place - first
            first, size, skipped = place, 0, 0
        size += length + 1
    if len(payloads) > first:
        rest = payloads[first:] if first else payloads
        messages.append(dashboard.readings(building=building, offset=offset, payloads=rest, skipped=skipped))
    return messages
