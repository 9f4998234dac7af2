"""The link against a real broker, with aiomqtt as the independent witness of what it puts on the wire."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from mqtt5 import ConnAckPacket, DisconnectPacket, DisconnectReasonCode, PublishPacket, QoS, Will

from tests.mosquitto import Mosquitto, needs_mosquitto
from tests.wire.mqtt.conftest import Broker, Certificates, Inbox, served, session_present
from wire.backoff import Backoff
from wire.broker import EmbeddedBroker
from wire.errors import UnusableError
from wire.mqtt import BrokerAddress, BrokerError, Link, Subscription, tls_context

Patience = Callable[[float], float]
SOON = Backoff(delays_s=(0.05,), jitter="none")


@pytest.mark.parametrize("qos", [0, 1])
async def test_aiomqtt_hears_what_the_link_publishes(broker: Broker, patience: Patience, qos: int) -> None:
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


async def test_the_link_hears_what_aiomqtt_publishes(broker: Broker, patience: Patience) -> None:
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


async def test_the_link_comes_back_and_sends_again_what_is_in_flight(
    new_broker: Callable[[int], Broker], free_port: int, patience: Patience
) -> None:
    """A broker killed and started again: the link reconnects, subscribes again, QoS 1 arrives, QoS 0 is counted."""
    inbox, states, down = Inbox(), [], asyncio.Event()

    def changed(up: bool) -> None:
        states.append(up)
        if not up:
            down.set()

    first = new_broker(free_port).start()
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
        with new_broker(free_port):
            async with asyncio.timeout(patience(20)):
                await link.drained()
            assert await inbox.wait(1, patience(10)) == [b"kept"]
            assert link.reconnects == 1
            assert states == [True, False, True]
            await link.close()
    finally:
        first.stop()
        await link.close()


async def test_a_link_that_comes_back_lets_subscribers_be_first(
    new_broker: Callable[[int], Broker], free_port: int, patience: Patience
) -> None:
    """A broker started anew has forgotten its subscribers: what is in flight waits until they can be there again."""
    inbox, down = Inbox(), asyncio.Event()
    first = new_broker(free_port).start()
    address = BrokerAddress.parse(first.url)
    publisher = Link(address, on_state=lambda up: None if up else down.set(), backoff=SOON, settle_s=patience(1.5))
    subscriber = Link(address, on_messages=inbox, subscriptions=[Subscription("t", qos=1)])
    try:
        await publisher.start()
        assert publisher.connected  # the first time nothing is waited for
        first.stop()
        async with asyncio.timeout(patience(10)):
            await down.wait()
        assert publisher.publish("t", b"kept", qos=1)
        with new_broker(free_port):
            await subscriber.start()
            assert await inbox.wait(1, patience(20)) == [b"kept"]
            async with asyncio.timeout(patience(10)):
                await publisher.drained()
            assert publisher.connected
            await publisher.close()
            await subscriber.close()
    finally:
        first.stop()
        await publisher.close()
        await subscriber.close()


async def test_what_a_broken_handler_did_not_take_is_delivered_again(broker: Broker, patience: Patience) -> None:
    """QoS 1 is acknowledged after the handler has returned: an exception leaves its messages with the broker."""
    address, inbox = BrokerAddress.parse(broker.url), Inbox()
    options: dict[str, Any] = {"client_id": "broken-handler", "session_expiry_s": 60}
    subscriptions = [Subscription("link/again", qos=1)]

    def broken(messages: list[PublishPacket]) -> None:
        raise ValueError(messages[0].topic)

    first = Link(address, on_messages=broken, subscriptions=subscriptions, **options)
    second = Link(address, on_messages=inbox, subscriptions=subscriptions, **options)
    publisher = Link(address)
    try:
        await first.start()
        await publisher.start()
        for number in range(3):
            publisher.publish("link/again", b"%d" % number, qos=1)
        async with asyncio.timeout(patience(10)):
            with pytest.raises(UnusableError, match="link/again"):
                await first.failed()
        await first.close()
        await second.start()
        assert await inbox.wait(3, patience(10)) == [b"0", b"1", b"2"]
    finally:
        for link in (first, second, publisher):
            await link.close()


@needs_mosquitto
@pytest.mark.parametrize("keep", [True, False])
async def test_a_session_outlives_a_connection_and_its_link_only_where_it_should(
    patience: Patience, *, keep: bool
) -> None:
    """What is published while the connection is broken arrives either way; after `close` the broker may forget us."""
    inbox, down = Inbox(), asyncio.Event()
    with Mosquitto() as broker:
        address = BrokerAddress.parse(broker.url)
        sender = Link(address)
        link = Link(
            address,
            client_id="once",
            session_expiry_s=60,
            keep_session=keep,
            on_messages=inbox,
            on_state=lambda up: None if up else down.set(),
            subscriptions=[Subscription("t", qos=1)],
            backoff=Backoff(delays_s=(0.5,), jitter="none"),
        )
        await sender.start()
        await link.start()
        assert link._connection is not None
        link._connection.transport.abort()
        async with asyncio.timeout(patience(10)):
            await down.wait()
            assert sender.publish("t", b"meanwhile", qos=1)
            assert await inbox.wait(1, patience(10)) == [b"meanwhile"]
            while not link.connected:  # noqa: ASYNC110 - what waited came before the broker had answered all
                await asyncio.sleep(0.01)
            await link.close()
            assert await session_present(broker.port, "once") is keep
        await sender.close()


async def test_who_loses_its_session_to_another_does_not_take_it_back(patience: Patience) -> None:
    """Told that another client took over, the link ends with one line instead of taking over in turn, for ever."""

    async def takes_over(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(ConnAckPacket().write())
        writer.write(DisconnectPacket(reason_code=DisconnectReasonCode.SESSION_TAKEN_OVER).write())
        await reader.read()

    async with served(takes_over) as port, asyncio.timeout(patience(10)):
        link = Link(BrokerAddress(port=port), client_id="the-same", backoff=SOON)
        await link.start()
        with pytest.raises(BrokerError, match=r"took over the session of 'the-same'"):
            await link.failed()
        await link.close()


async def test_a_will_is_published_when_the_link_dies_and_not_when_it_says_goodbye(
    broker: Broker, patience: Patience
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


async def test_a_handler_that_fails_ends_the_link(broker: Broker, patience: Patience) -> None:
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


async def test_tls_is_checked_and_works(certificates: Certificates, patience: Patience) -> None:
    """With the right authority the link speaks TLS; with the system's own it refuses, and says why."""
    server_tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_tls.load_cert_chain(certificates.server)

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
                tls=tls_context(ca_file=certificates.ca),
                on_messages=inbox,
                subscriptions=[Subscription("secure")],
            )
            await link.start()
            link.publish("secure", b"hello")
            assert await inbox.wait(1, patience(10)) == [b"hello"]
            await link.close()


