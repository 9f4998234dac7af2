"""Serves this machine's clock over HTTP, so that a swarm on another one can compare its own: GET /clock, JSON.

    {"clock":"<whose clock>","received":<Unix seconds>,"answered":<Unix seconds>}

A connection may ask again and again. Whoever can reach the port learns the time and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

from wire.clock import identity, now
from wire.errors import SensorSwarmError

NOTICE_S = 1.0  # the clock is served so long before the first reading, for who must have compared clocks by then
_IDLE_S = 30.0
_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@contextlib.asynccontextmanager
async def clock_served(port: int | None) -> AsyncIterator[None]:
    """Serve on all addresses meanwhile, having given notice; without a port do nothing.

    Raises:
        SensorSwarmError: the port is taken, or is not ours to take.
    """
    if port is None:
        yield
        return
    try:
        server = await asyncio.start_server(_answer, None, port, limit=4096)
    except OSError as error:
        raise SensorSwarmError(f"--clock-port {port}: {error.strerror or error}; choose another") from None
    async with server:
        await asyncio.sleep(NOTICE_S)
        yield


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            async with asyncio.timeout(_IDLE_S):
                request = await reader.readuntil(b"\r\n\r\n")
            received_ts = now()
            if not request.startswith(b"GET /clock "):
                writer.write(_NOT_FOUND)
                break
            writer.write(_found(received_ts))
            await writer.drain()
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        pass  # it went away, or is none of ours
    finally:
        writer.close()


def _found(received_ts: float) -> bytes:
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store\r\nContent-Length: "
    rest = json.dumps({"clock": identity(), "received": received_ts})[:-1] + ', "answered": '
    stamp = f"{now():.6f}}}"
    return f"{head}{len(rest) + len(stamp)}\r\n\r\n{rest}{stamp}".encode()
