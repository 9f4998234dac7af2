"""The life of a client, in this process, against real servers on loopback."""

import json
import random
import socket
import time
from collections import Counter

import gevent
import pytest
from websockets.uri import parse_uri

from loadtest.client import Client
from loadtest.desk import PING, Desk
from loadtest.dialing import Dial
from loadtest.endings import NOT_WEBSOCKET, TIMED_OUT, TLS, UNREACHABLE
from loadtest.handshake import Handshake, read_token_place
from loadtest.keepalive import Keepalive
from loadtest.roster import Manager
from loadtest.states import State
from loadtest.targets.sensorswarm import SensorSwarmTarget
from loadtest.targets.websocket import WebSocketConversation, WebSocketTarget
from loadtest.tls import client_context
from wire import dashboard
from wire.backoff import Backoff

SOON = Backoff((0.05,), "none")
MANAGER = Manager("m-0001", ("b-0001",))


def desk(port: int, *, scheme: str = "ws", backoff: Backoff | None = SOON, **more) -> Desk:
    return Desk(
        uri=parse_uri(f"{scheme}://127.0.0.1:{port}/ws"),
        secret="a secret that is long enough for SHA-256",
        stamped=True,
        backoff=backoff,
        rng=random.Random(0),
        records_wanted=True,
        **more,
    )


def events(shared: Desk, name: str) -> list:
    return [record for record in shared.records if getattr(record, "event", "") == name]


def live_until(client: Client, enough, limit_s: float) -> None:
    """Let the client stay until `enough()`; its own end is enough too."""
    staying = gevent.spawn(client.stay)
    try:
        with gevent.Timeout(limit_s):
            while not (enough() or staying.dead):
                gevent.sleep(0.01)
    finally:
        staying.kill()
        client.stop()
    assert staying.value is None or isinstance(staying.value, gevent.GreenletExit)


async def welcome(ws, *, offset: int = 0, recovered: bool = False) -> None:
    """Understand a hello and acknowledge the one building."""
    await ws.recv()
    await ws.send(dashboard.welcome(user="m-0001", buildings=["b-0001"], heartbeat_s=25), text=True)
    await ws.send(
        dashboard.subscribed(building="b-0001", epoch="e", offset=offset, alert_offset=0, recovered=recovered),
        text=True,
    )


def answering(answer: bytes):
    def handler(far: socket.socket) -> None:
        far.recv(65536)
        far.sendall(answer)

    return handler


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "HTTP 404"),
        (b"HTTP/1.1 403 Forbidden\r\nRetry-After: 1\r\n\r\n", "HTTP 403"),
        (b"HTTP/1.1 426 Upgrade Required\r\n\r\n", "HTTP 426"),
    ],
)
def test_a_refusal_for_good_ends_the_client(tcp_server, patience, answer, kind):
    """One attempt, then closed with a reason: a server that says no is not stormed."""
    with tcp_server(answering(answer)) as port:
        shared = desk(port)
        client = Client("c-1", MANAGER, SensorSwarmTarget(), shared)
        live_until(client, lambda: False, patience(10))
    assert [failure.kind for failure in shared.failures] == [kind]
    assert client.state is State.CLOSED
    assert client.given_up == events(shared, "given_up")[0].reason == shared.failures[0].reason
    assert events(shared, "refused")[0].kind == kind
    assert not events(shared, "retry")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"HTTP/1.1 500 Oops\r\n\r\n", "HTTP 500"),
        (b"HTTP/1.1 429 Slow Down\r\n\r\n", "HTTP 429"),
        (b"220 mail.example ESMTP\r\n", NOT_WEBSOCKET),
        (b"", NOT_WEBSOCKET),
    ],
)
def test_a_refusal_that_may_pass_is_tried_again(tcp_server, patience, answer, kind):
    """By the backoff, every attempt counted by kind; the client is never told off by a traceback."""
    with tcp_server(answering(answer)) as port:
        shared = desk(port)
        client = Client("c-1", MANAGER, SensorSwarmTarget(), shared)
        live_until(client, lambda: len(shared.failures) >= 3, patience(10))
    assert {failure.kind for failure in shared.failures} == {kind}
    assert client.given_up == ""
    assert client.state is State.CLOSED
    retries = events(shared, "retry")
    assert [retry.attempt for retry in retries] == list(range(1, len(retries) + 1))
    assert {retry.delay_s for retry in retries} == {0.05}


