"""The way to a server: TLS and proxies over real loopback sockets."""

import base64
import contextlib
import socket
import ssl
import threading
import time

import gevent
import pytest
from websockets.uri import parse_uri

from loadtest.connection import open_connection
from loadtest.dialing import Dial
from loadtest.endings import PROXY, TIMED_OUT, TLS, UNREACHABLE, ConnectionEndedError
from loadtest.proxy import read_proxy
from loadtest.tls import client_context


async def echo(ws) -> None:
    async for message in ws:
        await ws.send(message)


def connect(url: str, dial: Dial | None = None):
    return contextlib.closing(open_connection(parse_uri(url), stamped=True, timeout_s=5, dial=dial))


def one_message(connection, limit_s: float) -> tuple[float, bytes]:
    with gevent.Timeout(limit_s):
        while True:
            arrival_ts, messages = connection.receive()
            if messages:
                return arrival_ts, b"".join(messages)


@pytest.mark.parametrize("largest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_messages_cross_tls_both_ways(websocket_server, authority, largest, patience):
    """Small ones and ones of many records, by either version; the server sees a close frame at the end."""
    seen = []

    async def handler(ws) -> None:
        await echo(ws)
        seen.append((ws.close_code, ws.transport.get_extra_info("ssl_object").version()))

    context = ssl.create_default_context(cafile=authority.pem)
    context.maximum_version = largest
    with websocket_server(handler, ssl=authority.server, max_size=None) as port:
        with connect(f"wss://127.0.0.1:{port}/ws", Dial(tls=context)) as connection:
            for message in (b"a", b"x" * 1_000_000, b"b"):
                connection.send(message)
                assert one_message(connection, patience(10))[1] == message
        deadline = time.monotonic() + patience(5)
        while not seen and time.monotonic() < deadline:
            time.sleep(0.01)
    assert seen == [(1000, "TLSv1.2" if largest is ssl.TLSVersion.TLSv1_2 else "TLSv1.3")]


def test_under_tls_too_a_busy_reader_does_not_age_the_stamp(websocket_server, authority, patience):
    """What is decrypted carries the kernel's stamp of its ciphertext."""

    async def handler(ws) -> None:
        await ws.recv()
        await ws.send(str(time.time()))
        await ws.wait_closed()

    with (
        websocket_server(handler, ssl=authority.server) as port,
        connect(f"wss://127.0.0.1:{port}/ws", Dial(tls=client_context(authority.pem))) as connection,
    ):
        connection.send(b"go")
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            time.sleep(0.01)  # not gevent's: the whole hub stands still
        arrival_ts, message = one_message(connection, patience(10))
    assert -0.01 < arrival_ts - float(message) < 0.25


@pytest.mark.parametrize(
    ("which", "reason"),
    [
        ("unknown CA", "unable to get local issuer certificate; give the server's CA with --ca"),
        ("wrong name", "IP address mismatch, certificate is not valid for '127.0.0.1'; give"),
        ("expired", "certificate has expired; give"),
    ],
)
def test_a_certificate_not_accepted_is_told_in_one_line(websocket_server, authority, which, reason):
    """A CA we do not know, another name, a date that has passed: the kind is TLS, the remedies are named."""
    context = {"unknown CA": authority.server, "wrong name": authority.elsewhere, "expired": authority.expired}[which]
    dial = Dial() if which == "unknown CA" else Dial(tls=client_context(authority.pem))
    with websocket_server(echo, ssl=context) as port:
        with pytest.raises(ConnectionEndedError) as ended, connect(f"wss://127.0.0.1:{port}/ws", dial):
            pass
        with connect(f"wss://127.0.0.1:{port}/ws", Dial(tls=client_context(insecure=True))):
            pass  # --insecure takes it all the same
    assert (ended.value.code, ended.value.kind) == (0, TLS)
    assert ended.value.reason.startswith(f"certificate of 127.0.0.1:{port} not accepted: ")
    assert reason in ended.value.reason
    assert "\n" not in ended.value.reason


def test_a_server_in_the_clear_behind_wss_is_told_in_one_line(websocket_server, tcp_server):
    """HTTP, garbage, and a close without a word: each is told as TLS, with ws:// as the remedy."""

    def quiet(far: socket.socket) -> None:
        far.recv(65536)

    def other(far: socket.socket) -> None:
        far.recv(65536)
        far.sendall(b"220 mail.example ESMTP\r\n")

    for server, text in (
        (websocket_server(echo), "ws://"),
        (tcp_server(other), "does not speak TLS; give ws:// instead of wss://"),
        (tcp_server(quiet), "the TLS handshake"),
    ):
        with server as port, pytest.raises(ConnectionEndedError) as ended, connect(f"wss://127.0.0.1:{port}/ws"):
            pass
        assert ended.value.kind == TLS
        assert text in ended.value.reason


def test_tls_behind_ws_is_told_in_one_line(websocket_server, authority):
    """A server that wants TLS and is spoken to in the clear."""
    with (
        websocket_server(echo, ssl=authority.server) as port,
        pytest.raises(ConnectionEndedError, match=r"no WebSocket handshake with 127\.0\.0\.1"),
        connect(f"ws://127.0.0.1:{port}/ws"),
    ):
        pass


def test_an_address_that_cannot_be_reached_is_told_in_one_line():
    """A name that is not in the DNS, and one that cannot be."""
    for host in ("no-such-host.invalid", "x" * 70):
        with pytest.raises(ConnectionEndedError) as ended, connect(f"ws://{host}:9/ws"):
            pass
        assert ended.value.kind == UNREACHABLE
        assert f"cannot connect to {host}:9: " in ended.value.reason


def test_a_server_that_accepts_nobody_is_told_in_one_line():
    """A backlog that is full: no answer within the time, counted as timed out."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, contextlib.ExitStack() as fillers:
        for _ in range(4):
            filler = fillers.enter_context(socket.socket())
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(server.getsockname())
        time.sleep(0.05)
        uri = parse_uri(f"ws://127.0.0.1:{server.getsockname()[1]}/ws")
        with pytest.raises(ConnectionEndedError) as ended:
            open_connection(uri, stamped=False, timeout_s=0.2)
    assert ended.value.kind == TIMED_OUT
    assert ended.value.reason == f"no answer from 127.0.0.1:{uri.port} within 0.2 s"


class Tunnels:
    """An HTTP proxy: answers CONNECT, 407 without the right password, and copies bytes both ways."""

    def __init__(self, user_info: str = "") -> None:
        self.wanted = base64.b64encode(user_info.encode()) if user_info else b""
        self.targets: list[str] = []

    def __call__(self, near: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += near.recv(65536)
        self.targets.append(head.split(b" ")[1].decode())
        if self.wanted and b"Proxy-Authorization: Basic " + self.wanted not in head:
            near.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        host, _, port = self.targets[-1].partition(":")
        try:
            far = socket.create_connection((host, int(port)), timeout=5)
        except OSError:
            near.sendall(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
            return
        with far:
            near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=self.copy, args=(far, near))
            back.start()
            self.copy(near, far)
            back.join(10)

    @staticmethod
    def copy(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_messages_cross_a_proxy(websocket_server, tcp_server, authority, scheme, patience):
    """In the clear and by TLS, with user and password; the proxy is told host and port of the server."""
    tunnels = Tunnels("me:p@ss")
    secure = {"ssl": authority.server} if scheme == "wss" else {}
    with websocket_server(echo, **secure) as port, tcp_server(tunnels) as proxy_port:
        dial = Dial(
            tls=client_context(authority.pem) if secure else None,
            proxy=read_proxy(f"http://me:p%40ss@127.0.0.1:{proxy_port}"),
        )
        with connect(f"{scheme}://127.0.0.1:{port}/ws", dial) as connection:
            connection.send(b"through")
            assert one_message(connection, patience(10))[1] == b"through"
    assert tunnels.targets == [f"127.0.0.1:{port}"]


def test_a_proxy_that_refuses_is_told_in_one_line(tcp_server, free_port):
    """No password, nobody behind it, no proxy at all, nobody there: a kind and a reason each."""

    def mail(far: socket.socket) -> None:
        far.sendall(b"220 mail.example ESMTP\r\n")
        far.recv(65536)

    def refusal(proxy_port: int, code: int, kind: str, text: str) -> None:
        dial = Dial(proxy=read_proxy(f"http://127.0.0.1:{proxy_port}"))
        with pytest.raises(ConnectionEndedError) as ended, connect(f"ws://127.0.0.1:{free_port}/ws", dial):
            pass
        assert (ended.value.code, ended.value.kind) == (code, kind)
        assert f"proxy 127.0.0.1:{proxy_port}" in ended.value.reason
        assert text in ended.value.reason

    with tcp_server(Tunnels("me:secret")) as port:
        refusal(port, 407, PROXY, "give --proxy http://USER:PASSWORD@HOST:PORT")
    with tcp_server(Tunnels()) as port:
        refusal(port, 502, PROXY, f"for 127.0.0.1:{free_port}")
    with tcp_server(mail) as port:
        refusal(port, 0, PROXY, "it answered '220 mail.example ESMTP'; is it an HTTP proxy?")
    refusal(free_port, 0, UNREACHABLE, "Connection refused")
