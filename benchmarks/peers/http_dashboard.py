"""A dashboard server over plain HTTP/1.1, by h11: Server-Sent Events at /events, long polling at /poll.

    GET /events?building=b-0001&building=b-0002    an event for each reading and alert; Last-Event-ID resumes
    GET /poll?building=b-0001&after=17&wait=25     {"cursor": 21, "items": [...]}, or 204 when nothing came in time

Run as `python -m benchmarks.peers.http_dashboard PORT`. The token is a Bearer header; without one for all the buildings
it is 401. Everything is kept, so that all that was missed can be had again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from urllib.parse import parse_qs, urlsplit

import h11

from benchmarks.peers.relayed import Item, entitled, items

RETRY_MS = 200
history: list[Item] = []
grown = asyncio.Event()


async def keep() -> None:
    """Keep everything, and wake who waits for more."""
    async for item in items():
        history.append(item)
        grown.set()
        grown.clear()


class Exchange:
    """One connection of a client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._http = h11.Connection(h11.SERVER)

    async def serve(self) -> None:
        """Answer one request after the other, until either side has enough."""
        with contextlib.suppress(OSError, h11.RemoteProtocolError):
            while request := await self._request():
                await self._answer(request)
                if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
                    break
                self._http.start_next_cycle()
        self._writer.close()

    async def _request(self) -> h11.Request | None:
        request = None
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                self._http.receive_data(await self._reader.read(65536))
            elif isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.EndOfMessage):
                return request
            else:
                return None

    async def _answer(self, request: h11.Request) -> None:
        headers = dict(request.headers)
        url = urlsplit(request.target.decode())
        asked = parse_qs(url.query)
        buildings = asked.get("building", [])
        if not entitled(headers.get(b"authorization", b"").decode().removeprefix("Bearer "), tuple(buildings)):
            await self._whole(401, b"")
        elif url.path == "/events":
            await self._stream(set(buildings), int(headers.get(b"last-event-id", b"%d" % len(history))))
        elif url.path == "/poll":
            after = int(asked.get("after", [str(len(history))])[0])
            await self._poll(set(buildings), after, float(asked["wait"][0]))
        else:
            await self._whole(404, b"")

    async def _whole(self, status: int, body: bytes) -> None:
        headers = [("Content-Length", str(len(body))), ("Content-Type", "application/json")] if status != 204 else []
        self._writer.write(self._http.send(h11.Response(status_code=status, headers=headers)) or b"")
        self._writer.write((self._http.send(h11.Data(data=body)) or b"") if body else b"")
        self._writer.write(self._http.send(h11.EndOfMessage()) or b"")
        await self._writer.drain()

    async def _stream(self, buildings: set[str], at: int) -> None:
        headers = [("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked")]
        self._writer.write(self._http.send(h11.Response(status_code=200, headers=headers)) or b"")
        self._data(b"retry: %d\n\n" % RETRY_MS)
        while True:
            for number, item in enumerate(history[at:], at + 1):
                if item.building in buildings:
                    event = f"id: {number}\nevent: {item.name}\ndata: {json.dumps(item.content)}\n\n"
                    self._data(event.encode())
            at = len(history)
            await self._writer.drain()
            await grown.wait()

    def _data(self, data: bytes) -> None:
        self._writer.write(self._http.send(h11.Data(data=data)) or b"")

    async def _poll(self, buildings: set[str], after: int, wait_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                while not any(item.building in buildings for item in history[after:]):
                    await grown.wait()
        if wait_s and len(history) == after:
            await self._whole(204, b"")
            return
        mine = [{"type": item.name, **item.content} for item in history[after:] if item.building in buildings]
        await self._whole(200, json.dumps({"cursor": len(history), "items": mine}).encode())


async def main(port: int) -> None:
    """Serve until killed."""
    keeping = asyncio.create_task(keep())
    async with await asyncio.start_server(lambda *pair: Exchange(*pair).serve(), "127.0.0.1", port):
        await keeping


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
