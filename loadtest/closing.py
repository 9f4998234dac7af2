"""Close the books of a run: every client's and every intruder's, and their totals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from loadtest.alerts import settle_alerts
from loadtest.behaviours.intruder import Intruder
from loadtest.client import Client
from loadtest.desk import Desk
from loadtest.settle import covered, settle_readings
from loadtest.truth import Truth
from wire.clock import now
from wire.records import AlertCounts, Books, ClientBooks, Measures, ReadingCounts


def close_books(clients: Sequence[Client], intruders: Sequence[Intruder], truth: Truth | None, desk: Desk) -> Books:
    """Books of the run; every client and intruder has stopped."""
    if desk.grid.used and truth is not None:
        for client in clients:
            desk.grid.move(client.books.ledgers, truth)
    measures = _measures(clients, desk)
    closed = [_settled(client, truth, desk) for client in clients] + [intruder.books() for intruder in intruders]
    if measures.sequence:  # what cannot be told from one another has come, and that is all
        closed = [replace(each, readings=_only_received(each.readings)) for each in closed]
    readings, alerts = ReadingCounts(), AlertCounts()
    for each in closed:
        readings.add(each.readings)
        alerts.add(each.alerts)
    return Books(
        settled=truth is not None and all(covered(client.books, truth) for client in clients),
        balanced=all(each.readings.balanced and each.alerts.balanced for each in closed),
        readings=readings,
        alerts=alerts,
        clients=closed,
        stamps="kernel" if desk.stamped else "user",
        not_understood=dict(desk.unknown.kinds),
        first_not_understood=desk.unknown.first,
        not_measurable=measures.lacking,
    )


def _measures(clients: Sequence[Client], desk: Desk) -> Measures:
    """What the run let us measure: what every target did, unless times were to stand for numbers and could not."""
    measures = Measures(sequence=desk.grid.problem())
    for target_measures in {client.measures for client in clients}:
        measures = target_measures.both(measures)
    return measures


def _only_received(counts: ReadingCounts) -> ReadingCounts:
    came = counts.received - counts.leaked
    return ReadingCounts(expected=came, delivered=came, received=counts.received, leaked=counts.leaked)


def _settled(client: Client, truth: Truth | None, desk: Desk) -> ClientBooks:
    ledgers = client.books.ledgers
    stopped_ts = client.stopped_ts if client.stopped_ts is not None else now()
    until_ts = client.behaviour.judged_until_ts(ledgers.values(), stopped_ts)
    presences = {building: ledger.presence for building, ledger in ledgers.items()}
    return ClientBooks(
        client=client.name,
        user=client.manager.user,
        readings=settle_readings(client.books, truth, until_ts),
        alerts=settle_alerts(client.books.alerts, desk.register, presences, until_ts),
        behaviour=client.behaviour.name,
    )
