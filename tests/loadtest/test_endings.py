"""Reasons in one line."""

import pytest

from loadtest.endings import closed, not_upgraded


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


def test_a_handshake_refused_names_status_and_path():
    """HTTP 404 leads to the option that is wrong."""
    assert not_upgraded(404, "Not Found", "/x").reason == (
        "server answered HTTP 404 Not Found at /x; is --ws-path right?"
    )
    assert not_upgraded(500, "Oops", "/x").reason == "server answered HTTP 500 Oops at /x"
