"""aiomqtt, and paho below it, in our terms: a client with the settings we need, our packets, our words."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from functools import partial
from typing import Literal

import aiomqtt
from mqtt5 import PublishPacket, QoS, Will
from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY, Client
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from wire.mqtt.address import BrokerAddress, tls_context
from wire.mqtt.errors import BrokerError, unreachable
from wire.mqtt.terms import UserProperties, Version

_SILENT = logging.getLogger("sensorswarm.aiomqtt")  # what paho has to tell, we tell in our own words
_SILENT.setLevel(logging.CRITICAL)


def make_client(
    address: BrokerAddress,
    *,
    port: int,
    client_id: str,
    version: Version,
    keep_alive_s: int,
    session_expiry_s: int,
    keep_session: bool,
    will: Will | None,
    user_properties: UserProperties,
    tls: ssl.SSLContext | None,
    timeout_s: float,
    at_once: int,
    on_publish: Callable[..., None],
    acknowledges: bool,
) -> aiomqtt.Client:
    """Client that is not connected yet.

    Args:
        address: of the broker.
        port: that it turned out to have.
        client_id: names the session.
        version: of the protocol.
        keep_alive_s: as in CONNECT.
        session_expiry_s: how long the broker is asked to keep the session; 0: not at all.
        keep_session: also after our goodbye, with which it can end only in MQTT 5: else 3.1.1 has none.
        will: that the broker publishes for us.
        user_properties: of CONNECT, with MQTT 5.
        tls: context for mqtts:// and wss://, where it is not to be the usual one.
        timeout_s: for whatever aiomqtt waits for.
        at_once: messages in flight at most.
        on_publish: paho's callback of that name.
        acknowledges: the caller acknowledges what it receives, and not paho when it arrives.
    """
    kept = session_expiry_s > 0 and (keep_session or version == "5")
    transport: Literal["tcp", "websockets"] = "tcp" if address.websocket_path is None else "websockets"
    client = aiomqtt.Client(
        address.host,
        port,
        username=address.user,
        password=address.password,
        identifier=client_id,
        protocol=aiomqtt.ProtocolVersion.V5 if version == "5" else aiomqtt.ProtocolVersion.V311,
        clean_session=None if version == "5" else not kept,
        # Paho's own default is "at the first time", and aiomqtt makes each time the first. 3.1.1 allows no other.
        clean_start=not kept if version == "5" else MQTT_CLEAN_START_FIRST_ONLY,
        properties=properties(version, PacketTypes.CONNECT, user_properties, session_expiry_s),
        will=None if will is None else aiomqtt.Will(will.topic, will.payload, int(will.qos), will.retain),
        transport=transport,
        websocket_path=address.websocket_path,
        timeout=timeout_s,
        logger=_SILENT,
        keepalive=keep_alive_s,
        max_inflight_messages=at_once,
        tls_context=(tls or tls_context()) if address.secure else None,
    )
    client.pending_calls_threshold = at_once
    paho = client._client  # noqa: SLF001 - aiomqtt hides what these need
    paho.on_publish = on_publish
    paho.on_socket_register_write = partial(_write_when_ready, asyncio.get_running_loop())
    paho.manual_ack_set(acknowledges)
    if version == "5" and not keep_session:  # aiomqtt's goodbye says no more than that
        ends = Properties(PacketTypes.DISCONNECT)  # type: ignore[no-untyped-call]  # paho's
        ends.SessionExpiryInterval = 0
        paho.disconnect = partial(paho.disconnect, properties=ends)  # type: ignore[method-assign]
    return client


def properties(version: Version, kind: int, user: UserProperties, session_expiry_s: int = 0) -> Properties | None:
    """Properties of a packet of this kind; None where there are none."""
    if version != "5" or not (user or session_expiry_s):
        return None
    made = Properties(kind)  # type: ignore[no-untyped-call]  # paho's
    if user:
        made.UserProperty = list(user)
    if session_expiry_s:
        made.SessionExpiryInterval = session_expiry_s
    return made


def publish_packet(message: aiomqtt.Message) -> PublishPacket:
    """What was received, as our own link would hand it over."""
    payload = message.payload if isinstance(message.payload, bytes) else b""
    number = message.mid if message.qos else None
    return PublishPacket(str(message.topic), payload, qos=QoS(message.qos), retain=message.retain, packet_id=number)


def not_connected(error: aiomqtt.MqttError, where: str, version: Version) -> BrokerError:
    """Why a connection did not come about."""
    cause = error.__context__
    if isinstance(error, aiomqtt.MqttCodeError):
        return BrokerError(f"{where} refused the connection: {str(error.rc).lower()}")
    if isinstance(cause, OSError) and not isinstance(cause, TimeoutError):
        return unreachable(where, cause)
    if isinstance(cause, TimeoutError):
        return BrokerError(f"{where} did not answer; it may not speak MQTT {version} here or refuse this user")
    return BrokerError(f"{where}: {error}; is the URL right?")


def _write_when_ready(loop: asyncio.AbstractEventLoop, paho: Client, _: object, sock: socket.socket) -> None:
    """Called by paho, in any thread, when it has more to write than the socket took.

    In the place of aiomqtt's own, which does it later also where paho does not want it any more: then the loop watches
    a socket that is closed, and not the next one of the same number.
    """

    def watch() -> None:
        if paho.want_write() and paho.socket() is sock:
            loop.add_writer(sock, paho.loop_write)

    loop.call_soon_threadsafe(watch)
