"""One process as the parent holds it: how it is asked to end, and what happens where there is no room for it."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import cast

import pytest

from reference_server.workers.place import Place
from reference_server.workers.process import Process
from wire.errors import UnusableError


class Draining:
    """Stands in for what asyncio started: it counts signals, and ends when it is let."""

    returncode = None
    pid = 1

    def __init__(self) -> None:
        self.signals = 0
        self.over = asyncio.Event()

    def terminate(self) -> None:
        self.signals += 1

    async def wait(self) -> None:
        await self.over.wait()


async def test_who_was_asked_to_end_is_not_hurried_by_the_end_of_all() -> None:
    """A second signal cuts the clients of a process that drains: it is for whoever means that."""
    draining = Draining()
    ours, theirs = socket.socketpair()
    with theirs:
        process = Process(Place(1, "s", 3), ours, cast("asyncio.subprocess.Process", draining))
        relieved = asyncio.create_task(process.stop(60.0))
        await asyncio.sleep(0)
        relieved.cancel()
        ended = asyncio.create_task(process.stop(60.0))
        await asyncio.sleep(0)
        assert draining.signals == 1
        process.ask_to_end()
        assert draining.signals == 2
        draining.over.set()
        await ended


async def test_no_room_for_a_line_is_no_room_for_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the limit of open files is reached: an error that whoever keeps a place can bear."""

    def none() -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(socket, "socketpair", none)
    with pytest.raises(UnusableError, match="worker 2 cannot be started: Too many open files"):
        await Process.start(2, "s", (), lambda: None)
