"""Options about the connection itself: TLS, proxy, handshake, pings, coming back. The reading is pure, files apart."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

from websockets.uri import WebSocketURI

from loadtest.dialing import Dial
from loadtest.handshake import (
    Handshake,
    TokenPlace,
    read_cookie,
    read_header,
    read_origin,
    read_subprotocol,
    read_token_place,
)
from loadtest.keepalive import Keepalive
from loadtest.proxy import read_proxy
from loadtest.reconnection import Policy, backoff_of
from loadtest.tls import NOT_CHECKED, client_context
from wire.backoff import Backoff, Jitter
from wire.errors import SensorSwarmError

_log = logging.getLogger(__name__)

DEFAULT_BACKOFF = "1,2,4,8,16,30"


def declare_dial(option: Callable[..., None]) -> None:
    """Add them; `option` takes what argparse does, and `web`: whether Locust's page shows it."""
    option("--reconnect", choices=get_args(Policy), default="exponential", help="up the --backoff, its first, never")
    option("--backoff", default=DEFAULT_BACKOFF, help="seconds before each attempt to come back; the last repeats")
    option("--jitter", choices=get_args(Jitter), default="equal", help="how much of each delay is drawn at random")
    option("--ping-interval", type=float, default=20.0, help="seconds between a client's pings; 0: none")
    option("--ping-timeout", type=float, default=20.0, help="seconds without a pong that end a connection")
    option("--deflate", action="store_true", help="offer permessage-deflate")
    option("--subprotocol", web=False, action="append", metavar="NAME", help="offer this one; may be repeated")
    option("--header", web=False, action="append", metavar="'NAME: VALUE'", help="send with the handshake; repeatable")
    option("--cookie", web=False, action="append", metavar="NAME=VALUE", help="send with the handshake; repeatable")
    option("--origin", default="", help="Origin of the handshake")
    option("--token-in", default="", help="where the token travels: hello, header[:NAME], cookie:NAME, query:NAME")
    option("--proxy", web=False, default="", help="HTTP proxy: http://[USER:PASSWORD@]HOST:PORT")
    option("--ca", web=False, default="", help="PEM file of the CAs to believe, for wss://; else the system's")
    option("--insecure", web=False, action="store_true", help="do not check certificates")


def read_dial(options: Any) -> Dial:  # noqa: ANN401 - a namespace of Locust
    """How to reach the server.

    Raises:
        SensorSwarmError: an option that cannot be used.
    """
    headers = tuple(read_header(text) for text in options.header or ())
    token_in = read_token_place(options.token_in) if options.token_in else None
    if token_in == TokenPlace("header") and any(name.lower() == "authorization" for name, _ in headers):
        raise SensorSwarmError("--header Authorization and --token-in header: give one of them")
    if options.ca and options.insecure:
        raise SensorSwarmError("--ca and --insecure: give one of them")
    ca = Path(options.ca) if options.ca else None
    return Dial(
        tls=client_context(ca, insecure=options.insecure) if ca or options.insecure else None,
        proxy=read_proxy(options.proxy) if options.proxy else None,
        handshake=Handshake(
            subprotocols=tuple(read_subprotocol(text) for text in options.subprotocol or ()),
            headers=headers,
            cookies=tuple(read_cookie(text) for text in options.cookie or ()),
            origin=read_origin(options.origin) if options.origin else None,
            deflate=options.deflate,
            token_in=token_in,
        ),
    )


def check_tls(dial: Dial, uri: WebSocketURI) -> None:
    """Say loudly that certificates are not checked.

    Raises:
        SensorSwarmError: TLS options for an address without TLS.
    """
    if dial.tls is not None and not uri.secure:
        raise SensorSwarmError("--ca and --insecure are for wss://; give --host wss://HOST:PORT, or leave them out")
    if dial.insecure:
        _log.warning("%s", NOT_CHECKED)


def read_keepalive(options: Any) -> Keepalive | None:  # noqa: ANN401 - a namespace of Locust
    """How often clients ping, None for never.

    Raises:
        SensorSwarmError: a time that cannot be.
    """
    interval_s, timeout_s = float(options.ping_interval), float(options.ping_timeout)
    if not 0 <= interval_s < math.inf:
        raise SensorSwarmError(f"--ping-interval {interval_s:g}: give seconds, 0 for no pings")
    if not 0 < timeout_s < math.inf:
        raise SensorSwarmError(f"--ping-timeout {timeout_s:g}: give seconds, more than 0")
    return Keepalive(interval_s, timeout_s) if interval_s else None


def read_backoff(text: str, jitter: Jitter, policy: Policy = "exponential") -> Backoff | None:
    """Delays in seconds parted by commas, as the policy uses them; None for no coming back.

    Raises:
        SensorSwarmError: not numbers, none, or one that is negative or has no end.
    """
    try:
        return backoff_of(policy, tuple(float(part) for part in text.split(",")), jitter)
    except ValueError:
        raise SensorSwarmError(
            f"--backoff {text!r}: give seconds parted by commas, none negative, such as {DEFAULT_BACKOFF}"
        ) from None
