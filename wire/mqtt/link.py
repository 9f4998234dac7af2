"""One connection to a broker that mends itself: connect, subscribe, publish, keep alive, reconnect with backoff.

The link hands over everything that arrived in one read as one list, and takes many packets in one write. It never
awaits per message. QoS 1 messages received are acknowledged after the handler has returned, so that what was
acknowledged was handled; QoS 1 messages published are kept until acknowledged and sent again after a reconnect.

Not guaranteed: QoS 0 published while the link is down is dropped and counted in `dropped`.
"""

from __future__ import annotations

import asyncio
import ipaddress
import random
import secrets
import ssl
from collections.abc import Sequence

from mqtt5 import (
    ConnAckPacket,
    ConnAckReasonCode,
    ConnectPacket,
    Packet,
    PubAckPacket,
    PublishPacket,
    QoS,
    SubAckPacket,
    SubscribePacket,
    TopicFilter,
    Will,
)

from wire.backoff import Backoff
from wire.mqtt.address import BrokerAddress, tls_context
from wire.mqtt.connection import Connection
from wire.mqtt.errors import BrokerError, raise_if_failed, taken_over, too_low, unreachable
from wire.mqtt.session import FIRST_ERROR_CODE, Outbound
from wire.mqtt.terms import MessageHandler, StateHandler, Subscription, UserProperties


class _NotMqtt5Error(BrokerError):
    """The connection ended before CONNACK, as a broker without MQTT 5 on that port does."""


