"""The link that aiomqtt carries, against both brokers; our own link is the witness of what it publishes."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mqtt5 import PublishPacket, QoS, Will

from tests.mosquitto import Mosquitto, needs_mosquitto
from tests.wire.mqtt.conftest import Broker, Certificates, Inbox, session_present
from wire.backoff import Backoff
from wire.broker import EmbeddedBroker
from wire.errors import UnusableError
from wire.mqtt import BrokerAddress, BrokerError, ClientLink, Link, Subscription, Version, tls_context
from wire.ports import free_port

Patience = Callable[[float], float]
# a socket on which the WebSocket handshake failed
PAHO_LEAVES_IT_TO_THE_COLLECTOR = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
SOON = Backoff(delays_s=(0.05,), jitter="none")


@dataclass(frozen=True)
class Both:
    """Two ways to one mosquitto."""

    tcp: str
    websocket: str


@pytest.fixture(scope="module")
def both() -> Iterator[Both]:
    port = free_port()
    lines = f"listener {port} 127.0.0.1", "protocol websockets", "max_inflight_messages 0"
    with Mosquitto(*lines) as broker:
        yield Both(broker.url, f"ws://127.0.0.1:{port}")


@asynccontextmanager
async def started(*links: Link | ClientLink) -> AsyncIterator[None]:
    """All of them, until the end of the block."""
    async with contextlib.AsyncExitStack() as stack:
        for link in links:
            await link.start()
            stack.push_async_callback(link.close)
        yield


@pytest.mark.parametrize("version", ["5", "3.1.1"])
@pytest.mark.parametrize("qos", [0, 1, 2])
async def test_what_it_publishes_arrives_in_order(
    broker: Broker, patience: Patience, version: Version, qos: int
) -> None:
    """Either version, any QoS, either broker: each message once, and nothing is left in flight."""
    address, topic, inbox = BrokerAddress.parse(broker.url), f"client/{version}/{qos}", Inbox()
    witness = Link(address, on_messages=inbox, subscriptions=[Subscription(topic, qos=min(qos, 1))])
    link = ClientLink(address, version=version, qos=qos)
    async with started(witness, link):
        for number in range(100):
            assert link.publish(topic, b"%d" % number, qos=qos)
        assert link.pending_bytes
        assert await inbox.wait(100, patience(20)) == [b"%d" % number for number in range(100)]
        await link.drained()
        assert (link.in_flight, link.dropped) == (0, 0)


@needs_mosquitto
@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_websocket_carries_both_directions(both: Both, patience: Patience, version: Version) -> None:
    """What one link by WebSocket publishes in bulk, with marks, another one hears; so does one on TCP."""
    near, far = Inbox(), Inbox()
    by_websocket, by_tcp = BrokerAddress.parse(both.websocket), BrokerAddress.parse(both.tcp)
    hears: dict[str, Any] = {"subscriptions": [Subscription(f"ws/{version}/+", qos=1)]}
    link = ClientLink(by_websocket, version=version, on_messages=near, **hears)
    async with started(link, Link(by_tcp, on_messages=far, **hears)):
        marked = {"retain": version == "5", "user_properties": [("site", "north")]}
        packets = [PublishPacket(f"ws/{version}/{number}", b"%d" % number, **marked).write() for number in range(300)]
        assert link.write(b"".join(packets), len(packets))
        expected = [b"%d" % number for number in range(300)]
        assert await near.wait(300, patience(20)) == await far.wait(300, patience(20)) == expected
    assert [message.topic for message in near.messages] == [f"ws/{version}/{number}" for number in range(300)]
    assert far.messages[0].user_properties == ([("site", "north")] if version == "5" else [])


@needs_mosquitto
@pytest.mark.parametrize("version", ["5", "3.1.1"])
@pytest.mark.parametrize("qos", [1, 2])
async def test_a_broken_connection_costs_no_message_and_at_qos_2_doubles_none(
    both: Both, patience: Patience, version: Version, qos: int
) -> None:
    """The link goes on where it was, at QoS 2 exactly once; every acknowledgement is seen, nothing stays in flight."""
    address, inbox = BrokerAddress.parse(both.tcp), Inbox()
    topic, count = f"broken/{version}/{qos}", 400
    witness = Link(address, on_messages=inbox, subscriptions=[Subscription(topic, qos=1)])
    link = ClientLink(address, version=version, qos=qos, backoff=SOON)
    async with started(witness, link):
        for number in range(count):
            assert link.publish(topic, b"%d" % number, qos=qos)
        for wanted in (20, 120, 250):
            await inbox.wait(wanted, patience(20))
            _cut(link)
        async with asyncio.timeout(patience(30)):
            await link.drained()
        await inbox.wait(count, patience(10))
        await asyncio.sleep(0.2)  # for what would be too many
        heard = [int(message.payload) for message in inbox.messages]
        assert (sorted(heard) if qos == QoS.EXACTLY_ONCE else sorted(set(heard))) == list(range(count))
        assert (link.reconnects, link.in_flight) == (3, 0)


@needs_mosquitto
async def test_what_a_broken_connection_did_not_take_is_dropped_and_counted(patience: Patience) -> None:
    """A broker that stalls fills the socket; a break then costs what waits there, and the link goes on."""
    inbox, size = Inbox(), 200_000
    with Mosquitto() as broker:
        address = BrokerAddress.parse(broker.url)
        witness = Link(address, on_messages=inbox, subscriptions=[Subscription("t")])
        link = ClientLink(address, version="3.1.1", backoff=SOON)
        async with started(witness, link), asyncio.timeout(patience(20)):
            os.kill(broker.pid, signal.SIGSTOP)
            for _ in range(100):
                link.publish("t", bytes(size))
            await asyncio.sleep(0.3)
            assert link.pending_bytes > size
            _cut(link)
            os.kill(broker.pid, signal.SIGCONT)
            await _until(lambda: link.reconnects == 1 and link.pending_bytes == 0)
            assert link.publish("t", b"last")
            await _until(lambda: bool(inbox.messages) and inbox.messages[-1].payload == b"last")
            assert len(inbox.messages) - 1 <= 100 - link.dropped < 100


async def _until(condition: Callable[[], bool]) -> None:
    """Poll what no event tells; the caller's timeout ends it."""
    for _ in iter(condition, True):
        await asyncio.sleep(0.01)


