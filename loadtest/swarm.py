"""One run of the swarm: its clients, what happens four times a second, and how it is closed."""

from __future__ import annotations

import gc
import logging
import random
from collections import Counter
from typing import Any

import gevent
from locust.runners import WorkerRunner
from websockets.uri import WebSocketURI

from loadtest.behaviours import KINDS
from loadtest.behaviours.churn import Churn, leaving
from loadtest.behaviours.intruder import Intruder
from loadtest.behaviours.mix import Mix
from loadtest.behaviours.options import INTRUDER
from loadtest.behaviours.slow import Slow
from loadtest.client import Client
from loadtest.closing import close_books
from loadtest.collect import Collector
from loadtest.desk import Desk
from loadtest.dial_options import check_tls
from loadtest.faults import FaultOrders, chosen
from loadtest.health import HealthSampler
from loadtest.options import Settings
from loadtest.selfcheck import SelfCheck, publisher_reasons
from loadtest.stamps import kernel_stamps_work
from loadtest.states import State
from loadtest.summary import Outcome
from loadtest.targets import Target
from loadtest.truth import Truth, truth_of
from wire.clock import now
from wire.errors import UnusableError
from wire.records import (
    BOOKS,
    PUBLISHED,
    SWARM_READY,
    PublishedFinal,
    PublishedStart,
    PublishedTotal,
    make_directory,
    read_lines,
    read_records,
    records_of,
    write_json,
)
from wire.secret import development_secret

TICK_S = 0.25  # orders are looked for this often
TICKS_PER_DRAIN = 4
PULSES_AT_ONCE = 200
# Clients live to the end: looking through all they hold again and again costs a connect storm a sixth of its CPU.
_SELDOM = (20_000, 20, 20)
TRUTH_PATIENCE_S = 2.0  # longest wait at the end for the simulator's last numbers

_log = logging.getLogger(__name__)


