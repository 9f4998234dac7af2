"""A fan-out server as the documentation of `websockets` shows it: aiomqtt in, `websockets.broadcast` out.

Run as `python -m benchmarks.peers.broadcast_server BROKER_PORT PORT [--uncompressed|--bare]`. A client says by its path
which building it wants. Where the documentation runs plain asyncio, this runs uvloop, which is the faster of the two.

`--bare` is no server that anybody would run: one frame, one write to every transport, no look at anything. It shows
what the write calls alone cost, which no server of this kind goes far below.
"""

from __future__ import annotations

import sys
from collections import defaultdict

import aiomqtt
import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.frames import Frame, Opcode


def write_to_all(connections: set[ServerConnection], text: str) -> None:
    """What `broadcast` does, without any of its care."""
    frame = Frame(Opcode.TEXT, text.encode()).serialize(mask=False)
    for connection in connections:
        connection.transport.write(frame)


async def main(broker_port: int, port: int, *, compression: str | None, bare: bool) -> None:
    """Serve until killed."""
    send = write_to_all if bare else broadcast
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
                send(groups[building], message.payload.decode())


if __name__ == "__main__":
    bare = "--bare" in sys.argv
    compression = None if bare or "--uncompressed" in sys.argv else "deflate"
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), compression=compression, bare=bare))