@needs_mosquitto
@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_what_the_handler_did_not_take_is_not_acknowledged(
    both: Both, patience: Patience, version: Version
) -> None:
    """Whoever takes up the session of a link that failed is sent the message again, and only that."""

    def broken(messages: list[PublishPacket]) -> None:
        taken(messages)
        if any(message.payload == b"bad" for message in messages):
            raise RuntimeError("cannot take it")

    taken = Inbox()
    address, topic, inbox = BrokerAddress.parse(both.tcp), f"acks/{version}", Inbox()
    session: dict[str, Any] = {"client_id": f"acks-{version}", "session_expiry_s": 60}
    session |= {"version": version, "subscriptions": [Subscription(topic, qos=1)]}
    sender, first = Link(address), ClientLink(address, on_messages=broken, **session)
    async with started(sender), asyncio.timeout(patience(20)):
        async with started(first):
            assert sender.publish(topic, b"good", qos=1)
            await taken.wait(1, patience(10))
            assert sender.publish(topic, b"bad", qos=1)
            with pytest.raises(UnusableError):
                await first.failed()
        async with started(ClientLink(address, on_messages=inbox, **session)):
            assert sender.publish(topic, b"next", qos=1)
            assert await inbox.wait(2, patience(10)) == [b"bad", b"next"]


@needs_mosquitto
@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_a_session_outlives_its_link_only_where_it_should(
    both: Both, patience: Patience, version: Version, *, keep: bool
) -> None:
    """Either version leaves nothing at the broker for a client that will not come back."""
    address, name = BrokerAddress.parse(both.websocket), f"once-{version}-{keep}"
    asked: dict[str, Any] = {"version": version, "client_id": name, "session_expiry_s": 60, "keep_session": keep}
    link = ClientLink(address, subscriptions=[Subscription("once", qos=1)], **asked)
    async with asyncio.timeout(patience(10)):
        async with started(link):
            pass
        assert await session_present(BrokerAddress.parse(both.tcp).port, name) is keep


def _cut(link: ClientLink) -> None:
    """Break the connection from below, as a network does."""
    sock = link._client._client.socket()
    assert isinstance(sock, socket.socket)
    sock.shutdown(socket.SHUT_RDWR)


async def test_it_comes_back_to_a_broker_that_was_restarted(
    new_broker: Callable[[int], Broker], free_port: int, patience: Patience
) -> None:
    """It subscribes again, QoS 1 arrives, QoS 0 meanwhile is counted as dropped, and each change is told."""
    inbox, states, down = Inbox(), [], asyncio.Event()

    def changed(up: bool) -> None:
        states.append(up)
        if not up:
            down.set()

    first = new_broker(free_port).start()
    link = ClientLink(
        BrokerAddress.parse(first.url),
        version="3.1.1",
        on_messages=inbox,
        on_state=changed,
        subscriptions=[Subscription("t", qos=1)],
        backoff=SOON,
    )
    try:
        async with started(link), asyncio.timeout(patience(30)):
            first.stop()
            await down.wait()
            assert not link.publish("t", b"lost")
            assert not link.write(PublishPacket("t", b"lost").write(), 1)
            assert link.publish("t", b"kept", qos=1)
            assert (link.dropped, link.in_flight) == (2, 1)
            with new_broker(free_port):
                await link.drained()
                assert await inbox.wait(1, patience(10)) == [b"kept"]
                assert link.reconnects == 1
                assert states == [True, False, True]
                await link.close()
    finally:
        first.stop()