@needs_mosquitto
async def test_a_broker_that_wants_to_know_us_sees_our_certificate(
    certificates: Certificates, patience: Patience
) -> None:
    """With it, TLS stands; without it, with a stranger's, or for another host, one line says what to look at."""

    def link(host: str, client: Path | None) -> Link:
        tls = tls_context(ca_file=certificates.ca, cert_file=client)
        return Link(BrokerAddress(host, broker.port, secure=True), tls=tls)

    with Mosquitto(*certificates.config) as broker:
        known = link("127.0.0.1", certificates.client)
        await known.start()
        assert known.publish("t", b"", qos=1)
        async with asyncio.timeout(patience(10)):
            await known.drained()
        await known.close()
        for client in (None, certificates.stranger):
            with pytest.raises(BrokerError, match=r"check .*--broker-cert and --broker-key"):
                await link("127.0.0.1", client).start()
        with pytest.raises(BrokerError, match=r"TLS failed .*mismatch.*--broker-ca and the host name"):
            await link("localhost", certificates.client).start()


async def test_user_properties_reach_the_subscriber(broker: Broker, patience: Patience) -> None:
    """Those of the link are on every message that it publishes, at either QoS."""
    address, inbox = BrokerAddress.parse(broker.url), Inbox()
    subscriber = Link(address, on_messages=inbox, subscriptions=[Subscription("properties", qos=1)])
    publisher = Link(address, user_properties=[("site", "north"), ("site", "2")])
    await subscriber.start()
    await publisher.start()
    for qos in (0, 1):
        publisher.publish("properties", b"", qos=qos)
    await inbox.wait(2, patience(10))
    assert [message.user_properties for message in inbox.messages] == [[("site", "north"), ("site", "2")]] * 2
    await publisher.close()
    await subscriber.close()
