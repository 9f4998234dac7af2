"""A dashboard server of python-socketio: a room a building, an event for each reading and each alert.

Run as `uvicorn benchmarks.peers.socketio_dashboard:app`. The token is in the auth payload; a client whose token is
not good is refused, and a subscription is answered by {"ok": whether, "reason": why not}.
"""

from __future__ import annotations

import asyncio
from typing import Any

import socketio

from benchmarks.peers.relayed import entitled, items

NAMESPACE = "/dashboard"
server = socketio.AsyncServer(async_mode="asgi")
_tasks: set[asyncio.Task[None]] = set()


async def relay() -> None:
    """Emit everything to its building's room."""
    async for item in items():
        await server.emit(item.name, item.content, room=item.building, namespace=NAMESPACE)


async def start() -> None:
    """Start the relay with the server."""
    _tasks.add(asyncio.create_task(relay()))


@server.on("connect", namespace=NAMESPACE)
async def connect(sid: str, environ: dict[str, Any], auth: dict[str, str] | None) -> None:
    """Let a client in whose token is good."""
    del environ
    token = (auth or {}).get("token", "")
    if not entitled(token, ()):
        raise socketio.exceptions.ConnectionRefusedError("token refused")
    await server.save_session(sid, {"token": token}, namespace=NAMESPACE)


@server.on("subscribe", namespace=NAMESPACE)
async def subscribe(sid: str, building: str) -> dict[str, Any]:
    """Put a client into a building's room."""
    session = await server.get_session(sid, namespace=NAMESPACE)
    if not entitled(session["token"], (building,)):
        return {"ok": False, "reason": "not your building"}
    await server.enter_room(sid, building, namespace=NAMESPACE)
    return {"ok": True}


app = socketio.ASGIApp(server, on_startup=start)
