"""GETs as bytes, read again by another implementation."""

import h11
import pytest
from websockets.uri import parse_uri

from loadtest.handshake import Handshake, TokenPlace
from loadtest.http_requests import Requests


def read(data: bytes) -> tuple[str, list[tuple[str, str]]]:
    """Target and fields of the one request in `data`, by h11."""
    server = h11.Connection(h11.SERVER)
    server.receive_data(data)
    request = server.next_event()
    assert isinstance(request, h11.Request)
    assert isinstance(server.next_event(), h11.EndOfMessage)
    assert server.trailing_data == (b"", False)
    return request.target.decode(), [(name.decode(), value.decode()) for name, value in request.headers]


def asked(message: str, *, uri: str = "ws://127.0.0.1:81/events", token: str | None = None, **handshake):
    target, fields = read(Requests(parse_uri(uri), Handshake(**handshake), token=token, accept="a/b").get(message))
    assert ("accept", "a/b") in fields
    assert ("accept-encoding", "identity") in fields
    return target, fields


@pytest.mark.parametrize(
    ("uri", "message", "token_in", "target"),
    [
        ("ws://h/events", "", None, "/events"),
        ("ws://h", "", None, "/"),
        ("ws://h/events", "a=1", None, "/events?a=1"),
        ("ws://h/events?x=%20", "a=1", None, "/events?x=%20&a=1"),
        ("ws://h/events", "a=1\r\nLast-Event-ID: 7", TokenPlace("query", "jwt"), "/events?jwt=t%20k&a=1"),
    ],
)
def test_the_target_has_the_path_and_every_part_of_the_query(uri, message, token_in, target):
    """The address's own query, the token where it belongs there, and what is asked for."""
    assert asked(message, uri=uri, token="t k", token_in=token_in)[0] == target


def test_the_fields_are_those_of_the_run_and_of_the_request():
    """Host, the run's headers, cookies and origin, and after them what only this request has."""
    _, fields = asked(
        "a=1\r\nLast-Event-ID: 7\r\nX-Mine: 8",
        uri="wss://user:word@h:444/events",
        token="tok",
        token_in=TokenPlace("cookie", "jwt"),
        headers=(("X-Run", "9"),),
        cookies=("theme=dark",),
        origin="https://dashboard.example",
    )
    for field in (
        *(("host", "h:444"), ("x-run", "9"), ("origin", "https://dashboard.example"), ("last-event-id", "7")),
        *(("cookie", "theme=dark; jwt=tok"), ("x-mine", "8"), ("authorization", "Basic dXNlcjp3b3Jk")),
    ):
        assert field in fields


def test_a_bearer_token_takes_the_place_of_the_address_s_password():
    """A request has one Authorization."""
    _, fields = asked("", uri="ws://user:word@h/", token="tok", token_in=TokenPlace("header"))
    assert [value for name, value in fields if name == "authorization"] == ["Bearer tok"]
