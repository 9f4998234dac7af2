"""Server-Sent Events without a server: what is asked, and what becomes of the pieces of the stream."""

import orjson
import pytest

from loadtest.answers import parse_answer
from loadtest.endings import ConnectionEndedError
from loadtest.reconnection import welcome_back
from loadtest.targets import sse
from loadtest.targets.http_target import query_of
from tests.loadtest.targets.talk import NOW, Talk

FILE = """
kind = "sse"
subscribe = "building={building}"
[reading]
when = { "/event" = "reading" }
sensor = "/data/sensor"
time = "/data/ts"
sequence = "/data/seq"
[ignored]
when = [{ "/event" = "time" }]
"""


def event(seq: int, *, name: str = "reading") -> bytes:
    data = orjson.dumps({"sensor": "b-1/t/1", "ts": NOW - 1, "seq": seq})
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (seq + 100, name.encode(), data)


def test_the_head_acknowledges_and_pieces_make_events(tmp_path):
    """Live with the first piece; events come whole out of pieces that are cut anywhere."""
    talk = Talk(tmp_path, FILE, "b-1", "b/2")
    assert list(talk.talk.hello("tok")) == [b"building=b-1&building=b%2F2\r\nAuthorization: Bearer tok"]
    assert not talk.talk.live
    talk.hear(b"")
    assert talk.talk.live
    assert talk.talk.welcomed
    talk.hear(event(0)[:9])
    talk.hear(event(0)[9:] + event(1) + b": still here\n\n" + event(9, name="time"))
    assert (talk.books.received, talk.books.duplicated) == (2, 0)
    assert not talk.unknown.kinds
    assert list(talk.talk.ask(["b-3"])) == []


def test_a_client_that_comes_back_names_the_last_event(tmp_path):
    """Last-Event-ID, the time to stay away, and no half of an event from the connection before."""
    talk = Talk(tmp_path, FILE, "b-1")
    assert list(talk.talk.hello(None)) == [b"building=b-1"]
    talk.hear(b"", b"retry: 1500\n", event(0), event(1)[:-1])
    assert talk.talk.retry_s() == 1.5
    assert list(talk.talk.hello(None)) == [b"building=b-1\r\nLast-Event-ID: 100"]
    assert not talk.talk.live
    talk.hear(b"", event(1), event(2))
    assert (talk.books.received, talk.books.duplicated) == (3, 0)
    assert talk.talk.retry_s() == 1.5


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"event: reading\ndata: {soup\n\n", "not JSON"),
        (b"event: other\ndata: {}\n\n", "no table says what it is"),
        (b"event: reading\ndata: {}\n\n", "not as reading.sensor says"),
    ],
)
def test_events_that_are_not_understood_are_counted(tmp_path, data, kind):
    """With the event for an example."""
    talk = Talk(tmp_path, FILE, "b-1")
    talk.talk.hello(None)
    talk.hear(b"", data, event(0))
    assert dict(talk.unknown.kinds) == {kind: 1}
    assert talk.books.received == 1


def test_an_event_without_end_ends_the_connection(tmp_path):
    """No server can make a client keep more and more."""
    talk = Talk(tmp_path, FILE, "b-1")
    talk.talk.hello(None)
    with pytest.raises(ConnectionEndedError) as ended:
        talk.hear(b"", b"data: " + b"x" * (17 * 2**20))
    assert ended.value.kind == sse.BROKEN_STREAM


@pytest.mark.parametrize(
    ("head", "code", "back"),
    [
        ("204 No Content", 204, False),
        ("401 Unauthorized", 401, False),
        ("503 Busy", 503, True),
        ("200 OK\r\nContent-Type: text/html", 0, True),
        ("200 OK", 0, True),
    ],
)
def test_only_a_stream_of_events_is_one(head, code, back):
    """204 means to stay away for good (9.2.3); for the rest the rules of every target hold."""
    answer = parse_answer(f"HTTP/1.1 {head}\r\n\r\n".encode())
    with pytest.raises(ConnectionEndedError) as ended:
        sse.judge(answer, "/events")
    assert ended.value.code == code
    assert welcome_back(code) is back


def test_the_media_type_may_have_parameters():
    """And any case."""
    sse.judge(parse_answer(b"HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream;charset=utf-8\r\n\r\n"), "/events")


@pytest.mark.parametrize(
    ("template", "query"),
    [
        (None, ""),
        ("building={building}", "building=a&building=b%20c"),
        ("buildings={buildings}&user={user}", "buildings=a,b%20c&user=m%2F1"),
        ("all=1", "all=1"),
    ],
)
def test_the_query_says_what_is_to_be_seen(template, query):
    """Once for each building, or once for all, with everything that is no name of ours escaped."""
    assert query_of(template, "m/1", ["a", "b c"]) == query
