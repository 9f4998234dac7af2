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
from websockets.asyncio.server import serve
from websockets.uri import parse_uri

from loadtest.connection import Connection, open_connection
from loadtest.endings import ConnectionEndedError


@contextlib.contextmanager
def served(handler, **options) -> Iterator[int]:
    """Run a `websockets` server in a thread; gives its port."""
    ready, box = threading.Event(), {}

    async def main() -> None:
        box["loop"], box["stop"] = asyncio.get_running_loop(), asyncio.Event()
        async with serve(handler, "127.0.0.1", 0, compression=None, **options) as server:
            box["port"] = server.sockets[0].getsockname()[1]
            ready.set()
            await box["stop"].wait()

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    assert ready.wait(10)
    try:
        yield box["port"]
    finally:
        box["loop"].call_soon_threadsafe(box["stop"].set)
        thread.join(10)


@contextlib.contextmanager
def opened(port: int, *, stamped: bool = True) -> Iterator[Connection]:
    connection = open_connection(
        parse_uri(f"ws://127.0.0.1:{port}/ws"), subprotocols=["sensorswarm.v1"], stamped=stamped, timeout_s=5
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


def test_messages_come_whole_in_order_and_the_close_last(patience):
    """Small, large, fragmented and pinged messages arrive as sent; then the close code and its reason."""

    async def handler(ws) -> None:
        await ws.send("first")
        await ws.send("x" * 300_000)
        await ws.send(["frag", "ment", "ed"])
        pong = await ws.ping()
        await asyncio.wait_for(pong, 5)
        await ws.send(b"binary")
        await ws.close(1012, "bye")

    with served(handler) as port, opened(port) as connection:
        messages, ended = until_ended(connection, patience(10))
    assert messages == [b"first", b"x" * 300_000, b"fragmented", b"binary"]
    assert (ended.code, ended.reason) == (1012, "server restarts (1012): bye")


@pytest.mark.parametrize("stamped", [True, False])
def test_what_we_send_arrives_and_the_answer_is_stamped(stamped, patience):
    """A text message is echoed; its arrival lies between sending and now, with kernel stamps and without."""

    async def handler(ws) -> None:
        async for message in ws:
            await ws.send(message)

    with served(handler, subprotocols=["sensorswarm.v1"]) as port, opened(port, stamped=stamped) as connection:
        before_ts = time.time()
        connection.send("grüß".encode())
        with gevent.Timeout(patience(10)):
            arrival_ts, messages = connection.receive()
        assert messages == ["grüß".encode()]
        assert before_ts <= arrival_ts <= time.time()
        assert connection.last_frame_ts == arrival_ts


def test_a_busy_reader_does_not_age_the_stamp(patience):
    """A message that waits in the kernel while we compute keeps the time at which it came."""

    async def handler(ws) -> None:
        await ws.recv()
        await ws.send(str(time.time()))
        await ws.wait_closed()

    with served(handler) as port, opened(port) as connection:
        connection.send(b"go")
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            time.sleep(0.01)  # not gevent's: the whole hub stands still
        with gevent.Timeout(patience(10)):
            arrival_ts, messages = connection.receive()
        assert arrival_ts - float(messages[0]) < 0.25


def test_a_cut_resets_the_connection(patience):
    """The owner's receive ends at once, and the server sees the connection break without a close frame."""
    seen = []

    async def handler(ws) -> None:
        await ws.wait_closed()
        seen.append(ws.close_code)

    with served(handler) as port:
        with opened(port) as connection:
            gevent.spawn_later(0.05, connection.cut)
            _, ended = until_ended(connection, patience(10))
            assert ended.code == 1006
        deadline = time.monotonic() + patience(5)
        while not seen and time.monotonic() < deadline:
            time.sleep(0.01)
    assert seen == [1006]


def test_closing_says_goodbye():
    """The server sees a normal closure."""
    seen = []

    async def handler(ws) -> None:
        await ws.wait_closed()
        seen.append(ws.close_code)

    with served(handler) as port, opened(port):
        pass
    assert seen == [1000]


@contextlib.contextmanager
def answering(answer: bytes, *, abrupt: bool = False) -> Iterator[int]:
    """A TCP server that answers the first request with these bytes and closes."""

    def run() -> None:
        far, _ = server.accept()
        with far:
            far.recv(65536)
            far.sendall(answer)
            if abrupt:
                far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=run)
        thread.start()
        yield server.getsockname()[1]
        thread.join(10)


@pytest.mark.parametrize(
    ("answer", "code", "reason"),
    [
        (
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            404,
            "server answered HTTP 404 Not Found at /ws; is --ws-path right?",
        ),
        (b"220 mail.example ESMTP\r\n", 0, "is a WebSocket server there?"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", 0, "is a WebSocket server there?"),
        (b"", 0, "is a WebSocket server there?"),
    ],
)
def test_a_handshake_that_fails_is_told_in_one_line(answer, code, reason):
    """Another status, another protocol, half an answer and silence each have a reason that names a remedy."""
    with answering(answer) as port, pytest.raises(ConnectionEndedError) as ended, opened(port):
        pass
    assert ended.value.code == code
    assert reason in ended.value.reason
    assert "\n" not in ended.value.reason


def test_nobody_listening_is_told_in_one_line(free_port):
    """A refused connection names the address and asks whether the server runs."""
    with pytest.raises(ConnectionEndedError, match=f"127.0.0.1:{free_port}: Connection refused; is the server"):
        open_connection(parse_uri(f"ws://127.0.0.1:{free_port}/ws"), subprotocols=[], stamped=False, timeout_s=1)


def test_a_broken_frame_ends_the_connection_with_its_reason(patience):
    """A frame against the rules ends this connection, and the reason says that a frame was broken."""

    async def handler(ws) -> None:
        ws.transport.write(b"\x81\x02ok\xc1\x01x")  # a reserved bit
        await ws.wait_closed()

    with served(handler) as port, opened(port) as connection:
        messages, ended = until_ended(connection, patience(10))
    assert messages == [b"ok"]
    assert ended.code == 1002
    assert ended.reason.startswith("broken WebSocket frame")


def test_an_end_without_a_close_frame_is_abnormal(patience):
    """A server that dies in the middle of a frame gives 1006."""

    async def handler(ws) -> None:
        ws.transport.write(b"\x81\x05ab")
        ws.transport.write_eof()
        await ws.wait_closed()

    with served(handler) as port, opened(port) as connection:
        messages, ended = until_ended(connection, patience(10))
    assert messages == []
    assert ended.code == 1006
