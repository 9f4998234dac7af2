"""What TLS failures mean. Over sockets: test_dialing.py."""

import ssl

import pytest

from loadtest.endings import TLS
from loadtest.tls import client_context, tls_failed


def test_certificates_and_names_are_checked_unless_told_otherwise():
    """The default is safe, and never HTTP/2; contexts are made once."""
    assert client_context().verify_mode is ssl.CERT_REQUIRED
    assert client_context().check_hostname
    assert client_context() is client_context()
    assert client_context(insecure=True).verify_mode is ssl.CERT_NONE


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            ssl.SSLEOFError(8, "EOF"),
            "h:1 ended the connection during the TLS handshake; does it speak TLS, or is it ws://?",
        ),
        (ConnectionResetError(104, "gone"), "h:1 broke the connection during the TLS handshake: gone"),
        (ssl.SSLError(1, "whatever"), "TLS handshake with h:1 failed: unknown error"),
    ],
)
def test_failures_are_one_line(error, reason):
    """All of the kind TLS, to be tried again."""
    ended = tls_failed(error, "h:1")
    assert (ended.code, ended.kind, ended.reason) == (0, TLS, reason)
