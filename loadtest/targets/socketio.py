"""Socket.IO 5 over Engine.IO 4, straight on a WebSocket. Packets are written and read by python-socketio's own codec.

A client opens a namespace, its token in the auth payload unless the handshake carries it, and emits what the file says:
events, each an array of its name and its arguments. The same array is the document that is made of an event of the
server. Where the file says what an acknowledgement is, one is asked for with each subscription; it is the document
["ack", its arguments]. Arguments that are bytes are decoded by the file's format.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson

from loadtest.books import Books
from loadtest.endings import LOST, ConnectionEndedError
from loadtest.roster import Manager
from loadtest.sites import Site
from loadtest.targets import Conversation, TakeAlert
from loadtest.targets.carried import CarriedConversation
from loadtest.targets.json import JsonTarget
from loadtest.targets.json_formats import Format
from loadtest.targets.json_protocol import Protocol
from loadtest.targets.json_reader import WRONG
from loadtest.targets.json_schema import TOKEN, USER, SocketIo, Spec
from loadtest.targets.json_templates import fill
from loadtest.transport import Message, Transport
from loadtest.unknown import Unknown
from wire.dashboard import Close
from wire.errors import SensorSwarmError

DISCONNECTED = "Socket.IO DISCONNECT"
ACK = "ack"  # first of the document that an acknowledgement is

_PATH = "/socket.io/"
_HANDSHAKE = "EIO=4&transport=websocket"
_TEXTS = (b"42", b"43")  # Engine.IO MESSAGE with Socket.IO EVENT or ACK: nearly all that comes


class _Json:
    """What the codec takes for its JSON module."""

    loads = staticmethod(orjson.loads)

    @staticmethod
    def dumps(value: Any, **_: object) -> str:  # noqa: ANN401 - any JSON
        return orjson.dumps(value).decode()


class Codec:
    """Packets of one namespace.

    Args:
        namespace: in which events are.
        format_: of arguments that are bytes.

    Raises:
        SensorSwarmError: python-socketio is not installed.
    """

    def __init__(self, namespace: str, format_: Format) -> None:
        try:
            self.engine: Any = importlib.import_module("engineio.packet")
            self.types: Any = importlib.import_module("socketio.packet")
        except ImportError:
            raise SensorSwarmError(
                'kind = "socketio" needs the package python-socketio: pip install "sensorswarm[socketio]"'
            ) from None
        self._packet: Any = type("Packet", (self.types.Packet,), {"json": _Json})
        self._namespace = namespace
        self._format = format_

    def encode(self, packet_type: int, data: object) -> str:
        """Text of a message with a packet in it."""
        return self._message(self._packet(packet_type, data, namespace=self._namespace))

    def asking(self, text: str) -> str:
        """The same event, with an acknowledgement asked for. Which one it is for, their order tells."""
        event = self.decode(text.encode())
        event.id = 0
        return self._message(event)

    def _message(self, packet: Any) -> str:  # noqa: ANN401
        return str(self.engine.Packet(self.engine.MESSAGE, packet.encode()).encode())

    def decode(self, text: bytes) -> Any:  # noqa: ANN401 - a packet of python-socketio's
        """Packet in a message; raises what is in WRONG where there is none."""
        return self._packet(encoded_packet=text[1:].decode())

    def document(self, message: Any) -> Any:  # noqa: ANN401
        """Document of an event or an acknowledgement: the text of it, or a tuple of the text and its attachments."""
        packet = self.decode(message) if message.__class__ is bytes else self._joined(*message)
        is_event = packet.packet_type in (self.types.EVENT, self.types.BINARY_EVENT)
        return packet.data if is_event else [ACK, *packet.data]

    def _joined(self, text: bytes, *attachments: bytes) -> Any:  # noqa: ANN401
        packet = self.decode(text)
        try:
            for attachment in attachments:
                packet.add_attachment(attachment)
        except RecursionError:
            raise ValueError("it is nested too deep") from None
        packet.data = [self._format.decode(one) if one.__class__ is bytes else one for one in packet.data]
        return packet


class SocketIoConversation(CarriedConversation):
    """One client's side."""

    def __init__(
        self,
        codec: Codec,
        auth: dict[str, Any],
        protocol: Protocol,
        manager: Manager,
        books: Books,
        unknown: Unknown,
        take_alert: TakeAlert,
    ) -> None:
        super().__init__(protocol, manager, books, unknown, take_alert)
        self._codec = codec
        self._auth = auth
        self._parts: list[bytes] = []  # of a message whose attachments have not all come
        self._parts_wanted = 0

    def hello(self, token: str | None) -> Sequence[Message]:
        """Nothing: the server speaks first."""
        self.reset()
        self._token = token
        self._asked.clear()
        self._parts.clear()
        return ()

    def unpacked(self, carried: list[bytes], arrival_ts: float) -> list[Any]:
        """Events and acknowledgements, each with its attachments; see `CarriedConversation`."""
        events: list[Any] = []
        for message in carried:
            if self._parts:
                self._parts.append(message)
                if len(self._parts) == self._parts_wanted:
                    events.append(tuple(self._parts))
                    self._parts.clear()
            elif message[:2] in _TEXTS:
                events.append(message)
            else:
                self._control(message, arrival_ts)
        return events

    def _control(self, message: bytes, arrival_ts: float) -> None:
        """Take what is neither an event nor an acknowledgement in one piece."""
        engine = self._codec.engine
        try:
            packet = engine.Packet(encoded_packet=message.decode())
            if packet.packet_type == engine.MESSAGE:
                self._connection(message, arrival_ts)
                return
        except WRONG:
            self._unknown.count("not Socket.IO", message)
            return
        if packet.packet_type == engine.OPEN:
            names = {TOKEN: self._token or "", USER: self._manager.user}
            self.replies.append(self._codec.encode(self._codec.types.CONNECT, fill(self._auth, names)))
        elif packet.packet_type == engine.PING:
            self.replies.append(engine.Packet(engine.PONG, packet.data).encode())
        elif packet.packet_type == engine.CLOSE:
            raise ConnectionEndedError(0, "server closed the Engine.IO session", kind=LOST)

    def _connection(self, message: bytes, arrival_ts: float) -> None:
        types, packet = self._codec.types, self._codec.decode(message)
        if packet.packet_type == types.CONNECT:
            self.welcomed = True
            self.replies += [self._encoded(template) for template in self._protocol.spec.first]
            self.replies += self._subscribe(self._manager.buildings, arrival_ts)
        elif packet.packet_type == types.CONNECT_ERROR:
            reason = packet.data.get("message", "") if isinstance(packet.data, dict) else packet.data
            self.told = int(Close.POLICY), f"Socket.IO CONNECT_ERROR: {reason}"
        elif packet.packet_type == types.DISCONNECT:  # as socket.io's own client: it does not come back by itself
            raise ConnectionEndedError(Close.POLICY, "server disconnects the client", kind=DISCONNECTED)
        elif packet.attachment_count:
            self._parts, self._parts_wanted = [message], 1 + packet.attachment_count
        else:
            self._unknown.count("not Socket.IO", message)

    def _subscribe(self, buildings: Sequence[str], ts: float) -> list[Message]:
        """Events that subscribe, acknowledgements asked for where the file says what they are."""
        messages = super()._subscribe(buildings, ts)
        if self._protocol.spec.acknowledged is None:
            return messages
        return [self._codec.asking(str(event)) for event in messages]


class SocketIoTarget(JsonTarget):
    """A Socket.IO server, described by a target file of the kind "socketio"."""

    def __init__(self, spec: Spec) -> None:
        super().__init__(spec)
        self.path = spec.path if "path" in spec.model_fields_set else _PATH
        described = spec.socketio or SocketIo()
        self._auth_payload = described.auth
        self._codec = codec = Codec(described.namespace, self.protocol.format)
        self.protocol.format = replace(
            self.protocol.format,
            decode=codec.document,
            encode=lambda event: codec.encode(codec.types.EVENT, event),
            errors=WRONG,
        )

    def conversation(self, manager: Manager, books: Books, unknown: Unknown, take_alert: TakeAlert) -> Conversation:
        """A client's side of the protocol."""
        return SocketIoConversation(self._codec, self._auth_payload, self.protocol, manager, books, unknown, take_alert)

    def open(self, site: Site, conversation: Conversation, *, token: str | None, timeout_s: float) -> Transport:
        """Connect and upgrade; see `loadtest.targets.Target`."""
        query = "&".join(part for part in (site.uri.query, _HANDSHAKE) if part)
        site = replace(site, uri=replace(site.uri, query=query))
        return super().open(site, conversation, token=token, timeout_s=timeout_s)
