"""The link that aiomqtt carries: MQTT 3.1.1, WebSocket, QoS 2. Idiomatic and slow, a message at a time.

It is used like `Link`, whose docstrings say what each method does. One client lives as long as the link, so that paho,
below aiomqtt, keeps what is in flight through a reconnect: at QoS 2 each message arrives once where the broker keeps
our session, which it is asked to.

As with `Link`, QoS 1 messages received are acknowledged after the handler has returned. Not guaranteed: at QoS 2 they
are when they arrive.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
import ssl
from collections.abc import Sequence
from dataclasses import dataclass

import aiomqtt
from mqtt5 import DisconnectReasonCode, PublishPacket, QoS, Will
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from wire.backoff import Backoff
from wire.mqtt import paho_client
from wire.mqtt.address import BrokerAddress
from wire.mqtt.errors import BrokerError, raise_if_failed, taken_over, too_low
from wire.mqtt.link import Link
from wire.mqtt.session import FIRST_ERROR_CODE, Decoder
from wire.mqtt.terms import MessageHandler, StateHandler, Subscription, UserProperties, Version

_AT_ONCE = 20  # messages that aiomqtt is publishing: what paho has in flight at most
_EXACTLY_ONCE_EXPIRY_S = 300  # how long the broker is to remember what it has of our QoS 2 messages
_CONNECT_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class _Message:
    topic: str
    payload: bytes
    qos: int
    retain: bool
    user_properties: UserProperties

    @property
    def bytes(self) -> int:
        return len(self.topic) + len(self.payload)


class ClientLink:
    """A self-mending connection that aiomqtt carries; the arguments are those of `Link` and the version.

    MQTT 3.1.1 has no word for a session's end: there a session that is not to be kept is clean from the start.
    """

    def __init__(
        self,
        address: BrokerAddress,
        *,
        version: Version = "5",
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
        self.dropped = 0
        self.reconnects = 0
        self._version = version
        self._qos = qos
        self._on_messages = on_messages
        self._on_state = on_state
        self._subscriptions = subscriptions
        self._keep_alive_s = keep_alive_s
        self._session_expiry_s = max(session_expiry_s, _EXACTLY_ONCE_EXPIRY_S if qos == QoS.EXACTLY_ONCE else 0)
        self._keep_session = keep_session
        self.will = will
        self._user_properties = list(user_properties)
        self._tls = tls
        self._backoff = backoff or Backoff()
        self._max_in_flight = max_in_flight
        self._settle_s = settle_s
        self._where = f"broker {address.url}"
        self._port = address.port
        self._client: aiomqtt.Client
        # Awaited, by packet id: of messages above QoS 0 that the broker has them, of others that the socket does.
        self._acknowledgements: dict[int, asyncio.Future[bool]] = {}
        self._writes: dict[int, asyncio.Future[bool]] = {}
        self._waiting: asyncio.Queue[_Message] = asyncio.Queue()
        self._waiting_bytes = 0
        self._in_flight = 0
        self._confirmed = 0
        self._up = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()
        self._task: asyncio.Task[None] | None = None
        self._deliveries: list[asyncio.Task[None]] = []

    @property
    def connected(self) -> bool:
        """Whether the connection stands."""
        return self._up.is_set()

    @property
    def in_flight(self) -> int:
        """Messages above QoS 0 not yet acknowledged."""
        return self._in_flight

    @property
    def pending_bytes(self) -> int:
        """Bytes of topics and payloads that wait for aiomqtt."""
        return self._waiting_bytes

    async def start(self, *, timeout_s: float = 10.0) -> None:
        """Connect, subscribe, then keep the link up until `close`.

        Raises:
            BrokerError: as `Link.start`; also when the broker says that it does not take our QoS.
        """
        if self._version == "5" and self.address.websocket_path is None:
            # Our own link says at once what is wrong, where aiomqtt would run into its timeout; and knows the port.
            probe = Link(self.address, qos=self._qos, tls=self._tls, keep_alive_s=self._keep_alive_s)
            await probe.start(timeout_s=timeout_s)
            await probe.close()
            self._port = probe.port
        self._client = paho_client.make_client(
            self.address,
            port=self._port,
            client_id=self.client_id,
            version=self._version,
            keep_alive_s=self._keep_alive_s,
            session_expiry_s=self._session_expiry_s,
            keep_session=self._keep_session,
            will=self.will,
            user_properties=self._user_properties,
            tls=self._tls,
            timeout_s=min(timeout_s, _CONNECT_TIMEOUT_S),
            at_once=_AT_ONCE,
            on_publish=self._published,
            acknowledges=all(item.qos != QoS.EXACTLY_ONCE for item in self._subscriptions),
        )
        ready = asyncio.Event()
        self._task = asyncio.create_task(self._keep_up(ready), name=f"aiomqtt link {self.client_id}")
        waiting = asyncio.create_task(ready.wait())
        try:
            await asyncio.wait([self._task, waiting], return_when=asyncio.FIRST_COMPLETED)
            if not ready.is_set():
                await self._task  # raises why
        except BaseException:
            await self.close(timeout_s=0)
            raise
        finally:
            waiting.cancel()
        self._deliveries = [asyncio.create_task(self._deliver()) for _ in range(min(_AT_ONCE, self._max_in_flight))]

    def publish(self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False) -> bool:
        """Send one message; False when it was dropped (QoS 0, link down) or must wait (too many in flight)."""
        if qos == 0:
            if not self.connected:
                self.dropped += 1
                return False
        elif self._in_flight >= self._max_in_flight:
            return False
        else:
            self._in_flight += 1
            self._drained.clear()
        self._put(_Message(topic, payload, qos, retain, self._user_properties))
        return True

    def write(self, packets: bytes, count: int) -> bool:
        """Send `count` QoS 0 PUBLISH packets of MQTT 5, which are read and sent one by one; False when dropped."""
        if not self.connected:
            self.dropped += count
            return False
        for packet in Decoder().feed(packets):
            assert isinstance(packet, PublishPacket)  # noqa: S101 - the caller's promise
            self._put(_Message(packet.topic, packet.payload, 0, packet.retain, packet.user_properties))
        return True

    async def drained(self) -> None:
        """Wait until every message above QoS 0 is acknowledged."""
        await self._drained.wait()

    async def close(self, *, timeout_s: float = 5.0) -> None:
        """Send what waits and DISCONNECT (the broker publishes no will), then end; safe to call twice."""
        if self.connected:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._waiting.join()
        tasks = [task for task in (self._task, *self._deliveries) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._task, self._deliveries = None, []
        self._up.clear()

    async def failed(self) -> None:
        """Wait until the link ends by itself.

        Raises:
            BrokerError: the session was taken over, or the broker does not take our QoS.
            UnusableError: what the handler raised, in one line.
        """
        if self._task is not None:
            await asyncio.wait([self._task])
            self.check()

    def check(self) -> None:
        """Raise what `failed` would raise, if the link has ended by itself."""
        if self._task is not None:
            raise_if_failed(self._task, self.address)

    # Publishing.

    def _put(self, message: _Message) -> None:
        self._waiting_bytes += message.bytes
        self._waiting.put_nowait(message)

    async def _deliver(self) -> None:
        """One of a few that give a message away, in order, and wait until the broker has it."""
        while True:
            message = await self._waiting.get()
            properties = paho_client.properties(self._version, PacketTypes.PUBLISH, message.user_properties)
            if message.qos:
                await self._up.wait()
            else:
                await asyncio.sleep(0)  # neither this queue nor a socket with room would ever give the loop its turn
            # Not by aiomqtt, which does not see every acknowledgement where a connection breaks. What is above QoS 0
            # paho keeps and sends again.
            told = self._client._client.publish(  # noqa: SLF001
                message.topic, message.payload, message.qos, message.retain, properties
            )
            if message.qos:
                await self._awaited(self._acknowledgements, told.mid)
                self._acknowledged()
            elif told.rc or not (told.is_published() or await self._awaited(self._writes, told.mid)):
                self.dropped += 1
            self._waiting_bytes -= message.bytes
            self._waiting.task_done()

    async def _awaited(self, where: dict[int, asyncio.Future[bool]], number: int) -> bool:
        where[number] = asyncio.get_running_loop().create_future()
        return await where[number]

    def _published(self, _paho: object, _userdata: object, number: int, *_: object) -> None:
        """Called by paho when the broker has a message, or at QoS 0 the socket."""
        for where in (self._acknowledgements, self._writes):
            future = where.pop(number, None)
            if future is not None and not future.done():
                future.set_result(True)

    def _acknowledged(self) -> None:
        self._confirmed += 1
        self._in_flight -= 1
        if not self._in_flight:
            self._drained.set()

    # Connecting and staying connected.

    async def _keep_up(self, ready: asyncio.Event) -> None:
        """Connect again and again; `ready` is set the first time.

        Raises:
            BrokerError: the first time fails, or another would be in vain.
        """
        rng, attempt = random.Random(), 0
        while True:
            # After a connection that broke aiomqtt takes its CONNACK for the next one's.
            self._client._connected = asyncio.Future()  # noqa: SLF001
            if self.will is not None:  # it may be another one than last time
                will = (self.will.topic, self.will.payload, int(self.will.qos), self.will.retain)
                self._client._client.will_set(*will)  # noqa: SLF001 - aiomqtt asks for it only once
            try:
                async with self._client:
                    await self._subscribe()
                    if ready.is_set():
                        await asyncio.sleep(self._settle_s)
                        self.reconnects += 1
                    attempt = 0
                    self._changed(up=True)
                    ready.set()
                    await self._hear()
            except aiomqtt.MqttError as error:
                if not ready.is_set():
                    raise paho_client.not_connected(error, self._where, self._version) from None
                self._changed(up=False)
                self._unless_hopeless(error)
            attempt += 1
            await asyncio.sleep(self._backoff.delay_s(attempt, rng))

    def _changed(self, *, up: bool) -> None:
        if up != self._up.is_set():
            (self._up.set if up else self._up.clear)()
            while self._writes and not up:
                _, future = self._writes.popitem()
                if not future.done():
                    future.set_result(False)
            if self._on_state is not None:
                self._on_state(up)

    async def _subscribe(self) -> None:
        for item in self._subscriptions:
            for code in await self._client.subscribe(item.topic_filter, qos=item.qos):
                if (code.value if isinstance(code, ReasonCode) else code) >= FIRST_ERROR_CODE:
                    raise BrokerError(f"{self._where} refused subscription {item.topic_filter!r}: {code}")

    async def _hear(self) -> None:
        messages = self._client.messages
        async for message in messages:
            batch = [message]
            while len(messages):
                batch.append(await anext(messages))
            if self._on_messages is not None:
                self._on_messages([paho_client.publish_packet(one) for one in batch])
            for one in batch:
                self._client._client.ack(one.mid, one.qos)  # noqa: SLF001 - nothing, where paho does it by itself

    def _unless_hopeless(self, error: aiomqtt.MqttError) -> None:
        """Look why a connection was lost.

        Raises:
            BrokerError: so it would be again.
        """
        code = getattr(error.__cause__, "rc", None)
        reason = code.value if isinstance(code, ReasonCode) else None
        if reason == DisconnectReasonCode.SESSION_TAKEN_OVER:
            raise taken_over(self._where, self.client_id)
        # MQTT 3.1.1 knows no reason; a broker that ends the connection at the first QoS 2 message has said it.
        silent = self._qos == QoS.EXACTLY_ONCE and self._in_flight and not self._confirmed
        if reason == DisconnectReasonCode.QOS_NOT_SUPPORTED or silent:
            raise too_low(self._where, 1, self._qos)