class Link:
    """A self-mending MQTT 5 connection over TCP or TLS, for QoS 0 and 1.

    Args:
        address: where the broker is, not by WebSocket. TLS uses `tls`, or the system's authorities.
        qos: the highest at which will be published; a broker that says it takes less is refused at the start.
        on_messages: called with all messages of one read; must not block. An exception in it ends the link.
        on_state: called with True after each (re)connect and False after each loss.
        keep_alive_s: seconds without traffic before a PINGREQ; without an answer in that time the link reconnects.
        session_expiry_s: how long the broker keeps our session and its QoS 1 messages while we are away; above 0 the
            session of `client_id` is taken up again instead of starting clean.
        keep_session: whether that holds after `close` too; False for a client that will not come back, or the broker
            would go on queueing for it.
        will: what the broker publishes for us when we are gone without a goodbye.
        user_properties: of the connection, and of every message that `publish` sends.
        backoff: delays between attempts to reconnect.
        settle_s: after a reconnect nothing is sent for so long, so that who subscribes can be back first: a broker that
            was started anew delivers to nobody.

    Call `start` once, `close` once.
    """

    def __init__(
        self,
        address: BrokerAddress,
        *,
        qos: int = 0,
        client_id: str | None = None,
        on_messages: MessageHandler | None = None,
        on_state: StateHandler | None = None,
        subscriptions: Sequence[Subscription] = (),
        keep_alive_s: int = 30,
        session_expiry_s: int = 0,
        keep_session: bool = True,
        will: Will | None = None,
        user_properties: UserProperties = (),
        tls: ssl.SSLContext | None = None,
        backoff: Backoff | None = None,
        max_in_flight: int = 10_000,
        settle_s: float = 0.0,
    ) -> None:
        self.address = address
        self.client_id = client_id or f"sensorswarm-{secrets.token_hex(6)}"
        self.dropped = 0  # QoS 0 messages published while the link was down
        self.reconnects = 0
        self._qos = qos
        self._on_messages = on_messages
        self._on_state = on_state
        self._subscriptions = list(subscriptions)
        self._keep_alive_s = max(1, keep_alive_s)  # rumqttd refuses 0
        self._session_expiry_s = session_expiry_s
        self._keep_session = keep_session
        self.will = will  # of the next connection
        self._user_properties = list(user_properties)
        self._tls = tls
        self._backoff = backoff or Backoff()
        self._outbound = Outbound(max_in_flight=max_in_flight)
        self._settle_s = settle_s
        self._connection: Connection | None = None
        self.port = address.port  # that of MQTT 5, once started
        self._task: asyncio.Task[None] | None = None
        self._drained = asyncio.Event()
        self._drained.set()

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted us and the connection stands."""
        return self._connection is not None and self._connection.open

    @property
    def in_flight(self) -> int:
        """QoS 1 messages not yet acknowledged."""
        return len(self._outbound)

    @property
    def pending_bytes(self) -> int:
        """Bytes written but not yet taken by the socket: grows when the broker does not keep up."""
        return self._connection.transport.get_write_buffer_size() if self._connection else 0

    async def start(self, *, timeout_s: float = 10.0) -> None:
        """Connect, subscribe, then keep the link up until `close`.

        Raises:
            BrokerError: not reachable, refused, or not MQTT 5 within `timeout_s`; nothing is left running.
        """
        try:
            async with asyncio.timeout(timeout_s):
                connection = await self._connect_either_port()
        except TimeoutError:
            raise BrokerError(f"broker {self.address.url} did not answer within {timeout_s:g} s") from None
        self._task = asyncio.create_task(self._keep_up(connection), name=f"mqtt link {self.client_id}")

    def publish(self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False) -> bool:
        """Send one message; False when it was dropped (QoS 0, link down) or must wait (QoS 1, too many in flight)."""
        if qos == 0:
            return self.write(
                PublishPacket(topic, payload, retain=retain, user_properties=self._user_properties).write(), 1
            )
        if self._outbound.full:
            return False
        packet = self._outbound.publish(topic, payload, retain=retain, user_properties=self._user_properties)
        self._drained.clear()
        if self.connected:
            assert self._connection is not None  # noqa: S101 - told by `connected`
            self._connection.write(packet.write())
        return True

    def write(self, packets: bytes, count: int) -> bool:
        """Send `count` already encoded QoS 0 PUBLISH packets in one write; False when they were dropped."""
        connection = self._connection
        if connection is None or not connection.open:
            self.dropped += count
            return False
        connection.write(packets)
        return True

    async def drained(self) -> None:
        """Wait until every QoS 1 message is acknowledged."""
        await self._drained.wait()

    async def close(self, *, timeout_s: float = 5.0) -> None:
        """Send what is buffered and DISCONNECT (the broker publishes no will), then end; safe to call twice."""
        if self._task is not None:
            self._task.cancel()
            # A handler's exception has been told by `failed` to whoever asked; closing must not raise it again.
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.goodbye(timeout_s, None if self._keep_session else 0)

    # The connection below tells us what happened.

    def _received(self, connection: Connection, packets: list[Packet]) -> None:
        messages: list[PublishPacket] = []
        for packet in packets:
            if type(packet) is PublishPacket:
                messages.append(packet)
            elif type(packet) is PubAckPacket:
                self._outbound.acknowledged(packet.packet_id)
                if not len(self._outbound):
                    self._drained.set()
            else:
                connection.control(packet)
        if messages:
            if self._on_messages is not None:
                self._on_messages(messages)
            acks = [
                PubAckPacket(message.packet_id).write()
                for message in messages
                if message.qos is not QoS.AT_MOST_ONCE and message.packet_id is not None
            ]
            if acks:
                connection.write(b"".join(acks))

    # Connecting and staying connected.

    async def _connect_either_port(self) -> Connection:
        """Connect; on this machine also try the next port, where the embedded broker speaks MQTT 5."""
        try:
            return await self._connect(self.port)
        except _NotMqtt5Error as error:
            if not _is_loopback(self.address.host):
                raise
            try:
                connection = await self._connect(self.port + 1)
            except BrokerError:
                raise error from None
            self.port += 1
            return connection

    async def _connect(self, port: int) -> Connection:
        where = f"broker {self.address.url}" + (f" (port {port})" if port != self.address.port else "")
        tls = (self._tls or tls_context()) if self.address.secure else None
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: Connection(self._received, self._keep_alive_s), self.address.host, port, ssl=tls
            )
        except OSError as error:
            raise unreachable(where, error) from None
        try:
            await self._handshake(connection, where)
        except BaseException:
            connection.transport.abort()
            raise
        self._connection = connection
        if self._on_state is not None:
            self._on_state(True)
        return connection

    async def _handshake(self, connection: Connection, where: str) -> None:
        connection.write(
            ConnectPacket(
                self.client_id,
                username=self.address.user,
                password=self.address.password.encode() if self.address.password is not None else None,
                clean_start=self._session_expiry_s == 0,
                session_expiry_interval=self._session_expiry_s,
                keep_alive=self._keep_alive_s,
                will=self.will,
                user_properties=self._user_properties,
            ).write()
        )
        accepted = await connection.answer(ConnAckPacket)
        if accepted is None and isinstance(connection.broken_by, ssl.SSLError):  # our certificate, TLS 1.3 says it late
            raise unreachable(where, connection.broken_by)
        if accepted is None:  # a reset may overtake the alert that says what was wrong with our certificate
            doubt = ", or our certificate: check --broker-cert and --broker-key" if self.address.secure else ""
            raise _NotMqtt5Error(
                f"{where} closed the connection before CONNACK; it may not speak MQTT 5 here or refuse this user{doubt}"
            )
        if accepted.reason_code is not ConnAckReasonCode.SUCCESS:
            reason = accepted.reason_code.name.lower().replace("_", " ")
            kind = (
                _NotMqtt5Error
                if accepted.reason_code is ConnAckReasonCode.UNSUPPORTED_PROTOCOL_VERSION
                else BrokerError
            )
            raise kind(f"{where} refused the connection: {reason}")
        if int(accepted.max_qos) < self._qos:
            raise too_low(where, int(accepted.max_qos), self._qos)
        if self._subscriptions:
            await self._subscribe(connection, where)
        if self._task is not None and self._settle_s > 0:  # not at the first time: then nothing waits
            await asyncio.wait([connection.lost], timeout=self._settle_s)
            if connection.lost.done():
                raise BrokerError(f"{where} closed the connection again")
        connection.open = True
        again = self._outbound.again()
        if again:
            connection.write(b"".join(packet.write() for packet in again))

    async def _subscribe(self, connection: Connection, where: str) -> None:
        filters = [
            TopicFilter(item.topic_filter, max_qos=QoS(item.qos), retain_as_published=False)
            for item in self._subscriptions
        ]
        connection.write(SubscribePacket(self._outbound.next_id(), filters).write())
        granted = await connection.answer(SubAckPacket)
        if granted is None:
            raise BrokerError(f"{where} closed the connection while subscribing")
        for item, code in zip(self._subscriptions, granted.reason_codes, strict=False):
            if int(code) >= FIRST_ERROR_CODE:
                raise BrokerError(f"{where} refused subscription {item.topic_filter!r}: {code.name.lower()}")

    async def _keep_up(self, connection: Connection) -> None:
        rng = random.Random()
        while True:
            await asyncio.shield(connection.lost)  # cancelling us must not cancel what `goodbye` waits for
            if self._on_state is not None:
                self._on_state(False)
            if (failure := connection.failure) is not None:
                raise failure
            if connection.taken_over:
                raise taken_over(f"broker {self.address.url}", self.client_id)
            attempt = 0
            while True:
                attempt += 1
                await asyncio.sleep(self._backoff.delay_s(attempt, rng))
                try:
                    async with asyncio.timeout(10.0):
                        connection = await self._connect(self.port)
                except (BrokerError, TimeoutError):
                    continue
                self.reconnects += 1
                break

    async def failed(self) -> None:
        """Wait until the link ends by itself: an exception in a handler makes it do so, and the loss of its client id.

        Raises:
            BrokerError: another client of the same id took over the session.
            UnusableError: what the handler raised, in one line.
        """
        if self._task is not None:
            await asyncio.wait([self._task])
            self.check()

    def check(self) -> None:
        """Raise what `failed` would raise, if the link has ended by itself."""
        if self._task is not None:
            raise_if_failed(self._task, self.address)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
