"""The locustfile: `locust -f loadtest/ws.py --host ws://127.0.0.1:8765`.

Declares the options, turns Locust's events into steps of one `Swarm`, and gives every Locust user one client. To load
a server of your own kind, give --target, or import `DashboardUser` from here in a locustfile of yours, subclass it and
set `target`.
"""

from __future__ import annotations

import logging
import sys
import warnings
from typing import Any, NoReturn

import gevent
from locust import User, events, task
from locust.exception import StopUser
from locust.runners import STATE_INIT, STATE_STOPPED, MasterRunner

from loadtest import options
from loadtest.client import Client
from loadtest.summary import Outcome, exit_code, table
from loadtest.swarm import Swarm
from loadtest.targets import Target
from wire.errors import ExitCode, SensorSwarmError

_log = logging.getLogger(__name__)

# The server's owner chose the secret; its strength is no finding of a load test.
warnings.filterwarnings("ignore", message="The HMAC key is")


class _Run:
    """The swarm that runs now, and how the last one ended."""

    swarm: Swarm | None = None
    outcome: Outcome | None = None
    problem: SensorSwarmError | None = None


class DashboardUser(User):
    """A manager who keeps one dashboard open. Subclass it to talk to another kind of server.

    Attributes:
        target: how to talk to the server; None: as --target says.
    """

    abstract = True
    target: Target | None = None

    def __init__(self, environment: Any) -> None:  # noqa: ANN401 - Locust's
        super().__init__(environment)
        self.client = _Run.swarm.client(self.target) if _Run.swarm else None

    @task
    def dashboard(self) -> NoReturn:
        """Stay connected until stopped, or until the server forbids to come back; who leaves for good is replaced."""
        while self.client:
            self.client.stay()
            if not (self.client.left and _Run.swarm and isinstance(self.client, Client)):
                break
            self.client.stop()
            self.client = _Run.swarm.client(self.target, instead_of=self.client)
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
def _check(environment: Any, **_: object) -> None:  # noqa: ANN401
    """Refuse wrong options before anything starts; the web page may still give the host."""
    # The event loop still has the time from before our imports: without this, --run-time would be cut short by them.
    gevent.get_hub().loop.update_now()
    if isinstance(environment.runner, MasterRunner):
        return
    try:
        settings = options.read(environment.parsed_options)
        if environment.host or environment.parsed_options.headless:
            options.endpoint(environment.host, settings.ws_path)
    except SensorSwarmError as error:
        sys.stderr.write(f"locust: error: {error}\n")
        sys.exit(error.exit_code)


@events.test_start.add_listener
def _start(environment: Any, **_: object) -> None:  # noqa: ANN401
    _Run.swarm = _Run.outcome = _Run.problem = None
    if isinstance(environment.runner, MasterRunner):
        return
    try:
        settings = options.read(environment.parsed_options)
        _Run.swarm = Swarm(settings, options.endpoint(environment.host, settings.ws_path), environment)
    except SensorSwarmError as error:
        _Run.problem = error
        _log.error("%s", error)


@events.spawning_complete.add_listener
def _spawned(**_: object) -> None:
    if _Run.swarm:
        _Run.swarm.complete()


@events.test_stop.add_listener
def _finish(**_: object) -> None:
    swarm, _Run.swarm = _Run.swarm, None
    if swarm:
        _Run.outcome = swarm.finish()


@events.quitting.add_listener
def _quitting(environment: Any, **_: object) -> None:  # noqa: ANN401
    """Close the books even on Ctrl-C and SIGTERM, when Locust asks for the exit code before it stops the users."""
    if environment.runner and environment.runner.state not in (STATE_INIT, STATE_STOPPED):
        environment.runner.stop()
    if _Run.problem:
        environment.process_exit_code = int(_Run.problem.exit_code)
    elif _Run.outcome:
        environment.process_exit_code = int(exit_code(_Run.outcome))
    elif environment.parsed_options.headless and not isinstance(environment.runner, MasterRunner):
        environment.process_exit_code = int(ExitCode.NOT_USABLE)  # ended before it began


@events.quit.add_listener
def _print_books(**_: object) -> None:
    if _Run.outcome:
        sys.stdout.write(f"\n{table(_Run.outcome)}\n")
        sys.stdout.flush()
