"""Bytes with their arrival, in the clear and by TLS."""

import contextlib
import socket
import ssl
import threading
import time

import gevent
import pytest

from loadtest.streams import PlainStream, TlsStream
from loadtest.tls import client_context


@contextlib.contextmanager
def plain_stream(port: int, *, stamped: bool = True):
    stream = PlainStream("127.0.0.1", port, stamped=stamped, timeout_s=5)
    try:
        yield stream
    finally:
        stream.close()


@pytest.mark.parametrize("stamped", [True, False])
def test_bytes_come_with_their_arrival_and_the_end_stays_the_end(tcp_server, stamped, patience):
    """Between sending and now; then b"" as often as it is asked for."""
    before_ts = time.time()
    with (
        tcp_server(lambda far: far.sendall(b"hello")) as port,
        plain_stream(port, stamped=stamped) as stream,
        gevent.Timeout(patience(5)),
    ):
        data, arrival_ts = stream.receive()
        assert data == b"hello"
        assert before_ts - 0.001 <= arrival_ts <= time.time()
        assert [stream.receive()[0] for _ in range(3)] == [b"", b"", b""]


def test_what_another_greenlet_sends_waits_its_turn(tcp_server, patience):
    """While one send waits for a peer that does not read, a second one neither waits nor gets in between."""
    go, received = threading.Event(), []

    def handler(far: socket.socket) -> None:
        go.wait(10)
        while data := far.recv(65536):
            received.append(data)

    large = b"x" * 20_000_000  # more than the kernel buffers
    with tcp_server(handler) as port, plain_stream(port) as stream, gevent.Timeout(patience(20)):
        sending = gevent.spawn(stream.send, large)
        gevent.sleep(0.05)
        assert not sending.dead
        stream.send_now(b"ping")
        assert not sending.dead
        go.set()
        sending.join()
        stream.send(b"last")
    assert b"".join(received) == large + b"ping" + b"last"


def test_unread_bytes_are_seen_without_being_taken(tcp_server, patience):
    """Nothing yet, then something, which is still there to be received."""
    go = threading.Event()

    def handler(far: socket.socket) -> None:
        go.wait(10)
        far.sendall(b"now")
        far.recv(1)

    with tcp_server(handler) as port, plain_stream(port) as stream:
        assert not stream.unread()
        go.set()
        deadline = time.monotonic() + patience(5)
        while not stream.unread() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert stream.unread()
        with gevent.Timeout(patience(5)):
            assert stream.receive()[0] == b"now"


def records(context: ssl.SSLContext, far: socket.socket) -> tuple[ssl.SSLObject, ssl.MemoryBIO]:
    """Shake hands as a server, in memory, so that records can be sent in pieces."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_side=True)
    while True:
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            far.sendall(outgoing.read())
            incoming.write(far.recv(65536))
        else:
            far.sendall(outgoing.read())
            return tls, outgoing


def test_a_record_carries_the_stamp_of_the_read_that_completed_it(tcp_server, authority, patience):
    """Half a record is no message yet; two records of one read come together, with its one stamp."""
    halves_ts = []

    def handler(far: socket.socket) -> None:
        tls, outgoing = records(authority.server, far)
        tls.write(b"first")
        tls.write(b" second")
        data = outgoing.read()
        far.sendall(data[:10])
        time.sleep(0.3)
        halves_ts.append(time.time())
        far.sendall(data[10:])
        tls.write(b"third")
        far.recv(65536)

    with tcp_server(handler) as port, plain_stream(port) as below:
        stream = TlsStream(below, client_context(authority.pem), "127.0.0.1")
        with gevent.Timeout(patience(10)):
            stream.handshake()
            data, arrival_ts = stream.receive()
        assert data == b"first second"
        assert halves_ts[0] - 0.001 <= arrival_ts <= halves_ts[0] + 0.25


def test_tls_that_breaks_is_an_error_of_the_stream_and_a_goodbye_is_its_end(tcp_server, authority, patience):
    """Garbage after the handshake raises; the peer's close_notify, and a close without it, are the end."""
    context = client_context(authority.pem)

    def broken(far: socket.socket) -> None:
        records(authority.server, far)
        far.sendall(b"\x17\x03\x03\x00\x05garba")
        far.recv(65536)

    def polite(far: socket.socket) -> None:
        tls, outgoing = records(authority.server, far)
        with contextlib.suppress(ssl.SSLWantReadError):
            tls.unwrap()
        far.sendall(outgoing.read())

    def abrupt(far: socket.socket) -> None:
        records(authority.server, far)

    for handler, raises in ((broken, True), (polite, False), (abrupt, False)):
        with tcp_server(handler) as port, plain_stream(port) as below, gevent.Timeout(patience(10)):
            stream = TlsStream(below, context, "127.0.0.1")
            stream.handshake()
            if raises:
                with pytest.raises(ssl.SSLError):
                    stream.receive()
            else:
                assert [stream.receive()[0] for _ in range(2)] == [b"", b""]
