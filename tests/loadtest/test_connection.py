"""A client connection against real `websockets` servers on loopback."""

import asyncio
import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator

import gevent
import pytest
from websockets.frames import Close, Frame, Opcode
from websockets.uri import parse_uri
from websockets.utils import accept_key

from loadtest.connection import Connection, open_connection
from loadtest.dialing import Dial
from loadtest.endings import NO_PONG, NOT_WEBSOCKET, ConnectionEndedError
from loadtest.handshake import Handshake, read_token_place
from loadtest.keepalive import Keepalive, Pulse


@contextlib.contextmanager
def opened(
    port: int, *, stamped: bool = True, scheme: str = "ws", dial: Dial | None = None, token: str | None = None
) -> Iterator[Connection]:
    connection = open_connection(
        parse_uri(f"{scheme}://127.0.0.1:{port}/ws"),
        stamped=stamped,
        timeout_s=5,
        dial=dial or Dial(handshake=Handshake(("sensorswarm.v1",))),
        token=token,
    )
    try:
        yield connection
    finally:
        connection.close()


def until_ended(connection: Connection, limit_s: float) -> tuple[list[bytes], ConnectionEndedError]:
    messages: list[bytes] = []
    with gevent.Timeout(limit_s):
        while True:
            try:
                messages += connection.receive()[1]
            except ConnectionEndedError as ended:
                return messages, ended


def test_messages_come_whole_in_order_and_the_close_last(websocket_server, patience):
    """Small, large, fragmented and pinged messages arrive as sent; then the close code and its reason."""

    async def handler(ws) -> None:
        await ws.send("first")
        await ws.send("x" * 300_000)
        await ws.send(["frag", "ment", "ed"])
        pong = await ws.ping()
        await asyncio.wait_for(pong, 5)
        await ws.send(b"binary")
        await ws.close(1012, "bye")

    with websocket_server(handler) as port, opened(port) as connection:
        messages, ended = until_ended(connection, patience(10))
    assert messages == [b"first", b"x" * 300_000, b"fragmented", b"binary"]
    assert (ended.code, ended.reason) == (1012, "server restarts (1012): bye")


@pytest.mark.parametrize("stamped", [True, False])
def test_what_we_send_arrives_and_the_answer_is_stamped(websocket_server, stamped, patience):
    """A text message is echoed; its arrival lies between sending and now, with kernel stamps and without."""

    async def handler(ws) -> None:
        async for message in ws:
            await ws.send(message)

    with (
        websocket_server(handler, subprotocols=["sensorswarm.v1"]) as port,
        opened(port, stamped=stamped) as connection,
    ):
        before_ts = time.time()
        connection.send("grüß".encode())
        with gevent.Timeout(patience(10)):
            arrival_ts, messages = connection.receive()
        assert messages == ["grüß".encode()]
        assert before_ts <= arrival_ts <= time.time()
        assert connection.last_frame_ts == arrival_ts


def test_a_busy_reader_does_not_age_the_stamp(websocket_server, patience):
    """A message that waits in the kernel while we compute keeps the time at which it came."""

    async def handler(ws) -> None:
        await ws.recv()
        await ws.send(str(time.time()))
        await ws.wait_closed()

    with websocket_server(handler) as port, opened(port) as connection:
        connection.send(b"go")
        end = time.monotonic() + patience(1)
        while time.monotonic() < end:
            time.sleep(0.01)  # not gevent's: the whole hub stands still
        looked_ts = time.time()
        with gevent.Timeout(patience(10)):
            arrival_ts, messages = connection.receive()
        assert float(messages[0]) <= arrival_ts < looked_ts


def test_a_cut_resets_the_connection(websocket_server, patience):
    """The owner's receive ends at once, and the server sees the connection break without a close frame."""
    seen = []

    async def handler(ws) -> None:
        await ws.wait_closed()
        seen.append(ws.close_code)

    with websocket_server(handler) as port:
        with opened(port) as connection:
            gevent.spawn_later(0.05, connection.cut)
            _, ended = until_ended(connection, patience(10))
            assert ended.code == 1006
        deadline = time.monotonic() + patience(5)
        while not seen and time.monotonic() < deadline:
            time.sleep(0.01)
    assert seen == [1006]


def test_closing_says_goodbye(websocket_server):
    """The server sees a normal closure."""
    seen = []

    async def handler(ws) -> None:
        await ws.wait_closed()
        seen.append(ws.close_code)

    with websocket_server(handler) as port, opened(port):
        pass
    assert seen == [1000]


