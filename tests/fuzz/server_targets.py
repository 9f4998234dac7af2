"""What the reference server reads: a client's messages, published readings, tokens, headers."""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import hmac
from collections.abc import Callable

import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from mqtt5 import PublishPacket
from websockets.frames import Frame
from websockets.protocol import Protocol, Side, State

from reference_server.client import Client
from reference_server.detector import Detector
from reference_server.formats import Format
from reference_server.hub import Hub, Publication
from reference_server.identity import Access, Guard, Identity, TokenError, mint
from reference_server.identity.cookies import COOKIE, read_cookie
from reference_server.identity.jwks import PublicKey
from reference_server.identity.origins import origin_allowed
from reference_server.identity.tokens import Keys, verify
from reference_server.ingest import Ingest
from reference_server.limits import Limits
from reference_server.session import Session
from reference_server.traffic import Traffic
from tests.fuzz.target import Target
from wire import dashboard
from wire.payloads import cbor, sparkplug
from wire.payloads import json as payload_json
from wire.reading import Reading
from wire.topics import TopicTemplate

NOW = 1_763_856_000.0
FORMATS = ("senml", "cbor", "sparkplug")
SECRET = "a secret of the tests, long enough for HS256"
MAX_REASON_BYTES = 123  # of a close frame, RFC 6455, 5.5


def _ingest(hub: Hub, deliver: Callable[[list[Publication]], None], kind: str = "json") -> Ingest:
    detector = Detector(Limits())
    reader = Format(kind).reader(
        TopicTemplate(),
        detector.sensors,
        has_room_for=hub.has_room_for,
        ask=lambda _topic, _payload: None,
        clock=lambda: NOW,
    )
    return Ingest(hub=hub, detector=detector, reader=reader, deliver=deliver, clock=lambda: NOW)


def _published(sensor: str, seq: int, value: float) -> PublishPacket:
    payload = payload_json.encode(Reading(sensor, NOW + seq, seq, value, "Cel"), decimals=2)
    return PublishPacket(f"buildings/{sensor}", payload)


class _Connection:
    """What a client's connection is to the server, in memory; closes only with a code and a reason that can be sent."""

    heard_s = 0.0
    client: Client | None = None

    def __init__(self) -> None:
        self.transport = self.protocol = self
        self.state = State.OPEN
        self.written = bytearray()
        self.traffic = Traffic()

    def write(self, data: bytes) -> None:
        assert self.state is State.OPEN, "written after the close"
        self.written += data

    def get_write_buffer_size(self) -> int:
        return 0

    def shut(self, code: int, reason: str) -> None:
        dashboard.Close(code)
        assert len(reason.encode()) <= MAX_REASON_BYTES
        self.state = State.CLOSED


def _identify(token: str, now: float) -> Identity:
    """A token that names the buildings it covers."""
    if token == "bad":
        raise TokenError("token not accepted: bad")
    return Identity("m-1", tuple(token.split(",")), now + 60)


def _hub_with_history() -> Hub[Client]:
    """Three buildings that have published readings, and alerts about half of them."""
    hub: Hub[Client] = Hub(epoch="e", readings_history=4)
    ingest = _ingest(hub, lambda _: None)
    for building in ("b-1", "b-2", "c-1"):
        ingest.messages([_published(f"{building}/temperature/1", seq, 90.0 * (seq % 2)) for seq in range(6)])
    return hub


HUB = _hub_with_history()


def session(data: bytes) -> None:
    """Messages of one connection, one a line; a line that is no UTF-8 came in a binary frame.

    All that is written must be frames of JSON, and nothing of a building that the token does not cover.
    """
    connection = _Connection()
    it = Session(_identify, opened_s=0.0)
    client = Client(connection, it, HUB, max_buffered_bytes=1 << 20)  # type: ignore[arg-type]
    for line in data.split(b"\n"):
        try:
            client.receive(line.decode())
        except UnicodeDecodeError:
            client.receive(line)
        client.check(NOW, 1.0)
    connection.heard_s = 1e6
    client.check(NOW + 1e6, 1e6)
    for message in _messages(bytes(connection.written)):
        if "building" in message:
            assert it.identity is not None
            assert it.identity.may_see(message["building"])
    HUB.forget(client)


