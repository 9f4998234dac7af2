"""A fan-out server as the documentation of `websockets` shows it: aiomqtt in, `websockets.broadcast` out.

Run as `python -m benchmarks.peers.broadcast_server BROKER_PORT PORT [--uncompressed]`. A client says by its path which
building it wants. Where the documentation runs plain asyncio, this runs uvloop, which is the faster of the two.
"""

from __future__ import annotations

import sys
from collections import defaultdict

import aiomqtt
import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve


async def main(broker_port: int, port: int, *, compression: str | None) -> None:
    """Serve until killed."""
    groups: defaultdict[str, set[ServerConnection]] = defaultdict(set)

    async def handler(connection: ServerConnection) -> None:
        assert connection.request is not None
        group = groups[connection.request.path.removeprefix("/")]
        group.add(connection)
        try:
            await connection.wait_closed()
        finally:
            group.remove(connection)

    async with aiomqtt.Client("127.0.0.1", broker_port) as client:
        await client.subscribe("buildings/#")
        async with serve(handler, "127.0.0.1", port, compression=compression):
            async for message in client.messages:
                assert isinstance(message.payload, bytes)
                building = message.topic.value.split("/")[1]
                broadcast(groups[building], message.payload.decode())


if __name__ == "__main__":
    uvloop.run(
        main(int(sys.argv[1]), int(sys.argv[2]), compression=None if "--uncompressed" in sys.argv else "deflate")
    )
