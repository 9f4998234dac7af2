"""Why a connection ended or was refused, in one line that says what to do. Pure."""

from __future__ import annotations

import errno
import os
import ssl

from wire.dashboard import Close

ABNORMAL = 1006  # RFC 6455, 7.1.5: no close frame came

# Kinds of endings, for counting; a close has the kind "closed CODE", a refused handshake "HTTP STATUS".
UNREACHABLE = "unreachable"  # no TCP connection
TIMED_OUT = "timed out"  # a peer that says nothing, or not enough
TLS = "TLS"
PROXY = "proxy"
NOT_WEBSOCKET = "not WebSocket"  # another protocol
NOT_HTTP = "not HTTP"
BROKEN_ANSWER = "broken HTTP answer"
BROKEN_FRAME = "broken WebSocket frame"
LOST = "lost"  # ended without a close frame
CUT = "cut"  # by the scenario
NO_PONG = "no pong"

_MEANINGS: dict[int, tuple[str, str]] = {
    Close.GOING_AWAY: ("server went away", ""),
    Close.POLICY: ("server refused the client by its policy", ""),
    Close.TOO_BIG: ("server found a message too big", ""),
    Close.RESTART: ("server restarts", ""),
    Close.OVERLOAD: ("server is overloaded", ""),
    Close.TOKEN_EXPIRED: ("token expired", ""),
    Close.SLOW: ("server found the client too slow", ""),
    Close.CANNOT_RESUME: ("server cannot resume", ""),
    Close.NO_PONG: ("server missed our pong", ""),
    Close.INVALID_TOKEN: ("server refused the token", "same --jwt-secret as the server?"),
    Close.CONNECTION_LIMIT: ("server's connection limit is reached", "fewer users, or a higher limit"),
    Close.NOT_YOUR_BUILDING: ("server refused a building", "same --fleet as the server?"),
}

_HTTP_REMEDIES = {
    200: "is that a WebSocket endpoint?",
    400: "is --ws-path right?",
    401: "does the server want its token elsewhere? See --token-in",
    403: "does the server want another --origin, or its token elsewhere? See --token-in",
    404: "is --ws-path right?",
    426: "is that a WebSocket endpoint of version 13?",
}


class ConnectionEndedError(Exception):
    """A connection ended, or did not come about.

    Attributes:
        code: WebSocket close code, or HTTP status of a refused handshake; 0 where there is none.
        reason: one line: what, and the remedy where one is known.
        kind: what it is counted as.
        retry_after_s: least seconds to stay away that the server asked for; 0 where it did not.
    """

    def __init__(self, code: int, reason: str, *, kind: str, retry_after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.kind = kind
        self.retry_after_s = retry_after_s


def closed(code: int, reason: str = "") -> ConnectionEndedError:
    """The ending that a close code means; `reason` is the server's own."""
    meaning, remedy = _MEANINGS.get(code, ("connection closed", ""))
    text = f"{meaning} ({code})"
    if reason:
        text += f": {reason}"
    return ConnectionEndedError(code, _with(text, remedy), kind=f"closed {code}")


def not_upgraded(
    status: int, phrase: str, path: str, *, location: str = "", retry_after_s: float = 0.0
) -> ConnectionEndedError:
    """The ending of a handshake that was answered with another status than 101.

    Args:
        status: and `phrase`, the answer's.
        path: that was asked for; without a query, which may hold a token.
        location: where the server sends us; a redirect is told, without its query, and not followed.
        retry_after_s: least seconds to stay away.
    """
    text = f"server answered HTTP {status} {phrase}".rstrip() + f" at {path}"
    location = location.partition("?")[0]
    remedy = (
        f"it redirects to {location}; give that as --host and --ws-path" if location else _HTTP_REMEDIES.get(status)
    )
    return ConnectionEndedError(status, _with(text, remedy), kind=f"HTTP {status}", retry_after_s=retry_after_s)


def not_websocket(where: str, what: str) -> ConnectionEndedError:
    """The ending of a handshake that was not answered by HTTP, or by a broken upgrade; `where` is HOST:PORT."""
    return ConnectionEndedError(
        0, f"no WebSocket handshake with {where}: {what}; is a WebSocket server there?", kind=NOT_WEBSOCKET
    )


def not_http(where: str, what: str) -> ConnectionEndedError:
    """The ending of a GET that was not answered by HTTP; `where` is HOST:PORT."""
    return ConnectionEndedError(0, f"no HTTP answer from {where}: {what}; is an HTTP server there?", kind=NOT_HTTP)


def hung_up(when: str) -> ConnectionEndedError:
    """The ending of an HTTP connection by the server; `when` says at which point of the conversation."""
    return ConnectionEndedError(0, f"server ended the connection {when}", kind=LOST)


def timed_out(after_s: float, what: str, remedy: str = "") -> ConnectionEndedError:
    """The ending of an attempt that took too long; `what` did not come."""
    return ConnectionEndedError(0, _with(f"{what} within {after_s:g} s", remedy), kind=TIMED_OUT)


def no_pong(after_s: float) -> ConnectionEndedError:
    """The ending that we bring about when the server answers no ping."""
    return ConnectionEndedError(
        Close.NO_PONG, f"no pong within {after_s:g} s ({Close.NO_PONG:d}): closed by us", kind=NO_PONG
    )


def tls_reason(error: ssl.SSLError) -> str:
    """OpenSSL's name of what went wrong, in words."""
    reason = getattr(error, "reason", None)  # an error that Python raised by itself has none
    return str(reason or "unknown error").lower().replace("_", " ")


def lost(error: OSError) -> ConnectionEndedError:
    """The ending of a connection that a read or a write found broken."""
    if error.errno in (errno.ECONNRESET, errno.EPIPE):
        return ConnectionEndedError(ABNORMAL, "connection reset by the server (1006)", kind=LOST)
    if isinstance(error, ssl.SSLError):
        return ConnectionEndedError(ABNORMAL, f"TLS broken (1006): {tls_reason(error)}", kind=TLS)
    return ConnectionEndedError(ABNORMAL, f"connection lost (1006): {error.strerror or error}", kind=LOST)


def unreachable(where: str, error: OSError) -> ConnectionEndedError:
    """The ending of an attempt that got no TCP connection to `where`, HOST:PORT."""
    what = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)
    return ConnectionEndedError(0, f"cannot connect to {where}: {what}; is the server running there?", kind=UNREACHABLE)


def _with(text: str, remedy: str | None) -> str:
    return f"{text}; {remedy}" if remedy else text
