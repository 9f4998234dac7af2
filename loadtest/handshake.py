"""What a client's WebSocket handshake carries: subprotocols, headers, cookies, origin, compression, the token. Pure."""

from __future__ import annotations

import base64
import dataclasses
import functools
import re
import secrets
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote

from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.http11 import Response
from websockets.protocol import Protocol
from websockets.typing import Origin, Subprotocol
from websockets.uri import WebSocketURI
from websockets.utils import accept_key

from loadtest.answers import Answer
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
    """How the token travels: in the first message, in a header, in a cookie or in the query."""

    kind: Literal["hello", "header", "cookie", "query"] = "hello"
    name: str = ""  # of the cookie, of the query's parameter or of the header; no header: Authorization: Bearer


@dataclass(frozen=True, slots=True)
class Handshake:
    """What is the same in every handshake of a target."""

    subprotocols: tuple[str, ...] = ()  # best first
    headers: tuple[tuple[str, str], ...] = ()
    cookies: tuple[str, ...] = ()  # NAME=VALUE
    origin: str | None = None
    deflate: bool = False
    token_in: TokenPlace | None = None  # None: in the hello, unless another handshake below this one says where

    def over(self, other: Handshake) -> Handshake:
        """This one where it says something, `other` where it does not; headers and cookies of both, ours last."""
        return Handshake(
            subprotocols=self.subprotocols or other.subprotocols,
            headers=other.headers + self.headers,
            cookies=other.cookies + self.cookies,
            origin=self.origin if self.origin is not None else other.origin,
            deflate=self.deflate or other.deflate,
            token_in=self.token_in or other.token_in,
        )

    def upgrade(self, uri: WebSocketURI, *, token: str | None) -> Upgrade:
        """Handshake of a new connection.

        Args:
            uri: where.
            token: put where `token_in` says, unless that is the hello.
        """
        parts = (uri.secure, uri.host, uri.port, uri.path, uri.query, uri.username, uri.password)
        return Upgrade(_offer(self, parts, token is not None), token or "", self.token_in or TokenPlace())


@dataclass(slots=True)
class _Offer:
    """What is made once for the thousands of clients that send the same request but for its key and token."""

    protocol: ClientProtocol  # judges answers
    request: bytes  # with _KEY and _TOKEN where key and token go
    accepted: list[bytes] = field(default_factory=list)  # head of a good answer, before and after what its key makes


class Upgrade:
    """One connection's handshake.

    Attributes:
        request: to be sent first.
    """

    __slots__ = ("_key", "_offer", "request")

    def __init__(self, offer: _Offer, token: str, place: TokenPlace) -> None:
        self._offer = offer
        self._key = base64.b64encode(secrets.token_bytes(16))  # RFC 6455, 4.1
        self.request = offer.request.replace(_KEY.encode(), self._key)
        if token:
            value = quote(token, safe="") if place.kind == "query" else token
            self.request = self.request.replace(_TOKEN.encode(), value.encode())

    def rest_of(self, data: bytes) -> bytes | None:
        """What comes after a good answer that is known already but for what its key makes; None for any other."""
        offer = self._offer
        if not offer.accepted:
            return None
        head = accept_key(self._key.decode()).encode().join(offer.accepted)
        return data[len(head) :] if data.startswith(head) else None

    def agreed(self, answer: Answer, frames: Protocol) -> None:
        """Make sure that the server accepted, and give `frames` the extensions agreed on.

        Raises:
            InvalidHandshake: it did not, or agreed on what was not offered.
        """
        protocol = self._offer.protocol
        protocol.key = self._key.decode()
        protocol.process_response(Response(answer.status, answer.phrase, answer.headers))
        frames.extensions = protocol.extensions
        parts = answer.head.split(answer.header("Sec-WebSocket-Accept").encode())
        if not protocol.extensions and len(parts) == 2:  # noqa: PLR2004 - before and after
            self._offer.accepted = parts


_KEY, _TOKEN = secrets.token_hex(16), secrets.token_hex(16)  # stand where they go


@functools.lru_cache(maxsize=64)
def _offer(
    handshake: Handshake,
    parts: tuple[bool, str, int, str, str, str | None, str | None],
    with_token: bool,
) -> _Offer:
    """Make an offer; `parts` are those of the WebSocketURI, which cannot be a key itself."""
    uri = WebSocketURI(*parts)
    place = (handshake.token_in if with_token else None) or TokenPlace()
    if place.kind == "query":
        query = f"{place.name}={_TOKEN}"
        uri = dataclasses.replace(uri, query=f"{uri.query}&{query}" if uri.query else query)
    protocol = ClientProtocol(
        uri,
        origin=Origin(handshake.origin) if handshake.origin is not None else None,
        extensions=[ClientPerMessageDeflateFactory(client_max_window_bits=True)] if handshake.deflate else None,
        subprotocols=[Subprotocol(name) for name in handshake.subprotocols] or None,
    )
    protocol.key = _KEY
    request = protocol.connect()
    for name, value in handshake.headers:
        if name.lower() in ("host", "authorization"):  # a request has one of them
            request.headers.pop(name, None)
        request.headers[name] = value
    cookies = list(handshake.cookies)
    if place.kind == "header":
        name = place.name or "Authorization"
        request.headers.pop(name, None)
        request.headers[name] = _TOKEN if place.name else f"Bearer {_TOKEN}"
    if place.kind == "cookie":
        cookies.append(f"{place.name}={_TOKEN}")
    if cookies:
        request.headers["Cookie"] = "; ".join(cookies)
    return _Offer(protocol, request.serialize())


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
    """Where the token travels: hello, header, header:NAME, cookie:NAME or query:NAME.

    Raises:
        SensorSwarmError: none of these.
    """
    match text.partition(":"):
        case ("hello" | "header" as kind, "", ""):
            return TokenPlace(kind)
        case ("header" | "cookie" | "query" as kind, ":", name) if _NAME.fullmatch(name):
            if kind == "header" and (problem := _OURS.get(name.lower())):
                raise SensorSwarmError(f"--token-in {text!r} cannot be: {problem}")
            return TokenPlace(kind, quote(name, safe="") if kind == "query" else name)
    raise SensorSwarmError(f"--token-in {text!r}: give hello, header, header:NAME, cookie:NAME or query:NAME")
