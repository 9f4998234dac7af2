"""Buildings, their history, and who is subscribed: decides which messages go to whom. Pure.

A building has two lanes, readings and alerts. Items of a lane are numbered from 1 without gaps; its offset is the
number of the last one, 0 before the first. An epoch names one life of the numbering: a position of another epoch means
nothing here. Each lane keeps its last items, and a subscriber whose position lies within that history on BOTH lanes
gets everything it missed, in order, before anything new; otherwise it gets nothing of the past, and is told so.

The caller must deliver the messages returned here in the order in which the calls were made: that alone makes every
subscriber's stream gapless.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from reference_server.alert import Alert
from wire import dashboard
from wire.dashboard import Position

READINGS_HISTORY = 4096  # readings kept per building
ALERTS_HISTORY = 1024  # alerts kept per building
# Clients commonly refuse messages above 1 MiB (the default of `websockets`): stay well below it.
MAX_FRAME_PAYLOAD_BYTES = 256 * 1024

S = TypeVar("S")
Matches = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Publication(Generic[S]):
    """Messages that go, in this order, to every one of `subscribers` (the hub's own set: read it, then forget it)."""

    messages: list[bytes]
    subscribers: AbstractSet[S]


class _Lane:
    """Numbered items, of which the last `capacity` are kept."""

    __slots__ = ("_kept", "offset")

    def __init__(self, capacity: int) -> None:
        self.offset = 0
        self._kept: deque[bytes] = deque(maxlen=capacity)

    def extend(self, items: Collection[bytes]) -> None:
        self._kept.extend(items)
        self.offset += len(items)

    def reaches_back_to(self, offset: int) -> bool:
        """Whether everything after `offset` is kept; False for an offset that has not been reached yet."""
        return self.offset - len(self._kept) <= offset <= self.offset

    def after(self, offset: int) -> Iterator[bytes]:
        return islice(self._kept, len(self._kept) - (self.offset - offset), None)


class _Building(Generic[S]):
    """One group of sensors."""

    __slots__ = ("alerts", "name", "readings", "subscribers")

    def __init__(self, name: str, *, readings_history: int, alerts_history: int) -> None:
        self.name = name
        self.readings = _Lane(readings_history)
        self.alerts = _Lane(alerts_history)
        self.subscribers: set[S] = set()

    @property
    def published(self) -> bool:
        return self.readings.offset > 0 or self.alerts.offset > 0


class Hub(Generic[S]):
    """Every building, and every subscriber (any hashable).

    Args:
        epoch: random text, new for each start of the server.
        readings_history: readings kept per building.
        alerts_history: alerts kept per building.
        max_buildings: buildings that may publish; see `has_room_for`.
    """

    def __init__(
        self,
        *,
        epoch: str,
        readings_history: int = READINGS_HISTORY,
        alerts_history: int = ALERTS_HISTORY,
        max_buildings: int = dashboard.MAX_BUILDINGS,
    ) -> None:
        self.epoch = epoch
        self.published_buildings = 0
        self._readings_history = readings_history
        self._alerts_history = alerts_history
        self._max_buildings = max_buildings
        self._buildings: dict[str, _Building[S]] = {}
        self._subscribed: dict[S, set[str]] = {}  # names of its buildings
        self._followers: dict[S, Matches] = {}

    def has_room_for(self, building: str) -> bool:
        """Whether the building has published before, or one more may: a stray publisher must not fill the memory."""
        known = self._buildings.get(building)
        return (known is not None and known.published) or self.published_buildings < self._max_buildings

    def publish(self, building: str, payloads: Sequence[bytes], alerts: Sequence[Alert] = ()) -> list[Publication[S]]:
        """Number and keep what a building published and what the detector found; say who gets it.

        The payloads must be JSON objects: they are spliced into the messages as they are.
        """
        place = self._buildings.get(building) or self._open(building)
        publications = [] if place.published else self._appear(place)
        messages: list[bytes] = []
        if place.subscribers:
            messages += _readings_messages(building, place.readings.offset + 1, payloads)
        place.readings.extend(payloads)
        first = place.alerts.offset + 1
        raised = [self._alert_message(building, first + index, alert) for index, alert in enumerate(alerts)]
        place.alerts.extend(raised)
        publications.append(Publication(messages + raised, place.subscribers))
        return publications

    def subscribe(self, subscriber: S, building: str, position: Position | None = None) -> list[bytes]:
        """Subscribe to one building and give the messages that open its stream.

        The first says where the building stands; what was missed since `position` follows where all of it is kept.
        Who is subscribed already is told where the building stands, and gets nothing twice.
        """
        place = self._buildings.get(building) or self._open(building)
        new = subscriber not in place.subscribers
        place.subscribers.add(subscriber)
        self._subscribed.setdefault(subscriber, set()).add(building)
        recovered = (
            new
            and position is not None
            and position.epoch == self.epoch
            and place.readings.reaches_back_to(position.offset)
            and place.alerts.reaches_back_to(position.alert_offset)
        )
        messages = [self._subscribed_message(place, recovered=recovered)]
        if recovered and position is not None:
            messages += _readings_messages(building, position.offset + 1, place.readings.after(position.offset))
            messages += place.alerts.after(position.alert_offset)
        return messages

    def follow(self, subscriber: S, matches: Matches, positions: Mapping[str, Position]) -> list[bytes]:
        """Subscribe to every building that matches: those that have published now, the others when they do."""
        self._followers[subscriber] = matches
        mine = self._subscribed.get(subscriber, set())
        found = [
            place.name
            for place in self._buildings.values()
            if place.published and place.name not in mine and matches(place.name)
        ]
        return [message for name in found for message in self.subscribe(subscriber, name, positions.get(name))]

    def unsubscribe(self, subscriber: S, building: str) -> None:
        """Send this building no more; nothing happens when it was not subscribed."""
        mine = self._subscribed.get(subscriber, set())
        if building not in mine:
            return
        mine.discard(building)
        place = self._buildings[building]
        place.subscribers.discard(subscriber)
        if not place.subscribers and not place.published:
            del self._buildings[building]  # only a subscriber ever named it

    def forget(self, subscriber: S) -> None:
        """The subscriber is gone."""
        self._followers.pop(subscriber, None)
        for building in list(self._subscribed.get(subscriber, ())):
            self.unsubscribe(subscriber, building)
        self._subscribed.pop(subscriber, None)

    def _open(self, name: str) -> _Building[S]:
        place: _Building[S] = _Building(
            name, readings_history=self._readings_history, alerts_history=self._alerts_history
        )
        self._buildings[name] = place
        return place

    def _appear(self, place: _Building[S]) -> list[Publication[S]]:
        """Subscribe those who follow a building that now publishes for the first time."""
        self.published_buildings += 1
        joining = {
            follower
            for follower, matches in self._followers.items()
            if follower not in place.subscribers and matches(place.name)
        }
        for follower in joining:
            self._subscribed.setdefault(follower, set()).add(place.name)
        place.subscribers |= joining
        return [Publication([self._subscribed_message(place, recovered=False)], joining)] if joining else []

    def _subscribed_message(self, place: _Building[S], *, recovered: bool) -> bytes:
        return dashboard.subscribed(
            building=place.name,
            epoch=self.epoch,
            offset=place.readings.offset,
            alert_offset=place.alerts.offset,
            recovered=recovered,
        )

    def _alert_message(self, building: str, offset: int, alert: Alert) -> bytes:
        return dashboard.alert(
            building=building,
            offset=offset,
            alert_id=f"{self.epoch}.{building}.{offset}",  # the epoch is random: unique across restarts
            sensor=alert.sensor,
            kind=alert.kind,
            ts=alert.ts,
            value=alert.value,
            limit=alert.limit,
        )


def _readings_messages(building: str, offset: int, payloads: Iterable[bytes]) -> Iterator[bytes]:
    """Readings of one building in as few messages as their size allows; `offset` is that of the first."""
    chunk: list[bytes] = []
    size = 0
    for payload in payloads:
        if chunk and size + len(payload) > MAX_FRAME_PAYLOAD_BYTES:
            yield dashboard.readings(building=building, offset=offset, payloads=chunk)
            offset += len(chunk)
            chunk, size = [], 0
        chunk.append(payload)
        size += len(payload) + 1
    if chunk:
        yield dashboard.readings(building=building, offset=offset, payloads=chunk)