def _messages(frames: bytes) -> list[dict]:
    """What a client that takes nothing amiss reads."""
    protocol = Protocol(Side.CLIENT, state=State.OPEN, max_size=None)
    protocol.receive_data(frames)
    received = protocol.events_received()
    assert protocol.state is State.OPEN, protocol.parser_exc
    return [orjson.loads(frame.data) for frame in received if isinstance(frame, Frame) and frame.data]


def ingest(data: bytes) -> None:
    """Messages of one MQTT read, one a line; before a tab stands the topic, when it is not the usual one.

    Each is used, dropped as a duplicate or rejected, and what is sent because of them can be read by any client.
    """
    published: list[Publication] = []
    hub: Hub[str] = Hub(epoch="e")
    hub.follow("anybody", lambda _: True, {})
    taker = _ingest(hub, published.extend)
    packets = []
    for line in data.split(b"\n"):
        topic, _, payload = line.rpartition(b"\t")
        with contextlib.suppress(ValueError):  # the link does not give us topics that no topic can be
            packets.append(PublishPacket(topic.decode(errors="replace") or "buildings/b-1/temperature/1", payload))
    taker.messages(packets)
    for packet in packets:  # the sensors are known now
        taker.messages([packet])
    taker.check_silence()
    assert taker.readings + taker.duplicates + sum(taker.malformed.counts.values()) == 2 * len(packets)
    _readable(published)


def _readable(published: list[Publication]) -> None:
    for publication in published:
        for message in publication.messages:
            orjson.loads(message)


def formats(data: bytes) -> None:
    """One message in another format, which the first byte chooses; before a tab stands its topic.

    It comes twice: Sparkplug understands data after a birth only.
    """
    published: list[Publication] = []
    hub: Hub[str] = Hub(epoch="e")
    hub.follow("anybody", lambda _: True, {})
    taker = _ingest(hub, published.extend, FORMATS[sum(data[:1]) % len(FORMATS)])
    topic, _, body = data[1:].partition(b"\t")
    with contextlib.suppress(ValueError):
        packet = PublishPacket(topic.decode(errors="replace"), body)
        taker.messages([packet])
        taker.messages([packet, packet])
    _readable(published)


def payload(data: bytes) -> None:
    """A payload alone; what is read can be written, and read again as the same."""
    with contextlib.suppress(payload_json.PayloadError):
        reading = payload_json.decode(data)
        again = payload_json.decode(payload_json.encode(reading))
        assert (again.sensor, again.seq, again.unit) == (reading.sensor, reading.seq, reading.unit)


GUARD = Guard(SECRET, Access())


@functools.cache
def _public_keys() -> Keys:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return Keys(secret=SECRET, public={"k1": PublicKey(key, "ES256")}, audience="dash")


def token(data: bytes) -> None:
    """A token as it comes, and as a session's cookie."""
    text = data.decode(errors="replace")
    for read in (GUARD.identify, GUARD.identify_session, lambda text, now: verify(text, _public_keys(), now)):
        with contextlib.suppress(TokenError):
            read(text, NOW)


def claims(data: bytes) -> None:
    """A header and claims, a line each, signed with our secret as whoever has it may sign anything.

    Whom it lets in is a user with a name, for whom a welcome can be written.
    """
    parts = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in data.partition(b"\n")[::2])
    signature = base64.urlsafe_b64encode(hmac.digest(SECRET.encode(), parts, hashlib.sha256)).rstrip(b"=")
    text = (parts + b"." + signature).decode()
    with contextlib.suppress(TokenError):
        verify(text, _public_keys(), NOW)
    with contextlib.suppress(TokenError):
        identity = GUARD.identify(text, NOW)
        dashboard.welcome(user=identity.user, buildings=list(identity.buildings), heartbeat_s=25)
        identity.may_see("b-1")


