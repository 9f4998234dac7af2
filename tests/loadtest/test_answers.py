"""Heads of HTTP answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.datastructures import Headers

from loadtest.answers import LARGEST_HEAD_BYTES, NotHttpError, parse_answer


@pytest.mark.parametrize(
    ("data", "status", "phrase", "headers", "rest"),
    [
        (b"HTTP/1.1 101 Go\r\nUpgrade: websocket\r\n\r\n\x81\x00", 101, "Go", {"Upgrade": "websocket"}, b"\x81\x00"),
        (b"HTTP/1.0 404 Not Found\r\nAge: 3 \r\nX:\r\n\r\n", 404, "Not Found", {"Age": "3", "X": ""}, b""),
        (b"HTTP/1.1 200\r\n\r\nbody", 200, "", {}, b"body"),
        (b"HTTP/1.1 503 Gone\xe9\x07\n\n", 503, "Gone\xe9?", {}, b""),
    ],
)
def test_status_headers_and_the_rest_are_told_apart(data, status, phrase, headers, rest):
    """HTTP/1.0 as 1.1, with or without a phrase; nothing unprintable gets into a reason."""
    answer = parse_answer(data)
    assert (answer.status, answer.phrase, answer.headers, answer.rest) == (status, phrase, Headers(headers), rest)


@pytest.mark.parametrize(
    ("data", "what", "tls"),
    [
        (b"220 mail.example ESMTP\r\n", "it answered '220 mail.example ESMTP'", False),
        (b"\x15\x03\x03\x00\x02\x02\x28", "it speaks TLS", True),
        (b"\x00\xff" * 30, "it answered '?ÿ", False),
        (b"HTTP/2 200\r\n\r\n", "it answered", False),
        (b"HTTP/1.1 abc\r\n\r\n", "it answered 'HTTP/1.1 abc'", False),
        (b"HTTP/1.1 200 OK\r\nno header\r\n\r\n", "it answered a header 'no header'", False),
        (b"HTTP/1.1 200 OK\r\nX: 1\r\n folded: 2\r\n\r\n", "it answered a header", False),
        (b"HTTP/1.1 200 OK\r\n" + b"x" * LARGEST_HEAD_BYTES, "has no end", False),
    ],
)
def test_what_is_no_http_is_said_at_once(data, what, tls):
    """Another protocol is known by its first bytes, not by a time-out."""
    with pytest.raises(NotHttpError, match=what.replace("?", r"\?")) as error:
        parse_answer(data)
    assert error.value.tls is tls


@given(st.binary(min_size=1, max_size=200) | st.binary(max_size=80).map(lambda more: b"HTTP/1.1 " + more))
def test_any_bytes_are_an_answer_none_yet_or_not_http(data):
    """Nothing a server sends is an error of ours, and reasons stay on one line."""
    try:
        answer = parse_answer(data)
        told = answer.phrase if answer else ""
    except NotHttpError as error:
        told = str(error)
    assert told.isprintable()


@given(st.integers(1, 60))
def test_a_head_that_comes_in_pieces_is_waited_for(cut):
    """Until its empty line is there."""
    whole = b"HTTP/1.1 301 Moved Permanently\r\nLocation: ws://elsewhere/\r\n\r\n"
    assert parse_answer(whole[: min(cut, len(whole) - 1)]) is None
    assert parse_answer(whole).status == 301
