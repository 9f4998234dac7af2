"""What a handshake carries."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import InvalidHandshake
from websockets.http11 import Request
from websockets.protocol import Protocol, Side, State
from websockets.streams import StreamReader
from websockets.uri import parse_uri
from websockets.utils import accept_key

from loadtest.answers import Answer, parse_answer
from loadtest.handshake import (
    Handshake,
    TokenPlace,
    Upgrade,
    read_cookie,
    read_header,
    read_origin,
    read_subprotocol,
    read_token_place,
)
from wire.errors import SensorSwarmError

URI = parse_uri("ws://h:1/ws?a=b")


OURS = Handshake(("v1",))


def sent(handshake: Handshake, *, target=OURS, token=None):
    """Path and headers as a server reads them."""
    reader = StreamReader()
    reader.feed_data(handshake.over(target).upgrade(URI, token=token).request)
    parser = Request.parse(reader.read_line)
    with pytest.raises(StopIteration) as ended:
        next(parser)
    request = ended.value.value
    return request.path, request.headers


def test_by_default_there_is_the_targets_subprotocol_and_nothing_else():
    """No token, cookie, origin or extension that nobody asked for."""
    path, headers = sent(Handshake())
    assert path == "/ws?a=b"
    assert headers["Sec-WebSocket-Protocol"] == "v1"
    assert not {"authorization", "cookie", "origin", "sec-websocket-extensions"} & {name.lower() for name in headers}
    assert "Sec-WebSocket-Protocol" not in sent(Handshake(), target=Handshake())[1]


def test_what_was_asked_for_is_sent():
    """Headers, repeated ones too, cookies in one header, the origin, other subprotocols, compression, another Host."""
    _, headers = sent(
        Handshake(
            subprotocols=("a", "b"),
            headers=(("X-A", "1"), ("X-A", "2"), ("host", "other.example")),
            cookies=("a=1", "b=2"),
            origin="https://o.example",
            deflate=True,
        )
    )
    assert headers["Sec-WebSocket-Protocol"] == "a, b"
    assert headers.get_all("X-A") == ["1", "2"]
    assert headers.get_all("Host") == ["other.example"]
    assert headers["Cookie"] == "a=1; b=2"
    assert headers["Origin"] == "https://o.example"
    assert headers["Sec-WebSocket-Extensions"].startswith("permessage-deflate")


@pytest.mark.parametrize(
    ("text", "path", "header", "value"),
    [
        ("hello", "/ws?a=b", None, None),
        ("header", "/ws?a=b", "Authorization", "Bearer t.o-k_n+/="),
        ("header:X-Key", "/ws?a=b", "X-Key", "t.o-k_n+/="),
        ("cookie:session", "/ws?a=b", "Cookie", "k=v; session=t.o-k_n+/="),
        ("query:access_token", "/ws?a=b&access_token=t.o-k_n%2B%2F%3D", None, None),
    ],
)
def test_the_token_travels_in_one_place(text, path, header, value):
    """In the hello alone it is not in the handshake; a cookie beside those asked for, a query beside the path's."""
    went, headers = sent(Handshake(cookies=("k=v",), token_in=read_token_place(text)), token="t.o-k_n+/=")
    assert went == path
    assert headers.get(header) == value if header else "t.o-k" not in str(headers)
    assert URI.query == "a=b"


@pytest.mark.parametrize(
    "text", ["", "body", "cookie", "cookie:", "cookie:a b", "query", "hello:x", "header:", "header:Cookie"]
)
def test_a_place_that_is_none_is_refused(text):
    """One line names --token-in and the places."""
    with pytest.raises(
        SensorSwarmError, match=r"--token-in .*(hello, header, header:NAME, cookie:NAME or query:NAME|use --cookie)"
    ):
        read_token_place(text)


def test_places_are_read():
    """A cookie or query has a name."""
    assert read_token_place("cookie:sid") == TokenPlace("cookie", "sid")
    assert read_token_place("header") == TokenPlace("header")
    assert read_token_place("header:X-Key") == TokenPlace("header", "X-Key")


