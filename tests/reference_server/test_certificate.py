"""Serving TLS, and certificates that change while it is served."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from reference_server.certificate import Certificate, CertificateError, given_certificate

Connect = Callable[..., Any]
RunServer = Callable[..., Any]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


class Pair:
    """A certificate and its key, in files."""

    def __init__(self, folder: Path, authority: trustme.CA, name: str = "server") -> None:
        self.authority = authority
        self.chain, self.key = folder / f"{name}.pem", folder / f"{name}.key"
        self.issue()

    def issue(self) -> None:
        """Write a new pair in place of the old one."""
        issued = self.authority.issue_cert("127.0.0.1")
        issued.cert_chain_pems[0].write_to_path(self.chain)
        issued.private_key_pem.write_to_path(self.key)

    def trusting(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        return context


@pytest.fixture
def pair(tmp_path: Path, authority: trustme.CA) -> Pair:
    return Pair(tmp_path, authority)


@pytest.fixture
def other(tmp_path: Path, authority: trustme.CA) -> Pair:
    return Pair(tmp_path, authority, "other")


def shown(server: Any, pair: Pair) -> bytes:
    """The certificate that a new connection is shown."""
    address = urlsplit(server.url)
    context = pair.trusting()

    with (
        socket.create_connection((address.hostname, address.port), timeout=server.within_s) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        certificate = secured.getpeercert(binary_form=True)
    assert certificate is not None
    return certificate


async def until_another(server: Any, pair: Pair, before: bytes) -> None:
    """Wait until new connections are shown another certificate."""
    async with asyncio.timeout(server.within_s):
        while await asyncio.to_thread(shown, server, pair) == before:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("chain", "key", "reason"),
    [
        ("server.pem", "other.key", "the key is not that of the certificate"),
        ("server.key", "server.pem", "not PEM files"),
        ("server.pem", "locked.key", "without a passphrase"),
        ("server.pem", "junk", "not PEM files"),
        ("junk", "server.key", "not PEM files"),
        ("nowhere", "server.key", "No such file"),
        ("server.pem", "nowhere", "No such file"),
        (".", "server.key", "Is a directory"),
        (None, "server.key", "give both"),
        ("server.pem", None, "give both"),
    ],
)
def test_a_pair_that_cannot_be_used(
    pair: Pair, other: Pair, tmp_path: Path, chain: str | None, key: str | None, reason: str
) -> None:
    """One line with the options, the files and what is wrong; nobody is asked for a passphrase."""
    (tmp_path / "junk").write_text("junk")
    locked = serialization.load_pem_private_key(pair.key.read_bytes(), None).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
    )
    (tmp_path / "locked.key").write_bytes(locked)
    files = [None if name is None else tmp_path / name for name in (chain, key)]
    with pytest.raises(CertificateError, match=reason) as caught:
        given_certificate(*files)
    assert "--tls-cert" in str(caught.value)
    assert "--tls-key" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_certificate_no_tls() -> None:
    """Neither option, nothing read."""
    assert given_certificate(None, None) is None


async def test_a_client_over_tls_and_a_changed_certificate(run_server: RunServer, connect: Connect, pair: Pair) -> None:
    """Wss from hello to close; a new pair is shown to who comes then, and who was there stays."""
    server = await run_server(certificate=Certificate(pair.chain, pair.key))
    server.url = server.url.replace("ws:", "wss:")
    client = await connect(server, "b-1", ssl=pair.trusting())

    before = await asyncio.to_thread(shown, server, pair)
    pair.issue()
    await until_another(server, pair, before)
    server.publish("b-1")
    assert len(await client.readings(1)) == 1
    await server.service.drain()
    assert await client.closed() == 1012


async def test_tls_handshakes_that_fail_leave_nothing_behind(
    run_server: RunServer, connect: Connect, pair: Pair
) -> None:
    """A hundred of them, plain HTTP, garbage or an end: none is counted, others get in, and the end is as ever."""
    server = await run_server(certificate=Certificate(pair.chain, pair.key))
    address = urlsplit(server.url)
    server.url = server.url.replace("ws:", "wss:")

    async with asyncio.timeout(server.within_s):
        for number in range(100):
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
            with contextlib.suppress(ConnectionError):
                writer.write((b"GET /ws HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x05hello", b"")[number % 3])
                writer.write_eof()
                await reader.read()
            writer.transport.abort()
    client = await connect(server, "b-1", ssl=pair.trusting())
    assert server.service.server.connections == 1
    await server.service.drain()
    assert await client.closed() == 1012


async def test_hangup_has_it_read_at_once(run_server: RunServer, pair: Pair, hangup: None) -> None:
    """SIGHUP does not wait for the next look."""
    certificate = Certificate(pair.chain, pair.key)
    server = await run_server(certificate=certificate)
    certificate.refresh = lambda: None  # type: ignore[method-assign]  # the look that would find it anyway
    server.service.reload_at_hangup()

    before = await asyncio.to_thread(shown, server, pair)
    pair.issue()
    os.kill(os.getpid(), signal.SIGHUP)
    await until_another(server, pair, before)


@pytest.fixture
def hangup() -> Iterator[None]:
    """Leave the signal as it was."""
    before = signal.getsignal(signal.SIGHUP)
    yield
    signal.signal(signal.SIGHUP, before)


def test_half_a_pair_changes_nothing(pair: Pair, other: Pair, caplog: pytest.LogCaptureFixture) -> None:
    """Between certificate and key of a new pair nothing is read; a pair that stays wrong is told once and not used."""
    certificate = Certificate(pair.chain, pair.key)
    pair.chain.write_bytes(other.chain.read_bytes())
    certificate.refresh()
    assert caplog.messages == []
    for _ in range(3):
        certificate.refresh()
    (line,) = caplog.messages
    assert "the key is not that of the certificate" in line
    assert handshake(certificate, pair)
    pair.key.write_bytes(other.key.read_bytes())
    for _ in range(2):
        certificate.refresh()
    assert len(caplog.messages) == 1
    assert handshake(certificate, pair)
    with caplog.at_level(logging.INFO):
        pair.key.unlink()
        certificate.refresh()
        assert len(caplog.messages) == 1
        certificate.reload()
    assert "No such file" in caplog.messages[-1]
    assert handshake(certificate, pair)


def test_a_pair_that_cannot_be_read_is_tried_again(
    pair: Pair, other: Pair, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file is open to us for a while: told once, and taken over as soon as one is, though nothing has changed."""
    certificate = Certificate(pair.chain, pair.key)
    pair.chain.write_bytes(other.chain.read_bytes())
    pair.key.write_bytes(other.key.read_bytes())
    with monkeypatch.context() as patched, caplog.at_level(logging.INFO):
        patched.setattr(Certificate, "_load", fail_to_read)
        for _ in range(4):
            certificate.refresh()
        (line,) = caplog.messages
        assert "Too many open files" in line
    with caplog.at_level(logging.INFO):
        certificate.refresh()
    assert caplog.messages[1:] == ["certificate read again"]


def fail_to_read(*_: object) -> None:
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def handshake(certificate: Certificate, pair: Pair) -> bool:
    """Whether a client that trusts the authority is satisfied, in memory."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = pair.trusting().wrap_bio(to_client, to_server, server_hostname="127.0.0.1")
    server = certificate.context.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return client.getpeercert() is not None
