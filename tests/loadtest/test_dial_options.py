"""Options about the connection."""

import argparse
import ssl
from typing import Any

import pytest
from websockets.uri import parse_uri

from loadtest.dial_options import check_tls, declare_dial, read_backoff, read_dial, read_keepalive
from loadtest.handshake import TokenPlace
from loadtest.tls import NOT_CHECKED
from wire.errors import SensorSwarmError


def given(*options: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()

    def option(name: str, *, web: bool = True, **rest: Any) -> None:
        parser.add_argument(name, **rest)

    declare_dial(option)
    return parser.parse_args(options)


def test_options_become_a_dial(authority):
    """Each has its place; those that may be repeated are kept in order."""
    dial = read_dial(
        given(
            *("--subprotocol", "a", "--subprotocol", "b", "--header", "X-A: 1", "--header", "X-A: 2"),
            *("--cookie", "a=1", "--cookie", "b=2", "--origin", "https://o.example", "--token-in", "cookie:sid"),
            *("--deflate", "--proxy", "http://p:3128", "--ca", str(authority.pem)),
        )
    )
    assert dial.handshake.subprotocols == ("a", "b")
    assert dial.handshake.headers == (("X-A", "1"), ("X-A", "2"))
    assert dial.handshake.cookies == ("a=1", "b=2")
    assert dial.handshake.origin == "https://o.example"
    assert dial.handshake.token_in == TokenPlace("cookie", "sid")
    assert dial.handshake.deflate
    assert (dial.proxy.host, dial.proxy.port) == ("p", 3128)
    assert dial.tls.verify_mode is ssl.CERT_REQUIRED
    assert not dial.insecure


def test_without_options_the_dial_is_plain():
    """Nothing is sent, offered or believed that nobody asked for."""
    dial = read_dial(given())
    assert (dial.tls, dial.proxy, dial.insecure, dial.handshake.deflate) == (None, None, False, False)
    assert (dial.handshake.headers, dial.handshake.token_in) == ((), None)


def test_insecure_is_said_loudly(caplog):
    """A run that checks no certificates warns; one that checks them does not."""
    check_tls(read_dial(given("--insecure")), parse_uri("wss://h/"))
    assert caplog.messages == [NOT_CHECKED]
    check_tls(read_dial(given()), parse_uri("wss://h/"))
    assert len(caplog.messages) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--ca", "/no/such/file"), "--ca /no/such/file: No such file"),
        (("--ca", __file__), "no PEM certificate in it"),
        (("--ca", "x", "--insecure"), "--ca and --insecure: give one"),
        (("--header", "Authorization: Basic x", "--token-in", "header"), "give one of them"),
        (("--proxy", "socks5://h:1"), "--proxy: give http://"),
    ],
)
def test_what_cannot_be_is_refused(options, words):
    """One line names the option and the remedy."""
    with pytest.raises(SensorSwarmError, match=words):
        read_dial(given(*options))


def test_tls_options_are_for_wss():
    """An option that would do nothing is refused, for whoever gives it believes to be safe."""
    with pytest.raises(SensorSwarmError, match="--ca and --insecure are for wss://"):
        check_tls(read_dial(given("--insecure")), parse_uri("ws://h/"))


def test_pings_can_be_switched_off():
    """An interval of 0; a timeout of 0 or an endless time is an error."""
    assert read_keepalive(given("--ping-interval", "0")) is None
    assert read_keepalive(given("--ping-interval", "5", "--ping-timeout", "2")).timeout_s == 2.0
    for options in (
        ("--ping-interval", "-1"),
        ("--ping-interval", "nan"),
        ("--ping-timeout", "0"),
        ("--ping-timeout", "inf"),
    ):
        with pytest.raises(SensorSwarmError, match=options[0]):
            read_keepalive(given(*options))


@pytest.mark.parametrize("text", ["", "1,x", "-1", "inf", "nan"])
def test_a_backoff_that_is_none_is_refused(text):
    """One line names --backoff."""
    with pytest.raises(SensorSwarmError, match="--backoff"):
        read_backoff(text, "full")


def test_the_policy_uses_the_backoff():
    """All of it, its first, or none."""
    assert read_backoff("1,2", "none").delays_s == (1.0, 2.0)
    assert read_backoff("1,2", "none", "fixed").delays_s == (1.0,)
    assert read_backoff("1,2", "none", "none") is None