class Swarm:
    """Clients of one run and everything they share.

    Raises:
        SensorSwarmError: the run directory or the development secret cannot be used.
    """

    def __init__(self, settings: Settings, uri: WebSocketURI, environment: Any) -> None:  # noqa: ANN401 - Locust's
        check_tls(settings.dial, uri)
        self.clients: list[Client] = []
        self.intruders: list[Intruder] = []
        self._mix = Mix(settings.behaviours.weights)
        self._churn: Churn | None = None  # from when every client is live
        self._check = SelfCheck()
        self.spawned = False  # every user of the current target has been started
        self._environment = environment
        self._started_ts = now()
        self._collections = gc.get_threshold()
        gc.set_threshold(*_SELDOM)
        self._settings = settings
        self._unusable = ""
        self._ready = False
        run_dir = make_directory(settings.run_dir) if settings.run_dir else None
        if run_dir:
            (run_dir / SWARM_READY).unlink(missing_ok=True)  # of an earlier run
        seed = self._seed = settings.roster.seed
        self._desk = Desk(
            uri=uri,
            secret=settings.secret or development_secret(),
            stamped=kernel_stamps_work(),
            backoff=settings.backoff,
            rng=random.Random(f"{seed}:jitter"),
            records_wanted=run_dir is not None,
            dial=settings.dial,
            path_given=bool(settings.ws_path),
            keepalive=settings.keepalive,
            interval_s=self._interval_s,
        )
        self._cut_rng = random.Random(f"{seed}:cut")
        self._run_dir = run_dir
        self._orders = FaultOrders(run_dir, self._started_ts) if run_dir else None
        self._collector = Collector(self._desk, environment, run_dir, self._started_ts)
        self._health = HealthSampler(self._check, self._desk.record, self._queues, random.Random(f"{seed}:health"))
        self._keeper = gevent.spawn(self._keep)

    def client(self, target: Target | None = None, *, instead_of: Client | None = None) -> Client | Intruder:
        """The next client: users are numbered in the order in which Locust starts them.

        Its kind is dealt from the mix, or that of the one whose place it takes; its target is by default the run's.
        """
        target = target or self._settings.target
        index = len(self.clients) + len(self.intruders)
        kind = instead_of.behaviour.name if instead_of else self._mix.next()
        name, roster = f"c-{index + 1:05d}", self._settings.roster
        manager = target.manager(roster.manager(index))
        rng = random.Random(f"{roster.seed}:{kind}:{index}")
        if kind == INTRUDER:
            intruder = Intruder(name, manager, roster.fleet, target, self._desk, rng)
            self.intruders.append(intruder)
            return intruder
        behaviour = KINDS[kind](self._settings.behaviours, rng)
        client = Client(name, manager, target, self._desk, behaviour=behaviour)
        self.clients.append(client)
        return client

    def complete(self) -> None:
        """Note that every user has been started."""
        self.spawned = True
        self._check.complete(now())

    def _queues(self) -> list[int]:
        """Sockets whose receive queues should be short: a slow reader's never is."""
        live = (client for client in self.clients if client.state is State.LIVE)
        return [client.fileno() for client in live if client.behaviour.name != Slow.name]

    def _keep(self) -> None:
        """Four times a second, until killed: carry out orders, tell readiness; once a second: collect."""
        ticks = 0
        while not self._unusable:
            gevent.sleep(TICK_S)
            ticks += 1
            try:
                self._carry_out_orders()
                self._see_whether_ready()
                self._replace_some()
                if ticks % TICKS_PER_DRAIN == 0:
                    self._collector.drain(now())
                    self._keep_alive()
                    self._check_understood()
            except UnusableError as error:
                self._give_up(error)

    def _end(self) -> None:
        """End the run, and the process where no web page needs it."""
        runner = self._environment.runner
        if self._environment.parsed_options.headless or isinstance(runner, WorkerRunner):
            runner.quit()
        else:
            runner.stop()

    def _give_up(self, error: UnusableError) -> None:
        self._unusable = str(error)
        _log.error("%s", error)

    def _keep_alive(self) -> None:
        for count, client in enumerate(list(self.clients), 1):
            client.keep_alive(now())
            if count % PULSES_AT_ONCE == 0:
                gevent.sleep(0)  # whoever has something to read goes first

    def _check_understood(self) -> None:
        """End the run when more was not understood than may be.

        Raises:
            UnusableError: it is so.
        """
        most, unknown = self._settings.max_unknown, self._desk.unknown
        if most is not None and unknown.total > most:
            gevent.spawn(self._end)  # the end waits for this greenlet
            raise UnusableError(
                f"{unknown.total} messages or readings not understood, --max-unknown {most}; first: {unknown.first}"
            )

    def _carry_out_orders(self) -> None:
        for order in self._orders.take_due(now()) if self._orders else ():
            live = [client for client in self.clients if client.state is State.LIVE]
            for client in chosen(live, order.connections, self._cut_rng):
                client.cut()

    def _see_whether_ready(self) -> None:
        if self._ready or not self.spawned:
            return
        clients_ready = all(client.ever_live or client.given_up for client in self.clients)
        if clients_ready and all(intruder.outcomes for intruder in self.intruders):
            self._ready = True
            per_minute, rng = self._settings.behaviours.churn_per_minute, random.Random(f"{self._seed}:churn")
            self._churn = Churn(per_minute, now(), rng)
            if self._run_dir:
                write_json(self._run_dir / SWARM_READY, now())

    def _replace_some(self) -> None:
        if self._churn is None:
            return
        live = [client for client in self.clients if client.state is State.LIVE]
        for client in self._churn.who(live, now()):
            client.leave(leaving())

    def finish(self) -> Outcome:
        """Close the books once every client has stopped; waits up to TRUTH_PATIENCE_S for the simulator's numbers."""
        self._health.stop()
        members: list[Client | Intruder] = [*self.clients, *self.intruders]
        for member in members:
            member.stop()  # one whose greenlet never ran was not told
        self._keeper.kill()
        gc.set_threshold(*self._collections)
        published = self._published()
        books = close_books(self.clients, self.intruders, self._truth(published), self._desk)
        books.not_usable = self._check.reasons() + publisher_reasons(records_of(published, PublishedTotal))
        try:
            self._collector.drain(now())
            books.negative_latencies = sum(tally.negative for tally in self._collector.tallies.values())
            if self._run_dir:
                write_json(self._run_dir / BOOKS, books)
            self._collector.close()
        except UnusableError as error:
            self._give_up(error)
        return Outcome(
            books=books,
            tallies=self._collector.tallies,
            clients=len(self.clients),
            ever_live=sum(client.ever_live for client in self.clients),
            lost=sum(client.lost_count for client in self.clients),
            given_up=sum(bool(client.given_up) for client in self.clients),
            unusable=self._unusable,
            failed=dict(self._collector.failed),
            insecure=self._settings.dial.insecure,
            left=sum(client.left for client in self.clients),
            intrusions=sum((intruder.outcomes for intruder in self.intruders), Counter()),
        )

    def _published(self) -> list[dict[str, Any]]:
        """What the simulator wrote; waits a little for its last numbers where one has begun in this directory."""
        if not self._run_dir:
            return []
        deadline_ts = now() + TRUTH_PATIENCE_S
        while True:
            lines = read_lines(self._run_dir / PUBLISHED).records
            awaited = {building for start in records_of(lines, PublishedStart) for building in start.buildings}
            if awaited <= {final.building for final in records_of(lines, PublishedFinal)} or now() >= deadline_ts:
                return lines
            gevent.sleep(0.1)

    def _interval_s(self) -> float | None:
        """Seconds between two readings of a sensor, as the simulator said when the load began."""
        starts = read_records(self._run_dir / PUBLISHED, PublishedStart) if self._run_dir else []
        return starts[0].interval_s if starts else None

    def _truth(self, published: list[dict[str, Any]]) -> Truth | None:
        try:
            return truth_of(records_of(published, PublishedFinal), self._desk.catalogue)
        except (ValueError, IndexError, TypeError) as error:
            where = f"{self._run_dir}/{PUBLISHED}"
            self._give_up(UnusableError(f"{where}: a final record is broken ({error})"))
            return None
