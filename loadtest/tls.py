"""TLS for wss://: whose certificates are believed, and what a failure means in one line."""

from __future__ import annotations

import functools
import ssl
from pathlib import Path

from loadtest.endings import TLS, ConnectionEndedError, tls_reason
from wire.errors import SensorSwarmError

NOT_CHECKED = "certificates are NOT checked (--insecure): anybody could pose as the server"
_NOT_TLS = ("wrong version number", "record layer failure", "packet length", "http request")  # in OpenSSL's words


@functools.cache
def client_context(ca: Path | None = None, *, insecure: bool = False) -> ssl.SSLContext:
    """Context for all connections: the system's certificate authorities, or those of one file.

    Args:
        ca: PEM file; only what it holds is believed.
        insecure: believe anybody.

    Raises:
        SensorSwarmError: the file cannot be read or holds no certificate.
    """
    try:
        context = ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        what = "no PEM certificate in it" if isinstance(error, ssl.SSLError) else error.strerror
        raise SensorSwarmError(f"--ca {ca}: {what}; give a PEM file with the server's CA") from error
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])  # a WebSocket begins as HTTP/1.1; never HTTP/2
    return context


def tls_failed(error: OSError, where: str) -> ConnectionEndedError:
    """The ending of a TLS handshake that failed; `where` is HOST:PORT."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return ConnectionEndedError(
            0,
            f"certificate of {where} not accepted: {error.verify_message.rstrip('.')}; "
            "give the server's CA with --ca, the name in its certificate with --host, or --insecure",
            kind=TLS,
        )
    if isinstance(error, ssl.SSLEOFError):
        return ConnectionEndedError(
            0, f"{where} ended the connection during the TLS handshake; does it speak TLS, or is it ws://?", kind=TLS
        )
    if isinstance(error, ssl.SSLError):
        reason = tls_reason(error)
        if any(words in reason for words in _NOT_TLS):
            return ConnectionEndedError(0, f"{where} does not speak TLS; give ws:// instead of wss://", kind=TLS)
        return ConnectionEndedError(0, f"TLS handshake with {where} failed: {reason}", kind=TLS)
    return ConnectionEndedError(
        0, f"{where} broke the connection during the TLS handshake: {error.strerror or error}", kind=TLS
    )
