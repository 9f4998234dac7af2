"""Tunnels through HTTP proxies: what is asked and what answers mean. Over sockets: test_connection.py."""

import pytest
from websockets.uri import parse_uri

from loadtest.answers import parse_answer
from loadtest.endings import PROXY, ConnectionEndedError
from loadtest.proxy import check_tunnel, connect_request, read_proxy
from wire.errors import SensorSwarmError

URI = parse_uri("wss://h.example/ws")


def test_the_target_and_the_users_password_are_sent():
    """CONNECT names host and port always; user and password go as Basic authentication, decoded."""
    request = connect_request(read_proxy("http://me:p%40ss@127.0.0.1:3128"), URI)
    assert request.startswith(b"CONNECT h.example:443 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic bWU6cEBzcw==\r\n" in request
    assert request.endswith(b"\r\n\r\n")
    assert b"Authorization" not in connect_request(read_proxy("http://127.0.0.1:3128"), URI)


@pytest.mark.parametrize(
    "text", ["", "h:1", "https://h:1", "socks5://h:1", "http://", "http://h:x", "http://secret@h:1", "http://h:1/p"]
)
def test_an_address_that_is_none_is_refused(text):
    """One line names --proxy and never repeats a password."""
    with pytest.raises(SensorSwarmError, match="--proxy: give http://HOST:PORT") as error:
        read_proxy(text)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("answer", "code", "reason"),
    [
        (b"HTTP/1.1 407 No\r\n\r\n", 407, "HTTP 407 No for h.example:443; give --proxy http://USER:PASS"),
        (b"HTTP/1.0 403 Forbidden\r\n\r\n", 403, "HTTP 403 Forbidden for h.example:443; does it allow"),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", 502, "HTTP 502 Bad Gateway for h.example:443"),
        (b"HTTP/1.1 200 OK\r\n\r\nhello", 0, "sent data before the tunnel was used"),
    ],
)
def test_a_tunnel_refused_is_told_in_one_line(answer, code, reason):
    """The status decides whether to come back, as a server's does; the line names the proxy and the target."""
    with pytest.raises(ConnectionEndedError) as ended:
        check_tunnel(parse_answer(answer), read_proxy("http://p:1"), URI)
    assert (ended.value.code, ended.value.kind) == (code, PROXY)
    assert ended.value.reason.startswith("proxy p:1 ")
    assert reason in ended.value.reason


def test_any_success_opens_the_tunnel():
    """200 and 204 alike, whatever the headers."""
    for answer in (b"HTTP/1.1 200 Connection established\r\n\r\n", b"HTTP/1.0 204 x\r\nContent-Length: 9\r\n\r\n"):
        check_tunnel(parse_answer(answer), read_proxy("http://p:1"), URI)