@pytest.mark.parametrize("text", ["X", "X Y: 1", ": 1", "X: a\r\nY: b", "X: \x00", "X: €"])
def test_a_header_that_is_none_is_refused(text):
    """Above all one that would smuggle in a second line; its value, perhaps a secret, is not repeated."""
    with pytest.raises(SensorSwarmError, match=r"--header .* give \"Name: value\"") as error:
        read_header(text)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["Cookie", "origin", "UPGRADE", "Connection", "Sec-WebSocket-Key"])
def test_headers_of_the_handshake_itself_are_refused(name):
    """The line says what to use instead."""
    with pytest.raises(SensorSwarmError, match="cannot be given"):
        read_header(f"{name}: x")


@given(st.from_regex(r"[!-~]([ -~]*[!-~])?", fullmatch=True))
def test_printable_values_pass_as_they_are(value):
    """Colons and blanks inside are the value's own."""
    assert read_header(f"X-Any:  {value} ") == ("X-Any", value)


@pytest.mark.parametrize("text", ["a", "=b", "a b=c", "a=b c", "a=b;c=d", 'a="b"', "a=b,c", "a=é"])
def test_a_cookie_that_is_none_is_refused(text):
    """One line names --cookie."""
    with pytest.raises(SensorSwarmError, match="--cookie"):
        read_cookie(text)


def test_cookies_subprotocols_and_origins_are_read():
    """What can be is taken as it is; what cannot names its option."""
    assert read_cookie("a=b=c+/:") == "a=b=c+/:"
    assert read_cookie("a=") == "a="
    assert read_subprotocol("sensorswarm.v1") == "sensorswarm.v1"
    assert read_origin("https://o.example:1") == "https://o.example:1"
    with pytest.raises(SensorSwarmError, match="--subprotocol"):
        read_subprotocol("a, b")
    with pytest.raises(SensorSwarmError, match="--origin"):
        read_origin("a\nb")


def answer_to(upgrade: Upgrade) -> Answer:
    """What a server answers."""
    key = re.search(rb"Sec-WebSocket-Key: (\S+)", upgrade.request)[1].decode()
    answer = parse_answer(
        b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        + accept_key(key).encode()
        + b"\r\n\r\n"
    )
    assert answer is not None
    return answer


def test_every_connection_has_a_key_of_its_own_and_its_answer_is_judged_by_it():
    """However many connections share what was prepared once, and in whatever order their answers come."""
    first, second = (Handshake(("v1",)).upgrade(URI, token=None) for _ in range(2))
    frames = Protocol(Side.CLIENT, state=State.OPEN)
    with pytest.raises(InvalidHandshake, match="Sec-WebSocket-Accept"):
        second.agreed(answer_to(first), frames)
    second.agreed(answer_to(second), frames)
    first.agreed(answer_to(first), frames)
    third = Handshake(("v1",)).upgrade(URI, token=None)
    assert len({upgrade.request for upgrade in (first, second, third)}) == 3
    third.agreed(answer_to(third), frames)


def test_a_known_answer_is_known_by_its_key_alone():
    """It is known again only whole, with the accept value of this very key; frames behind it are given."""
    handshake = Handshake(origin="https://known.example")
    first, second = (handshake.upgrade(URI, token=None) for _ in range(2))
    answer = answer_to(first).head
    assert first.rest_of(answer) is None  # nothing was judged yet
    first.agreed(answer_to(first), Protocol(Side.CLIENT, state=State.OPEN))
    assert second.rest_of(answer) is None
    good = answer_to(second).head
    assert second.rest_of(good + b"\x81\x00") == b"\x81\x00"
    assert second.rest_of(good[:-1]) is None
    assert second.rest_of(good.replace(b"101", b"200")) is None


def test_an_answer_with_an_extension_is_judged_each_time():
    """Every connection has a compressor of its own."""
    upgrade = Handshake(("v1",), deflate=True).upgrade(URI, token=None)
    answer = answer_to(upgrade)
    answer.headers["Sec-WebSocket-Extensions"] = "permessage-deflate"
    frames = Protocol(Side.CLIENT, state=State.OPEN)
    upgrade.agreed(answer, frames)
    assert len(frames.extensions) == 1
    assert upgrade.rest_of(answer.head) is None
