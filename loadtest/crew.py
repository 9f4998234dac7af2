"""The clients that one process has, and everything they share. It knows no run directory and no other process."""

from __future__ import annotations

import gc
import random
from collections.abc import Callable, Sequence
from functools import partial

import gevent
from websockets.uri import WebSocketURI

from loadtest.alerts import AlertRegister
from loadtest.batch import Batch, gather
from loadtest.behaviours import KINDS
from loadtest.behaviours.churn import leaving
from loadtest.behaviours.intruder import Intruder
from loadtest.behaviours.options import INTRUDER
from loadtest.behaviours.slow import Slow
from loadtest.client import Client
from loadtest.clocks.sync import ClockSync
from loadtest.closing import Part, close_part
from loadtest.desk import Desk
from loadtest.dial_options import check_tls
from loadtest.faults import chosen
from loadtest.health import HealthSampler
from loadtest.options import Settings
from loadtest.probes.sensor import Probe
from loadtest.published import clock_was_skewed, interval_s
from loadtest.roll import Roll
from loadtest.selfcheck import SelfCheck
from loadtest.stamps import kernel_stamps_work
from loadtest.targets import Target
from loadtest.truth import truth_of
from wire.clock import now
from wire.records import PublishedFinal
from wire.secret import development_secret

BATCH_S = 1.0
ALONE = "swarm"  # the process that is the only one
PULSES_AT_ONCE = 200
# Clients live to the end: looking through all they hold again and again costs a connect storm a sixth of its CPU.
_SELDOM = (20_000, 20, 20)

Deal = Callable[[str], tuple[int, str]]
"""Number over the whole run and kind of a new client; given a kind, of that kind. May wait."""


class Crew:
    """Clients of one process during one run.

    Args:
        settings: of the run.
        uri: where to connect.
        deal: numbers new clients.
        deliver: takes what happened, once a second and at the end.
        process: name of this one among those of the run.

    Raises:
        SensorSwarmError: the CA file or the development secret cannot be used.
    """

    def __init__(
        self,
        settings: Settings,
        uri: WebSocketURI,
        *,
        deal: Deal,
        deliver: Callable[[Batch], None],
        process: str = ALONE,
    ) -> None:
        check_tls(settings.dial, uri)
        self.roll = Roll()
        self._settings = settings
        self._process = process
        self._deal = deal
        self._deliver = deliver
        self._probe: Probe | None = None  # from the first client on, whose target it has
        self._announced = 0  # users that are to have a client
        self._spawned = False  # every user of the current target has been started
        self._check = SelfCheck()
        self._collections = gc.get_threshold()
        gc.set_threshold(*_SELDOM)
        # What is drawn for a process must not be the same in two of them.
        seed = f"{settings.roster.seed}" if process == ALONE else f"{settings.roster.seed}:{process}"
        self.desk = Desk(
            uri=uri,
            secret=settings.secret or development_secret(),
            stamped=kernel_stamps_work(),
            backoff=settings.backoff,
            rng=random.Random(f"{seed}:jitter"),
            records_wanted=settings.run_dir is not None,
            dial=settings.dial,
            path_given=bool(settings.ws_path),
            keepalive=settings.keepalive,
            interval_s=partial(interval_s, settings.run_dir),
        )
        # Before any client connects: from here on this process has the simulator's time.
        self.clock = ClockSync(settings.clock, process, stamped=self.desk.stamped, record=self.desk.record)
        self._cut_rng, self._churn_rng = random.Random(f"{seed}:cut"), random.Random(f"{seed}:churn")
        self._delivered_ts = now()
        self._health = HealthSampler(self._check, self.desk.record, self._queues, random.Random(f"{seed}:health"))
        self._keeper = gevent.spawn(self._keep)

    def announce(self) -> None:
        """Say that one more user is to have a client."""
        self._announced += 1

    def client(self, target: Target | None = None, *, instead_of: Client | Intruder | None = None) -> Client | Intruder:
        """The next client, of the kind that is dealt or, when it takes another one's place, of that one's.

        Its target is by default the run's.
        """
        target = target or self._settings.target
        if instead_of is not None:
            self._announced += 1
            if isinstance(instead_of, Client):
                self.roll.depart(instead_of)
        if self._settings.probe and not self._probe:
            self._probe = Probe(self._settings.probe, f"probe-{self._process.replace(' ', '-')}", target, self.desk)
        index, kind = self._deal(instead_of.behaviour.name if isinstance(instead_of, Client) else "")
        name, roster = f"c-{index + 1:05d}", self._settings.roster
        manager = target.manager(roster.manager(index))
        rng = random.Random(f"{roster.seed}:{kind}:{index}")
        if kind == INTRUDER:
            member: Client | Intruder = Intruder(name, manager, roster.fleet, target, self.desk, rng)
        else:
            behaviour = KINDS[kind](self._settings.behaviours, rng)
            member = Client(name, manager, target, self.desk, behaviour=behaviour)
        self.roll.join(member)
        return member

    def complete(self) -> None:
        """Note that every user has been started."""
        self._spawned = True
        self._check.complete(now())

    @property
    def ready(self) -> bool:
        """Whether every client has been live or given up, and every intruder has tried something."""
        return self._spawned and len(self.roll) >= self._announced and self.roll.all_have_begun()

    def cut(self, connections: int) -> None:
        """Break so many live connections abruptly."""
        for client in chosen(self.roll.live(), connections, self._cut_rng):
            client.cut()

    def leave(self, clients: int) -> None:
        """Make so many live clients leave for good."""
        for client in chosen(self.roll.live(), clients, self._churn_rng):
            client.leave(leaving())

    def _queues(self) -> list[int]:
        """Sockets whose receive queues should be short: a slow reader's never is."""
        return [client.fileno() for client in self.roll.live() if client.behaviour.name != Slow.name]

    def _keep(self) -> None:
        while True:
            gevent.sleep(BATCH_S)
            self.deliver()
            self._keep_alive()

    def deliver(self) -> None:
        """Hand over what happened since the last time."""
        since_ts, self._delivered_ts = self._delivered_ts, now()
        batch = gather(
            self.desk,
            since_ts,
            self._delivered_ts,
            progress=self.roll.progress(),
            ready=self.ready,
            clock=self.clock.state,
        )
        self._deliver(batch)

    def _keep_alive(self) -> None:
        for count, client in enumerate(self.roll.here(), 1):
            client.keep_alive(now())
            if count % PULSES_AT_ONCE == 0:
                gevent.sleep(0)  # whoever has something to read goes first

    def stop(self) -> None:
        """Say that every client was stopped, and hand over the last of what happened."""
        self._health.stop()
        self.clock.stop()
        if self._probe:
            self._probe.stop()
        for client in self.roll.here():
            client.stop()  # one whose greenlet never ran was not told
        self._keeper.kill()
        gc.set_threshold(*self._collections)
        self.deliver()

    def close(self, finals: Sequence[PublishedFinal], register: AlertRegister) -> Part:
        """Close the books once stopped.

        Args:
            finals: what was published; empty when nobody knows.
            register: when each alert first arrived, in any process.

        Raises:
            ValueError, IndexError, TypeError: a record of what was published is broken.
        """
        grid = self.desk.grid
        grid.skewed = grid.used and clock_was_skewed(self._settings.run_dir)
        truth = truth_of(finals, self.desk.catalogue)
        part = close_part(self.roll.clients, self.roll.intruders, truth, register, grid)
        part.stamps = "kernel" if self.desk.stamped else "user"
        part.not_usable = self._check.reasons() + self.clock.reasons()
        return part
