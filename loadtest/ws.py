"""The locustfile: `locust -f loadtest/ws.py --host ws://127.0.0.1:8765`.

Declares the options, turns Locust's events into steps of one `Swarm`, and gives every Locust user one client. To load
a server of your own kind, give --target, or import `DashboardUser` from here in a locustfile of yours, subclass it and
set `target`.
"""

from __future__ import annotations

import logging
import signal
import sys
import warnings
from typing import Any, NoReturn

import gevent
from locust import User, events, task
from locust.exception import StopUser
from locust.runners import STATE_INIT, STATE_STOPPED, MasterRunner, WorkerRunner
from locust.stats import CSV_STATS_INTERVAL_SEC
from websockets.uri import WebSocketURI

from loadtest import options
from loadtest.behaviours.intruder import Intruder
from loadtest.client import Client
from loadtest.crew import Crew
from loadtest.distributed.master import MasterSide
from loadtest.distributed.worker import RUN, WorkerSide
from loadtest.live import web as live
from loadtest.live.standing import standing
from loadtest.summary import Outcome, exit_code, table
from loadtest.swarm import OneCrew, Swarm
from loadtest.targets import Target
from wire.clock import now
from wire.errors import ExitCode, SensorSwarmError

_log = logging.getLogger(__name__)

# The server's owner chose the secret; its strength is no finding of a load test.
warnings.filterwarnings("ignore", message="The HMAC key is")


class _Run:
    """What this process has of the run that is on, and how the last one ended."""

    crew: Crew | None = None  # a master has none
    swarm: Swarm | None = None  # a worker has none
    seen: Swarm | None = None  # the last one, for the page
    outcome: Outcome | None = None
    problem: SensorSwarmError | None = None
    master: MasterSide | None = None
    worker: WorkerSide | None = None


class DashboardUser(User):
    """A manager who keeps one dashboard open. Subclass it to talk to another kind of server.

    Attributes:
        target: how to talk to the server; None: as --target says.
    """

    abstract = True
    target: Target | None = None

    client: Client | Intruder | None = None

    def __init__(self, environment: Any) -> None:  # noqa: ANN401 - Locust's
        super().__init__(environment)
        if _Run.crew:
            _Run.crew.announce()

    @task
    def dashboard(self) -> NoReturn:
        """Stay connected until stopped, or until the server forbids to come back; who leaves for good is replaced."""
        if _Run.crew:
            self.client = _Run.crew.client(self.target)
        while self.client:
            self.client.stay()
            if not (self.client.left and _Run.crew):
                break
            self.client.stop()
            self.client = _Run.crew.client(self.target, instead_of=self.client)
        raise StopUser

    def on_stop(self) -> None:
        """Close this client's books."""
        if self.client:
            self.client.stop()


class Manager(DashboardUser):
    """The user that this locustfile spawns."""


@events.init_command_line_parser.add_listener
def _declare(parser: Any) -> None:  # noqa: ANN401
    options.declare(parser)


@events.init.add_listener
def _prepare(environment: Any, **_: object) -> None:  # noqa: ANN401
    """Refuse wrong options before anything starts; the web page may still give the host, and a master gives all."""
    # The event loop still has the time from before our imports: without this, --run-time would be cut short by them.
    gevent.get_hub().loop.update_now()
    # Python would raise it in whichever greenlet runs, a client's or the one that takes messages, and so end that one.
    gevent.signal_handler(signal.SIGINT, _interrupt)
    # Locust's runner already listens to it, and is to be last: it ends the talk between master and workers.
    environment.events.quitting.add_listener(_quitting)
    runner = environment.runner
    if isinstance(runner, WorkerRunner):
        _Run.worker = WorkerSide(runner)
        return
    if isinstance(runner, MasterRunner):
        _Run.master = MasterSide(runner)
    if environment.web_ui:
        live.serve(environment.web_ui, environment.parsed_options.web_base_path, _standing)
        _log.info("books so far and true percentiles: the same address with %s", live.PATH)
    try:
        settings = options.read(environment.parsed_options)
        if environment.host or environment.parsed_options.headless:
            options.endpoint(environment.host, settings.ws_path)
    except SensorSwarmError as error:
        sys.stderr.write(f"locust: error: {error}\n")
        sys.exit(error.exit_code)


def _interrupt() -> None:
    """Ctrl-C: end what Locust waits for, and nothing else."""
    gevent.get_hub().handle_system_error(KeyboardInterrupt, KeyboardInterrupt())


def _standing() -> dict[str, Any]:
    return standing(_Run.seen.seen if _Run.seen else None, _Run.outcome, now())


@events.test_start.add_listener
def _start(environment: Any, **_: object) -> None:  # noqa: ANN401
    _Run.crew = _Run.swarm = _Run.outcome = _Run.problem = None
    # A worker that joins a run under way may be told to spawn before Locust has said that it is there.
    while environment.parsed_options.worker and not _Run.worker:
        gevent.sleep(0.01)
    try:
        settings = options.read(environment.parsed_options)
        uri = options.endpoint(environment.host, settings.ws_path)
        if _Run.worker:
            _Run.crew = _Run.worker.start(settings, uri, getattr(environment.parsed_options, RUN, 0))
        elif _Run.master:
            _Run.swarm = _Run.seen = Swarm(settings, environment, _Run.master.crews)
            _Run.master.tell_options(environment.parsed_options)
        else:
            _Run.swarm = _Run.seen = Swarm(settings, environment, lambda swarm: _one_crew(swarm, settings, uri))
    except SensorSwarmError as error:
        _Run.problem = error
        _log.error("%s", error)


def _one_crew(swarm: Swarm, settings: options.Settings, uri: WebSocketURI) -> OneCrew:
    _Run.crew = Crew(settings, uri, deal=swarm.numbering.deal, deliver=swarm.take)
    return OneCrew(_Run.crew)


@events.spawning_complete.add_listener
def _spawned(**_: object) -> None:
    if _Run.crew:
        _Run.crew.complete()


@events.test_stop.add_listener
def _finish(environment: Any, **_: object) -> None:  # noqa: ANN401
    if _Run.worker:
        _Run.worker.stopped()
    swarm, _Run.swarm = _Run.swarm, None
    if swarm:
        _Run.outcome = swarm.finish()
        _Run.crew = None
        if environment.parsed_options.csv_prefix:
            # Locust writes these tables once a second and not once more at its end: the last second would be missing.
            gevent.sleep(CSV_STATS_INTERVAL_SEC + 0.2)


def _quitting(environment: Any, **_: object) -> None:  # noqa: ANN401
    """Close the books even on Ctrl-C and SIGTERM, when Locust asks for the exit code before it stops the users."""
    runner = environment.runner
    if _Run.worker:
        if not _Run.worker.hand_over():
            _log.error("the master did not take this worker's books")
            environment.process_exit_code = int(ExitCode.NOT_USABLE)
    elif _Run.master:
        runner.stop(send_stop_to_client=False)
    elif runner and runner.state not in (STATE_INIT, STATE_STOPPED):
        runner.stop()
    if _Run.problem:
        environment.process_exit_code = int(_Run.problem.exit_code)
    elif _Run.outcome:
        environment.process_exit_code = int(exit_code(_Run.outcome))
    elif environment.parsed_options.headless and not _Run.worker:
        environment.process_exit_code = int(ExitCode.NOT_USABLE)  # ended before it began


@events.quit.add_listener
def _print_books(**_: object) -> None:
    if _Run.outcome:
        sys.stdout.write(f"\n{table(_Run.outcome)}\n")
        sys.stdout.flush()
