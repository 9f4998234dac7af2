"""What the swarm reads: the frames of a server, its messages, the heads of its HTTP answers."""

from __future__ import annotations

import contextlib
import dataclasses

import orjson
from websockets.frames import Close, Frame, Opcode
from websockets.protocol import Side, State

from loadtest.alerts import AlertRegister, settle_alerts
from loadtest.answers import NotHttpError, parse_answer
from loadtest.books import Books
from loadtest.connection import MAX_MESSAGE_BYTES, Connection
from loadtest.endings import ConnectionEndedError
from loadtest.ledger import Catalogue
from loadtest.retry_after import LONGEST_S, retry_after_s
from loadtest.roster import Manager
from loadtest.settle import settle_readings
from loadtest.targets.sensorswarm import SensorSwarmTarget
from loadtest.unknown import Unknown
from tests.fuzz.target import Target
from wire import dashboard
from wire.records import AlertDelivery
from wire.websocket import CloseAnytime

NOW = 1_763_856_000.0
DATA = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)


class _Stream:
    """Gives what a server sent in reads of some bytes each."""

    def __init__(self, data: bytes, read_bytes: int) -> None:
        self._data = data
        self._read_bytes = read_bytes

    def receive(self) -> tuple[bytes, float]:
        data, self._data = self._data[: self._read_bytes], self._data[self._read_bytes :]
        return data, NOW

    def send(self, data: bytes) -> None:
        pass


def frames(data: bytes) -> None:
    """What a server sends, in reads of as many bytes as the first byte says (0: in one).

    The messages, and the code it ends with, are those that the protocol below it finds by itself.
    """
    read_bytes, stream = sum(data[:1]), data[1:]
    connection = Connection(_Stream(stream, read_bytes or len(stream)))  # type: ignore[arg-type]
    received, ended = [], None
    while ended is None:
        try:
            received += connection.receive()[1]
        except ConnectionEndedError as error:
            ended = error
    protocol = CloseAnytime(Side.CLIENT, state=State.OPEN, max_size=MAX_MESSAGE_BYTES)
    protocol.receive_data(stream)
    protocol.receive_eof()
    messages, fragments = [], []
    for frame in protocol.events_received():
        if isinstance(frame, Frame) and frame.opcode in DATA:
            fragments.append(bytes(frame.data))
            if frame.fin:
                messages.append(b"".join(fragments))
                fragments.clear()
    assert received == messages
    close = protocol.close_rcvd or protocol.close_sent
    assert ended.code == (close.code if close else 1006)


def conversation(data: bytes) -> None:
    """What a server says, a message a line; an empty line is the end of a connection, after which we come back.

    We can always say hello, lay down what came, and close the books, which balance.
    """
    manager, unknown, register = Manager("m-0001", ("b-1", "b-2")), Unknown(), AlertRegister()
    latencies: list[float] = []
    books = Books(
        manager.buildings, catalogue=Catalogue(), register=register, unknown=unknown, delivered=latencies.append
    )

    def take_alert(delivery: AlertDelivery, _: bool) -> None:
        assert orjson.loads(orjson.dumps(delivery)) == dataclasses.asdict(delivery)

    talk = SensorSwarmTarget().conversation(manager, books, unknown, take_alert)
    for connection in data.split(b"\n\n"):
        for message in talk.hello("token"):
            dashboard.parse_client_message(message)
        for line in connection.split(b"\n"):
            talk.take([line], NOW)
        books.lost(NOW)
    readings = settle_readings(books, None, NOW)
    presences = {building: ledger.presence for building, ledger in books.ledgers.items()}
    alerts = settle_alerts(books.alerts, register, presences, NOW)
    assert readings.balanced
    assert alerts.balanced
    orjson.dumps((readings, alerts, unknown.kinds))


