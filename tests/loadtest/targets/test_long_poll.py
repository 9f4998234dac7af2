"""Long polling without a server: which query follows which answer."""

import orjson
import pytest

from loadtest.endings import ConnectionEndedError
from loadtest.targets.long_poll import NOT_WAITING
from tests.loadtest.targets.talk import NOW, Talk

FILE = """
kind = "long-poll"
subscribe = "b={building}"
[long-poll]
items = "/items"
cursor = "/next"
after = "since={cursor}"
first = "wait=0"
wait = "wait=9"
[reading]
when = { "/type" = "reading" }
sensor = "/sensor"
time = "/ts"
sequence = "/seq"
[alert]
when = { "/type" = "alert" }
id = "/id"
sensor = "/sensor"
time = "/ts"
"""


def answer(cursor: object, *seqs: int) -> bytes:
    items = [{"type": "reading", "sensor": "b-1/t/1", "ts": NOW - 1, "seq": seq} for seq in seqs]
    return orjson.dumps({"next": cursor, "items": items})


def test_each_answer_is_followed_by_the_next_query(tmp_path):
    """The first one asks not to wait; its answer acknowledges, and later ones say where to go on."""
    talk = Talk(tmp_path, FILE, "b-1")
    assert list(talk.talk.hello("tok")) == [b"b=b-1&wait=0\r\nAuthorization: Bearer tok"]
    assert not talk.talk.live
    talk.hear(answer("a b"))
    assert talk.talk.live
    assert talk.talk.replies == [b"b=b-1&since=a%20b&wait=9\r\nAuthorization: Bearer tok"]
    talk.talk.replies.clear()
    talk.hear(answer(18, 0, 1))
    assert (talk.books.received, talk.talk.replies) == (2, [b"b=b-1&since=18&wait=9\r\nAuthorization: Bearer tok"])
    assert list(talk.talk.hello(None)) == [b"b=b-1&since=18&wait=0"], "a client that comes back goes on where it was"
    assert talk.talk.replies == []


@pytest.mark.parametrize("body", [b"", b'{"items":[]}', b"[]", b"{soup", b'{"next":17}'])
def test_an_answer_without_a_cursor_leaves_it_as_it_was(tmp_path, body):
    """Nothing came in time, or something that cannot be understood: ask again."""
    talk = Talk(tmp_path, FILE, "b-1")
    talk.talk.hello(None)
    talk.hear(answer(17))
    talk.talk.replies.clear()
    talk.hear(body)
    assert talk.talk.replies == [b"b=b-1&since=17&wait=9"]


def test_readings_and_alerts_may_come_in_one_answer(tmp_path):
    """Each member of the array is a message of its own."""
    talk = Talk(tmp_path, FILE, "b-1")
    talk.talk.hello(None)
    alert = {"type": "alert", "id": "x", "sensor": "b-1/t/1", "ts": NOW - 1}
    talk.hear(orjson.dumps({"next": 1, "items": [*orjson.loads(answer(1, 0))["items"], alert, 7]}))
    assert (talk.books.received, talk.books.alerts.received) == (1, 1)
    assert talk.unknown.kinds.total() == 1


def test_an_item_that_is_not_as_described_is_told(tmp_path):
    """By the key of the file, with the item for an example; those beside it are booked."""
    talk = Talk(tmp_path, FILE, "b-1")
    talk.talk.hello(None)
    talk.hear(orjson.dumps({"items": [{"type": "reading", "id": 7}, *orjson.loads(answer(1, 0))["items"]]}))
    assert dict(talk.unknown.kinds) == {"not as reading.sensor says": 1}
    assert "'id': 7" in talk.unknown.first
    assert talk.books.received == 1


def test_a_server_that_does_not_wait_is_not_flooded(tmp_path):
    """Fifty answers without news within a second end the connection, and the backoff begins; slower ones do not."""
    talk = Talk(tmp_path, FILE, "b-1")
    talk.talk.hello(None)
    for number in range(200):
        talk.talk.take([b""], NOW + number / 40)
    with pytest.raises(ConnectionEndedError, match=r"see \[long-poll\] wait") as ended:
        talk.talk.take([b""] * 60, NOW + 5)
    assert ended.value.kind == NOT_WAITING
