"""Buildings, their history, and who is subscribed: decides which messages go to whom. Pure.

A building has two lanes, readings and alerts. Items of a lane are numbered from 1 without gaps; its offset is the
number of the last one, 0 before the first. An epoch names one life of the numbering: a position of another epoch means
nothing here. The readings' epoch is one start of the server; the alerts' may go on across starts, see `restore`. Each
lane keeps its last items, and a subscriber whose position lies within that history gets everything it missed, in
order, before anything new: of both lanes, or, where only the alerts reach back far enough, of those. It is told which.

The caller must deliver the messages returned here in the order in which the calls were made: that alone makes every
subscriber's stream gapless.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Generic, NamedTuple, TypeVar

from reference_server.alert import Alert, Kind
from reference_server.lanes import Entry, Lane, Latest, readings_messages
from wire import dashboard
from wire.dashboard import Position
from wire.errors import UnusableError

READINGS_HISTORY = 4096  # readings kept per building
ALERTS_HISTORY = 1024  # alerts kept per building, ends of alerts included
MAX_AWAITED = 2 * dashboard.MAX_BUILDINGS  # names, some KB each: no connection alone can take up all of them

S = TypeVar("S")
Matches = Callable[[str], bool]


class LaneGapError(UnusableError):
    """Items of an alert lane are gone before they could be taken up: more came at once than are kept."""

    def __init__(self, building: str, last: int, found: int) -> None:
        super().__init__(f"alerts {last + 1} to {found - 1} of {building} are no longer kept; clients must come back")


class Publication(NamedTuple, Generic[S]):
    """Messages of one building that go to every one of `subscribers`: the readings first, then what must not be lost.

    `subscribers` is a view of the hub's own: read it, then forget it.
    """

    building: str
    subscribers: AbstractSet[S]
    before: int = 0  # number of the last reading before `readings`
    readings: Sequence[bytes] = ()
    opening: Sequence[bytes] = ()  # begins the stream of subscribers who did not ask for this building by name
    entries: Sequence[Entry] = ()
    new: int = 0  # readings in `readings`

    @property
    def lossless(self) -> list[bytes]:
        """Messages that no subscriber may miss."""
        return [*self.opening, *[entry.message for entry in self.entries]]

    @property
    def messages(self) -> Sequence[bytes]:
        """All, in order."""
        return [*self.readings, *self.lossless] if self.opening or self.entries else self.readings


class _Building(Generic[S]):
    """One group of sensors."""

    __slots__ = ("alerts", "latest", "name", "readings", "subscribers")

    def __init__(self, name: str, *, readings_history: int, alerts_history: int) -> None:
        self.name = name
        self.readings = Lane(readings_history)
        self.latest = Latest()
        self.alerts = Lane(alerts_history)
        self.subscribers: dict[S, None] = {}  # in the order in which they came: kind to the caches of a fan-out

    @property
    def published(self) -> bool:
        return self.readings.offset > 0 or self.alerts.offset > 0


class Hub(Generic[S]):
    """Every building, and every subscriber (any hashable).

    Args:
        epoch: random text, new for each start of the server.
        alert_epoch: of the alert lanes, by default `epoch`; one that was used before needs `restore`.
        readings_history: readings kept per building.
        alerts_history: alerts kept per building.
        max_buildings: buildings that may publish; see `has_room_for`.
        max_awaited: buildings that nobody has published, and somebody may wait for; see `has_place_for`.
    """

    def __init__(
        self,
        *,
        epoch: str,
        alert_epoch: str | None = None,
        readings_history: int = READINGS_HISTORY,
        alerts_history: int = ALERTS_HISTORY,
        max_buildings: int = dashboard.MAX_BUILDINGS,
        max_awaited: int = MAX_AWAITED,
    ) -> None:
        self.epoch = epoch
        self.alert_epoch = epoch if alert_epoch is None else alert_epoch
        self.published_buildings = 0
        self.skipped = 0  # readings that some subscriber never got, for it did not keep up
        self._readings_history = readings_history
        self._alerts_history = alerts_history
        self._max_buildings = max_buildings
        self._max_awaited = max_awaited
        self._buildings: dict[str, _Building[S]] = {}
        self._subscribed: dict[S, set[str]] = {}  # names of its buildings
        self._followers: dict[S, tuple[Matches, Mapping[str, Position]]] = {}
        self._open_alerts: dict[tuple[str, Kind], str] = {}  # sensor and kind -> id of the alert that has not ended
        self._told: dict[str, float] = {}  # see `told`

    def has_room_for(self, building: str) -> bool:
        """Whether the building has published before, or one more may: a stray publisher must not fill the memory."""
        known = self._buildings.get(building)
        return (known is not None and known.published) or self.published_buildings < self._max_buildings

    def has_place_for(self, building: str) -> bool:
        """Whether the building is there already, or one more may be waited for: strangers name what they like."""
        return building in self._buildings or len(self._buildings) - self.published_buildings < self._max_awaited

    def restore(self, entries: Iterable[Entry]) -> None:
        """Take up the alert lanes where another process left them; call before anything else.

        Args:
            entries: the last of each building, in order; at most the history is kept.
        """
        for entry in entries:
            place = self._buildings.get(entry.building) or self._open(entry.building)
            self.published_buildings += not place.published
            if place.alerts.offset != entry.offset - 1:
                place.alerts.go_on_after(entry.offset - 1)
            place.alerts.extend([entry.message])
            self._note(entry)
            if entry.cleared or entry.kind != "silent":  # which no reading raised
                self._told[entry.sensor] = entry.ts

    @property
    def kept(self) -> tuple[int, int]:
        """Readings and items of the alert lanes that are kept for who comes back, of all buildings."""
        places = self._buildings.values()
        return sum(len(place.readings) for place in places), sum(len(place.alerts) for place in places)

    @property
    def open_alerts(self) -> list[tuple[str, Kind]]:
        """Sensor and kind of the alerts that have not ended."""
        return list(self._open_alerts)

    @property
    def told(self) -> list[tuple[str, float]]:
        """Sensor, and time (Unix seconds) of the last reading of which what was restored tells."""
        return list(self._told.items())

    def publish(
        self,
        building: str,
        payloads: Sequence[bytes],
        sensors: Sequence[Hashable],
        alerts: Sequence[Alert] = (),
    ) -> list[Publication[S]]:
        """Number and keep what a building published and what the detector found; say who gets it.

        Args:
            building: its name.
            payloads: JSON objects: they are spliced into the messages as they are.
            sensors: whose each payload is.
            alerts: began or ended with these readings.
        """
        place = self._buildings.get(building) or self._open(building)
        publications = [] if place.published else self._appear(place)
        before = place.readings.offset
        messages: Sequence[bytes] = ()
        if payloads:
            if place.subscribers:
                messages = readings_messages(building, before + 1, payloads)
            place.readings.extend(payloads)
            place.latest.extend(before + 1, sensors, payloads)
        entries = self._entries(place, alerts) if alerts else ()
        publications.append(
            Publication(building, place.subscribers.keys(), before, messages, entries=entries, new=len(payloads))
        )
        return publications

    def take(self, entries: Iterable[Entry]) -> list[Publication[S]]:
        """Take up what another process put on the alert lanes meanwhile; say who gets it.

        Args:
            entries: numbered already, each building's in order.

        Raises:
            LaneGapError: a number is left out. Nothing may be delivered after that: streams would not be gapless.
        """
        found: dict[str, list[Entry]] = {}
        for entry in entries:
            found.setdefault(entry.building, []).append(entry)
        publications: list[Publication[S]] = []
        for building, news in found.items():
            place = self._buildings.get(building) or self._open(building)
            publications += [] if place.published else self._appear(place)
            if news[0].offset != place.alerts.offset + 1:
                raise LaneGapError(building, place.alerts.offset, news[0].offset)
            place.alerts.extend([entry.message for entry in news])
            publications.append(Publication(building, place.subscribers.keys(), place.readings.offset, entries=news))
        return publications

    def conflated(self, building: str, after: int) -> list[bytes]:
        """Messages for a subscriber who was left behind, instead of all readings after number `after`.

        They hold the latest reading of each sensor, say how many were left out, and end where the building stands.
        """
        place = self._buildings.get(building)
        if place is None or place.readings.offset <= after:
            return []
        latest = place.latest.after(after)
        first = place.readings.offset - len(latest) + 1
        skipped = first - after - 1
        self.skipped += skipped
        return readings_messages(building, first, latest, skipped=skipped)

    def subscribe(self, subscriber: S, building: str, position: Position | None = None) -> list[bytes]:
        """Subscribe to one building, for which there is a place, and give the messages that open its stream.

        The first says where the building stands; what was missed since `position` follows where all of it is kept.
        Who is subscribed already is told where the building stands, and gets nothing twice.
        """
        place = self._buildings.get(building) or self._open(building)
        new = subscriber not in place.subscribers
        place.subscribers[subscriber] = None
        self._subscribed.setdefault(subscriber, set()).add(building)
        recovered, alerts_recovered = self._recovered(place, position if new else None)
        messages = [self._subscribed_message(place, recovered=recovered, alerts_recovered=alerts_recovered)]
        if recovered and position is not None:
            missed = list(place.readings.after(position.offset))
            messages += readings_messages(building, position.offset + 1, missed)
        if alerts_recovered and position is not None:
            messages += place.alerts.after(position.alert_offset)
        return messages

    def follow(self, subscriber: S, matches: Matches, positions: Mapping[str, Position]) -> list[bytes]:
        """Subscribe to every building that matches: those that have published now, the others when they do."""
        mine = self._subscribed.get(subscriber, set())
        found = [
            place.name
            for place in self._buildings.values()
            if place.published and place.name not in mine and matches(place.name)
        ]
        known = self._buildings
        waiting = {name: at for name, at in positions.items() if name not in known or not known[name].published}
        self._followers[subscriber] = matches, waiting
        return [message for name in found for message in self.subscribe(subscriber, name, positions.get(name))]

    def unsubscribe(self, subscriber: S, building: str) -> None:
        """Send this building no more; nothing happens when it was not subscribed."""
        mine = self._subscribed.get(subscriber, set())
        if building not in mine:
            return
        mine.discard(building)
        place = self._buildings[building]
        place.subscribers.pop(subscriber, None)
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
        openings: dict[tuple[bool, bool], set[S]] = {}
        for follower, (matches, positions) in self._followers.items():
            if follower not in place.subscribers and matches(place.name):
                openings.setdefault(self._recovered(place, positions.get(place.name)), set()).add(follower)
        publications: list[Publication[S]] = []
        for (recovered, alerts_recovered), joining in openings.items():
            for follower in joining:
                self._subscribed.setdefault(follower, set()).add(place.name)
            place.subscribers |= dict.fromkeys(joining)
            opening = [self._subscribed_message(place, recovered=recovered, alerts_recovered=alerts_recovered)]
            publications.append(Publication(place.name, joining, opening=opening))
        return publications

    def _recovered(self, place: _Building[S], position: Position | None) -> tuple[bool, bool]:
        """Whether everything after a position is kept, of both lanes, and of the alerts alone."""
        if position is None or self._alert_epoch_of(position) != self.alert_epoch:
            return False, False
        alerts = place.alerts.reaches_back_to(position.alert_offset)
        both = alerts and position.epoch == self.epoch and place.readings.reaches_back_to(position.offset)
        return both, alerts

    def _subscribed_message(self, place: _Building[S], *, recovered: bool, alerts_recovered: bool) -> bytes:
        return dashboard.subscribed(
            building=place.name,
            epoch=self.epoch,
            offset=place.readings.offset,
            alert_epoch=self.alert_epoch,
            alert_offset=place.alerts.offset,
            recovered=recovered,
            alerts_recovered=alerts_recovered,
        )

    def _alert_epoch_of(self, position: Position) -> str:
        """Epoch of a position on the alert lane; a client may know of one epoch only."""
        if position.alert_epoch is not None:
            return position.alert_epoch
        return self.alert_epoch if position.epoch == self.epoch else position.epoch

    def _entries(self, place: _Building[S], alerts: Sequence[Alert]) -> list[Entry]:
        entries = []
        for alert in alerts:
            entry = self._entry(place, alert, place.alerts.offset + 1)
            if entry is not None:
                place.alerts.extend([entry.message])
                self._note(entry)
                entries.append(entry)
        return entries

    def _entry(self, place: _Building[S], alert: Alert, offset: int) -> Entry | None:
        """Build an item of the alert lane; None for the end of an alert that nobody was told of."""
        building = place.name
        if alert.cleared:
            alert_id = self._open_alerts.get((alert.sensor, alert.kind))
            if alert_id is None:
                return None
            message = dashboard.clear(
                building=building,
                offset=offset,
                alert_id=alert_id,
                sensor=alert.sensor,
                kind=alert.kind,
                ts=alert.ts,
                value=alert.value,
            )
        else:
            alert_id = f"{self.alert_epoch}.{building}.{offset}"  # the epoch is random: unique across servers
            message = dashboard.alert(
                building=building,
                offset=offset,
                alert_id=alert_id,
                sensor=alert.sensor,
                kind=alert.kind,
                ts=alert.ts,
                value=alert.value,
                limit=alert.limit,
            )
        return Entry(building, offset, alert_id, alert.sensor, alert.kind, alert.ts, alert.cleared, message)

    def _note(self, entry: Entry) -> None:
        key = (entry.sensor, entry.kind)
        if entry.cleared:
            self._open_alerts.pop(key, None)
        else:
            self._open_alerts[key] = entry.alert_id
