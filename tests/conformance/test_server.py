"""The server's side of RFC 6455 and RFC 7692 by Autobahn's cases: an echo on all of the real server but the hub.

All of 12 and 13 send a thousand messages a case and take long; of these only the shortest are asked, one for each
setting of the compression. `SENSORSWARM_ALL_CASES=1` asks all, 18 sizes each.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import pytest
from kosoku import FailureError, run_fuzzingclient
from websockets.asyncio.server import ServerConnection
from websockets.extensions.permessage_deflate import enable_server_permessage_deflate

from reference_server.client import Connection
from reference_server.frames import text_frames
from reference_server.hub import Hub
from reference_server.identity import Access, Guard
from reference_server.server import Server, listen

ALL = bool(os.environ.get("SENSORSWARM_ALL_CASES"))
COMPRESSION = [*(f"12.{kind}" for kind in range(1, 6)), *(f"13.{setting}" for setting in range(1, 8))]
SIZES = 18  # cases of each
LARGEST_BYTES = 2**20  # of the messages in 12 and 13


class Echo(Server):
    """Listens, shakes hands, frames and closes as the real server does, and says everything back."""

    async def _handle(self, connection: ServerConnection) -> None:
        async for message in connection:
            if isinstance(message, str):
                connection.transport.write(text_frames([message.encode()]))
            else:
                await connection.send(message)


class CompressedEcho(Server):
    """The same with the compression that the real server leaves out, and room for the large messages that test it."""

    def _connection(self, *args: Any, **kwargs: Any) -> Connection:
        connection = super()._connection(*args, **kwargs)
        connection.protocol.available_extensions = enable_server_permessage_deflate(None)
        connection.protocol.max_message_size = LARGEST_BYTES
        return connection

    async def _handle(self, connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)


async def verdicts(kind: type[Server], **cases: list[str]) -> Counter[str]:
    """Run cases: how many got which verdict on their messages. One that failed ends the test."""
    listening = listen("127.0.0.1", 0)
    guard = Guard("a secret that is long enough for SHA-256", Access())
    url = f"ws://127.0.0.1:{listening.getsockname()[1]}/ws"
    async with kind(hub=Hub(epoch="e"), guard=guard, health=lambda: (True, {}), listening=listening):
        try:
            results = await run_fuzzingclient(url, **cases, concurrency=4)
        except FailureError as error:
            results = error.results
    assert not [f"{case.case_id}: {case.result} {case.result_close}" for case in results if not case.passed]
    return Counter(case.behavior.value for case in results)


async def test_the_protocol() -> None:
    """Framing, pings, fragments, UTF-8, closing: every case is asked, and none fails."""
    counts = await verdicts(Echo, exclude_cases=["9.*", "12.*", "13.*"])
    assert counts.keys() <= {"OK", "NON-STRICT", "INFORMATIONAL"}
    assert counts.total() == 247


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # the cases' own
@pytest.mark.timeout(3600 if ALL else 120)
@pytest.mark.parametrize("cases", COMPRESSION)
async def test_compression(cases) -> None:
    """With permessage-deflate, what was sent comes back, whatever windows and contexts were agreed on."""
    counts = await verdicts(CompressedEcho, cases=[f"{cases}.*" if ALL else f"{cases}.1"])
    assert counts == {"OK": SIZES if ALL else 1}
