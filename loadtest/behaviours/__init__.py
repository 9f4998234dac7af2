"""How clients behave: one file a kind, and a line in KINDS. `mix` says how many clients are of which kind.

A behaviour decides what a client does with a live connection; connecting, resuming and the books are the client's,
the same for all. An intruder is no client of that sort: it has no window, and nothing is expected to reach it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Protocol

from loadtest.behaviours.commuter import Commuter
from loadtest.behaviours.departure import Visit
from loadtest.behaviours.flaky import Flaky
from loadtest.behaviours.manager import Steady
from loadtest.behaviours.options import BehaviourSettings
from loadtest.behaviours.slow import Slow
from loadtest.ledger import Ledger
from loadtest.transport import Transport


class Behaviour(Protocol):
    """What a kind of client does with its live connections; see `manager.Steady` for the parts."""

    name: str
    in_flight_s: float

    def visit(self, connection: Transport) -> Visit:
        """Called with each connection that became live."""

    def judged_until_ts(self, ledgers: Iterable[Ledger], stopped_ts: float) -> float:
        """Time up to which the client's books are judged."""


MANAGER: Behaviour = Steady()

Make = Callable[[BehaviourSettings, random.Random], Behaviour]
KINDS: dict[str, Make] = {
    "manager": lambda _settings, _rng: MANAGER,
    "slow": lambda settings, _rng: Slow(settings.slow_bytes_per_s),
    "flaky": lambda settings, rng: Flaky(settings.flaky_mean_s, rng),
    "commuter": lambda settings, rng: Commuter(settings.commuter_stay_s, settings.commuter_away_s, rng),
}