def answer(data: bytes) -> None:
    """The head of an HTTP answer."""
    with contextlib.suppress(NotHttpError):
        head = parse_answer(data)
        if head is not None:
            assert head.phrase.isprintable()
            assert 0 <= (retry_after_s(head.header("Retry-After"), NOW) or 0.0) <= LONGEST_S


_TEXT = Frame(Opcode.TEXT, b'{"type":"welcome"}').serialize(mask=False)
_LONG = Frame(Opcode.TEXT, b"x" * 300).serialize(mask=False)
_BEGUN = Frame(Opcode.TEXT, b"begin", fin=False).serialize(mask=False)
_CUT = _BEGUN + Frame(Opcode.CONT, b"end").serialize(mask=False)
_PING = Frame(Opcode.PING, b"1").serialize(mask=False)
_CLOSE = Frame(Opcode.CLOSE, Close(1012, "restart").serialize()).serialize(mask=False)

_READINGS = dashboard.readings(
    building="b-1",
    offset=1,
    payloads=[
        b'{"sensor":"b-1/temperature/1","ts":1763855999.5,"seq":4,"value":21.53,"unit":"Cel"}',
        b'{"sensor":"b-1/temperature/1","ts":1763856000.5,"seq":7,"value":21.54,"unit":"Cel"}',
    ],
    skipped=2,
)
_ALERT = dashboard.alert(
    building="b-1", offset=1, alert_id="e.b-1.1", sensor="b-1/co2/1", kind="high", ts=NOW, value=9.0, limit=8.0
)
_SUBSCRIBED = b"\n".join(
    dashboard.subscribed(building=building, epoch="e", offset=0, alert_offset=0, recovered=False)
    for building in ("b-1", "b-2")
)
_CLEAR = dashboard.clear(
    building="b-1", offset=2, alert_id="e.b-1.1", sensor="b-1/co2/1", kind="high", ts=NOW, value=7.0
)
_ERROR = dashboard.error(code=4507, reason="not your building: b-3")

TARGETS = {
    "frames": Target(
        frames,
        (
            b"\x00" + _TEXT + _LONG + _PING + _CUT + _CLOSE,
            b"\x03" + _TEXT + _LONG + _CUT,
            b"\x50" + _CUT + _PING + _TEXT,
            b"\x00" + _CLOSE + _TEXT,
            b"\x00" + _BEGUN + _CLOSE,
        ),
    ),
    "conversation": Target(
        conversation,
        (
            b"\n".join((_SUBSCRIBED, _READINGS, _ALERT, _CLEAR)),
            b"\n".join((_SUBSCRIBED, _READINGS, b"", _SUBSCRIBED.replace(b"false", b"true"), _READINGS, _ERROR)),
            b'{"type":"welcome","user":"m-17","buildings":["b-1"],"heartbeat":25}\n{"type":"pong","id":1,"t0":0.5}',
            # Offsets and epochs that no hello can carry back; times and counts beyond what books and records hold.
            _SUBSCRIBED.replace(b'"offset":0', b'"offset":1e300') + b"\n\n",
            _SUBSCRIBED.replace(b'"epoch":"e"', b'"epoch":"%b"' % (b"e" * 100)) + b"\n\n",
            _SUBSCRIBED + b"\n" + _READINGS.replace(b'"offset":1', b'"offset":-5') + b"\n\n",
            _SUBSCRIBED + b"\n" + _READINGS.replace(b"1763855999.5", b"-1.7e308") + b"\n\n" + _SUBSCRIBED,
            _SUBSCRIBED + b"\n" + _READINGS.replace(b'"skipped":2', b'"skipped":18446744073709551615') * 2,
            _SUBSCRIBED + b"\n" + _ALERT.replace(b"1763856000.0", b'"nan"'),
        ),
    ),
    "answer": Target(
        answer,
        (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x00",
            b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\n\r\nbusy",
            b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: Mon, 24 Nov 2025 00:00:30 GMT\r\n\r\n",
        ),
    ),
}