def test_retry_after_is_obeyed_and_recorded(tcp_server, patience):
    """The delay is what the server asked for where that is longer, and stands in the record."""
    with tcp_server(answering(b"HTTP/1.1 503 Busy\r\nRetry-After: 1\r\n\r\n")) as port:
        shared = desk(port)
        client = Client("c-1", MANAGER, SensorSwarmTarget(), shared)
        live_until(client, lambda: len(shared.failures) >= 2, patience(10))
    first, second = events(shared, "refused")[:2]
    retry = events(shared, "retry")[0]
    assert (retry.delay_s, retry.retry_after_s) == (1.0, 1.0)
    assert second.ts - first.ts >= 1.0


def test_without_reconnection_the_first_end_is_the_last(websocket_server, patience):
    """--reconnect none: a client whose connection is lost is closed, with the reason."""

    async def handler(ws) -> None:
        await welcome(ws)
        await ws.close(1012)

    with websocket_server(handler) as port:
        shared = desk(port, backoff=None)
        client = Client("c-1", MANAGER, SensorSwarmTarget(), shared)
        live_until(client, lambda: False, patience(10))
    assert (client.live_count, client.lost_count) == (1, 1)
    assert client.given_up == "server restarts (1012)"
    assert events(shared, "lost")[0].kind == "closed 1012"


def test_what_cannot_be_reached_or_trusted_has_its_kind(websocket_server, authority, free_port, patience):
    """Nobody there, and a certificate nobody vouches for: counted apart."""

    async def handler(ws) -> None:
        await ws.wait_closed()

    with websocket_server(handler, ssl=authority.server) as port:
        for shared, kind in ((desk(free_port), UNREACHABLE), (desk(port, scheme="wss"), TLS)):
            client = Client("c-1", MANAGER, SensorSwarmTarget(), shared)
            live_until(client, lambda shared=shared: len(shared.failures) >= 2, patience(10))
            assert {failure.kind for failure in shared.failures} == {kind}


@pytest.mark.parametrize("speaks", [False, True])
def test_silence_is_told_by_where_it_fell(websocket_server, tcp_server, monkeypatch, speaks, patience):
    """A server that accepts and says nothing, and one that shakes hands and acknowledges nothing."""
    monkeypatch.setattr("loadtest.client.ATTEMPT_TIMEOUT_S", 0.2)

    async def mute(ws) -> None:
        await ws.wait_closed()

    def silent(far: socket.socket) -> None:
        while far.recv(65536):
            pass

    with websocket_server(mute) if speaks else tcp_server(silent) as port:
        shared = desk(port)
        client = Client("c-1", MANAGER, SensorSwarmTarget(), shared)
        live_until(client, lambda: bool(shared.failures), patience(10))
    assert shared.failures[0].kind == TIMED_OUT
    assert shared.failures[0].reason == (
        "not all subscriptions acknowledged within 0.2 s; is it of another --target?"
        if speaks
        else "no answer to the handshake within 0.2 s; is the server there?"
    )


def test_what_resume_brings_is_told_by_the_offsets(websocket_server, patience):
    """A client that had 3 and is resumed at 10 gets 7; the first time of being live resumes nothing."""
    connections = Counter()

    async def handler(ws) -> None:
        connections["all"] += 1
        if connections["all"] == 1:
            await welcome(ws, offset=3)
            await ws.close(1012)
        await welcome(ws, offset=10, recovered=True)
        await ws.wait_closed()

    with websocket_server(handler) as port:
        shared = desk(port)
        client = Client("c-1", MANAGER, SensorSwarmTarget(), shared)
        live_until(client, lambda: client.live_count == 2, patience(10))
    assert [(live.recovered, live.resumed) for live in events(shared, "live")] == [(False, 0), (True, 7)]


