"""One run of the swarm, in however many processes its clients are: its files, what is ordered, and how it is closed."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import gevent
from locust.runners import STATE_STOPPED

from loadtest.alerts import AlertRegister
from loadtest.batch import Batch
from loadtest.behaviours.churn import Churn
from loadtest.closing import Part, close_books
from loadtest.collect import Collector
from loadtest.crew import ALONE, Crew
from loadtest.faults import FaultOrders
from loadtest.live.standing import Seen
from loadtest.numbering import Numbering
from loadtest.options import Settings
from loadtest.published import published
from loadtest.selfcheck import publisher_reasons
from loadtest.summary import Outcome
from wire.clock import now
from wire.errors import UnusableError
from wire.records import (
    BOOKS,
    PUBLISHED,
    SWARM_READY,
    PublishedFinal,
    PublishedTotal,
    make_directory,
    records_of,
    write_json,
)

TICK_S = 0.25  # orders are looked for this often

_log = logging.getLogger(__name__)


class Crews(Protocol):
    """The clients of a run, wherever they are."""

    @property
    def ready(self) -> bool:
        """Whether all have been live, or will not be."""

    @property
    def live(self) -> int:
        """How many are live now, as far as is known."""

    def cut(self, connections: int) -> None:
        """Break so many live connections abruptly."""

    def leave(self, clients: int) -> None:
        """Make so many live clients leave for good."""

    def stop(self, register: AlertRegister) -> list[dict[str, Any]]:
        """Stop all; note in `register` when each alert first arrived.

        Returns:
            Lines of published.jsonl where the clients are, if the simulator wrote it there.
        """

    def close(self, lines: Sequence[dict[str, Any]], register: AlertRegister) -> list[Part]:
        """Close the books, by what was published and when each alert first arrived.

        Raises:
            ValueError, IndexError, TypeError: a line of what was published is broken.
        """

    def missing(self) -> list[str]:
        """Why part of the clients cannot be told of; empty when all can."""


class OneCrew:
    """All clients are in this process."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        self.cut, self.leave = crew.cut, crew.leave

    @property
    def ready(self) -> bool:
        """See `Crews`."""
        return self._crew.ready

    @property
    def live(self) -> int:
        """See `Crews`."""
        return len(self._crew.roll.live())

    def stop(self, register: AlertRegister) -> list[dict[str, Any]]:
        """See `Crews`."""
        self._crew.stop()
        register.merge(self._crew.desk.register.arrivals)
        return []

    def close(self, lines: Sequence[dict[str, Any]], register: AlertRegister) -> list[Part]:
        """See `Crews`."""
        return [self._crew.close(list(records_of(lines, PublishedFinal)), register)]

    def missing(self) -> list[str]:
        """See `Crews`."""
        return []


