"""A worker's side of a run: its crew, and the messages between it and the master."""

from __future__ import annotations

import functools
from collections import deque
from typing import Any

import gevent
from gevent.event import AsyncResult, Event
from gevent.lock import RLock
from locust import argument_parser
from locust.runners import STATE_INIT, STATE_STOPPED, WorkerRunner
from websockets.uri import WebSocketURI

from loadtest.alerts import AlertRegister
from loadtest.batch import Batch
from loadtest.crew import Crew
from loadtest.options import Settings
from loadtest.published import published
from wire.errors import SensorSwarmError
from wire.records import PublishedFinal, records_of

PREFIX = "sensorswarm."
RUN = "sensorswarm_run"  # the run's number, among the options that the master hands to its workers
ANSWER_S = 30.0  # longest wait of either side for the other's part of the handshake
NOTICE_S = 5.0  # how long a process that is told to end waits for the master to end the run


class WorkerSide:
    """One worker, over all runs of its process."""

    def __init__(self, runner: WorkerRunner) -> None:
        self.crew: Crew | None = None
        self._runner = runner
        self._run = 0
        self._asked: deque[AsyncResult] = deque()  # for a number, in order
        self._unsent: list[str] = []  # kinds of those not yet asked for
        self._lock = RLock()
        self._stopped = True
        self._told, self._over = Event(), Event()
        # With every order to spawn Locust asks for each option whether it is one of its own, and builds its whole
        # parser for each answer: half a second and more in which no client and no heartbeat has its turn.
        argument_parser.default_args_dict = functools.cache(argument_parser.default_args_dict)
        for name in ("dealt", "cut", "leave", "over"):
            runner.register_message(PREFIX + name, getattr(self, f"_on_{name}"))
        for name in ("stop", "close"):  # take their time
            runner.register_message(PREFIX + name, getattr(self, f"_on_{name}"), concurrent=True)

    def start(self, settings: Settings, uri: WebSocketURI, run: int) -> Crew:
        """Begin a run.

        Raises:
            SensorSwarmError: this process cannot take part; the master was told.
        """
        self._run, self._settings = run, settings
        self._asked.clear()
        self._unsent.clear()
        self._told.clear()
        self._over.clear()
        try:
            process = f"worker {self._runner.worker_index}"
            self.crew = Crew(settings, uri, deal=self._deal, deliver=self._deliver, process=process)
        except SensorSwarmError as error:
            self._send("failed", {"reason": str(error)})
            raise
        self._stopped = False
        self._send("joined", {})
        return self.crew

    def stopped(self) -> None:
        """Stop the clients; called once Locust has stopped its users. Safe to call twice."""
        if self.crew and not self._stopped:
            self._stopped = True
            self.crew.stop()

    def hand_over(self) -> bool:
        """Wait, when the process is ending, until the master has the books of its run; whether it has."""
        if not self.crew or self._over.is_set():
            return True
        self._halt()
        if self._told.wait(NOTICE_S) and self._over.wait(2 * ANSWER_S):
            return True
        self._send("gone", {})
        return False

    def _send(self, name: str, data: dict[str, Any]) -> None:
        self._runner.send_message(PREFIX + name, {"run": self._run, **data})

    def _deliver(self, batch: Batch) -> None:
        self._send("batch", batch.plain())

    def _deal(self, kind: str) -> tuple[int, str]:
        """Ask the master for a number; those who ask at the same time ask by one message."""
        if not self._unsent:
            gevent.spawn(self._ask)
        self._unsent.append(kind)
        dealt = AsyncResult()
        self._asked.append(dealt)
        return dealt.get()

    def _ask(self) -> None:
        kinds, self._unsent = self._unsent, []
        self._send("deal", {"kinds": kinds})

    def _on_dealt(self, msg: Any, **_: object) -> None:  # noqa: ANN401 - Locust's
        if msg.data["run"] == self._run:
            for index, kind in msg.data["dealt"]:
                self._asked.popleft().set((index, kind))

    def _on_cut(self, msg: Any, **_: object) -> None:  # noqa: ANN401
        if self.crew and msg.data["run"] == self._run:
            self.crew.cut(msg.data["count"])

    def _on_leave(self, msg: Any, **_: object) -> None:  # noqa: ANN401
        if self.crew and msg.data["run"] == self._run:
            self.crew.leave(msg.data["count"])

    def _halt(self) -> None:
        with self._lock:
            if self._runner.state not in (STATE_INIT, STATE_STOPPED):
                self._runner.stop()
            self.stopped()

    def _on_stop(self, msg: Any, **_: object) -> None:  # noqa: ANN401
        if not self.crew or msg.data["run"] != self._run:
            return
        self._told.set()
        self._halt()
        lines = published(self._settings.run_dir) if msg.data["published"] else []
        self._send("stopped", {"arrivals": self.crew.desk.register.arrivals, "lines": lines})

    def _on_close(self, msg: Any, **_: object) -> None:  # noqa: ANN401
        if not self.crew or msg.data["run"] != self._run:
            return
        register = AlertRegister()
        register.merge(msg.data["arrivals"])
        try:
            part = self.crew.close(list(records_of(msg.data["lines"], PublishedFinal)), register)
        except (ValueError, IndexError, TypeError) as error:
            self._send("closed", {"problem": str(error)})
        else:
            self._send("closed", {"part": part.plain()})

    def _on_over(self, msg: Any, **_: object) -> None:  # noqa: ANN401
        if msg.data["run"] == self._run:
            self._over.set()
