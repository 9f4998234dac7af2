"""What answers those who only want to know how the server is: balancers, supervisors, people. Pure.

/livez asks whether the process still turns: if it does not answer on the port of the metrics, start it again; on the
clients' port a limit may keep the question out. It says nothing of the broker, which a new process would not bring
back. /readyz asks whether new clients should be sent here: not while the broker is away or the server drains. /healthz
is the same verdict with the figures.
"""

from __future__ import annotations

import http
from collections.abc import Callable
from typing import Any

import orjson

from reference_server.posts import Answer, plain

Health = Callable[[], tuple[bool, dict[str, Any]]]  # whether all is well, and fields of which "status" says it in words
PROBES = ("/healthz", "/livez", "/readyz")
_NO_STORE = ("Cache-Control", "no-store")


def probe(path: str, health: Health) -> Answer | None:
    """Answer a GET of a probe; None: `path` is none."""
    if path not in PROBES:
        return None
    if path == "/livez":
        return plain(http.HTTPStatus.OK, "ok", _NO_STORE)
    well, fields = health()
    status = http.HTTPStatus.OK if well else http.HTTPStatus.SERVICE_UNAVAILABLE
    if path == "/readyz":
        return plain(status, fields["status"], _NO_STORE)
    return Answer(status, [("Content-Type", "application/json"), _NO_STORE], orjson.dumps(fields).decode() + "\n")
