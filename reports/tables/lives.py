"""What happened to each client's connection, read off its events once for every table that asks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from wire.records import ClientEvent


@dataclass(slots=True)
class Life:
    """One client. Times are Unix seconds; a span that never ended ends at infinity."""

    client: str
    buildings: tuple[str, ...] = ()  # ids or patterns it may see
    spans: list[tuple[float, float]] = field(default_factory=list)  # live: subscriptions acknowledged until lost
    lost: list[float] = field(default_factory=list)  # ended without our asking, cuts among them
    cut: int = 0  # of those, by a fault of the scenario
    reopen_s: list[float] = field(default_factory=list)  # each from lost to live again
    reopened: list[float] = field(default_factory=list)  # when
    retries: list[tuple[int, float]] = field(default_factory=list)  # attempt from 1, delay in seconds
    given_up: bool = False


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

    def step(self, event: ClientEvent) -> None:
        life = self.life
        match event.event:
            case "start":
                life.buildings = tuple(event.buildings)
            case "open":
                self._open = True
            case "live":
                self._begin(event)
            case "cut" | "lost":
                life.cut += event.event == "cut"
                self._lose(event.ts)
            case "retry":
                life.retries.append((event.attempt, event.delay_s))
            case "stop" | "left" | "given_up" | "refused":  # refused: ended before it was live, so nothing was lost
                life.given_up |= event.event == "given_up"
                self._close(event.ts)

    def _begin(self, event: ClientEvent) -> None:
        if self._live_since is None:
            if len(self.life.reopened) < len(self.life.lost):
                self.life.reopened.append(event.ts)
                self.life.reopen_s.append(event.took_s)
            self._open, self._live_since = True, event.ts

    def _lose(self, ts: float) -> None:
        if self._open:  # a cut is followed by the loss it caused: one loss, not two
            self.life.lost.append(ts)
        self._close(ts)

    def _close(self, ts: float) -> None:
        if self._live_since is not None:
            self.life.spans.append((self._live_since, ts))
        self._open, self._live_since = False, None

    def end(self) -> Life:
        if self._live_since is not None:  # a killed run: it was live to the last we know
            self._close(math.inf)
        return self.life