@pytest.mark.parametrize(
    ("answer", "code", "kind", "reason"),
    [
        (
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            404,
            "HTTP 404",
            "server answered HTTP 404 Not Found at /ws; is --ws-path right?",
        ),
        (b"HTTP/1.0 403 Forbidden\r\n\r\n", 403, "HTTP 403", "HTTP 403 Forbidden at /ws; does the server want another"),
        (b"HTTP/1.1 200 OK\r\n\r\n<html>", 200, "HTTP 200", "HTTP 200 OK at /ws; is that a WebSocket endpoint?"),
        (b"HTTP/1.1 302 Found\r\nLocation: /v2\r\n\r\n", 302, "HTTP 302", "it redirects to /v2; give that as --host"),
        (
            b"220 mail.example ESMTP\r\n",
            0,
            NOT_WEBSOCKET,
            "it answered '220 mail.example ESMTP'; is a WebSocket server",
        ),
        (b"\x00\x01\x02garbage", 0, NOT_WEBSOCKET, "it answered '???garbage'; is a WebSocket server there?"),
        (b"\x15\x03\x01\x00\x02\x02\x46", 0, NOT_WEBSOCKET, "it speaks TLS: give wss:// in --host"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", 0, NOT_WEBSOCKET, "is a WebSocket server there?"),
        (b"HTTP/1.1 10", 0, NOT_WEBSOCKET, "it closed the connection in its answer"),
        (b"", 0, NOT_WEBSOCKET, "it closed the connection without an answer; is a WebSocket server there?"),
    ],
)
def test_a_handshake_that_fails_is_told_in_one_line(tcp_server, answer, code, kind, reason):
    """Other statuses, other protocols, half an answer and silence each have a kind and a reason that names a remedy."""

    def handler(far: socket.socket) -> None:
        far.recv(65536)
        far.sendall(answer)

    with tcp_server(handler) as port, pytest.raises(ConnectionEndedError) as ended, opened(port):
        pass
    assert (ended.value.code, ended.value.kind) == (code, kind)
    assert reason in ended.value.reason
    assert "\n" not in ended.value.reason


def test_a_refusal_is_told_without_waiting_for_its_body(tcp_server, patience):
    """The server keeps the connection and never sends the body; Retry-After is taken from the head."""
    told = threading.Event()

    def handler(far: socket.socket) -> None:
        far.recv(65536)
        far.sendall(b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 100\r\n\r\n")
        told.wait(10)

    with tcp_server(handler) as port, gevent.Timeout(patience(5)):
        with pytest.raises(ConnectionEndedError) as ended, opened(port):
            pass
        told.set()
    assert (ended.value.code, ended.value.retry_after_s) == (503, 7.0)


def test_a_reset_during_the_handshake_is_told_in_one_line(tcp_server):
    """No traceback, whatever the peer does to the connection."""

    def handler(far: socket.socket) -> None:
        far.recv(65536)
        far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with tcp_server(handler) as port, pytest.raises(ConnectionEndedError) as ended, opened(port):
        pass
    assert ended.value.reason == "connection reset by the server (1006)"


def test_nobody_listening_is_told_in_one_line(free_port):
    """A refused connection names the address and asks whether the server runs."""
    with pytest.raises(ConnectionEndedError, match=f"127.0.0.1:{free_port}: Connection refused; is the server"):
        open_connection(parse_uri(f"ws://127.0.0.1:{free_port}/ws"), stamped=False, timeout_s=1)


def test_a_broken_frame_ends_the_connection_with_its_reason(websocket_server, patience):
    """A frame against the rules ends this connection, and the reason says that a frame was broken."""

    async def handler(ws) -> None:
        ws.transport.write(b"\x81\x02ok\xc1\x01x")  # a reserved bit
        await ws.wait_closed()

    with websocket_server(handler) as port, opened(port) as connection:
        messages, ended = until_ended(connection, patience(10))
    assert messages == [b"ok"]
    assert ended.code == 1002
    assert ended.reason.startswith("broken WebSocket frame")


def test_an_end_without_a_close_frame_is_abnormal(websocket_server, patience):
    """A server that dies in the middle of a frame gives 1006."""

    async def handler(ws) -> None:
        ws.transport.write(b"\x81\x05ab")
        ws.transport.write_eof()
        await ws.wait_closed()

    with websocket_server(handler) as port, opened(port) as connection:
        messages, ended = until_ended(connection, patience(10))
    assert messages == []
    assert ended.code == 1006


@pytest.mark.parametrize("compression", ["deflate", None])
def test_compressed_messages_are_read_when_asked_for(websocket_server, compression, patience):
    """With --deflate whatever the server chooses is understood; the stamp is that of the read, as ever."""

    async def handler(ws) -> None:
        await ws.recv()
        for text in ("small", "x" * 300_000, "small"):
            await ws.send(text)
        await ws.close(1000, repr([extension.name for extension in ws.protocol.extensions]))

    dial = Dial(handshake=Handshake(deflate=True))
    with websocket_server(handler, compression=compression) as port, opened(port, dial=dial) as connection:
        before_ts = time.time()
        connection.send(b"go")
        messages, ended = until_ended(connection, patience(10))
        assert before_ts - 0.01 <= connection.last_frame_ts <= time.time()
    assert messages == [b"small", b"x" * 300_000, b"small"]
    assert ("permessage-deflate" in ended.reason) is (compression == "deflate")


def test_without_deflate_none_is_offered(websocket_server, patience):
    """A server that would like to compress is not asked."""

    async def handler(ws) -> None:
        await ws.close(1000, repr(ws.request.headers.get("Sec-WebSocket-Extensions")))

    with websocket_server(handler, compression="deflate") as port, opened(port) as connection:
        _, ended = until_ended(connection, patience(10))
    assert ended.reason.endswith("None")


@pytest.mark.parametrize("text", ["header", "cookie:sid", "query:t"])
def test_a_token_in_the_handshake_arrives(websocket_server, text, patience):
    """Where the option says, and its path with it."""

    async def handler(ws) -> None:
        headers = ws.request.headers
        await ws.send(f"{ws.request.path} {headers.get('Authorization')} {headers.get('Cookie')}")

    dial = Dial(handshake=Handshake(token_in=read_token_place(text)))
    with websocket_server(handler) as port, opened(port, dial=dial, token="secret") as connection:
        messages, _ = until_ended(connection, patience(10))
    expected = {
        "header": b"/ws Bearer secret None",
        "cookie:sid": b"/ws None sid=secret",
        "query:t": b"/ws?t=secret None None",
    }
    assert messages == [expected[text]]


def test_pings_are_measured_by_the_kernels_stamp(websocket_server, patience):
    """A pong read late, because we were busy, still gives the round trip of the wire."""
    measured: list[float] = []

    async def handler(ws) -> None:
        await ws.wait_closed()

    with websocket_server(handler) as port, opened(port) as connection:
        connection.pulse = Pulse(Keepalive(1.0, 5.0), 0.0, measured.append)
        connection.beat(time.time())
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            time.sleep(0.01)  # not gevent's: the whole hub stands still
        with gevent.Timeout(patience(10)):
            assert connection.receive()[1] == []
    assert len(measured) == 1
    assert 0 < measured[0] < 0.25


def accepted(far: socket.socket) -> bytes:
    """Read a handshake; the answer that accepts it."""
    key = far.recv(65536).partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0].decode()
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept_key(key).encode() + b"\r\n\r\n"
    )


