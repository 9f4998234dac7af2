"""Publishes to an MQTT broker from under gevent: QoS 0, by the mqtt5 codec over a stream of ours. For probes only."""

from __future__ import annotations

import secrets
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import gevent
from mqtt5 import ConnAckPacket, ConnAckReasonCode, ConnectPacket, DisconnectPacket, PublishPacket, read

from loadtest.streams import PlainStream
from wire.errors import SensorSwarmError

DEFAULT_PORT = 1883  # IANA: mqtt
TIMEOUT_S = 5.0
_CONNACK = 0x20  # first byte of the packet: MQTT 5, 3.2.1
_KEEP_ALIVE_S = 60  # a probe publishes far more often: it never has to ping


class ProbeAddress(NamedTuple):
    """A broker, and who we are to it."""

    host: str
    port: int
    user: str | None
    password: bytes | None


def parse_probe(url: str) -> ProbeAddress:
    """Read mqtt://[user:password@]host[:port].

    Raises:
        SensorSwarmError: something else.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORT
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.scheme != "mqtt" or not parts.hostname or parts.path.strip("/"):
        raise SensorSwarmError(f"--probe {url.rpartition('@')[2]!r}: give mqtt://[user:password@]host[:port]")
    user = unquote(parts.username) if parts.username is not None else None
    return ProbeAddress(
        parts.hostname, port, user, unquote(parts.password).encode() if parts.password is not None else None
    )


class ProbeLink:
    """An MQTT 5 connection. The embedded broker speaks MQTT 5 on the port after its own: that is tried too.

    Raises:
        OSError: from the constructor and `publish`, when the broker is not there or does not take us.
    """

    def __init__(self, address: ProbeAddress) -> None:
        try:
            self._stream = _connected(address, address.port)
        except ConnectionResetError as problem:
            try:
                self._stream = _connected(address, address.port + 1)
            except OSError:
                raise problem from None  # of the port that was asked for

    def publish(self, topic: str, payload: bytes) -> None:
        """Send one message."""
        if self._stream.unread():  # at QoS 0 a broker says nothing but goodbye
            raise ConnectionResetError("the broker closed the connection")
        self._stream.send(PublishPacket(topic, payload).write())

    def close(self) -> None:
        """Say goodbye and close."""
        try:
            self._stream.send_now(DisconnectPacket().write())
        except OSError:
            pass  # it is gone already
        finally:
            self._stream.close()


def _connected(address: ProbeAddress, port: int) -> PlainStream:
    with gevent.Timeout(TIMEOUT_S, TimeoutError(f"no answer of a broker within {TIMEOUT_S:g} s")):
        stream = PlainStream(address.host, port, stamped=False, timeout_s=TIMEOUT_S)
        try:
            client_id = f"sensorswarm-probe-{secrets.token_hex(6)}"
            connect = ConnectPacket(
                client_id,
                username=address.user,
                password=address.password,
                clean_start=True,
                keep_alive=_KEEP_ALIVE_S,
            )
            stream.send(connect.write())
            _accepted(stream)
        except BaseException:
            stream.close()
            raise
    return stream


def _accepted(stream: PlainStream) -> None:
    data = b""
    while True:
        more, _ = stream.receive()
        if not more:
            raise ConnectionResetError("the broker closed the connection; does it speak MQTT 5?")
        data += more
        if data[0] != _CONNACK:
            raise ConnectionResetError("not MQTT 5")
        try:
            packet, _ = read(memoryview(data))
        except IndexError:  # the codec's "Not enough bytes"
            continue
        except ValueError:
            raise ConnectionResetError("not MQTT 5") from None
        assert isinstance(packet, ConnAckPacket)  # noqa: S101 - by its first byte
        if packet.reason_code is ConnAckReasonCode.UNSUPPORTED_PROTOCOL_VERSION:
            raise ConnectionResetError("the broker does not speak MQTT 5")
        if packet.reason_code is not ConnAckReasonCode.SUCCESS:
            why = packet.reason_code.name.lower().replace("_", " ")
            raise ConnectionRefusedError(f"the broker refused the connection: {why}")
        return
