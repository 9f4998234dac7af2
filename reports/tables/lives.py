"""What happened to each client's connection, read off its events once for every table that asks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from wire.records import ClientEvent


class Retry(NamedTuple):
    """A planned attempt."""

    attempt: int  # from 1 since the last live connection
    delay_s: float
    asked_s: float = 0.0  # the least wait that the server asked for


@dataclass(slots=True)
class Loss:
    """A connection that ended without our asking, and what followed. Durations are the client's own, from the loss."""

    ts: float
    live_ts: float | None = None  # when subscriptions stood again; None: they never did
    live_after_s: float | None = None
    reading_after_s: float | None = None  # to the first reading, also one that had been missed and was brought back
    recovered: bool = False  # whether resuming brought back all that was missed, by the server's word
    resumed: int = 0  # readings that resuming was to bring back


@dataclass(slots=True)
class Life:
    """One client. Times are Unix seconds; a span that never ended ends at infinity."""

    client: str
    buildings: tuple[str, ...] = ()  # ids or patterns it may see
    spans: list[tuple[float, float]] = field(default_factory=list)  # live: subscriptions acknowledged until lost
    losses: list[Loss] = field(default_factory=list)  # cuts among them
    cut: int = 0  # of those, by a fault of the scenario
    retries: list[Retry] = field(default_factory=list)
    given_up: bool = False

    @property
    def lost(self) -> list[float]:
        """When each connection was lost."""
        return [one.ts for one in self.losses]

    @property
    def reopened(self) -> list[float]:
        """When connections that had been lost were live again."""
        return [one.live_ts for one in self.losses if one.live_ts is not None]

    @property
    def reopen_s(self) -> list[float]:
        """How long each of those took, in seconds."""
        return [one.live_after_s for one in self.losses if one.live_after_s is not None]


def lives(events: Iterable[ClientEvent]) -> list[Life]:
    """Follow every client's events, which the file holds in the client's own order."""
    followed: dict[str, _Follower] = {}
    for event in events:
        follower = followed.get(event.client)
        if follower is None:
            follower = followed[event.client] = _Follower(Life(event.client))
        follower.step(event)
    return [follower.end() for follower in followed.values()]


class _Follower:
    """State of one connection: open from the handshake on, live once its subscriptions stand."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self._open = False
        self._live_since: float | None = None
        self._loss: Loss | None = None  # the one that the client is coming back from, until its first reading

    def step(self, event: ClientEvent) -> None:
        life = self.life
        match event.event:
            case "start":
                life.buildings = tuple(event.buildings)
            case "open":
                self._open = True
            case "live":
                self._begin(event)
            case "reading":
                self._first_reading(event)
            case "cut" | "lost":
                life.cut += event.event == "cut"
                self._lose(event.ts)
            case "retry":
                life.retries.append(Retry(max(event.attempt, 1), event.delay_s, event.retry_after_s))
            case "stop" | "left" | "given_up" | "refused":  # refused: ended before it was live, so nothing was lost
                life.given_up |= event.event == "given_up"
                self._close(event.ts)

    def _begin(self, event: ClientEvent) -> None:
        if self._live_since is None:
            if self._loss is not None and self._loss.live_ts is None:
                self._loss.live_ts, self._loss.live_after_s = event.ts, event.took_s
                self._loss.recovered, self._loss.resumed = event.recovered, event.resumed
            self._open, self._live_since = True, event.ts

    def _first_reading(self, event: ClientEvent) -> None:
        if self._loss is not None and self._live_since is not None:
            self._loss.reading_after_s = event.took_s
            self._loss = None

    def _lose(self, ts: float) -> None:
        if self._open:  # a cut is followed by the loss it caused: one loss, not two
            self._loss = Loss(ts)
            self.life.losses.append(self._loss)
        self._close(ts)

    def _close(self, ts: float) -> None:
        if self._live_since is not None:
            self.life.spans.append((self._live_since, ts))
            if self._loss is not None and self._loss.live_ts is not None:
                self._loss = None  # left again before any reading came
        self._open, self._live_since = False, None

    def end(self) -> Life:
        if self._live_since is not None:  # a killed run: it was live to the last we know
            self._close(math.inf)
        return self.life