def headers(data: bytes) -> None:
    """Values of Cookie, Origin and Host headers, as HTTP lets them through: a line each."""
    values = data.decode("latin-1").split("\n")
    read_cookie(values)
    origin_allowed(values[:1], values[1:2], ())
    origin_allowed(values[:1], values[1:2], {"https://dash.example"})


_HELLO = b'{"type":"hello","token":"b-1,b-2","subscribe":["b-1","b-2"],"resume":{"b-1":{"epoch":"e","offset":3}}}'
_READING = b'{"sensor":"b-1/temperature/1","ts":1763856000.123456,"seq":1234,"value":21.53,"unit":"Cel"}'
_SENML_TOPIC = b"\x00buildings/b-1/temperature/1\t"
_CLAIMS = b'{"sub":"m-17","buildings":["b-*"],"exp":1763859600,"nbf":1763850000,"jti":"t1","aud":"dash","iat":1}'

TARGETS = {
    "session": Target(
        session,
        (
            _HELLO,
            _HELLO + b'\n{"type":"ping","id":1,"t0":0.5}\n{"type":"unsubscribe","buildings":["b-1"]}',
            b'{"type":"hello","token":"*","subscribe":"all"}\n{"type":"subscribe","buildings":["b-9"],"resume":{}}',
            _HELLO.replace(b'"offset":3', b'"offset":6,"alert_epoch":"e","alert_offset":0') + b"\n\xff",
            b'{"type":"hello","token":"bad"}',
        ),
    ),
    "ingest": Target(
        ingest,
        (
            _READING,
            _READING + b"\n" + _READING.replace(b"1234", b"1235").replace(b"21.53", b"99"),
            b"buildings/b-2/co2/7\t" + _READING.replace(b"b-1/temperature/1", b"b-2/co2/7"),
            _READING[:-1] + b',"more":{"deep":[[[{}]]]}}',
            _READING[:-1] + b',"deep":' + b"[" * 1022 + b"]" * 1022 + b"}",  # read alone, not inside a frame
        ),
    ),
    "formats": Target(
        formats,
        (
            _SENML_TOPIC + b'[{"n":"b-1/temperature/1","t":1763856000.1,"seq":1234,"v":21.53,"u":"Cel"}]',
            _SENML_TOPIC + b'[{"bn":"b-1/","bt":1763856000,"n":"co2/1","v":600,"seq":1},{"n":"co2/2","v":1,"seq":1}]',
            b"\x01buildings/b-1/temperature/1\t" + cbor.encode(Reading("b-1/temperature/1", NOW, 7, 21.5, "Cel")),
            b"\x02spBv1.0/SensorSwarm/NBIRTH/b-1\t" + sparkplug.node_birth(sent_ms=int(NOW * 1000), bd_seq=0),
            b"\x02spBv1.0/SensorSwarm/NBIRTH/b-1\t\x12\x03\x0a\x01\xcb",  # a name that is no UTF-8
            b"\x02spBv1.0/SensorSwarm/NDEATH/b-1\t" + sparkplug.node_death(sent_ms=int(NOW * 1000), bd_seq=0),
        ),
    ),
    "payload": Target(payload, (_READING, _READING[:-1] + b',"more":[1e9,-0.0,null]}')),
    "token": Target(token, (mint(SECRET, "m-1", ["b-1"], 3600, now=NOW).encode(), b"e30.e30.", b"a.b.c")),
    "claims": Target(
        claims,
        (
            b'{"alg":"HS256","typ":"JWT"}\n' + _CLAIMS.replace(b',"aud":"dash"', b""),
            b'{"alg":"HS256","typ":"JWT"}\n' + _CLAIMS,
            b'{"alg":"HS256","kid":"k1","b64":true,"crit":["b64"]}\n' + _CLAIMS,
        ),
    ),
    "headers": Target(
        headers,
        (
            f"https://dash.example\ndash.example:443\n{COOKIE}=a.b.c; other=1".encode(),
            b"http://[::1]:8765\n[::1]:8765",
        ),
    ),
}
