"""An HTTP connection against real sockets on loopback."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import gevent
import pytest
from websockets.uri import parse_uri

from loadtest.answers import Answer
from loadtest.dialing import Dial
from loadtest.endings import BROKEN_ANSWER, CUT, LOST, NOT_HTTP, TIMED_OUT, ConnectionEndedError
from loadtest.http_answers import Answers
from loadtest.http_connection import HttpConnection, open_http, refused
from loadtest.sites import Site
from loadtest.tls import client_context

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
STREAM = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def judge(answer: Answer) -> None:
    if answer.status != 200:
        raise refused(answer, "/poll")


@contextlib.contextmanager
def opened(
    port: int, *, whole: bool = True, scheme: str = "ws", dial: Dial | None = None, **more
) -> Iterator[HttpConnection]:
    site = Site(parse_uri(f"{scheme}://127.0.0.1:{port}/poll"), dial or Dial(), True, "secret")
    connection = open_http(site, Answers(judge, whole=whole), accept="*/*", token=None, timeout_s=5, **more)
    try:
        yield connection
    finally:
        connection.close()


def ending_of(connection: HttpConnection, limit_s: float) -> ConnectionEndedError:
    with gevent.Timeout(limit_s):
        while True:
            try:
                connection.receive()
            except ConnectionEndedError as ended:
                return ended


def answering(*answers: bytes, then=lambda far: None):
    """Answers each request in turn, then does one more thing."""

    def handler(far: socket.socket) -> None:
        for answer in answers:
            far.recv(65536)
            far.sendall(answer)
        then(far)

    return handler


def test_one_connection_is_asked_again_and_again(tcp_server, patience):
    """Each answer carries the kernel's stamp of when it came, though nobody was there to read it."""
    answered, between = [], threading.Event()

    def handler(far: socket.socket) -> None:
        for body in (b"ab", b"cd"):
            far.recv(65536)
            far.sendall(OK + body)
            answered.append(time.time())
            between.set()

    with tcp_server(handler) as port, opened(port) as connection, gevent.Timeout(patience(10)):
        for number, body in enumerate((b"ab", b"cd")):
            connection.send("after=1")
            assert between.wait(patience(10))
            between.clear()
            time.sleep(0.2)  # without letting the connection read
            arrival_ts, messages = connection.receive()
            assert messages == [body]
            assert arrival_ts == connection.last_frame_ts
            assert arrival_ts - answered[number] < 0.1
        ended = ending_of(connection, patience(10))
        assert ended.kind == LOST
        assert "between two answers" in ended.reason


@pytest.mark.parametrize(
    ("answer", "whole", "kind", "code", "text"),
    [
        (b"HTTP/1.1 401 No\r\n\r\n", True, "HTTP 401", 401, "server answered HTTP 401 No at /poll"),
        (b"HTTP/1.1 302 No\r\nLocation: /there\r\n\r\n", True, "HTTP 302", 302, "redirects to /there"),
        (b"220 mail.example\r\n", True, NOT_HTTP, 0, "is an HTTP server there?"),
        (b"\x15\x03\x01\x00\x02\x02\x16", True, NOT_HTTP, 0, "give https:// in --host"),
        (b"", True, LOST, 0, "between two answers"),
        (OK + b"a", True, LOST, 0, "in the middle of an answer"),
        (STREAM + b"1\r\na\r\n", False, LOST, 0, "in the middle of an answer"),
        (STREAM + b"1\r\na\r\n0\r\n\r\n", False, LOST, 0, "after its stream"),
        (STREAM + b"soup\r\n", False, BROKEN_ANSWER, 0, "no size of a chunk"),
    ],
)
def test_every_end_has_its_reason(tcp_server, patience, answer, whole, kind, code, text):
    """What, where, and the remedy where there is one; and where the server said how long to stay away, that."""
    with tcp_server(answering(answer)) as port, opened(port, whole=whole, stay_away_s=lambda: 7.0) as connection:
        connection.send("")
        ended = ending_of(connection, patience(10))
    assert (ended.kind, ended.code) == (kind, code)
    assert text in ended.reason
    assert ended.retry_after_s == (7.0 if kind in (LOST, BROKEN_ANSWER) else 0.0)


def test_retry_after_is_kept(tcp_server, patience):
    """A server that says when to come back is heard."""
    answer = b"HTTP/1.1 503 Busy\r\nRetry-After: 3\r\n\r\n"
    with tcp_server(answering(answer)) as port, opened(port) as connection:
        connection.send("")
        assert ending_of(connection, patience(10)).retry_after_s == 3


def test_an_overdue_answer_ends_the_connection_but_a_pause_does_not(tcp_server, patience):
    """Patience is for the answer that was asked for, not for the time between two."""
    done = threading.Event()
    with tcp_server(answering(OK + b"ab", b"", then=lambda far: done.wait(patience(10)))) as port:
        with opened(port, patience_s=5.0) as connection, gevent.Timeout(patience(10)):
            connection.send("")
            assert connection.receive()[1] == [b"ab"]
            connection.beat(time.time() + 100)
            connection.send("")
            connection.beat(time.time() + 4)
            connection.beat(time.time() + 6)
            assert ending_of(connection, patience(10)).kind == TIMED_OUT
        done.set()


def test_a_cut_resets_the_connection(tcp_server, patience):
    """Abruptly, from another greenlet, and the waiting one learns of it at once."""
    seen = []

    def then(far: socket.socket) -> None:
        try:
            far.recv(1)
        except ConnectionResetError:
            seen.append("reset")

    with tcp_server(answering(STREAM, then=then)) as port:
        with opened(port, whole=False) as connection:
            connection.send("")
            assert connection.receive()[1] == [b""]
            gevent.spawn_later(0.05, connection.cut)
            assert ending_of(connection, patience(10)).kind == CUT
            assert connection.was_cut
        assert connection.fileno() == -1
    assert seen == ["reset"]


def test_it_goes_by_tls(websocket_server, authority, patience):
    """The same connection over TLS: here a WebSocket server that wants to be upgraded says so."""
    dial = Dial(tls=client_context(authority.pem))
    with (
        websocket_server(lambda ws: ws.wait_closed(), ssl=authority.server) as port,
        opened(port, scheme="wss", dial=dial) as connection,
    ):
        connection.send("")
        assert ending_of(connection, patience(10)).code == 426
