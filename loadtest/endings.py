"""Why a connection ended or was refused, in one line that says what to do. Pure."""

from __future__ import annotations

from wire.dashboard import Close

ABNORMAL = 1006  # RFC 6455, 7.1.5: no close frame came

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

_HTTP_REMEDIES = {404: "is --ws-path right?", 401: "does the server want its token in a header?", 403: "wrong Origin?"}


class ConnectionEndedError(Exception):
    """A connection ended, or did not come about.

    Attributes:
        code: WebSocket close code, or HTTP status of a refused handshake; 0 where there is none.
        reason: one line: what, and the remedy where one is known.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def closed(code: int, reason: str = "") -> ConnectionEndedError:
    """The ending that a close code means; `reason` is the server's own."""
    meaning, remedy = _MEANINGS.get(code, ("connection closed", ""))
    text = f"{meaning} ({code})"
    if reason:
        text += f": {reason}"
    return ConnectionEndedError(code, f"{text}; {remedy}" if remedy else text)


def not_upgraded(status: int, phrase: str, path: str) -> ConnectionEndedError:
    """The ending of a handshake that was answered with another status than 101."""
    text = f"server answered HTTP {status} {phrase} at {path}"
    remedy = _HTTP_REMEDIES.get(status)
    return ConnectionEndedError(status, f"{text}; {remedy}" if remedy else text)
