"""What a client's WebSocket handshake carries: subprotocols, headers, cookies, origin, compression, the token. Pure."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.http11 import Request
from websockets.typing import Origin, Subprotocol
from websockets.uri import WebSocketURI

from wire.errors import SensorSwarmError

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # a token, RFC 9110, 5.6.2
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")  # no control characters; RFC 9110, 5.5
_COOKIE_VALUE = re.compile(r"[!#-+\--:<-\[\]-~]*")  # RFC 6265, 4.1.1
_OURS = {
    "connection": "it makes the handshake",
    "upgrade": "it makes the handshake",
    "cookie": "use --cookie NAME=VALUE",
    "origin": "use --origin",
    "sec-websocket-protocol": "use --subprotocol",
    "sec-websocket-extensions": "use --deflate",
    "sec-websocket-key": "it makes the handshake",
    "sec-websocket-version": "it makes the handshake",
}


@dataclass(frozen=True, slots=True)
class TokenPlace:
    """How the token travels: in the first message, as a Bearer header, in a cookie or in the query."""

    kind: Literal["hello", "header", "cookie", "query"] = "hello"
    name: str = ""  # of the cookie or of the query's parameter


@dataclass(frozen=True, slots=True)
class Handshake:
    """What is the same in every handshake of a run."""

    subprotocols: tuple[str, ...] = ()  # none: the target's
    headers: tuple[tuple[str, str], ...] = ()
    cookies: tuple[str, ...] = ()  # NAME=VALUE
    origin: str | None = None
    deflate: bool = False
    token_in: TokenPlace = TokenPlace()

    def request(
        self, uri: WebSocketURI, *, subprotocols: tuple[str, ...], token: str | None, largest_bytes: int
    ) -> tuple[ClientProtocol, Request]:
        """Protocol of a new connection, and the request to send first.

        Args:
            uri: where.
            subprotocols: the target's, offered where no others were asked for; best first.
            token: put where `token_in` says, unless that is the hello.
            largest_bytes: of a message.
        """
        place = self.token_in
        if token is not None and place.kind == "query":
            query = f"{place.name}={quote(token, safe='')}"
            uri = dataclasses.replace(uri, query=f"{uri.query}&{query}" if uri.query else query)
        protocol = ClientProtocol(
            uri,
            origin=Origin(self.origin) if self.origin is not None else None,
            extensions=[ClientPerMessageDeflateFactory(client_max_window_bits=True)] if self.deflate else None,
            subprotocols=[Subprotocol(name) for name in self.subprotocols or subprotocols] or None,
            max_size=largest_bytes,
        )
        request = protocol.connect()
        for name, value in self.headers:
            if name.lower() in ("host", "authorization"):  # a request has one of them
                request.headers.pop(name, None)
            request.headers[name] = value
        cookies = list(self.cookies)
        if token is not None and place.kind == "header":
            request.headers.pop("Authorization", None)
            request.headers["Authorization"] = f"Bearer {token}"
        if token is not None and place.kind == "cookie":
            cookies.append(f"{place.name}={token}")
        if cookies:
            request.headers["Cookie"] = "; ".join(cookies)
        return protocol, request


def read_header(text: str) -> tuple[str, str]:
    """Header of an option, "Name: value".

    Raises:
        SensorSwarmError: not a header, or one that another option or the handshake itself makes.
    """
    name, colon, value = (part.strip() for part in text.partition(":"))
    if not colon or not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
        raise SensorSwarmError(f'--header {name!r}: give "Name: value", without control characters')
    if problem := _OURS.get(name.lower()):
        raise SensorSwarmError(f"--header {name!r} cannot be given: {problem}")
    return name, value


def read_subprotocol(text: str) -> str:
    """Subprotocol of an option.

    Raises:
        SensorSwarmError: not one name.
    """
    if not _NAME.fullmatch(text):
        raise SensorSwarmError(f"--subprotocol {text!r}: give one name, without blanks and commas; repeat the option")
    return text


def read_origin(text: str) -> str:
    """Origin of an option.

    Raises:
        SensorSwarmError: it cannot stand in a header.
    """
    if not text.isascii() or not _VALUE.fullmatch(text):
        raise SensorSwarmError("--origin: give an origin such as https://dashboard.example, in ASCII")
    return text


def read_cookie(text: str) -> str:
    """Cookie of an option, NAME=VALUE.

    Raises:
        SensorSwarmError: not a cookie.
    """
    name, sign, value = text.partition("=")
    if not sign or not _NAME.fullmatch(name) or not _COOKIE_VALUE.fullmatch(value):
        raise SensorSwarmError(f"--cookie {name!r}: give NAME=VALUE, without blanks, quotes, commas and semicolons")
    return text


def read_token_place(text: str) -> TokenPlace:
    """Where the token travels: hello, header, cookie:NAME or query:NAME.

    Raises:
        SensorSwarmError: none of these.
    """
    match text.partition(":"):
        case ("hello" | "header" as kind, "", ""):
            return TokenPlace(kind)
        case ("cookie" | "query" as kind, ":", name) if _NAME.fullmatch(name):
            return TokenPlace(kind, name if kind == "cookie" else quote(name, safe=""))
    raise SensorSwarmError(f"--token-in {text!r}: give hello, header, cookie:NAME or query:NAME")
