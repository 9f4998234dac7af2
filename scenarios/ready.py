"""Whether the server under test is ready."""

from __future__ import annotations

import http.client
import urllib.request

from scenarios.commands import Addresses
from wire.broker import listening


def is_ready(addresses: Addresses, path: str | None) -> bool:
    """Whether HTTP GET of `path` answers 200; without a path, whether the server's port accepts connections."""
    if path is None:
        return listening(addresses.server_host, addresses.server_port)
    url = f"http://{addresses.server_host}:{addresses.server_port}{path}"
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)  # noqa: PLR2004 - HTTP OK
    except (OSError, http.client.HTTPException):  # nobody answers, or not 200, or what answers speaks no HTTP
        return False
