"""A place among the processes of one server, and the process that holds it, whichever that is at the time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Sequence

from reference_server.logs import fields
from reference_server.workers.line import READY
from reference_server.workers.place import Place
from reference_server.workers.restarts import Restarts
from wire.errors import ExitCode, SensorSwarmError, UnusableError

_READ_BYTES = 4096
log = logging.getLogger("sensorswarm.serve")


class ProcessEndedError(SensorSwarmError):
    """A process of the server ended where it should not; it has said why itself."""

    def __init__(self, process: Process) -> None:
        super().__init__(f"{process.place.name} {process.ended_how}")
        self.exit_code = ExitCode.USAGE if process.exit_code == ExitCode.USAGE else ExitCode.NOT_USABLE


class Process:
    """One process, from its start to its end; start it with `start`.

    Attributes:
        ready: set when it serves; never for one that ended before.
    """

    def __init__(self, place: Place, ours: socket.socket, process: asyncio.subprocess.Process) -> None:
        self.place = place
        self.ready = asyncio.Event()
        self._line = ours
        self._process = process
        self._started_s = time.monotonic()

    @classmethod
    async def start(
        cls, number: int, session: str, sockets: Sequence[socket.socket], on_news: Callable[[], None]
    ) -> Process:
        """Start the command that started us once more, in a place of its own.

        Args:
            number: as in `Place`.
            session: as in `Place`.
            sockets: that it listens on: for clients, for those who watch it; both may be missing.
            on_news: called when it committed alerts.

        Raises:
            UnusableError: the system has no room for one more process.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            handed = [theirs.fileno(), *[taken.fileno() for taken in sockets]]
            place = Place(number, session, *handed)
            try:
                # As it was given, so that code, options and files are read anew. In a process group of its own: what a
                # terminal sends is for us.
                process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    *sys.orig_argv[1:],
                    stdin=asyncio.subprocess.DEVNULL,
                    env={**os.environ, **place.tell()},
                    pass_fds=handed,
                    process_group=0,
                )
            except OSError as error:
                ours.close()
                raise UnusableError(f"{place.name} cannot be started: {error.strerror}") from None
        ours.setblocking(False)
        started = cls(place, ours, process)
        asyncio.get_running_loop().add_reader(ours, started._read, on_news)
        return started

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Exit code, minus the signal's number where one ended it, None while it runs."""
        return self._process.returncode

    @property
    def ended_how(self) -> str:
        """For people."""
        code = self.exit_code or 0
        return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"

    @property
    def lived_s(self) -> float:
        """Seconds since its start."""
        return time.monotonic() - self._started_s

    def tell(self, word: bytes) -> None:
        """Tell it something, unless it is gone or has much unread."""
        with contextlib.suppress(OSError):
            self._line.send(word)

    async def until_ready(self) -> None:
        """Wait until it serves.

        Raises:
            ProcessEndedError: it ended before.
        """
        ready, ended = asyncio.ensure_future(self.ready.wait()), asyncio.ensure_future(self.ended())
        try:
            await asyncio.wait([ready, ended], return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
            ended.cancel()
        if not self.ready.is_set():
            raise ProcessEndedError(self)

    async def ended(self) -> None:
        """Wait for its end."""
        await self._process.wait()

    async def stop(self, patience_s: float) -> None:
        """Ask it to end; kill it when it has not after `patience_s`."""
        self.ask_to_end()
        try:
            async with asyncio.timeout(patience_s):
                await self.ended()
        except TimeoutError:
            log.warning("%s did not end within %g s, and is killed", self.place.name, patience_s)
            self._process.kill()
            await self.ended()
        self._hang_up()

    def ask_to_end(self) -> None:
        """Send SIGTERM; nothing happens when it has ended."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()

    def _read(self, on_news: Callable[[], None]) -> None:
        try:
            heard = self._line.recv(_READ_BYTES)
        except OSError:
            heard = b""
        if not heard:
            self._hang_up()
        elif READY in heard:
            self.ready.set()
        if heard.replace(READY, b""):
            on_news()

    def _hang_up(self) -> None:
        if self._line.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._line)
            self._line.close()


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
        self._running.remove(process)
