"""A place among the processes of one server, and the process that holds it, whichever that is at the time."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from reference_server.logs import fields
from reference_server.workers.line import RELIEVED
from reference_server.workers.process import Process, ProcessEndedError
from reference_server.workers.restarts import Restarts
from wire.errors import UnusableError

log = logging.getLogger("sensorswarm.serve")


class Start(Protocol):
    """Starts a process for a place."""

    async def __call__(self, *, patient: bool) -> Process:
        """Start one; `patient` as in `Place`.

        Raises:
            UnusableError: the system has no room for it.
        """


class Slot:
    """One place. Call `fill` first, then `keep` for as long as the server lives; `replace` may be called meanwhile.

    Args:
        start: for this place.
        overlap: whether a new process may serve beside the old one until that has ended.
        patience_s: how long a process may take to end.
    """

    def __init__(self, start: Start, *, overlap: bool, patience_s: float) -> None:
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
            UnusableError: the system has no room for it.
        """
        self._holder = await self._begin()
        await self._holder.until_ready()

    async def keep(self) -> None:
        """Start its process anew whenever it died.

        The new one is patient: the options were right once, and a broker that is away ends nobody who lives either.

        Raises:
            UnusableError: it died again and again, or could not be started.
        """
        restarts = Restarts()
        while True:
            process = self._holder
            assert process is not None  # noqa: S101 - filled
            await process.ended()
            async with self._changing:
                if self._holder is not process:  # replaced on purpose
                    continue
                lived_s, why = process.lived_s, f"{process.place.name} {process.ended_how}"
                await self._end(process)
                while self._holder is process:
                    await _wait(restarts, lived_s, why)
                    try:
                        self._holder = await self._begin(patient=True)
                    except UnusableError as error:
                        lived_s, why = 0.0, str(error)

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
            old.tell(RELIEVED)
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

    async def _begin(self, *, patient: bool = False) -> Process:
        process = await self._start(patient=patient)
        self._running.append(process)
        return process

    async def _end(self, process: Process) -> None:
        await process.stop(self._patience_s)
        if process in self._running:  # not when it was ended to be replaced, and nothing came in its place
            self._running.remove(process)


async def _wait(restarts: Restarts, lived_s: float, why: str) -> None:
    """Tell of a death, and let some time pass before the next life.

    Raises:
        UnusableError: another one is no use.
    """
    delay_s = restarts.delay_s(lived_s)
    if delay_s is None:
        raise UnusableError(f"{why}, {restarts.in_a_row} times in a row")
    log.warning("%s; starting it again", why)
    await asyncio.sleep(delay_s)
