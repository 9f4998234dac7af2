"""POST beside WebSockets: the first bytes decide, and whatever comes is bounded."""

from __future__ import annotations

import asyncio
import http
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server.posts import MAX_BODY_BYTES, Answer, FirstBytes, Post, plain
from reference_server.refusals import Refusals


class Connection(asyncio.Protocol):
    """The WebSocket side, which notes what it hears."""

    def __init__(self) -> None:
        self.heard = b""
        self.lost = 0

    def data_received(self, data: bytes) -> None:
        self.heard += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost += 1


class Transport(asyncio.Transport):
    """What a transport does, without a socket: it calls whoever is its protocol."""

    def __init__(self, answers: object, *, tls: bool = False) -> None:
        super().__init__({"peername": ("127.0.0.1", 5)})
        self.connection = Connection()
        self.refusals = Refusals()
        self.protocol: asyncio.BaseProtocol = FirstBytes(
            self.connection,
            self,
            answers,  # type: ignore[arg-type]
            self.refusals,
        )
        self.tls = tls
        self.written = b""
        self.closed = False

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True

    def can_write_eof(self) -> bool:
        return not self.tls

    def feed(self, data: bytes) -> None:
        assert isinstance(self.protocol, asyncio.Protocol)
        self.protocol.data_received(data)

    @property
    def status(self) -> int:
        return int(self.written.split(b" ", 2)[1])


CHUNK = b"400\r\n" + b"x" * 1024 + b"\r\n"


async def echo(post: Post) -> Answer:
    return plain(http.HTTPStatus.OK, f"{post.path} {post.address} {post.all('x-a')} {post.body.decode()}")


async def nobody(post: Post) -> Answer:
    pytest.fail("must not be asked")


def request(body: bytes = b"a=b", *, headers: bytes = b"") -> bytes:
    return b"POST /login?x HTTP/1.1\r\nHost: h\r\nX-A: 1\r\n%bContent-Length: %d\r\n\r\n%b" % (headers, len(body), body)


@given(st.binary(min_size=1, max_size=40).filter(lambda data: not data.startswith(b"POST ")), st.data())
def test_everything_else_reaches_the_websocket_unchanged(data: bytes, draw: st.DataObject) -> None:
    """However the bytes are cut, all of them arrive in order, and then nobody stands between."""
    transport = Transport(nobody)
    rest = data
    while rest:
        size = draw.draw(st.integers(1, len(rest)))
        transport.feed(rest[:size])
        rest = rest[size:]
    if b"POST ".startswith(data):
        assert transport.connection.heard == b""  # it could still be one
    else:
        assert transport.protocol is transport.connection
        assert transport.connection.heard == data


@pytest.mark.parametrize("size", [1, 4, 7, 1000])
async def test_a_post_is_answered_once_and_the_connection_ends(size: int) -> None:
    """However it is cut, it is one request; what follows it is not read."""
    transport = Transport(echo)
    data = request() + request()
    for at in range(0, len(data), size):
        transport.feed(data[at : at + size])
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert transport.status == 200
    assert transport.written.endswith(b"/login 127.0.0.1 ['1'] a=b\n")
    assert transport.written.count(b"HTTP/1.1") == 1
    assert b"connection: close" in transport.written.lower()
    assert transport.closed
    assert transport.connection.heard == b""


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"POST x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: h\r\nX: " + b"x" * 20_000, 431),
        (request(b"x" * (MAX_BODY_BYTES + 1)), 413),
        (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNK * 9, 413),
    ],
)
async def test_bad_requests_are_told_so(data: bytes, status: int) -> None:
    """Not HTTP, headers without end, a body without end: a status that is counted, and the end."""
    transport = Transport(nobody)
    transport.feed(data)
    assert transport.status == status
    assert transport.refusals.counts == {str(status): 1}
    assert transport.closed


async def test_a_client_that_waits_for_100_gets_it() -> None:
    """`Expect: 100-continue` is answered before the body is sent."""
    transport = Transport(echo)
    head, _, body = request(headers=b"Expect: 100-continue\r\n").partition(b"\r\n\r\n")
    transport.feed(head + b"\r\n\r\n")
    assert transport.status == 100
    transport.feed(body)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert b"HTTP/1.1 200" in transport.written


@pytest.mark.parametrize("tls", [False, True])
async def test_who_ends_its_side_is_still_answered_where_that_can_be(tls: bool) -> None:
    """TLS ends both sides at once: to ask for one of them would be a line in the log each time."""
    transport = Transport(echo, tls=tls)
    transport.feed(request())
    assert isinstance(transport.protocol, asyncio.Protocol)
    assert transport.protocol.eof_received() is not tls


async def test_a_mistake_of_ours_is_a_500_and_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody is left waiting because we failed."""

    async def fail(post: Post) -> Answer:
        raise RuntimeError("ours")

    transport = Transport(fail)
    with caplog.at_level(logging.ERROR):
        transport.feed(request())
        for _ in range(3):
            await asyncio.sleep(0)
    assert transport.status == 500
    assert b"ours" not in transport.written
    assert len(caplog.messages) == 1


async def test_the_websocket_side_hears_of_the_end() -> None:
    """Whoever has the transport, its end is told exactly once; an answer that comes too late is not written."""
    asked = asyncio.Event()

    async def wait(post: Post) -> Answer:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    for data in (b"", b"PO", request()):
        transport = Transport(wait)
        if data:
            transport.feed(data)
        await asyncio.sleep(0)
        transport.protocol.connection_lost(None)
        await asyncio.sleep(0)
        assert transport.connection.lost == 1
        assert transport.written == b""
    assert asked.is_set()
