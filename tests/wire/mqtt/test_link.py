"""The link against a real broker, with aiomqtt as the independent witness of what it puts on the wire."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest
import trustme
from mqtt5 import PublishPacket, QoS, Will

from wire.backoff import Backoff
from wire.broker import EmbeddedBroker
from wire.errors import UnusableError
from wire.mqtt import BrokerAddress, BrokerError, Link, Subscription, tls_context

Patience = Callable[[float], float]
SOON = Backoff(delays_s=(0.05,), jitter="none")


@asynccontextmanager
async def served(
    handler: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """A TCP server's port; leaving waits until every handler is done and its socket closed."""
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await handler(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async with await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls) as server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.gather(*tasks)


class Inbox:
    """Messages a link received, and a way to wait for a number of them."""

    def __init__(self) -> None:
        self.messages: list[PublishPacket] = []
        self._more = asyncio.Event()

    def __call__(self, messages: list[PublishPacket]) -> None:
        self.messages += messages
        self._more.set()

    async def wait(self, count: int, seconds: float) -> list[bytes]:
        async with asyncio.timeout(seconds):
            while len(self.messages) < count:
                self._more.clear()
                await self._more.wait()
        return [message.payload for message in self.messages]


@pytest.mark.parametrize("qos", [0, 1])
async def test_aiomqtt_hears_what_the_link_publishes(broker: EmbeddedBroker, patience: Patience, qos: int) -> None:
    """A MQTT 3.1.1 client on the other port gets every message, in order, with its QoS and retain flag."""
    address = BrokerAddress.parse(broker.url)
    topic = f"link/out/{qos}"
    async with aiomqtt.Client(broker.host, broker.port) as witness, asyncio.timeout(patience(10)):
        await witness.subscribe(topic, qos=qos)
        link = Link(address)
        await link.start()
        for number in range(100):
            assert link.publish(topic, b"%d" % number, qos=qos)
        await link.drained()
        assert link.in_flight == 0
        received = []
        async for message in witness.messages:
            received.append(message)
            if len(received) == 100:
                break
        await link.close()
    assert [message.payload for message in received] == [b"%d" % number for number in range(100)]
    assert {message.qos for message in received} == {qos}


async def test_the_link_hears_what_aiomqtt_publishes(broker: EmbeddedBroker, patience: Patience) -> None:
    """Messages of one read come as one list; bulk writes of encoded packets arrive whole."""
    inbox = Inbox()
    link = Link(BrokerAddress.parse(broker.url), on_messages=inbox, subscriptions=[Subscription("link/in/#", qos=1)])
    await link.start()
    async with aiomqtt.Client(broker.host, broker.port) as other:
        for number in range(20):
            await other.publish(f"link/in/{number}", b"%d" % number, qos=1)
    assert await inbox.wait(20, patience(10)) == [b"%d" % number for number in range(20)]
    packets = b"".join(PublishPacket("link/in/x", b"y").write() for _ in range(5000))
    assert link.write(packets, 5000)
    assert len(await inbox.wait(5020, patience(10))) == 5020
    await link.close()


async def test_the_link_comes_back_and_sends_again_what_is_in_flight(free_port: int, patience: Patience) -> None:
    """A broker killed and started again: the link reconnects, subscribes again, QoS 1 arrives, QoS 0 is counted."""
    inbox, states, down = Inbox(), [], asyncio.Event()

    def changed(up: bool) -> None:
        states.append(up)
        if not up:
            down.set()

    first = EmbeddedBroker(port=free_port).start()
    link = Link(
        BrokerAddress.parse(first.url),
        on_messages=inbox,
        on_state=changed,
        subscriptions=[Subscription("t", qos=1)],
        backoff=SOON,
    )
    try:
        await link.start()
        first.stop()
        async with asyncio.timeout(patience(10)):
            await down.wait()
        assert not link.publish("t", b"lost", qos=0)
        assert link.publish("t", b"kept", qos=1)
        assert (link.dropped, link.in_flight) == (1, 1)
        with EmbeddedBroker(port=free_port):
            async with asyncio.timeout(patience(20)):
                await link.drained()
            assert await inbox.wait(1, patience(10)) == [b"kept"]
            assert link.reconnects == 1
            assert states == [True, False, True]
            await link.close()
    finally:
        first.stop()
        await link.close()


async def test_a_will_is_published_when_the_link_dies_and_not_when_it_says_goodbye(
    broker: EmbeddedBroker, patience: Patience
) -> None:
    """An aborted connection leaves its will; a closed one does not."""
    address = BrokerAddress.parse(broker.url)
    async with aiomqtt.Client(broker.host, broker.port) as witness, asyncio.timeout(patience(10)):
        await witness.subscribe("wills/#")
        polite = Link(address, will=Will("wills/polite", payload=b"gone", qos=QoS.AT_MOST_ONCE))
        await polite.start()
        await polite.close()
        rude = Link(address, will=Will("wills/rude", payload=b"gone", qos=QoS.AT_MOST_ONCE))
        await rude.start()
        assert rude._connection is not None
        rude._connection.transport.abort()
        message = await anext(aiter(witness.messages))
        await rude.close()
    assert str(message.topic) == "wills/rude"


async def test_an_unreachable_broker_is_one_line(free_port: int) -> None:
    """Nobody listening: what, where, remedy; nothing keeps running."""
    with pytest.raises(BrokerError, match=f"mqtt://127.0.0.1:{free_port} cannot be reached"):
        await Link(BrokerAddress(port=free_port)).start()


async def test_a_server_that_is_no_broker_is_told(patience: Patience) -> None:
    """Something that answers with another protocol, or not at all, does not hang the link."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    for handler, complaint in ((answer, "before CONNACK"), (silence, "did not answer within")):
        async with served(handler) as port, asyncio.timeout(patience(10)):
            with pytest.raises(BrokerError, match=complaint):
                await Link(BrokerAddress(port=port)).start(timeout_s=patience(0.5))


async def test_a_handler_that_fails_ends_the_link(broker: EmbeddedBroker, patience: Patience) -> None:
    """An exception in the handler is not lost in a log: whoever waits on the link gets it."""

    def broken(messages: list[PublishPacket]) -> None:
        raise RuntimeError(f"cannot take {len(messages)}")

    link = Link(BrokerAddress.parse(broker.url), on_messages=broken, subscriptions=[Subscription("fail")])
    await link.start()
    link.publish("fail", b"")
    with pytest.raises(UnusableError, match="cannot take 1"):
        async with asyncio.timeout(patience(10)):
            await link.failed()
    await link.close()


async def test_tls_is_checked_and_works(tmp_path: Path, patience: Patience) -> None:
    """With the right authority the link speaks TLS; with the system's own it refuses, and says why."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    server_tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(server_tls)

    with EmbeddedBroker(port=0) as broker:  # rumqttd behind a TLS terminator, as many brokers run

        async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                while data := await source.read(65536):
                    sink.write(data)
            sink.close()
            with contextlib.suppress(OSError):
                await sink.wait_closed()

        async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", broker.port + 1)
            await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer))

        async with served(forward, server_tls) as port, asyncio.timeout(patience(20)):
            address = BrokerAddress(port=port, secure=True)
            with pytest.raises(BrokerError, match="TLS failed"):
                await Link(address).start()
            inbox = Inbox()
            link = Link(
                address,
                tls=tls_context(ca_file=tmp_path / "ca.pem"),
                on_messages=inbox,
                subscriptions=[Subscription("secure")],
            )
            await link.start()
            link.publish("secure", b"hello")
            assert await inbox.wait(1, patience(10)) == [b"hello"]
            await link.close()
