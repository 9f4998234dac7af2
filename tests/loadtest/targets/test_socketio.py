"""Socket.IO without a server: the server's packets are written by hand, as its protocol documents them."""

import sys

import orjson
import pytest

from loadtest.endings import LOST, ConnectionEndedError
from loadtest.targets.find import find_target
from loadtest.targets.socketio import DISCONNECTED
from tests.loadtest.targets.talk import NOW, Talk
from wire.errors import SensorSwarmError

FILE = """
kind = "socketio"
first = [["hello", { user = "{user}" }]]
subscribe = ["join", "{building}"]
[socketio]
namespace = "/dash"
auth = { token = "{token}", v = 1 }
[reading]
when = { "/0" = "reading" }
sensor = "/1/sensor"
time = "/1/ts"
sequence = "/1/seq"
[alert]
when = { "/0" = "alert" }
id = "/1/id"
sensor = "/1/sensor"
time = "/1/ts"
"""
ACKNOWLEDGED = """
[acknowledged]
when = { "/0" = "ack", "/1/ok" = true }
[refused]
when = { "/0" = "ack", "/1/ok" = false }
reason = "/1/why"
"""
OPEN = b'0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}'
CONNECTED = b'40/dash,{"sid":"t"}'


def event(name: str, content: object) -> bytes:
    return b"42/dash," + orjson.dumps([name, content])


def reading(seq: int) -> dict[str, object]:
    return {"sensor": "b-1/t/1", "ts": NOW - 1, "seq": seq}


def test_the_server_opens_and_the_client_asks(tmp_path):
    """Engine.IO OPEN, then CONNECT with the auth payload, then what the file says."""
    talk = Talk(tmp_path, FILE, "b-1", "b-2")
    assert list(talk.talk.hello("tok")) == []
    talk.hear(OPEN)
    assert talk.talk.replies == ['40/dash,{"token":"tok","v":1}']
    talk.talk.replies.clear()
    assert not talk.talk.welcomed
    talk.hear(CONNECTED, event("reading", reading(0)))
    assert talk.talk.replies == [
        '42/dash,["hello",{"user":"m-0001"}]',
        '42/dash,["join","b-1"]',
        '42/dash,["join","b-2"]',
    ]
    assert talk.talk.welcomed
    assert talk.talk.live
    assert talk.books.received == 1
    assert talk.talk.ask(["b-3"]) == ['42/dash,["join","b-3"]']
    assert not talk.unknown.kinds


def test_acknowledgements_are_asked_for_where_the_file_says_what_they_are(tmp_path):
    """Live when all have come; one that refuses is told."""
    talk = Talk(tmp_path, FILE + ACKNOWLEDGED, "b-1", "b-2")
    talk.talk.hello("tok")
    talk.hear(OPEN, CONNECTED)
    assert talk.talk.replies[-2:] == ['42/dash,0["join","b-1"]', '42/dash,0["join","b-2"]']
    talk.hear(b'43/dash,0[{"ok":true}]')
    assert not talk.talk.live
    talk.hear(b'43/dash,0[{"ok":true}]')
    assert talk.talk.live
    talk.hear(b'43/dash,0[{"ok":false,"why":"not yours"}]')
    assert talk.talk.told == (1008, "not yours")
    talk.talk.hello(None)
    assert (talk.talk.live, talk.talk.told) == (False, (0, ""))


def test_pings_are_answered_and_empty_packets_mean_nothing(tmp_path):
    """Engine.IO: PONG carries what PING did; NOOP and PONG are nothing to us."""
    talk = Talk(tmp_path, FILE, "b-1")
    talk.talk.hello(None)
    talk.hear(b"2", b"2probe", b"6", b"3")
    assert talk.talk.replies == ["3", "3probe"]
    assert not talk.unknown.kinds


def test_binary_arguments_come_in_parts(tmp_path):
    """An event with attachments is one document; bytes in it are decoded as the file's format says."""
    talk = Talk(tmp_path, FILE, "b-1")
    talk.talk.hello(None)
    talk.hear(OPEN, CONNECTED, b'451-/dash,["reading",{"_placeholder":true,"num":0}]')
    assert talk.books.received == 0
    talk.hear(orjson.dumps(reading(0)), event("reading", reading(1)))
    assert talk.books.received == 2
    talk.hear(b'451-/dash,["reading",{"_placeholder":true,"num":7}]', b"{}")
    assert talk.unknown.kinds.total() == 1


@pytest.mark.parametrize(
    "wire", [b"", b"x", b"\xff\xfe", b"4", b"49", b'42/dash,["reading"', b"42/dash,7", b"42", b"43/dash,0", b"420[]x"]
)
def test_what_is_no_packet_is_counted_and_nothing_breaks(tmp_path, wire):
    """Whatever a server sends, a client goes on."""
    talk = Talk(tmp_path, FILE, "b-1")
    talk.talk.hello(None)
    talk.hear(OPEN, CONNECTED, wire, event("reading", reading(0)))
    assert talk.unknown.kinds.total() == 1
    assert talk.books.received == 1


@pytest.mark.parametrize(
    ("wire", "kind", "code"), [(b"41/dash,", DISCONNECTED, 1008), (b"41", DISCONNECTED, 1008), (b"1", LOST, 0)]
)
def test_goodbyes_end_the_connection(tmp_path, wire, kind, code):
    """Who is disconnected stays away, as socket.io's own client does; whose session is closed comes back."""
    talk = Talk(tmp_path, FILE, "b-1")
    talk.talk.hello(None)
    with pytest.raises(ConnectionEndedError) as ended:
        talk.hear(OPEN, CONNECTED, wire)
    assert (ended.value.kind, ended.value.code) == (kind, code)


@pytest.mark.parametrize(("data", "reason"), [(b'{"message":"no"}', "no"), (b'"no"', "no"), (b"", "None")])
def test_a_refused_namespace_is_told(tmp_path, data, reason):
    """CONNECT_ERROR, of any shape."""
    talk = Talk(tmp_path, FILE, "b-1")
    talk.talk.hello("tok")
    talk.hear(OPEN, b"44/dash," + data)
    assert talk.talk.told == (1008, f"Socket.IO CONNECT_ERROR: {reason}")


def test_without_python_socketio_there_is_one_clear_line(tmp_path, monkeypatch):
    """What to install."""
    monkeypatch.setitem(sys.modules, "engineio.packet", None)
    path = tmp_path / "t.toml"
    path.write_text(FILE)
    with pytest.raises(SensorSwarmError, match=r'pip install "sensorswarm\[socketio\]"'):
        find_target(str(path))
