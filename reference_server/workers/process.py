"""One process of the server, as the parent holds it: its line, its signals, its end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence

from reference_server.workers.line import READY
from reference_server.workers.place import Place, name_of
from wire.errors import ExitCode, SensorSwarmError, UnusableError

_READ_BYTES = 4096
log = logging.getLogger("sensorswarm.serve")


class ProcessEndedError(SensorSwarmError):
    """A process of the server ended where it should not; it has said why itself."""

    def __init__(self, process: Process) -> None:
        super().__init__(f"{process.place.name} {process.ended_how}")
        self.exit_code = ExitCode.USAGE if process.exit_code == ExitCode.USAGE else ExitCode.NOT_USABLE


class Process:
    """One process, from its start to its end; start it with `start`."""

    def __init__(self, place: Place, ours: socket.socket, process: asyncio.subprocess.Process) -> None:
        self.place = place
        self._ready = asyncio.Event()
        self._line = ours
        self._process = process
        self._asked = False  # to end
        self._started_s = time.monotonic()

    @classmethod
    async def start(
        cls,
        number: int,
        session: str,
        sockets: Sequence[socket.socket],
        on_news: Callable[[], None],
        *,
        patient: bool = False,
    ) -> Process:
        """Start the command that started us once more, in a place of its own.

        Args:
            number: as in `Place`.
            session: as in `Place`.
            sockets: that it listens on: for clients, for those who watch it; both may be missing.
            on_news: called when it committed alerts.
            patient: as in `Place`.

        Raises:
            UnusableError: the system has no room for one more process.
        """
        try:
            ours, theirs = socket.socketpair()
            with theirs, contextlib.ExitStack() as in_vain:
                in_vain.enter_context(ours)
                handed = [theirs.fileno(), *[taken.fileno() for taken in sockets]]
                place = Place(number, session, *handed, patient=patient)
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
                in_vain.pop_all()
        except OSError as error:
            raise UnusableError(f"{name_of(number)} cannot be started: {error.strerror}") from None
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
        ready, ended = asyncio.ensure_future(self._ready.wait()), asyncio.ensure_future(self.ended())
        try:
            await asyncio.wait([ready, ended], return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
            ended.cancel()
        if not self._ready.is_set():
            raise ProcessEndedError(self)

    async def ended(self) -> None:
        """Wait for its end."""
        await self._process.wait()

    async def stop(self, patience_s: float) -> None:
        """Ask it to end, once however often this is called; kill it when it has not after `patience_s`."""
        if not self._asked:
            self._asked = True
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
        """Send SIGTERM, which a process takes for "at once" the second time; nothing happens when it has ended."""
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
            self._ready.set()
        if heard.replace(READY, b""):
            on_news()

    def _hang_up(self) -> None:
        if self._line.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._line)
            self._line.close()
