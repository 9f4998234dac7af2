"""The parent: starts detector and workers, keeps them running, replaces them one by one on SIGHUP, ends them all.

It holds the listening sockets, one a worker. The kernel spreads connections over them (SO_REUSEPORT), and what waits
in one is lost only when the last holder closes it: not while a worker is replaced, nor when one dies. At the end it is
the first to close them: else the kernel would go on taking connections that nobody serves any more.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial

from reference_server.server import listen
from reference_server.service import TICK_S, first_of
from reference_server.settings import Settings
from reference_server.workers.line import NEWS
from reference_server.workers.process import Process, ProcessEndedError
from reference_server.workers.slot import Slot
from wire.broker import EmbeddedBroker
from wire.errors import SensorSwarmError, UnusableError

log = logging.getLogger("sensorswarm.serve")


@contextmanager
def listen_several(host: str, port: int, count: int) -> Iterator[list[socket.socket]]:
    """Take the port `count` times, each time with a queue of connections of its own.

    Raises:
        ListenError: as `listen`, also when another server has shared the port already.
    """
    with listen(host, port) as alone:  # nobody is there: two servers that share a port would share its clients
        port = alone.getsockname()[1]
    with ExitStack() as taken:
        yield [taken.enter_context(listen(host, port, reuse_port=True)) for _ in range(count)]


def check_workers(settings: Settings, workers: int) -> None:
    """Refuse what several workers cannot do.

    Raises:
        SensorSwarmError: names it, and the remedy.
    """
    if settings.alerts is None:
        raise SensorSwarmError(f"--workers {workers}: they share alerts by a file; give --alerts FILE")
    if settings.access.users is not None:
        raise SensorSwarmError(
            f"--workers {workers}: --users needs 1 worker, for the others would not hear of who logs out; use tokens"
        )


class Supervisor:
    """All processes of one server.

    Args:
        listening: a socket for each worker; closed as soon as `run` ends.
        watched: the same for those who watch the workers; none where nobody wants to.
        session: name of the server's MQTT session: the detector's, which must find alerts whatever was restarted. Each
            worker has one of its own, a new one at each start: what was published before is nothing that it needs.
        patience_s: how long a process may take to end.
        embedded: the broker we started ourselves.
    """

    def __init__(
        self,
        listening: Sequence[socket.socket],
        watched: Sequence[socket.socket] = (),
        *,
        session: str,
        patience_s: float,
        embedded: EmbeddedBroker | None = None,
    ) -> None:
        self._session = session
        self._sockets = [*listening, *watched]
        self._embedded = embedded
        self._asked_again = asyncio.Event()
        self._detector = Slot(self._start_detector, overlap=False, patience_s=patience_s)
        self._workers = [
            Slot(partial(self._start_worker, number, sockets), overlap=True, patience_s=patience_s)
            for number, sockets in enumerate(zip(listening, watched, strict=True) if watched else zip(listening), 1)
        ]

    async def run(self, ready: Callable[[], None]) -> None:
        """Serve until cancelled; `ready` is called once, when every worker serves.

        Raises:
            ProcessEndedError: a process ended at the start.
            UnusableError: one died again and again, or our own broker did.
        """
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._asked_again.set)
        slots = [self._detector, *self._workers]
        try:
            # One after the other up to the first worker: what is wrong with the options is told once.
            await self._detector.fill()
            await self._workers[0].fill()
            await asyncio.gather(*[slot.fill() for slot in self._workers[1:]])
            ready()
            await first_of(*[slot.keep() for slot in slots], self._replace_all(), self._watch_broker())
        finally:
            for taken in self._sockets:  # each worker has its own of them until it needs it no more
                taken.close()
            await asyncio.gather(*[slot.stop() for slot in self._workers])
            await self._detector.stop()  # last: clients that are still here hear of alerts

    async def drain(self) -> None:
        """Nothing that we need to do: the workers send their clients away when `run` ends them."""

    def hurry(self) -> None:
        """Let every process end without waiting for anybody."""
        for slot in [self._detector, *self._workers]:
            slot.hurry()

    async def _start_detector(self, *, patient: bool) -> Process:
        return await Process.start(0, self._session, (), self._spread_news, patient=patient)

    async def _start_worker(self, number: int, sockets: Sequence[socket.socket], *, patient: bool) -> Process:
        session = f"{self._session}-{number}-{secrets.token_hex(3)}"
        return await Process.start(number, session, sockets, self._spread_news, patient=patient)

    def _spread_news(self) -> None:
        for slot in self._workers:
            slot.tell(NEWS)

    async def _replace_all(self) -> None:
        """Replace every process once for each SIGHUP, the workers first: what they cannot use leaves all as it is."""
        while True:
            await self._asked_again.wait()
            self._asked_again.clear()
            try:
                for slot in [*self._workers, self._detector]:
                    await slot.replace()
            except (ProcessEndedError, UnusableError) as error:
                log.warning("%s; what was not replaced yet goes on as it is", error)

    async def _watch_broker(self) -> None:
        while self._embedded is None or self._embedded.exit_code is None:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(TICK_S)
        raise UnusableError(f"the embedded broker ended with {self._embedded.exit_code}; start again")
