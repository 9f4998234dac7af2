"""An alert that a client received: booked, and handed on with what came of it."""

from __future__ import annotations

from typing import NamedTuple

from loadtest.books import Books
from loadtest.targets import TakeAlert
from wire.records import AlertDelivery


class Notice(NamedTuple):
    """One alert."""

    building: str
    id: str
    sensor: str
    ts: float
    kind: str


def book(notice: Notice, arrival_ts: float, *, books: Books, take_alert: TakeAlert) -> None:
    """Book an alert of a client, and hand it on."""
    new = books.alert(notice.building, notice.id, notice.sensor, arrival_ts)
    delivery = AlertDelivery(
        arrival=arrival_ts,
        client="",
        alert=notice.id,
        building=notice.building,
        sensor=notice.sensor,
        alert_kind=notice.kind,
        ts=notice.ts,
        leaked=new is None,
    )
    take_alert(delivery, new is True)
