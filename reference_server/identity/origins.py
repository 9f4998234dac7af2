"""Which web pages may talk to us (RFC 6454). Pure.

A browser names the page's origin in every WebSocket handshake and every POST; nothing else has a user's cookies to
abuse. So no Origin means no browser, and is allowed. Cookies count only after this check.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from urllib.parse import urlsplit

from wire.errors import SensorSwarmError

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class OriginError(SensorSwarmError):
    """An --origin that no browser would ever send."""


def check_origin(text: str) -> str:
    """Give back an origin as browsers write it.

    Raises:
        OriginError: it has a path, no scheme, capitals or a default port, and so would never match.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    host = parts.hostname or ""
    if parts.scheme not in _DEFAULT_PORTS or not host or not host.isascii():
        raise OriginError(f"--origin {text}: give scheme, host and port, as in https://dash.example")
    bare = f"[{host}]" if ":" in host else host
    shown = f":{port}" if port is not None else ""
    expected = f"{parts.scheme}://{bare}{'' if shown == _DEFAULT_PORTS[parts.scheme] else shown}"
    if text != expected:
        raise OriginError(f"--origin {text}: browsers write it {expected}, and the match is exact")
    return text


def origin_allowed(given: Sequence[str], hosts: Sequence[str], allowed: Collection[str]) -> bool:
    """Whether a request may go on.

    Args:
        given: values of its Origin headers.
        hosts: values of its Host headers.
        allowed: origins, as `check_origin` wants them; none: only the page's own server, origin and Host agree.
    """
    if not given:
        return True
    if len(given) > 1:
        return False
    if allowed:
        return given[0] in allowed
    scheme, separator, origin_host = given[0].lower().partition("://")
    if not separator or not origin_host or scheme not in _DEFAULT_PORTS or len(hosts) != 1:
        return False
    default = _DEFAULT_PORTS[scheme]
    return origin_host.removesuffix(default) == hosts[0].strip().lower().removesuffix(default)
