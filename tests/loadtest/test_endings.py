"""Reasons in one line."""

import ssl

import pytest

from loadtest.endings import TIMED_OUT, closed, lost, no_pong, not_upgraded, timed_out


@pytest.mark.parametrize(
    ("code", "reason", "text"),
    [
        (4500, "bad signature", "server refused the token (4500): bad signature; same --jwt-secret as the server?"),
        (1012, "", "server restarts (1012)"),
        (4999, "why", "connection closed (4999): why"),
    ],
)
def test_close_codes_say_what_and_what_to_do(code, reason, text):
    """The code, the server's own reason and a remedy stand in one line."""
    ending = closed(code, reason)
    assert (ending.code, ending.reason, str(ending)) == (code, text, text)
    assert ending.kind == f"closed {code}"


def test_a_handshake_refused_names_status_and_path():
    """HTTP 404 leads to the option that is wrong."""
    assert not_upgraded(404, "Not Found", "/x").reason == (
        "server answered HTTP 404 Not Found at /x; is --ws-path right?"
    )
    assert not_upgraded(500, "Oops", "/x").reason == "server answered HTTP 500 Oops at /x"


def test_a_redirect_is_told_not_followed():
    """Where it leads, and which options lead there."""
    ending = not_upgraded(301, "Moved", "/ws", location="wss://h/v2?token=x", retry_after_s=3.0)
    assert ending.reason == (
        "server answered HTTP 301 Moved at /ws; it redirects to wss://h/v2; give that as --host and --ws-path"
    )
    assert (ending.kind, ending.retry_after_s) == ("HTTP 301", 3.0)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OSError(104, "Connection reset by peer"), "connection reset by the server (1006)"),
        (OSError(110, "Connection timed out"), "connection lost (1006): Connection timed out"),
        (ssl.SSLError(1, "x"), "TLS broken (1006): unknown error"),
    ],
)
def test_a_broken_connection_is_abnormal(error, text):
    """1006 whatever broke it, so that the client comes back."""
    assert (lost(error).code, lost(error).reason) == (1006, text)


def test_what_does_not_come_in_time_is_one_kind():
    """With the remedy where there is one; our own close for want of a pong has its code."""
    assert timed_out(2.5, "no answer", "is it there?").reason == "no answer within 2.5 s; is it there?"
    assert timed_out(2.5, "no answer").kind == TIMED_OUT
    assert (no_pong(20.0).code, no_pong(20.0).reason) == (4012, "no pong within 20 s (4012): closed by us")