def test_a_close_that_comes_with_the_handshake_is_told_to_whoever_sends(tcp_server):
    """A server that accepts and closes in one breath ends the connection with its code, also before any receive."""
    closing = Frame(Opcode.CLOSE, Close(1013, "full").serialize()).serialize(mask=False)
    with tcp_server(lambda far: far.sendall(accepted(far) + closing)) as port, opened(port) as connection:
        with pytest.raises(ConnectionEndedError) as ended:
            connection.send(b"hello")
        assert ended.value.code == 1013


def silent(far: socket.socket) -> None:
    """Shake hands, and never answer a ping."""
    far.sendall(accepted(far))
    received = b""
    while data := far.recv(65536):
        received += data
    mask, masked = received[-13:-9], received[-9:]  # of the close frame: code and "no pong"
    code = bytes(byte ^ other for byte, other in zip(masked[:2], mask[:2], strict=True))
    codes.append(int.from_bytes(code))


codes: list[int] = []


def test_a_pong_missing_ends_the_connection_with_4012(tcp_server, patience):
    """The owner's receive ends with "no pong", and the server is told 4012."""
    codes.clear()
    with tcp_server(silent) as port:
        with opened(port) as connection:
            connection.pulse = Pulse(Keepalive(1.0, 5.0), 0.0, [].append)
            connection.beat(100.0)
            connection.beat(104.9)
            gevent.spawn_later(0.05, connection.beat, 105.0)
            _, ended = until_ended(connection, patience(10))
        assert (ended.code, ended.kind) == (4012, NO_PONG)
        deadline = time.monotonic() + patience(5)
        while not codes and time.monotonic() < deadline:
            time.sleep(0.01)
    assert codes == [4012]


def test_a_connection_with_unread_bytes_is_not_judged(websocket_server, patience):
    """Where it is we who have not read, the pong may be there already: it counts once it is read."""
    measured: list[float] = []

    async def handler(ws) -> None:
        await ws.wait_closed()

    with websocket_server(handler) as port, opened(port) as connection:
        connection.pulse = Pulse(Keepalive(1.0, 5.0), 0.0, measured.append)
        connection.beat(sent_ts := time.time())
        deadline = time.monotonic() + patience(5)
        while not connection._stream.unread() and time.monotonic() < deadline:
            time.sleep(0.01)
        connection.beat(sent_ts + 60.0)
        with gevent.Timeout(patience(10)):
            connection.receive()
    assert len(measured) == 1
