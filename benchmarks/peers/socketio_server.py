"""A fan-out server with python-socketio as its documentation shows it: a room a building, `emit` for every reading.

Run as `uvicorn benchmarks.peers.socketio_server:app` with the broker's MQTT 3.1.1 port in BROKER_PORT.
"""

from __future__ import annotations

import asyncio
import json
import os

import aiomqtt
import socketio

server = socketio.AsyncServer(async_mode="asgi")
_tasks: set[asyncio.Task[None]] = set()


async def relay() -> None:
    """Emit every reading to its building's room."""
    async with aiomqtt.Client("127.0.0.1", int(os.environ["BROKER_PORT"])) as client:
        await client.subscribe("buildings/#")
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            building = message.topic.value.split("/")[1]
            await server.emit("reading", json.loads(message.payload), room=building)


async def start() -> None:
    """Start the relay with the server."""
    _tasks.add(asyncio.create_task(relay()))


@server.event
async def subscribe(sid: str, building: str) -> None:
    """Put a client into a building's room; it is acknowledged."""
    await server.enter_room(sid, building)


app = socketio.ASGIApp(server, on_startup=start)
