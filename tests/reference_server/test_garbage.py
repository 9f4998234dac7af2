"""Whoever has left is gone at once: a connection is in no circle that only the garbage collector finds."""

from __future__ import annotations

import asyncio
import gc
import json
import secrets
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme
import uvloop
from websockets.server import ServerProtocol

from reference_server.certificate import Certificate
from reference_server.client import Client, Connection
from reference_server.identity import Access, mint
from reference_server.identity.passwords import hash_password
from reference_server.server import listen
from reference_server.service import Service
from reference_server.session import Session
from reference_server.settings import Settings
from tests.reference_server.attacks.conftest import frame, handshake
from tests.reference_server.conftest import SECRET
from wire.broker import EmbeddedBroker
from wire.mqtt import BrokerAddress
from wire.topics import TopicTemplate

OF_A_CONNECTION = (Client, Connection, ServerProtocol, Session)
HASH = hash_password("x", bytes(16), n=2**14, p=1)
TEXT, CLOSE = 0x81, 0x88
POST = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
PROBE = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
ENDLESS = b"GET /ws HTTP/1.1\r\nX: " + b"x" * 20_000
Deed = Callable[[socket.socket], None]


class Tls(NamedTuple):
    """A server's certificate, and what its clients trust."""

    certificate: Certificate
    trust: ssl.SSLContext


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
def tls(request: pytest.FixtureRequest, tmp_path: Path) -> Tls | None:
    if not request.param:
        return None
    authority, pem = trustme.CA(), tmp_path / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(pem)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    return Tls(Certificate(pem, pem), trust)


@pytest.fixture
def access(tmp_path: Path) -> Access:
    """With a login, so that a POST is heard."""
    users = tmp_path / "users.toml"
    users.write_text(f'[users.m-1]\npassword = "{HASH}"\nbuildings = ["b-1"]\n')
    return Access(users=users)


@pytest.fixture
def left_behind() -> Iterator[Callable[[], list[object]]]:
    """Tells what of connections is there and was not there before; only counting references frees meanwhile."""

    def of_connections() -> list[object]:
        # By type(), for isinstance() asks weak proxies whose connection is gone.
        return [one for one in gc.get_objects() if issubclass(type(one), OF_A_CONNECTION)]

    gc.collect()
    before = of_connections()  # of other tests
    known = set(map(id, before))
    gc.disable()
    yield lambda: [one for one in of_connections() if id(one) not in known]
    gc.enable()


def message(**fields: object) -> bytes:
    return frame(json.dumps(fields).encode(), first=TEXT, masked=True, length=None)


def read_to_the_end(peer: socket.socket) -> None:
    with suppress(ConnectionError):
        while peer.recv(4096):
            pass


def is_cut(peer: socket.socket) -> None:
    """A good client, until it goes without a word."""
    token = mint(SECRET, "m-1", ["b-1"], 60.0)
    peer.sendall(handshake() + message(type="hello", token=token, subscribe=["b-1"]))
    seen = b""
    while b"subscribed" not in seen:
        got = peer.recv(4096)
        assert got, seen
        seen += got


def closes(peer: socket.socket) -> None:
    is_cut(peer)
    peer.sendall(frame(b"\x03\xe8", first=CLOSE, masked=True, length=None))
    read_to_the_end(peer)


def breaks_the_protocol(peer: socket.socket) -> None:
    is_cut(peer)
    peer.sendall(frame(b"{}", first=TEXT, masked=False, length=None))
    read_to_the_end(peer)


def is_answered(peer: socket.socket, *, said: bytes) -> None:
    peer.sendall(said)
    read_to_the_end(peer)


def leaves(peer: socket.socket, *, said: bytes) -> None:
    peer.sendall(said)


@pytest.mark.parametrize(
    "deed",
    [
        pytest.param(closes, id="closes"),
        pytest.param(is_cut, id="is cut"),
        pytest.param(breaks_the_protocol, id="unmasked frame"),
        pytest.param(partial(is_answered, said=handshake() + message(type="ping", id=1)), id="no hello"),
        pytest.param(partial(is_answered, said=handshake() + message(type="hello", token="none")), id="bad token"),
        pytest.param(partial(is_answered, said=handshake("Origin: https://evil.example")), id="foreign origin"),
        pytest.param(partial(is_answered, said=PROBE), id="probe"),
        pytest.param(partial(is_answered, said=POST), id="post"),
        pytest.param(partial(is_answered, said=b"nonsense\r\n\r\n"), id="nonsense"),
        pytest.param(partial(is_answered, said=ENDLESS), id="endless header"),
        pytest.param(partial(leaves, said=b""), id="says nothing"),
        pytest.param(partial(leaves, said=handshake()[:40]), id="half a handshake"),
        pytest.param(partial(leaves, said=handshake()), id="only a handshake"),
        pytest.param(partial(leaves, said=POST[:-4]), id="half a post"),
    ],
)
def test_who_has_left_is_gone(
    broker: EmbeddedBroker,
    access: Access,
    tls: Tls | None,
    deed: Deed,
    patience: Callable[[float], float],
    left_behind: Callable[[], list[object]],
) -> None:
    def come_and_go(port: int, deed: Deed) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=patience(10)) as raw:
            if tls is None:
                deed(raw)
            else:
                with tls.trust.wrap_socket(raw, server_hostname="127.0.0.1") as peer:
                    deed(peer)

    async def serve() -> None:
        listening = listen("127.0.0.1", 0)
        settings = Settings(
            secret=SECRET,
            access=access,
            broker=BrokerAddress.parse(broker.url),
            topics=TopicTemplate(f"t{secrets.token_hex(4)}/{{building}}/{{quantity}}/{{sensor}}"),
            certificate=tls.certificate if tls is not None else None,
        )
        service, ready = Service(settings, listening), asyncio.Event()
        running = asyncio.create_task(service.run(ready.set))
        try:
            async with asyncio.timeout(patience(20)):
                await ready.wait()
                port = listening.getsockname()[1]
                await asyncio.to_thread(come_and_go, port, deed)
                await asyncio.to_thread(come_and_go, port, partial(is_answered, said=PROBE))  # the first is in by now
                while service.server.connections or left_behind():  # noqa: ASYNC110 - nobody tells of what is freed
                    await asyncio.sleep(0.02)
        except TimeoutError:
            pytest.fail(f"still there: {left_behind()}")
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    uvloop.run(serve())
