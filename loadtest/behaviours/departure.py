"""How one live connection is used, and how a client ends it of its own accord. Pure.

A client that went away by itself and was not due back when the run ended has not missed what came meanwhile: its
window closes when it went. One that is overdue is judged to the end, for then it is the server that keeps it out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from loadtest.alerts import SETTLE_S
from loadtest.endings import ABNORMAL, ConnectionEndedError

NORMAL = 1000  # RFC 6455, 7.4.1
DEPARTED = "departed"  # kind of ending


class DepartureError(ConnectionEndedError):
    """The client itself ends its connection.

    Attributes:
        polite: with a close frame; otherwise the TCP connection is dropped.
        away_s: seconds until it sets off back; None: as its backoff has it; infinity: it left for good.
    """

    def __init__(self, reason: str, *, polite: bool, away_s: float | None) -> None:
        super().__init__(NORMAL if polite else ABNORMAL, reason, kind=DEPARTED)
        self.polite = polite
        self.away_s = away_s

    @property
    def for_good(self) -> bool:
        """Whether it will not come back."""
        return self.away_s == math.inf


@dataclass(frozen=True, slots=True)
class Visit:
    """One live connection of a client: whether and when the client itself ends it."""

    ends_after_s: float | None = None  # None: it stays for as long as it can
    ending: DepartureError | None = None


class Absence(NamedTuple):
    """A time away by the client's own doing, Unix seconds."""

    gone_ts: float
    due_ts: float  # when it sets off back
    back_ts: float = math.inf  # when it was live again


def listened_until_ts(stopped_ts: float, absence: Absence | None) -> float:
    """End of a client's window: the stop of the run, or the beginning of an absence that had just ended or not yet.

    Args:
        stopped_ts: when the run was stopped.
        absence: the client's last absence by its own doing, None when there was none.
    """
    if absence is None:
        return stopped_ts
    over_ts = absence.due_ts if math.isinf(absence.back_ts) else absence.back_ts
    return stopped_ts if stopped_ts >= over_ts + SETTLE_S else absence.gone_ts
