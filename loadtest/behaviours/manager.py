"""manager: keeps one dashboard open for as long as it can. What every other behaviour changes."""

from __future__ import annotations

from collections.abc import Iterable

from loadtest.behaviours.departure import Visit
from loadtest.ledger import Ledger
from loadtest.presence import IN_FLIGHT_S
from loadtest.transport import Transport

_STAYS = Visit()


class Steady:
    """Reads whatever comes as soon as it comes, and never goes away by itself.

    Attributes:
        name: of the behaviour, as the mix has it.
        in_flight_s: longest a message is taken to have been under way when the connection broke.
    """

    name = "manager"
    in_flight_s = IN_FLIGHT_S

    def visit(self, connection: Transport) -> Visit:
        """Called with each connection that became live."""
        del connection
        return _STAYS

    def judged_until_ts(self, ledgers: Iterable[Ledger], stopped_ts: float) -> float:
        """Time up to which the client's books are judged; `stopped_ts` is when it stopped listening."""
        del ledgers
        return stopped_ts
