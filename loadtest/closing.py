"""Close the books of a run: those of each process's clients, then all together.

What a process needs to know of the others is when each alert first arrived anywhere, and what was published.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from loadtest.alerts import AlertRegister, settle_alerts
from loadtest.behaviours.intruder import Intruder
from loadtest.client import Client
from loadtest.grid import Grid
from loadtest.settle import covered, settle_readings
from loadtest.truth import Truth
from wire.clock import now
from wire.records import AlertCounts, Books, ClientBooks, Measures, ReadingCounts


@dataclass(slots=True)
class Part:
    """What became of the clients of one process."""

    books: list[ClientBooks] = field(default_factory=list)
    covered: bool = True  # the truth says of every sensor heard where it ended
    stamps: str = "kernel"
    ever_live: int = 0
    lost: int = 0
    given_up: int = 0
    left: int = 0
    intruders: int = 0
    intrusions: Counter[str] = field(default_factory=Counter)  # attempts of intruders, by outcome
    not_usable: list[str] = field(default_factory=list)  # why the process's figures prove nothing
    measures: Measures = field(default_factory=Measures)  # what the server let it measure

    def plain(self) -> dict[str, Any]:
        """As a message between processes carries it."""
        # Of a Counter `asdict` makes one that counts its items.
        return asdict(replace(self, intrusions=Counter())) | {"intrusions": dict(self.intrusions)}

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Part:
        """Read what `plain` gave."""
        books = [ClientBooks.from_dict(item) for item in plain["books"]]
        measures = Measures(**plain["measures"])
        return cls(**{**plain, "books": books, "intrusions": Counter(plain["intrusions"]), "measures": measures})


def close_part(
    clients: Sequence[Client], intruders: Sequence[Intruder], truth: Truth | None, register: AlertRegister, grid: Grid
) -> Part:
    """Settle the clients of this process, all of which have stopped.

    Args:
        register: the alerts of every process.
        grid: that numbered readings without a number.
    """
    if grid.used and truth is not None:
        for client in clients:
            grid.move(client.books.ledgers, truth)
    return Part(
        books=[_settled(client, truth, register) for client in clients] + [each.books() for each in intruders],
        covered=all(covered(client.books, truth) for client in clients),
        ever_live=sum(client.ever_live for client in clients),
        lost=sum(client.lost_count for client in clients),
        given_up=sum(bool(client.given_up) for client in clients),
        left=sum(client.left for client in clients),
        intruders=len(intruders),
        intrusions=sum(
            (Counter({outcome.value: count for outcome, count in each.outcomes.items()}) for each in intruders),
            Counter(),
        ),
        measures=_measures(clients, grid),
    )


def close_books(parts: Sequence[Part], *, settled: bool, unknown: Mapping[str, int], first_unknown: str) -> Books:
    """Books of the run, clients in the order of their names; `settled` says whether there was a truth at all."""
    closed = sorted((each for part in parts for each in part.books), key=lambda each: each.client)
    measures = Measures()
    for part in parts:
        measures = measures.both(part.measures)
    if measures.sequence:  # what cannot be told from one another has come, and that is all
        closed = [replace(each, readings=_only_received(each.readings)) for each in closed]
    readings, alerts = ReadingCounts(), AlertCounts()
    for each in closed:
        readings.add(each.readings)
        alerts.add(each.alerts)
    return Books(
        settled=settled and all(part.covered for part in parts),
        balanced=all(each.readings.balanced and each.alerts.balanced for each in closed),
        readings=readings,
        alerts=alerts,
        clients=closed,
        stamps="kernel" if all(part.stamps == "kernel" for part in parts) else "user",
        not_understood=dict(unknown),
        first_not_understood=first_unknown,
        not_usable=[reason for part in parts for reason in part.not_usable],
        not_measurable=measures.lacking,
    )


def _measures(clients: Sequence[Client], grid: Grid) -> Measures:
    """What the run let us measure: what every target did, unless times were to stand for numbers and could not."""
    measures = Measures(sequence=grid.problem())
    for target_measures in {client.measures for client in clients}:
        measures = target_measures.both(measures)
    return measures


def _only_received(counts: ReadingCounts) -> ReadingCounts:
    came = counts.received - counts.leaked
    return ReadingCounts(expected=came, delivered=came, received=counts.received, leaked=counts.leaked)


def _settled(client: Client, truth: Truth | None, register: AlertRegister) -> ClientBooks:
    ledgers = client.books.ledgers
    stopped_ts = client.stopped_ts if client.stopped_ts is not None else now()
    until_ts = client.behaviour.judged_until_ts(ledgers.values(), stopped_ts)
    presences = {building: ledger.presence for building, ledger in ledgers.items()}
    return ClientBooks(
        client=client.name,
        user=client.manager.user,
        readings=settle_readings(client.books, truth, until_ts),
        alerts=settle_alerts(client.books.alerts, register, presences, until_ts),
        behaviour=client.behaviour.name,
    )
