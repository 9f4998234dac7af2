"""GETs of one connection, as bytes. Pure."""

from __future__ import annotations

from websockets.datastructures import Headers
from websockets.headers import build_authorization_basic, build_host
from websockets.http11 import USER_AGENT
from websockets.uri import WebSocketURI

from loadtest.handshake import Handshake
from loadtest.transport import Message


class Requests:
    """Makes them, all to one address and with the same fields.

    Args:
        uri: where.
        handshake: headers, cookies and origin, and where the token goes.
        token: put there, None for none.
        accept: media types that are wanted.
    """

    def __init__(self, uri: WebSocketURI, handshake: Handshake, *, token: str | None, accept: str) -> None:
        headers = Headers()
        headers["Host"] = build_host(uri.host, uri.port, uri.secure)
        headers["Accept"] = accept
        headers["Accept-Encoding"] = "identity"
        headers["Cache-Control"] = "no-store"
        headers["User-Agent"] = USER_AGENT
        if uri.user_info:
            headers["Authorization"] = build_authorization_basic(*uri.user_info)
        if handshake.origin is not None:
            headers["Origin"] = handshake.origin
        query = handshake.carry(headers, token)
        self._target = f"GET {uri.path or '/'}".encode()
        self._query = "&".join(part for part in (uri.query, query) if part).encode()
        self._fields = headers.serialize().removesuffix(b"\r\n")

    def get(self, message: Message) -> bytes:
        """A GET; `message` is its query, and after a line end the header fields that only it has."""
        own = message.encode() if isinstance(message, str) else message
        query, _, fields = own.partition(b"\r\n")
        query = b"&".join(part for part in (self._query, query) if part)
        target = self._target + b"?" + query if query else self._target
        return b"".join([target, b" HTTP/1.1\r\n", self._fields, fields, b"\r\n\r\n" if fields else b"\r\n"])