class Swarm:
    """One run.

    Args:
        settings: of the run.
        environment: Locust's.
        crews: makes the clients' side of it, given the run itself.

    Raises:
        SensorSwarmError: the run directory cannot be used, or the clients cannot begin.
    """

    def __init__(self, settings: Settings, environment: Any, crews: Callable[[Swarm], Crews]) -> None:  # noqa: ANN401
        self.started_ts = now()
        self.numbering = Numbering(settings.behaviours.weights)
        self._latest: dict[str, Batch] = {}  # by process
        self._heard_ts: dict[str, float] = {}
        self._settings = settings
        self._environment = environment
        self._unusable = ""
        self._unwritable = False
        self._ready = False
        self._churn: Churn | None = None  # from when every client is live
        self._run_dir = run_dir = make_directory(settings.run_dir) if settings.run_dir else None
        if run_dir:
            (run_dir / SWARM_READY).unlink(missing_ok=True)  # of an earlier run
        self._orders = FaultOrders(run_dir, self.started_ts) if run_dir else None
        self.collector = Collector(environment, run_dir, self.started_ts)
        self._crews = crews(self)
        self._keeper = gevent.spawn(self._keep)

    @property
    def knows_published(self) -> bool:
        """Whether a simulator has written into this process's run directory."""
        return self._run_dir is not None and (self._run_dir / PUBLISHED).exists()

    @property
    def seen(self) -> Seen:
        """What the run has heard of its clients so far."""
        collector = self.collector
        return Seen(
            started_ts=self.started_ts,
            latest=self._latest,
            heard_ts=self._heard_ts,
            tallies=collector.tallies,
            failed=collector.failed,
            unknown=collector.unknown,
            problems=[self._unusable] * bool(self._unusable) + self._crews.missing(),
        )

    def take(self, batch: Batch, process: str = ALONE) -> None:
        """Take what happened to the clients of one process; called once a second, and at the end."""
        self._latest[process], self._heard_ts[process] = batch, now()
        if self._unwritable:
            return
        try:
            self.collector.take(batch, process)
        except UnusableError as error:
            self._unwritable = True
            self.give_up(str(error))
        self._check_understood()

    def _keep(self) -> None:
        """Four times a second, until killed: carry out orders, tell readiness."""
        while True:
            gevent.sleep(TICK_S)
            if not self._unusable:
                self._carry_out_orders()
                try:
                    self._see_whether_ready()
                except UnusableError as error:
                    self.give_up(str(error))

    def end(self) -> None:
        """End the run, and the process where no web page needs it."""
        runner = self._environment.runner
        if self._environment.parsed_options.headless:
            runner.quit()
        elif runner.state != STATE_STOPPED:
            runner.stop()

    def give_up(self, reason: str) -> None:
        """Say that the run cannot be used; the first reason counts."""
        if not self._unusable:
            self._unusable = reason
        _log.error("%s", reason)

    def _check_understood(self) -> None:
        """End the run when more was not understood than may be."""
        most, total = self._settings.max_unknown, self.collector.unknown.total()
        if most is not None and total > most and not self._unusable:
            first = self.collector.first_unknown
            self.give_up(f"{total} messages or readings not understood, --max-unknown {most}; first: {first}")
            gevent.spawn(self.end)  # the end waits for who delivers this

    def _carry_out_orders(self) -> None:
        for order in self._orders.take_due(now()) if self._orders else ():
            self._crews.cut(order.connections)
        if self._churn is not None and (leave := self._churn.due(self._crews.live, now())):
            self._crews.leave(leave)

    def _see_whether_ready(self) -> None:
        if not self._ready and self._crews.ready:
            self._ready = True
            self._churn = Churn(self._settings.behaviours.churn_per_minute, now())
            if self._run_dir:
                write_json(self._run_dir / SWARM_READY, now())

    def finish(self) -> Outcome:
        """Close the books; waits a little for the simulator's last numbers, and for other processes."""
        self._keeper.kill()
        register = AlertRegister()
        elsewhere = self._crews.stop(register)
        lines = published(self._run_dir) or elsewhere
        parts = self._close(lines, register)
        collector = self.collector
        books = close_books(
            parts,
            settled=any(records_of(lines, PublishedFinal)),
            unknown=collector.unknown,
            first_unknown=collector.first_unknown,
        )
        books.not_usable += publisher_reasons(records_of(lines, PublishedTotal)) + self._crews.missing()
        books.negative_latencies = sum(tally.negative for tally in collector.tallies.values())
        try:
            if self._run_dir:
                write_json(self._run_dir / BOOKS, books)
            collector.close()
        except UnusableError as error:
            self.give_up(str(error))
        return Outcome(
            books=books,
            tallies=collector.tallies,
            clients=len(books.clients) - sum(part.intruders for part in parts),
            ever_live=sum(part.ever_live for part in parts),
            lost=sum(part.lost for part in parts),
            given_up=sum(part.given_up for part in parts),
            unusable=self._unusable,
            failed=dict(collector.failed),
            insecure=self._settings.dial.insecure,
            left=sum(part.left for part in parts),
            intrusions=sum((part.intrusions for part in parts), Counter()),
        )

    def _close(self, lines: Sequence[dict[str, Any]], register: AlertRegister) -> list[Part]:
        try:
            return self._crews.close(lines, register)
        except (ValueError, IndexError, TypeError) as error:
            where = Path(self._run_dir or "") / PUBLISHED
            self.give_up(f"{where}: a final record is broken ({error})")
            return self._crews.close([], register)
