"""Turns a scenario into a run: broker, server, swarm, simulator, in that order; all stopped, however it ends."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import secrets
import signal
import time
from collections.abc import Callable
from functools import partial
from operator import itemgetter
from pathlib import Path

import psutil

from scenarios import commands, facts, faults, subject
from scenarios.children import Child, stop_all
from scenarios.commands import Addresses
from scenarios.endings import LostServerError, ended
from scenarios.interrupts import interrupted_later, interruptible
from scenarios.lagprobe import LagProbe
from scenarios.ready import is_ready
from scenarios.sampler import Sampler
from scenarios.schema import Latency, Scenario, Swarm
from scenarios.subject import Own, Subject
from wire import records
from wire.broker import EmbeddedBroker
from wire.clock import now
from wire.errors import ExitCode, SensorSwarmError, UnusableError
from wire.ports import free_port
from wire.secret import SECRET_VARIABLE, development_secret

Tell = Callable[[str], None]
Progress = Callable[[float, float], None]  # seconds of load that have passed, and seconds in all

_READY_S = 30.0  # for the server, and for the simulator to begin
_SETTLE_S = 20.0  # for the swarm to settle and write its books
_REPLACE_S = 10.0  # beside its drain, for the last process that a rolling restart replaces to end
_LOOPBACK = "127.0.0.1"
_BROKER = "broker"
_SERVER = "server"


def run(
    scenario: Scenario,
    directory: Path,
    *,
    tell: Tell,
    progress: Progress = lambda *_: None,
    server: Subject | None = None,
) -> records.Run:
    """Carry out one run; its files are in `directory` when this returns or raises.

    `tell` gets a line for each step, `progress` is called about once a second while the load goes on. `server` is the
    server under test, by default our reference server.

    Returns the run record: `usable` is False when a process died or the swarm's books do not balance, with reasons.

    Raises:
        SensorSwarmError: a process refused its settings (exit code 2), or the directory cannot be written.
        UnusableError: the run could not be carried out; run.json says why where it could be written.
    """
    server = server or Own()
    subject.check(server, scenario)
    records.make_directory(directory)
    if any((directory / name).exists() for name in (records.RUN, records.PUBLISHED, records.CLIENTS)):
        raise SensorSwarmError(f"run directory {directory} holds a run already; choose another with --run-dir")
    record = records.Run(
        scenario=scenario.name,
        started_ts=now(),
        seed=scenario.seed,
        stack=server.label,
        time_scale=scenario.time_scale,
        settings=scenario.model_dump(mode="json"),
        gates_set=sorted(scenario.gate.model_fields_set),
        versions=facts.versions(),
        machine=facts.machine(),
    )
    records.write_json(directory / records.RUN, record)
    records.write_json(directory / commands.PLAN, commands.plan(scenario))
    with interruptible():
        try:
            _Conductor(scenario, directory, record, tell, progress, server).conduct()
            record.usable = not record.reasons
        except SensorSwarmError as error:
            record.usable = False
            record.reasons.append(str(error))
            raise
        finally:
            record.ended_ts = now()
            records.write_json(directory / records.RUN, record)
    return record


class _Conductor:
    """One run's processes, from the first to the last."""

    def __init__(
        self,
        scenario: Scenario,
        directory: Path,
        record: records.Run,
        tell: Tell,
        progress: Progress,
        server: Subject,
    ) -> None:
        self._scenario = scenario
        self._directory = directory
        self._record = record
        self._tell = tell
        self._progress = progress
        self._server = server
        self._children: list[Child] = []
        self._server_ready = False
        self._broker = EmbeddedBroker(port=0)
        self._writer = records.RecordWriter(directory)
        self._sampler = Sampler(self._writer)
        self._sampled_at = 0.0
        self._probe: LagProbe | None = None  # once the server is up
        self._steps: list[tuple[float, Callable[[], None]]] = []  # what we do to the run ourselves, by time
        self._down: dict[str, Child] = {}  # killed by a fault, to be started again
        self._to_replace: list[psutil.Process] = []  # the server's, when it was told to replace them
        self._environment = {
            SECRET_VARIABLE: _secret(server),
            "PYTHONUNBUFFERED": "1",
            "NO_COLOR": "1",
        }

    def conduct(self) -> None:
        """The whole run; every process is stopped when this returns or raises."""
        scenario = self._scenario
        try:
            addresses = self._serve()
            if addresses.proxy_port:
                proxy = self._start(
                    "proxy", commands.proxy(addresses, delay_ms=self._server.delay_ms or 0), takes_orders=True
                )
                self._wait("the proxy is ready", lambda: bool(proxy.last_words()), _READY_S)
                self._tell(f"proxy       {addresses.swarm_url} in front of it")

            longest_s = _READY_S + scenario.duration_s + scenario.drain_s + 60
            spawn_s = scenario.swarm.managers / scenario.swarm.spawn_rate
            swarm = self._start(
                "swarm",
                commands.swarm(scenario, addresses, locustfile=locustfile(), longest_s=longest_s + spawn_s),
            )
            ready = self._directory / records.SWARM_READY
            self._wait("every client is live", ready.exists, _READY_S + 2 * spawn_s)
            self._tell(f"swarm       {scenario.swarm.managers:,} {_who(scenario.swarm)}")

            simulator = self._start("simulator", commands.simulator(scenario, addresses))
            started_ts = self._load_started()
            self._record.load_started_ts = started_ts
            records.write_json(self._directory / records.RUN, self._record)
            self._order_faults(started_ts)
            self._tell(f"load        {scenario.duration_s:g} s")
            self._wait(
                "the load has ended", lambda: simulator.exit_code is not None, scenario.duration_s + 30, ends=simulator
            )
            self._expect_end(simulator)
            self._record.load_ended_ts = now()
            self._idle(scenario.drain_s)
            self._judge_rolling()

            swarm.stop(patience_s=_SETTLE_S)
            self._judge_swarm(swarm)
        finally:
            with interrupted_later():
                self._stop_everything()

    def _serve(self) -> Addresses:
        """Start broker and server, or find those that run; returns where everything meets."""
        server = self._server
        proxied = server.delay_ms is not None or any(isinstance(fault, Latency) for fault in self._scenario.fault)
        place = server.place
        if place is None:
            self._broker.start()
            self._sampler.watch(_BROKER, self._broker.pid)
        addresses = Addresses(
            place.broker_url if place else self._broker.url,
            place.host if place else _LOOPBACK,
            place.port if place else free_port(_LOOPBACK),
            self._directory.absolute(),  # for a server that starts in another folder
            proxy_port=free_port(_LOOPBACK) if proxied else 0,
            ws_path=place.ws_path if place else "",
        )
        self._tell(f"broker      {addresses.broker_url}{'' if place else ' (embedded)'}")
        if place is None:
            self._start(_SERVER, server.command(self._scenario, addresses))
        self._wait(
            "the server is ready",
            partial(is_ready, addresses, server.ready_path),
            _READY_S,
            late=partial(LostServerError, was_ready=False),
        )
        self._server_ready = True
        if isinstance(server, Own):
            self._probe = LagProbe(f"http://{addresses.server_host}:{addresses.server_port}{server.ready_path}")
            self._sampler.watch_lag(_SERVER, self._probe.take)
        self._tell(f"server      {addresses.server_url}{addresses.ws_path} ({server.label})")
        return addresses

    def _start(self, role: str, command: list[str], *, takes_orders: bool = False) -> Child:
        ours = role != _SERVER  # the server's variables and folder are its own
        child = Child.start(
            role,
            command,
            log=self._directory / f"{role}.log",
            environment=self._environment if ours else {**self._environment, **self._server.environment},
            folder=None if ours else self._server.folder,
            takes_orders=takes_orders,
        )
        self._children.append(child)
        self._sampler.watch(role, child.pid)
        return child

    def _child(self, role: str) -> Child:
        return next(child for child in self._children if child.role == role)

    def _stop_everything(self) -> None:
        if self._probe is not None:
            self._probe.stop()
        stop_all(self._children, patience_s=10)
        self._broker.stop()
        self._record.processes = [
            {"role": child.role, "pid": child.pid, "exit": child.exit_code} for child in self._children
        ]
        with contextlib.suppress(UnusableError):  # a full disk is told by who wrote first
            self._writer.close()

    def _wait(
        self,
        what: str,
        condition: Callable[[], bool],
        patience_s: float,
        *,
        ends: Child | None = None,
        late: Callable[[str], UnusableError] = UnusableError,
    ) -> None:
        """Wait for something while watching the processes; `ends` is allowed to."""
        deadline = time.monotonic() + patience_s
        while not condition():
            self._watch(ends)
            if time.monotonic() > deadline:
                raise late(f"waited {patience_s:.0f} s in vain until {what}; see the logs in {self._directory}")
            time.sleep(0.05)

    def _idle(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._watch(None, gone=("simulator",))
            time.sleep(min(0.05, left))

    def _watch(self, ends: Child | None, *, gone: tuple[str, ...] = ()) -> None:
        """Sample once a second, and end the run as soon as a process that should run does not."""
        while self._steps and self._steps[0][0] <= now():
            _, carry_out = self._steps.pop(0)
            carry_out()
        if self._broker.exit_code is not None:
            raise UnusableError(f"the broker ended with {self._broker.exit_code} during the run")
        for child in self._children:
            if child is not ends and child.role not in gone and child.exit_code is not None:
                raise self._ended(child)
        if time.monotonic() - self._sampled_at >= 1:
            self._sampled_at = time.monotonic()
            self._sampler.sample()
            started_ts = self._record.load_started_ts
            if started_ts is not None and self._record.load_ended_ts is None:
                self._progress(max(0.0, now() - started_ts), self._scenario.duration_s)

    def _expect_end(self, simulator: Child) -> None:
        if simulator.exit_code != 0:
            raise self._ended(simulator)

    def _load_started(self) -> float:
        found: list[records.PublishedStart] = []

        def begun() -> bool:
            found[:] = records.read_records(self._directory / records.PUBLISHED, records.PublishedStart)
            return bool(found)

        self._wait("the simulator publishes", begun, _READY_S)
        return found[0].ts

    def _order_faults(self, started_ts: float) -> None:
        """Write the orders down, which is how the swarm hears its own, and plan those that are ours."""
        for order in faults.orders(self._scenario.fault, load_started_ts=started_ts):
            self._writer.add(order)
            if order.kind == "restart":
                self._steps.append((order.ts, partial(self._take_down, order.role)))
                self._steps.append((order.until, partial(self._bring_up, order.role)))
            elif order.kind == "rolling":
                self._steps.append((order.ts, partial(self._roll, order.role)))
            elif order.kind == "latency":
                proxy = self._child("proxy")
                self._steps.append((order.ts, partial(proxy.tell, f"delay {order.delay_ms:g}")))
                self._steps.append((order.until, partial(proxy.tell, f"delay {self._server.delay_ms or 0:g}")))
        self._steps.sort(key=itemgetter(0))
        self._writer.flush()

    def _take_down(self, role: str) -> None:
        if role == _BROKER:
            os.kill(self._broker.pid, signal.SIGKILL)
            self._broker.stop()
            return
        child = self._child(role)
        child.kill_family()
        self._children.remove(child)
        self._down[role] = child

    def _bring_up(self, role: str) -> None:
        if role == _BROKER:
            self._broker.start()  # on the ports it had
            self._sampler.watch(_BROKER, self._broker.pid)
            return
        self._start(role, self._down.pop(role).command)

    def _roll(self, role: str) -> None:
        child = self._child(role)
        with contextlib.suppress(psutil.NoSuchProcess):  # that it died is told in a moment
            self._to_replace += psutil.Process(child.pid).children(recursive=True)
        child.process.send_signal(signal.SIGHUP)

    def _judge_rolling(self) -> None:
        """A server that still has a process which it was told to replace proves nothing about replacing them."""
        patience_s = self._scenario.server.drain_s + _REPLACE_S
        _, left = psutil.wait_procs(self._to_replace, timeout=patience_s)
        if left:
            still = ", ".join(str(process.pid) for process in left)
            self._record.reasons.append(
                f"the server still has processes that SIGHUP told it to replace ({still}); server.log says why"
            )

    def _judge_swarm(self, swarm: Child) -> None:
        """0 and 1 are verdicts, which the report gives in full; anything else spoils the run."""
        if swarm.exit_code == ExitCode.NOT_USABLE:
            self._record.reasons.append(f"the swarm's books cannot be used: {swarm.last_words()}")
        elif swarm.exit_code not in (0, 1):
            raise self._ended(swarm)

    def _ended(self, child: Child) -> SensorSwarmError:
        return ended(child, under_test=child.role == _SERVER, was_ready=self._server_ready)


def _who(swarm: Swarm) -> str:
    if swarm.behaviour:
        return "clients of several kinds"
    return "manager live" if swarm.managers == 1 else "managers live"


def _secret(server: Subject) -> str:
    """What tokens are signed with: a fresh secret for our own server; another's may be given by the variable."""
    given = None if isinstance(server, Own) else os.environ.get(SECRET_VARIABLE)
    if given or server.place is None:
        return given or secrets.token_urlsafe(32)
    return development_secret()  # a server that was started apart took it too, unless it was given one


def locustfile() -> Path:
    """Path of the swarm's locustfile, for `locust -f`; found without importing Locust."""
    spec = importlib.util.find_spec("loadtest.ws")
    if spec is None or spec.origin is None:
        raise SensorSwarmError("the swarm's locustfile loadtest/ws.py is not installed; install sensorswarm again")
    return Path(spec.origin)
