"""The fan-out writes to clients in turns: real hub, clients and fan-out, connections that note what is written."""

from __future__ import annotations

import asyncio
import socket
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.protocol import State

from reference_server import server as server_module
from reference_server.client import Client, Connection
from reference_server.hub import Hub
from reference_server.identity import Access, Guard
from reference_server.server import Server
from reference_server.session import Session
from reference_server.traffic import Traffic

SECRET = "a secret of the tests, long enough for HS256"


class NotingConnection:
    """What a client writes to; `writes` are its write calls."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.protocol = SimpleNamespace(state=State.OPEN)
        self.client: Client | None = None
        self.traffic = Traffic()
        self.transport = SimpleNamespace(write=self.writes.append, get_write_buffer_size=lambda: 0)

    @property
    def readings(self) -> list[int]:
        """Numbers of all readings written so far."""
        found = b"".join(self.writes).split(b'"n":')[1:]
        return [int(piece[: piece.index(b"}")]) for piece in found]


class Fan:
    """A server with clients of one building, two of whom are served in a turn."""

    def __init__(self, clients: int) -> None:
        self.hub: Hub[Client] = Hub(epoch="e")
        self.server = Server(
            hub=self.hub,
            guard=Guard(SECRET, Access()),
            health=lambda: (True, {}),
            listening=cast("socket.socket", None),
        )
        self.clients = [
            Client(
                cast("Connection", NotingConnection()), cast("Session", None), self.hub, max_buffered_bytes=1_000_000
            )
            for _ in range(clients)
        ]
        for client in self.clients:
            self.hub.subscribe(client, "b-1")
        self.published = 0

    def publish(self) -> None:
        """One reading."""
        self.server.deliver(self.hub.publish("b-1", [b'{"n":%d}' % self.published], ["s"]))
        self.published += 1

    def connection(self, index: int) -> NotingConnection:
        """Of one client."""
        return cast("NotingConnection", self.clients[index].connection)


@pytest.fixture(autouse=True)
def two_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few clients are enough to see turns."""
    monkeypatch.setattr(server_module, "CLIENTS_A_TURN", 2)


async def test_who_waits_gets_what_came_meanwhile_in_the_same_write() -> None:
    """The first turn is at once; a reading that comes before the second joins what those clients wait for."""
    fan = Fan(5)
    fan.publish()
    assert [len(fan.connection(i).writes) for i in range(5)] == [1, 1, 0, 0, 0]
    fan.publish()
    assert [len(fan.connection(i).writes) for i in range(5)] == [1, 1, 0, 0, 0]
    for _ in range(5):
        await asyncio.sleep(0)
    assert [len(fan.connection(i).writes) for i in range(5)] == [2, 2, 1, 1, 1]
    assert all(fan.connection(i).readings == [0, 1] for i in range(5))


async def test_who_was_served_longest_ago_is_served_next() -> None:
    """Under a load without end nobody is served twice before everybody was served once."""
    fan = Fan(6)
    for _ in range(12):
        fan.publish()
        await asyncio.sleep(0)
        counts = [len(fan.connection(i).writes) for i in range(6)]
        assert max(counts) - min(counts) <= 1


async def test_a_client_that_ends_while_it_waits_is_written_to_no_more() -> None:
    """What waits for a connection that is closed is dropped, and the others do not notice."""
    fan = Fan(4)
    fan.publish()
    gone = fan.connection(3)
    gone.protocol.state = State.CLOSED
    fan.clients[3].clogged = True
    for _ in range(3):
        await asyncio.sleep(0)
    assert gone.writes == []
    assert fan.connection(2).readings == [0]


async def test_a_client_that_clogs_while_it_waits_loses_nothing() -> None:
    """What was promised before the transport filled still goes, ahead of what comes next."""
    fan = Fan(3)
    fan.publish()
    fan.clients[2].clogged = True
    fan.publish()
    assert fan.connection(2).readings == [0, 1]
    await asyncio.sleep(0)
    assert fan.connection(2).readings == [0, 1]


@given(steps=st.lists(st.sampled_from(["publish", "turn", "leave", "come"]), max_size=30), clients=st.integers(1, 7))
def test_every_stream_is_gapless_whatever_happens_between_turns(steps: list[str], clients: int) -> None:
    """Publishing, coming and going between turns: who is subscribed gets each reading of that time once, in order."""

    async def play() -> None:
        fan = Fan(clients)
        wanted: list[list[int]] = [[] for _ in range(clients)]
        there = [True] * clients
        for number, step in enumerate(steps):
            who = number % clients
            if step == "publish":
                for index in range(clients):
                    if there[index]:
                        wanted[index].append(fan.published)
                fan.publish()
            elif step == "turn":
                await asyncio.sleep(0)
            elif step == "leave":
                fan.hub.unsubscribe(fan.clients[who], "b-1")
                there[who] = False
            else:
                fan.hub.subscribe(fan.clients[who], "b-1")
                there[who] = True
        for _ in range(clients + 1):
            await asyncio.sleep(0)
        assert [fan.connection(index).readings for index in range(clients)] == wanted

    asyncio.run(play())
