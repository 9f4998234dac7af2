"""A probe's way to the broker: addresses, answers of brokers of every kind, and a real one."""

import asyncio
import contextlib
import socket

import gevent
import pytest
from mqtt5 import ConnAckPacket, ConnAckReasonCode, ConnectPacket, PublishPacket, read

from loadtest.probes.link import ProbeAddress, ProbeLink, parse_probe
from tests.mosquitto import Mosquitto, needs_mosquitto
from wire.errors import SensorSwarmError
from wire.mqtt import BrokerAddress, Link, Subscription

YES = ConnAckPacket().write()
NO = ConnAckPacket(reason_code=ConnAckReasonCode.NOT_AUTHORIZED).write()
OLD = ConnAckPacket(reason_code=ConnAckReasonCode.UNSUPPORTED_PROTOCOL_VERSION).write()


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mqtt://broker", ("broker", 1883, None, None)),
        ("mqtt://[::1]:1884/", ("::1", 1884, None, None)),
        ("mqtt://me:a%40b@broker:1", ("broker", 1, "me", b"a@b")),
        ("mqtt://me@broker", ("broker", 1883, "me", None)),
    ],
)
def test_an_address_is_read(url, address):
    """With user and password as URLs have them."""
    assert parse_probe(url) == address


@pytest.mark.parametrize(
    "url", ["", "broker:1883", "http://broker", "mqtts://broker", "mqtt://:1883", "mqtt://broker:99999", "mqtt://h/x"]
)
def test_what_is_no_address_is_refused(url):
    """With what to give instead."""
    with pytest.raises(SensorSwarmError, match=r"--probe .*: give mqtt://\[user:password@\]host\[:port\]"):
        parse_probe(url)


def test_a_password_is_not_repeated():
    """Not even where the address is wrong."""
    with pytest.raises(SensorSwarmError, match="broker/x") as refused:
        parse_probe("mqtt://me:hidden@broker/x")
    assert "hidden" not in str(refused.value)


def answering(answer: bytes, heard: list):
    """A broker that answers every connection with these bytes, then hears what comes until it ends."""

    def handler(far: socket.socket) -> None:
        data = far.recv(4096)
        far.sendall(answer)
        while more := far.recv(4096):
            data += more
        while data:
            packet, size = read(memoryview(data))
            heard.append(packet)
            data = data[size:]

    return handler


def test_it_signs_on_publishes_and_says_goodbye(tcp_server):
    """With user and password, though the answer comes in two parts."""
    heard: list = []

    def slowly(far: socket.socket) -> None:
        far.sendall(YES[:1])
        answering(YES[1:], heard)(far)

    with tcp_server(slowly) as port:
        link = ProbeLink(ProbeAddress("127.0.0.1", port, "me", b"hidden"))
        link.publish("a/b", b"{}")
        link.close()
    connect, publish, goodbye = heard
    assert isinstance(connect, ConnectPacket)
    assert (connect.username, bytes(connect.password), connect.clean_start) == ("me", b"hidden", True)
    assert isinstance(publish, PublishPacket)
    assert (publish.topic, bytes(publish.payload)) == ("a/b", b"{}")
    assert type(goodbye).__name__ == "DisconnectPacket"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (NO, "the broker refused the connection: not authorized"),
        (OLD, "the broker does not speak MQTT 5"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "not MQTT 5"),
        (PublishPacket("a", b"").write(), "not MQTT 5"),
    ],
)
def test_who_does_not_take_us_is_told(tcp_server, answer, words):
    """By what the port that was asked for answered; nobody is on the next one."""
    with tcp_server(answering(answer, [])) as port, pytest.raises(OSError, match=words):
        ProbeLink(ProbeAddress("127.0.0.1", port, None, None))


def test_a_broker_that_hangs_up_is_told(tcp_server):
    """As one of MQTT 3.1.1 does."""
    with tcp_server(lambda far: far.recv(4096)) as port, pytest.raises(OSError, match="does it speak MQTT 5"):
        ProbeLink(ProbeAddress("127.0.0.1", port, None, None))


def test_a_broker_that_is_silent_is_not_waited_for(tcp_server, monkeypatch):
    """For longer than the timeout."""
    monkeypatch.setattr("loadtest.probes.link.TIMEOUT_S", 0.05)
    with tcp_server(answering(b"", [])) as port, pytest.raises(TimeoutError, match=r"no answer of a broker"):
        ProbeLink(ProbeAddress("127.0.0.1", port, None, None))


def test_a_connection_that_was_closed_is_noticed(tcp_server):
    """With the next message, not by a message that is lost without a word."""

    def handler(far: socket.socket) -> None:
        far.recv(4096)
        far.sendall(YES)

    with tcp_server(handler) as port:
        link = ProbeLink(ProbeAddress("127.0.0.1", port, None, None))
        with gevent.Timeout(10), pytest.raises(OSError, match=r"closed|reset|pipe"):
            _publish_on(link)
        link.close()


def _publish_on(link: ProbeLink) -> None:
    while True:
        link.publish("a", b"")
        gevent.sleep(0.01)


async def _heard(url: str) -> bytes:
    """What another client hears of a message that is published."""
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    witness = Link(
        BrokerAddress.parse(url),
        on_messages=lambda messages: heard.put_nowait(messages[0].payload),
        subscriptions=[Subscription("probes/link")],
    )
    await witness.start()
    async with asyncio.timeout(10):
        await asyncio.to_thread(_publish, url)
        payload = await heard.get()
    await witness.close()
    return payload


def _publish(url: str) -> None:
    link = ProbeLink(parse_probe(url))
    with contextlib.closing(link):
        link.publish("probes/link", b"one")


def test_the_embedded_broker_takes_it_by_its_next_port(broker):
    """Which is where it speaks MQTT 5."""
    assert asyncio.run(_heard(broker.url)) == b"one"


@needs_mosquitto
def test_another_broker_takes_it_too():
    """On the very port."""
    with Mosquitto() as broker:
        assert asyncio.run(_heard(broker.url)) == b"one"
