"""A tunnel through an HTTP proxy by CONNECT (RFC 9110, 9.3.6). Pure: what is asked, and what the answer means."""

from __future__ import annotations

from websockets.exceptions import InvalidProxy
from websockets.proxy import Proxy, parse_proxy, prepare_connect_request
from websockets.uri import WebSocketURI

from loadtest.answers import Answer
from loadtest.endings import PROXY, ConnectionEndedError
from wire.errors import SensorSwarmError

_REMEDIES = {403: "does it allow that port?", 407: "give --proxy http://USER:PASSWORD@HOST:PORT"}


def read_proxy(text: str) -> Proxy:
    """Proxy of an option: http://[USER:PASSWORD@]HOST:PORT, the user and password in percent-encoding.

    Raises:
        SensorSwarmError: not such an address; its password is never repeated.
    """
    try:
        proxy = parse_proxy(text)
    except (InvalidProxy, ValueError):
        proxy = None
    if proxy is None or proxy.scheme != "http":
        raise SensorSwarmError("--proxy: give http://HOST:PORT or http://USER:PASSWORD@HOST:PORT; HTTP proxies only")
    return proxy


def connect_request(proxy: Proxy, uri: WebSocketURI) -> bytes:
    """What to send to the proxy."""
    return prepare_connect_request(proxy, uri, None)


def check_tunnel(answer: Answer, proxy: Proxy, uri: WebSocketURI) -> None:
    """See whether the proxy's answer opens the tunnel.

    Raises:
        ConnectionEndedError: it does not, or the proxy spoke out of turn.
    """
    where, target = f"proxy {proxy.host}:{proxy.port}", f"{uri.host}:{uri.port}"
    if not 200 <= answer.status <= 299:  # noqa: PLR2004 - any success opens it
        text = f"{where} answered HTTP {answer.status} {answer.phrase} for {target}"
        remedy = _REMEDIES.get(answer.status)
        raise ConnectionEndedError(answer.status, f"{text}; {remedy}" if remedy else text, kind=PROXY)
    if answer.rest:  # the server behind it speaks only when spoken to
        raise ConnectionEndedError(0, f"{where} sent data before the tunnel was used; is it an HTTP proxy?", kind=PROXY)
