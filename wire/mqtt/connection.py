"""One TCP connection to a broker: bytes in, packets out to the link, keep-alive."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TypeVar, cast

from mqtt5 import DisconnectPacket, DisconnectReasonCode, Packet, PingReqPacket, PingRespPacket

from wire.mqtt.session import Decoder

P = TypeVar("P", bound=Packet)


class Connection(asyncio.Protocol):
    """Made by `create_connection`; tells the link what was received, and by `lost` that it is gone."""

    transport: asyncio.Transport

    def __init__(self, received: Callable[[Connection, list[Packet]], None], keep_alive_s: int) -> None:
        loop = asyncio.get_running_loop()
        self.open = False  # CONNACK and SUBACK seen, not lost
        self.lost: asyncio.Future[None] = loop.create_future()
        self.failure: Exception | None = None  # of our handler
        self.broken_by: Exception | None = None  # what the transport said when it broke
        self.taken_over = False  # by another client of the same id
        self._loop = loop
        self._received = received
        self._keep_alive_s = keep_alive_s
        self._decoder = Decoder()
        self._awaited: tuple[type, asyncio.Future[Packet | None]] | None = None
        self._written_at = self._heard_at = loop.time()
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the keep-alive; called by asyncio."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but its bases
        self._timer = self._loop.call_later(self._keep_alive_s / 2, self._tick)

    def data_received(self, data: bytes) -> None:
        """Give the link all packets that are complete now; called by asyncio."""
        self._heard_at = self._loop.time()
        try:
            packets = self._decoder.feed(data)
        except ValueError:
            self.write(DisconnectPacket(reason_code=DisconnectReasonCode.MALFORMED_PACKET).write())
            self.transport.close()
            return
        try:
            self._received(self, packets)
        except Exception as error:  # noqa: BLE001 - a broken handler must end the link, not vanish in the loop's log
            self.failure = error
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell everybody who waits; called by asyncio."""
        self.open = False
        self.broken_by = exc
        if self._timer is not None:
            self._timer.cancel()
        if self._awaited is not None and not self._awaited[1].done():
            self._awaited[1].set_result(None)
        if not self.lost.done():
            self.lost.set_result(None)

    def write(self, data: bytes) -> None:
        """Send bytes of whole packets."""
        self._written_at = self._loop.time()
        self.transport.write(data)

    def control(self, packet: Packet) -> None:
        """Everything that is neither PUBLISH nor PUBACK."""
        if self._awaited is not None and type(packet) is self._awaited[0]:
            if not self._awaited[1].done():
                self._awaited[1].set_result(packet)
        elif type(packet) is DisconnectPacket:
            self.taken_over = packet.reason_code is DisconnectReasonCode.SESSION_TAKEN_OVER
            self.transport.close()
        elif type(packet) is not PingRespPacket:
            self.write(DisconnectPacket(reason_code=DisconnectReasonCode.PROTOCOL_ERROR).write())
            self.transport.close()

    async def answer(self, kind: type[P]) -> P | None:
        """Wait for a packet of one type; None when the connection ends first."""
        if self.lost.done():
            return None
        future: asyncio.Future[Packet | None] = self._loop.create_future()
        self._awaited = (kind, future)
        packet = await future
        self._awaited = None
        return packet  # type: ignore[return-value]  # `control` gives only this type

    async def goodbye(self, timeout_s: float, session_expiry_s: int | None = None) -> None:
        """DISCONNECT, by which the session may end sooner than CONNECT said; let the buffer empty, close."""
        if not self.transport.is_closing():
            self.write(DisconnectPacket(session_expiry_interval=session_expiry_s).write())
            self.transport.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await asyncio.shield(self.lost)
        self.transport.abort()

    def _tick(self) -> None:
        now = self._loop.time()
        if now - self._heard_at > 1.5 * self._keep_alive_s:
            self.transport.abort()
            return
        # The broker hears us at least every keep-alive; pinging when WE heard nothing finds a dead peer too.
        if now - min(self._written_at, self._heard_at) >= self._keep_alive_s / 2:
            self.write(PingReqPacket().write())
        self._timer = self._loop.call_later(self._keep_alive_s / 2, self._tick)
