"""A place among the processes of one server, and the process that holds it, whichever that is at the time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from reference_server.logs import fields
from reference_server.workers.process import Process, ProcessEndedError
from reference_server.workers.restarts import Restarts
from wire.errors import UnusableError

log = logging.getLogger("sensorswarm.serve")


class Slot:
    """One place. Call `fill` first, then `keep` for as long as the server lives; `replace` may be called meanwhile.

    Args:
        start: starts a process for this place.
        overlap: whether a new process may serve beside the old one until that has ended.
        patience_s: how long a process may take to end.
    """

    def __init__(self, start: Callable[[], Awaitable[Process]], *, overlap: bool, patience_s: float) -> None:
        self._start = start
        self._overlap = overlap
        self._patience_s = patience_s
        self._changing = asyncio.Lock()
        self._holder: Process | None = None
        self._running: list[Process] = []  # with those that are about to hold the place, or no longer do

    async def fill(self) -> None:
        """Start its process, and wait until that serves.

        Raises:
            ProcessEndedError: it ended before.
        """
        self._holder = await self._begin()
        await self._holder.until_ready()

    async def keep(self) -> None:
        """Start its process anew whenever it died.

        Raises:
            UnusableError: it died again and again.
        """
        restarts = Restarts()
        while True:
            process = self._holder
            assert process is not None  # noqa: S101 - filled
            await process.ended()
            async with self._changing:
                if self._holder is not process:  # replaced on purpose
                    continue
                delay_s = restarts.delay_s(process.lived_s)
                if delay_s is None:
                    raise UnusableError(f"{process.place.name} {process.ended_how}, {restarts.in_a_row} times in a row")
                log.warning("%s %s; starting it again", process.place.name, process.ended_how)
                await self._end(process)
                await asyncio.sleep(delay_s)
                self._holder = await self._begin()

    async def replace(self) -> None:
        """Put a new process in the place of the old one, which is asked to end.

        Raises:
            ProcessEndedError: the new one ended before it served; where they may overlap, the old one goes on.
            UnusableError: the system has no room for a new one; the same holds.
        """
        async with self._changing:
            old = self._holder
            assert old is not None  # noqa: S101 - filled
            if not self._overlap:
                await self._end(old)
                await self.fill()
                return
            new = await self._begin()
            try:
                await new.until_ready()
            except ProcessEndedError:
                await self._end(new)
                raise
            self._holder = new
            log.info("relieved", extra=fields(process=new.place.name, pid=new.pid, old_pid=old.pid))
            await self._end(old)

    def tell(self, word: bytes) -> None:
        """Tell every process here something."""
        for process in self._running:
            process.tell(word)

    def hurry(self) -> None:
        """Ask every process here once more to end: then it waits for nobody."""
        for process in self._running:
            process.ask_to_end()

    async def stop(self) -> None:
        """End whatever runs here; call it when neither `keep` nor `replace` goes on."""
        await asyncio.gather(*map(self._end, list(self._running)))

    async def _begin(self) -> Process:
        process = await self._start()
        self._running.append(process)
        return process

    async def _end(self, process: Process) -> None:
        await process.stop(self._patience_s)
        if process in self._running:  # not when it was ended to be replaced, and nothing came in its place
            self._running.remove(process)
