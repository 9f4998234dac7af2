"""Which clients of one process are here, which were, and how they all stand.

A run under churn has many more clients behind it than in it, and it is asked how they stand once a second: who has left
for good is added up once.
"""

from __future__ import annotations

import dataclasses

from loadtest.batch import Progress
from loadtest.behaviours.intruder import Intruder
from loadtest.client import Client
from loadtest.gaps import size
from loadtest.states import State


class Roll:
    """Clients and intruders of one process.

    Attributes:
        clients: everybody that ever came, in that order.
        intruders: likewise; they never leave.
    """

    def __init__(self) -> None:
        self.clients: list[Client] = []
        self.intruders: list[Intruder] = []
        self._here: dict[Client, None] = {}  # in the order they came
        self._gone = Progress()  # of those who left

    def __len__(self) -> int:
        return len(self.clients) + len(self.intruders)

    def join(self, member: Client | Intruder) -> None:
        """Note who came."""
        if isinstance(member, Intruder):
            self.intruders.append(member)
        else:
            self.clients.append(member)
            self._here[member] = None

    def depart(self, client: Client) -> None:
        """Note that a client left for good: nothing in its books changes any more until they are settled."""
        del self._here[client]
        _add(self._gone, client)

    def here(self) -> list[Client]:
        """Clients that did not leave."""
        return list(self._here)

    def live(self) -> list[Client]:
        """Clients that are live now."""
        return [client for client in self._here if client.state is State.LIVE]

    def all_have_begun(self) -> bool:
        """Whether every client has been live, as who left has, or given up, and every intruder has tried something."""
        return all(client.ever_live or client.given_up for client in self._here) and all(
            intruder.outcomes for intruder in self.intruders
        )

    def progress(self) -> Progress:
        """How everybody stands now."""
        progress = dataclasses.replace(self._gone, clients=len(self))
        for client in self._here:
            progress.live += client.state is State.LIVE
            _add(progress, client)
        for intruder in self.intruders:
            spoils = intruder.books()
            progress.received += spoils.readings.received
            progress.leaked += spoils.readings.leaked
            progress.alerts += spoils.alerts.received
            progress.alerts_leaked += spoils.alerts.leaked
        return progress


def _add(progress: Progress, client: Client) -> None:
    books, alerts = client.books, client.books.alerts
    progress.lost += client.lost_count
    progress.given_up += bool(client.given_up)
    progress.received += books.received
    progress.duplicated += books.duplicated
    progress.leaked += books.leaked
    progress.late += books.order_breaks
    progress.alerts += alerts.received
    progress.alerts_duplicated += alerts.duplicated
    progress.alerts_leaked += alerts.leaked
    for ledger in books.ledgers.values():
        if ledger.gaps:
            progress.passed_over += sum(size([gap[:2] for gap in gaps]) for gaps in ledger.gaps.values())
