"""A live dashboard's server as somebody else would write it: aiomqtt in, `websockets` out, a protocol of its own.

    python server.py --port 9000 --broker mqtt://127.0.0.1:1883 --keys keys.txt

A client shows its key, joins sites, and gets the rows of those it may see:

    -> {"op": "auth", "key": "..."}              <- {"op": "hi"}  or  {"op": "no", "why": "..."}
    -> {"op": "join", "site": "b-0001"}          <- {"op": "joined", "site": "b-0001"}
                                                 <- {"op": "rows", "site": "b-0001", "rows": [ROW, ...]}
    <- "ping" every 20 s                         -> "pong"

    ROW is {"point": "temperature/0042", "at": 1763856000123, "no": 1234, "v": 21.53}

It knows nothing of SensorSwarm.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
from collections import defaultdict
from pathlib import Path
from urllib.parse import urlsplit

import aiomqtt
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

Keys = dict[str, set[str]]  # key -> sites it opens

listeners: dict[str, set[ServerConnection]] = defaultdict(set)  # site -> who joined it


def read_keys(path: Path) -> Keys:
    """One key a line, and the sites it opens."""
    lines = (line.split() for line in path.read_text().splitlines() if line.strip())
    return {key: set(sites.split(",")) for key, sites in lines}


async def client(connection: ServerConnection, keys: Keys) -> None:
    """Serve one client until it goes."""
    pinging = asyncio.create_task(ping(connection))
    try:
        sites: set[str] | None = None
        async for text in connection:
            if text == "pong":
                continue
            message = json.loads(text)
            if message["op"] == "auth":
                sites = keys.get(message["key"])
                await tell(connection, {"op": "no", "why": "unknown key"} if sites is None else {"op": "hi"})
            elif sites is None or message["site"] not in sites:
                await tell(connection, {"op": "no", "why": "not your site"})
            else:
                listeners[message["site"]].add(connection)
                await tell(connection, {"op": "joined", "site": message["site"]})
    except ConnectionClosed:
        pass  # without goodbye
    finally:
        pinging.cancel()
        for joined in listeners.values():
            joined.discard(connection)


async def ping(connection: ServerConnection) -> None:
    """See whether the client is still there."""
    while True:
        await asyncio.sleep(20)
        await connection.send("ping")


async def tell(connection: ServerConnection, message: object) -> None:
    """Send one message."""
    await connection.send(json.dumps(message))


async def forward(host: str, port: int) -> None:
    """Give every reading to those who joined its site."""
    async with aiomqtt.Client(host, port) as broker:
        await broker.subscribe("buildings/#")
        async for message in broker.messages:
            reading = json.loads(message.payload)
            site, _, point = reading["sensor"].partition("/")
            row = {"point": point, "at": round(reading["ts"] * 1000), "no": reading["seq"], "v": reading["value"]}
            broadcast(listeners[site], json.dumps({"op": "rows", "site": site, "rows": [row]}))


async def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--broker", required=True)
    parser.add_argument("--keys", type=Path, required=True)
    options = parser.parse_args()
    keys, broker = read_keys(options.keys), urlsplit(options.broker)
    async with serve(lambda connection: client(connection, keys), "127.0.0.1", options.port):
        await forward(broker.hostname or "127.0.0.1", broker.port or 1883)


with contextlib.suppress(KeyboardInterrupt):
    asyncio.run(main())