async def test_its_will_is_published_when_it_dies_and_not_when_it_says_goodbye(
    broker: Broker, patience: Patience
) -> None:
    """A broken connection leaves its will; a closed one does not."""
    address, inbox = BrokerAddress.parse(broker.url), Inbox()
    witness = Link(address, on_messages=inbox, subscriptions=[Subscription("client-wills/#")])
    polite, rude = (
        ClientLink(address, version="3.1.1", will=Will(f"client-wills/{name}", payload=b"gone", qos=QoS.AT_LEAST_ONCE))
        for name in ("polite", "rude")
    )
    async with started(witness, polite, rude):
        await polite.close()
        _cut(rude)
        await inbox.wait(1, patience(10))
    assert [(message.topic, message.payload) for message in inbox.messages] == [("client-wills/rude", b"gone")]


@needs_mosquitto
async def test_a_broker_without_qos_2_is_told_at_the_start_or_at_the_first_message(patience: Patience) -> None:
    """MQTT 5 says so when we connect; 3.1.1 has no word for it but the end of the connection."""
    with Mosquitto("max_qos 1") as broker:
        address = BrokerAddress.parse(broker.url)
        with pytest.raises(BrokerError, match=r"does not take QoS 2; use --qos 1"):
            await ClientLink(address, qos=2).start()
        link = ClientLink(address, version="3.1.1", qos=2)
        async with started(link), asyncio.timeout(patience(10)):
            assert link.publish("t", b"", qos=2)
            with pytest.raises(BrokerError, match=r"does not take QoS 2; use --qos 1"):
                await link.failed()
            with pytest.raises(BrokerError):
                link.check()


async def test_a_broker_that_does_not_speak_the_version_is_one_line(patience: Patience) -> None:
    """Its MQTT 5 listener hangs up on 3.1.1."""
    with EmbeddedBroker(port=0) as broker:
        link = ClientLink(BrokerAddress(port=broker.port + 1), version="3.1.1")
        with pytest.raises(BrokerError, match=r"may not speak MQTT 3.1.1 here or refuse this user"):
            await link.start(timeout_s=patience(0.5))


@pytest.mark.parametrize("scheme", ["mqtt", "ws"])
async def test_an_unreachable_broker_is_one_line(free_port: int, scheme: str) -> None:
    """What, where, remedy; nothing keeps running."""
    address = BrokerAddress.parse(f"{scheme}://127.0.0.1:{free_port}")
    with pytest.raises(BrokerError, match=f"{scheme}://127.0.0.1:{free_port}.* cannot be reached"):
        await ClientLink(address, version="3.1.1").start()


@needs_mosquitto
@PAHO_LEAVES_IT_TO_THE_COLLECTOR
async def test_a_broker_that_is_none_by_websocket_is_one_line(both: Both) -> None:
    """The MQTT port does not answer a WebSocket handshake."""
    address = BrokerAddress.parse(both.tcp.replace("mqtt", "ws"))
    with pytest.raises(BrokerError, match=r"cannot be reached \(WebSocket handshake error\)"):
        await ClientLink(address).start()


@needs_mosquitto
@PAHO_LEAVES_IT_TO_THE_COLLECTOR
async def test_tls_with_a_client_certificate_by_tcp_and_websocket(
    certificates: Certificates, patience: Patience
) -> None:
    """The known client gets through; whoever has another authority's certificate, or none, is told to look there."""

    def link(url: str, client: Path | None) -> ClientLink:
        tls = tls_context(ca_file=certificates.ca, cert_file=client)
        return ClientLink(BrokerAddress.parse(url), version="3.1.1", tls=tls)

    websocket = free_port()
    lines = f"listener {websocket} 127.0.0.1", "protocol websockets", *certificates.config
    with Mosquitto(*certificates.config, *lines) as broker:
        for url in (f"mqtts://127.0.0.1:{broker.port}", f"wss://127.0.0.1:{websocket}"):
            async with started(known := link(url, certificates.client)), asyncio.timeout(patience(10)):
                assert known.publish("t", b"", qos=1)
                await known.drained()
            with pytest.raises(BrokerError, match=r"TLS failed|may not speak|WebSocket"):
                await link(url, certificates.stranger).start(timeout_s=patience(1.0))


async def test_a_handler_that_fails_ends_the_link(broker: Broker, patience: Patience) -> None:
    """Whoever waits on the link gets its exception."""

    def broken(messages: list[PublishPacket]) -> None:
        raise RuntimeError(f"cannot take {len(messages)}")

    address = BrokerAddress.parse(broker.url)
    link = ClientLink(address, version="3.1.1", on_messages=broken, subscriptions=[Subscription("client-fail")])
    async with started(link), asyncio.timeout(patience(10)):
        link.publish("client-fail", b"")
        with pytest.raises(UnusableError, match="cannot take 1"):
            await link.failed()
