"""The master's side of a run: its workers, what it orders of them, and the handshake that brings in their books."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import gevent
from locust import runners
from locust.runners import STATE_MISSING, MasterRunner

from loadtest.alerts import AlertRegister
from loadtest.batch import Batch
from loadtest.closing import Part
from loadtest.distributed.shares import shares
from loadtest.distributed.worker import ANSWER_S, PREFIX, RUN
from loadtest.swarm import Swarm
from wire.clock import now
from wire.secret import development_secret

HEARTBEATS = 10  # that a worker may miss, one a second
COME_BACK_S = 5.0  # how long the end waits for a worker that missed more
_LOOK_S = 0.05
_WATCH_S = 0.5
_SILENT = "no heartbeat"

_log = logging.getLogger(__name__)


class Worker:
    """One worker during one run.

    Attributes:
        lost: why nothing more is awaited of it; empty while it is there.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.lost = ""
        self.ready = False
        self.live = 0
        self.answers: dict[str, dict[str, Any]] = {}  # by what was asked


class Workers:
    """The workers of one run; they are its `Crews`."""

    def __init__(self, runner: MasterRunner, swarm: Swarm, run: int) -> None:
        self._runner = runner
        self._swarm = swarm
        self._run = run
        self._workers: dict[str, Worker] = {}  # by their id
        for node in runner.clients.all:
            if node.state != STATE_MISSING:
                self._worker(node.id)
        self._watching = gevent.spawn(self._watch)

    def _watch(self) -> None:
        """Until the end: say at once who is lost, and who came back."""
        while True:
            gevent.sleep(_WATCH_S)
            self._look()

    def _worker(self, worker_id: str) -> Worker:
        if worker_id not in self._workers:
            host = worker_id.rpartition("_")[0]
            self._workers[worker_id] = Worker(f"worker {self._runner.get_worker_index(worker_id)} ({host})")
        return self._workers[worker_id]

    def heard(self, name: str, worker_id: str, data: dict[str, Any]) -> None:
        """Take a message of a worker."""
        if data.pop("run") != self._run:
            return
        worker = self._worker(worker_id)
        if name == "deal":
            dealt = [self._swarm.numbering.deal(kind) for kind in data["kinds"]]
            self._send("dealt", worker_id, {"dealt": dealt})
        elif name == "batch":
            batch = Batch.from_plain(data)
            worker.ready, worker.live = batch.ready, batch.progress.live
            self._swarm.take(batch, worker.name)
        elif name == "failed":
            worker.lost = data["reason"]
            _log.error("%s cannot take part: %s", worker.name, worker.lost)
            gevent.spawn(self._swarm.end)  # the end waits for messages, and this is who takes them
        elif name == "gone":
            worker.lost = "its process ended before the run"
            _log.error("%s is gone: the run cannot be used", worker.name)
        elif name in ("stopped", "closed"):
            worker.answers[name] = data

    def _send(self, name: str, worker_id: str, data: dict[str, Any]) -> None:
        self._runner.send_message(PREFIX + name, {"run": self._run, **data}, client_id=worker_id)

    def _look(self) -> None:
        """See who is lost by Locust's own account, and who came back."""
        for worker_id, worker in self._workers.items():
            node = self._runner.clients.get(worker_id)
            if node is None:
                continue
            if node.state == STATE_MISSING and not worker.lost:
                worker.lost = _SILENT
                _log.error("%s is lost: the run cannot be used unless it comes back", worker.name)
            elif node.state != STATE_MISSING and worker.lost == _SILENT:
                worker.lost = ""
                _log.warning("%s came back; Locust may have begun some of its users anew on the others", worker.name)

    @property
    def ready(self) -> bool:
        """See `Crews`."""
        present = [worker for worker in self._workers.values() if not worker.lost]
        return bool(present) and all(worker.ready for worker in present)

    @property
    def live(self) -> int:
        """See `Crews`."""
        return sum(worker.live for worker in self._workers.values() if not worker.lost)

    def cut(self, connections: int) -> None:
        """See `Crews`."""
        self._share("cut", connections)

    def leave(self, clients: int) -> None:
        """See `Crews`."""
        self._share("leave", clients)

    def _share(self, name: str, count: int) -> None:
        present = [worker_id for worker_id, worker in self._workers.items() if not worker.lost]
        for worker_id, share in zip(
            present, shares(count, [self._workers[each].live for each in present]), strict=True
        ):
            if share:
                self._send(name, worker_id, {"count": share})

    def stop(self, register: AlertRegister) -> list[dict[str, Any]]:
        """See `Crews`."""
        self._watching.kill()
        lines: list[dict[str, Any]] = []
        for answer in self._ask("stop", "stopped", {"published": not self._swarm.knows_published}):
            register.merge(answer["arrivals"])
            lines = lines or answer["lines"]
        return lines

    def close(self, lines: Sequence[dict[str, Any]], register: AlertRegister) -> list[Part]:
        """See `Crews`; whatever comes of it, the workers may end after."""
        answers = self._ask("close", "closed", {"lines": list(lines), "arrivals": register.arrivals})
        if problem := next((answer["problem"] for answer in answers if "problem" in answer), ""):
            raise ValueError(problem)
        for worker_id in self._workers:
            self._send("over", worker_id, {})
        return [
            self._named(Part.from_plain(worker.answers["closed"]["part"]), worker.name) for worker in self._present()
        ]

    def _present(self) -> list[Worker]:
        return [worker for worker in self._workers.values() if not worker.lost]

    @staticmethod
    def _named(part: Part, name: str) -> Part:
        part.not_usable = [f"{name}: {reason}" for reason in part.not_usable]
        return part

    def _ask(self, name: str, answer: str, data: dict[str, Any]) -> list[dict[str, Any]]:
        """Ask all who may be there, and wait until each has answered, is lost, or has taken too long."""
        asked = {worker_id: worker for worker_id, worker in self._workers.items() if worker.lost in ("", _SILENT)}
        for worker_id, worker in asked.items():
            worker.answers.pop(answer, None)
            self._send(name, worker_id, data)
        asked_ts = now()
        while awaited := [each for each in asked.values() if answer not in each.answers and each.lost in ("", _SILENT)]:
            self._look()
            waited_s = now() - asked_ts
            for worker in awaited:
                if worker.lost == _SILENT and waited_s >= COME_BACK_S:
                    worker.lost = f"{_SILENT}, and no answer within {COME_BACK_S:g} s"
                elif not worker.lost and waited_s >= ANSWER_S:
                    worker.lost = f"no answer within {ANSWER_S:g} s"
            gevent.sleep(_LOOK_S)
        answered = [worker for worker in asked.values() if answer in worker.answers]
        for worker in answered:
            worker.lost = ""  # its heartbeat may come after its answer
        return [worker.answers[answer] for worker in answered]

    def missing(self) -> list[str]:
        """See `Crews`."""
        return [f"{worker.name} was lost: {worker.lost}" for worker in self._workers.values() if worker.lost]


class MasterSide:
    """The master, over all runs of its process."""

    def __init__(self, runner: MasterRunner) -> None:
        self.workers: Workers | None = None
        self.run = 0
        self._runner = runner
        # Locust forgives three, begins users of one that comes back anew on the others, and ends the run when it misses
        # all. A worker that is merely busy must not make the others so.
        runners.HEARTBEAT_LIVENESS = HEARTBEATS
        for name in ("joined", "deal", "batch", "failed", "gone", "stopped", "closed"):
            runner.register_message(PREFIX + name, self._heard)

    def crews(self, swarm: Swarm) -> Workers:
        """Begin a run."""
        self.run += 1
        self.workers = Workers(self._runner, swarm, self.run)
        return self.workers

    def tell_options(self, parsed_options: Any) -> None:  # noqa: ANN401 - a namespace of Locust
        """Add what Locust is to hand to the workers with the options: the run's number, and one secret for all."""
        setattr(parsed_options, RUN, self.run)
        parsed_options.jwt_secret = parsed_options.jwt_secret or development_secret()

    def _heard(self, msg: Any, **_: object) -> None:  # noqa: ANN401 - Locust's
        if self.workers:
            self.workers.heard(msg.type.removeprefix(PREFIX), msg.node_id, msg.data)