@pytest.mark.parametrize("place", ["hello", "header"])
def test_the_token_is_in_one_place(websocket_server, place, patience):
    """In the hello, or in the handshake and then not in the hello."""
    seen = []

    async def handler(ws) -> None:
        seen.append((json.loads(await ws.recv()), ws.request.headers.get("Authorization")))
        await ws.wait_closed()

    with websocket_server(handler) as port:
        shared = desk(port, dial=Dial(handshake=Handshake(token_in=read_token_place(place))))
        client = Client("c-1", MANAGER, SensorSwarmTarget(), shared)
        live_until(client, lambda: bool(seen), patience(10))
    hello, authorization = seen[0]
    assert ("token" in hello) is (place == "hello")
    assert (authorization is not None) is (place == "header")


def test_a_client_lives_over_tls_and_is_pinged(websocket_server, authority, patience):
    """Live over wss://, its pings answered and measured; the housekeeping of others is all it needs."""

    async def handler(ws) -> None:
        await welcome(ws)
        await ws.wait_closed()

    with websocket_server(handler, ssl=authority.server) as port:
        shared = desk(port, scheme="wss", dial=Dial(tls=client_context(authority.pem)), keepalive=Keepalive(0.01, 5.0))
        client = Client("c-1", MANAGER, SensorSwarmTarget(), shared)

        def three_pings() -> bool:
            client.keep_alive(time.time())
            return len(shared.latencies_s[PING]) >= 3

        live_until(client, three_pings, patience(10))
    assert client.live_count == 1
    assert all(0 < rtt_s < patience(1.0) for rtt_s in shared.latencies_s[PING])


class Chatty(WebSocketConversation):
    """Two first messages, one of each kind; an answer to every question; a heartbeat."""

    def hello(self, token):
        self.reset()
        self.beat_every_s = 0.1
        return (f"token {token}", b"binary")

    def take(self, messages, arrival_ts):
        for message in messages:
            if message == b"live?":
                self.live = True
            self.replies.append(f"heard {message.decode()}")

    def beat(self):
        return ("beat", b"beat")


class ChattyTarget(WebSocketTarget):
    path = "/live?v=2"

    def conversation(self, manager, books, unknown, take_alert):
        return Chatty()


def test_a_conversation_of_ones_own_greets_answers_and_beats(websocket_server, patience):
    """Text and binary go as what they are, answers before and after being live, heartbeats at their time."""
    heard: list = []

    async def handler(ws) -> None:
        heard.append(ws.request.path)
        heard.extend([await ws.recv(), await ws.recv()])
        await ws.send("live?")
        heard.append(await ws.recv())
        await ws.send("more?")
        async for message in ws:
            heard.append(message)  # noqa: PERF401 - as it comes

    with websocket_server(handler) as port:
        shared = desk(port, path_given=False)
        client = Client("c-1", MANAGER, ChattyTarget(), shared)
        keeper = gevent.spawn(lambda: [(client.keep_alive(time.time()), gevent.sleep(0.02)) for _ in range(500)])
        live_until(client, lambda: heard.count("beat") > 1, patience(10))
        keeper.kill()
    assert heard[0] == "/live?v=2"
    assert heard[1].startswith("token ey")
    assert heard[2:5] == [b"binary", "heard live?", "heard more?"]
    assert heard[5:7] == ["beat", b"beat"]
    assert client.live_count == 1


def test_a_token_that_the_server_says_back_is_in_no_record(websocket_server, patience):
    """Neither in a reason, nor in the example of what was not understood."""

    async def handler(ws) -> None:
        token = json.loads(await ws.recv())["token"]
        await ws.send(f"hello {token}")
        await ws.close(4500, f"bad token {token[:80]}")

    with websocket_server(handler) as port:
        shared = desk(port)
        client = Client("c-1", MANAGER, SensorSwarmTarget(), shared)
        live_until(client, lambda: False, patience(10))
    assert client.given_up == events(shared, "refused")[0].reason == shared.failures[0].reason
    assert "server refused the token (4500): bad token (hidden)" in client.given_up
    assert shared.unknown.examples == {"not JSON": "hello (hidden)"}
