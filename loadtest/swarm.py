"""One run of the swarm: its clients, what happens four times a second, and how it is closed."""

from __future__ import annotations

import logging
import random
from typing import Any

import gevent
from websockets.uri import WebSocketURI

from loadtest.alerts import settle_alerts
from loadtest.client import Client
from loadtest.collect import Collector
from loadtest.desk import Desk
from loadtest.faults import FaultOrders, chosen
from loadtest.options import Settings
from loadtest.settle import covered, settle_readings
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
    AlertCounts,
    Books,
    ClientBooks,
    PublishedFinal,
    PublishedStart,
    ReadingCounts,
    make_directory,
    read_lines,
    records_of,
    write_json,
)
from wire.secret import development_secret

TICK_S = 0.25  # orders are looked for this often
TICKS_PER_DRAIN = 4
TRUTH_PATIENCE_S = 2.0  # longest wait at the end for the simulator's last numbers

_log = logging.getLogger(__name__)


class Swarm:
    """Clients of one run and everything they share.

    Raises:
        SensorSwarmError: the run directory or the development secret cannot be used.
    """

    def __init__(self, settings: Settings, uri: WebSocketURI, environment: Any) -> None:  # noqa: ANN401 - Locust's
        self.clients: list[Client] = []
        self.spawned = False  # every user of the current target has been started
        self._started_ts = now()
        self._settings = settings
        self._unusable = ""
        self._ready = False
        run_dir = make_directory(settings.run_dir) if settings.run_dir else None
        if run_dir:
            (run_dir / SWARM_READY).unlink(missing_ok=True)  # of an earlier run
        seed = settings.roster.seed
        self._desk = Desk(
            uri=uri,
            secret=settings.secret or development_secret(),
            stamped=kernel_stamps_work(),
            backoff=settings.backoff,
            rng=random.Random(f"{seed}:jitter"),
            records_wanted=run_dir is not None,
        )
        self._cut_rng = random.Random(f"{seed}:cut")
        self._run_dir = run_dir
        self._orders = FaultOrders(run_dir, self._started_ts) if run_dir else None
        self._collector = Collector(self._desk, environment, run_dir, self._started_ts)
        self._keeper = gevent.spawn(self._keep)

    def client(self, target: Target) -> Client:
        """The next client: users are numbered in the order in which Locust starts them."""
        index = len(self.clients)
        client = Client(f"c-{index + 1:05d}", self._settings.roster.manager(index), target, self._desk)
        self.clients.append(client)
        return client

    def _keep(self) -> None:
        """Four times a second, until killed: carry out orders, tell readiness; once a second: collect."""
        ticks = 0
        while not self._unusable:
            gevent.sleep(TICK_S)
            ticks += 1
            try:
                self._carry_out_orders()
                self._tell_ready()
                if ticks % TICKS_PER_DRAIN == 0:
                    self._collector.drain(now())
            except UnusableError as error:
                self._give_up(error)

    def _give_up(self, error: UnusableError) -> None:
        self._unusable = str(error)
        _log.error("%s", error)

    def _carry_out_orders(self) -> None:
        for order in self._orders.take_due(now()) if self._orders else ():
            live = [client for client in self.clients if client.state is State.LIVE]
            for client in chosen(live, order.connections, self._cut_rng):
                client.cut()

    def _tell_ready(self) -> None:
        if self._ready or not self.spawned or not self._run_dir:
            return
        if all(client.ever_live or client.given_up for client in self.clients):
            self._ready = True
            write_json(self._run_dir / SWARM_READY, now())

    def finish(self) -> Outcome:
        """Close the books once every client has stopped; waits up to TRUTH_PATIENCE_S for the simulator's numbers."""
        for client in self.clients:
            client.stop()  # one whose greenlet never ran was not told
        self._keeper.kill()
        truth = self._truth()
        books = self._books(truth)
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
            given_up=sum(client.given_up for client in self.clients),
            unusable=self._unusable,
        )

    def _books(self, truth: Truth | None) -> Books:
        closed = [self._close(client, truth) for client in self.clients]
        readings, alerts = ReadingCounts(), AlertCounts()
        for each in closed:
            readings.add(each.readings)
            alerts.add(each.alerts)
        return Books(
            settled=truth is not None and all(covered(client.books, truth) for client in self.clients),
            balanced=all(each.readings.balanced and each.alerts.balanced for each in closed),
            readings=readings,
            alerts=alerts,
            clients=closed,
            stamps="kernel" if self._desk.stamped else "user",
            not_understood=dict(self._desk.unknown.kinds),
            first_not_understood=self._desk.unknown.first,
        )

    def _close(self, client: Client, truth: Truth | None) -> ClientBooks:
        stopped_ts = client.stopped_ts or now()
        presences = {building: ledger.presence for building, ledger in client.books.ledgers.items()}
        return ClientBooks(
            client=client.name,
            user=client.manager.user,
            readings=settle_readings(client.books, truth, stopped_ts),
            alerts=settle_alerts(client.books.alerts, self._desk.register, presences, stopped_ts),
        )

    def _truth(self) -> Truth | None:
        """Read the simulator's last numbers; wait a little for them where a simulator has begun in this directory."""
        if not self._run_dir:
            return None
        deadline_ts = now() + TRUTH_PATIENCE_S
        while True:
            lines = read_lines(self._run_dir / PUBLISHED).records
            starts = list(records_of(lines, PublishedStart))
            finals = list(records_of(lines, PublishedFinal))
            awaited = {building for start in starts for building in start.buildings}
            if awaited <= {final.building for final in finals} or now() >= deadline_ts:
                break
            gevent.sleep(0.1)
        try:
            return truth_of(finals, self._desk.catalogue)
        except (ValueError, IndexError, TypeError) as error:
            self._give_up(UnusableError(f"{self._run_dir / PUBLISHED}: a final record is broken ({error})"))
            return None
