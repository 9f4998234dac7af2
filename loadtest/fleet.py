"""The locustfile of the fleet: `locust -f loadtest/fleet.py --headless -u 4 -t 60s --host mqtt://127.0.0.1:1883`.

Every Locust user is a shard: a child process `simulate --shard i/n`, where n is the number of users asked for. So
`--processes` and `--worker` spread one fleet over cores and machines, and it stays the fleet that one `simulate` would
publish. The master, or the only process, gives the numbers out, for Locust's workers do not know how many users the
others have.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import gevent
from gevent.event import AsyncResult
from locust import User, events, task
from locust.exception import StopUser
from locust.runners import STATE_INIT, STATE_STOPPED, MasterRunner, WorkerRunner

from loadtest.shard_options import ShardSettings, declare, read
from loadtest.shard_process import ShardProcess
from loadtest.shard_stats import feed
from wire.errors import ExitCode, SensorSwarmError

# messages between master and workers
_WANTED, _GIVEN, _DIED, _STOP, _STOPPED = "shard wanted", "shard given", "shard died", "shards stop", "shards stopped"
_TICK_S = 1.0
_PATIENCE_S = 10.0  # for the master's answer
_LONGEST_END_S = 30.0  # `simulate` waits for its broker at the end, but not as long
_LONGEST_REPORT_S = 45.0  # for all workers to say that their shards have ended

_log = logging.getLogger(__name__)


class _Run:
    """This process's part of the run."""

    shards: list[ShardProcess] = []  # noqa: RUF012 - there is one run
    waiting: list[AsyncResult] = []  # noqa: RUF012 - users that wait for their number
    given: int = 0  # numbers, by the master
    stopped: int = 0  # workers whose shards have ended and whose last counts the master has
    exit_code: ExitCode = ExitCode.HELD


class Shard(User):
    """Publishes one part of the fleet."""

    @task
    def publish(self) -> None:
        """Run the child to its end, and feed its counts into Locust's statistics once a second."""
        environment = self.environment
        number: AsyncResult = AsyncResult()
        _Run.waiting.append(number)
        environment.runner.send_message(_WANTED, {})
        index, count = number.get(timeout=_PATIENCE_S)
        if index > count:
            _log.error("the fleet was split into %d shards when it started; stop, and start with more users", count)
            raise StopUser
        shard = ShardProcess(_settings(environment), index, count)
        _Run.shards.append(shard)
        while shard.running:
            gevent.sleep(_TICK_S)
            feed(environment.stats, shard.name, shard.seconds())
        if shard.complaint:
            environment.runner.send_message(_DIED, {"complaint": shard.complaint, "code": int(shard.exit_code)})
        raise StopUser


def _settings(environment: Any) -> ShardSettings:  # noqa: ANN401 - Locust's
    return read(environment.parsed_options, environment.host)


@events.init_command_line_parser.add_listener
def _declare(parser: Any) -> None:  # noqa: ANN401
    declare(parser)


@events.init.add_listener
def _check(environment: Any, **_: object) -> None:  # noqa: ANN401
    """Refuse wrong options before anything starts, and listen to the others."""
    gevent.get_hub().loop.update_now()  # it still has the time from before our imports: --run-time would be cut short
    try:
        _settings(environment)
    except SensorSwarmError as error:
        sys.stderr.write(f"locust: error: {error}\n")
        sys.exit(error.exit_code)
    runner = environment.runner
    runner.register_message(_GIVEN, _give_to_user)
    if isinstance(runner, WorkerRunner):
        runner.register_message(_STOP, _stop_and_report, concurrent=True)
    else:
        runner.register_message(_STOPPED, _one_more_stopped)
        runner.register_message(_WANTED, _give)
        runner.register_message(_DIED, _end)


def _give(environment: Any, msg: Any) -> None:  # noqa: ANN401
    """Give the next number to a worker; in the only process, to ourselves."""
    _Run.given += 1
    runner = environment.runner
    runner.send_message(_GIVEN, {"index": _Run.given, "count": runner.target_user_count}, msg.node_id)


def _give_to_user(msg: Any, **_: object) -> None:  # noqa: ANN401
    _Run.waiting.pop(0).set((msg.data["index"], msg.data["count"]))


def _end(environment: Any, msg: Any) -> None:  # noqa: ANN401
    """A shard died: what the others publish is no whole fleet, so the run ends."""
    _log.error("%s", msg.data["complaint"])
    _Run.exit_code = ExitCode(msg.data["code"])
    runner = environment.runner
    gevent.spawn(runner.quit if environment.parsed_options.headless else runner.stop)  # which waits for whom called us


@events.test_start.add_listener
def _start(**_: object) -> None:
    _Run.shards, _Run.waiting, _Run.given, _Run.stopped, _Run.exit_code = [], [], 0, 0, ExitCode.HELD


@events.test_stopping.add_listener
def _stop_first(environment: Any, **_: object) -> None:  # noqa: ANN401
    """Master: have the shards end before Locust ends its workers, for whose last counts it would wait half a second."""
    if isinstance(environment.runner, MasterRunner):
        workers = len(environment.runner.clients.all)
        environment.runner.send_message(_STOP, {})
        with gevent.Timeout(_LONGEST_REPORT_S, False):  # False: no exception
            while _Run.stopped < workers:
                gevent.sleep(0.05)


def _stop_and_report(environment: Any, **_: object) -> None:  # noqa: ANN401
    _finish(environment)
    environment.runner._send_stats()  # noqa: SLF001 - the next report would be up to three seconds away
    environment.runner.send_message(_STOPPED, {})


def _one_more_stopped(**_: object) -> None:
    _Run.stopped += 1


@events.test_stop.add_listener
def _finish(environment: Any, **_: object) -> None:  # noqa: ANN401
    """End the children as Ctrl-C does, and take their last counts; safe to call twice."""
    shards, _Run.shards = _Run.shards, []
    for shard in shards:
        shard.stop()
    with gevent.Timeout(_LONGEST_END_S, False):  # False: no exception
        for shard in shards:
            shard.wait()
    for shard in shards:
        feed(environment.stats, shard.name, shard.seconds())
        shard.close()


@events.quitting.add_listener
def _quitting(environment: Any, **_: object) -> None:  # noqa: ANN401
    """End the children also on Ctrl-C and SIGTERM, when Locust asks for the exit code before it stops the users."""
    if environment.runner and environment.runner.state not in (STATE_INIT, STATE_STOPPED):
        environment.runner.stop()
    if _Run.exit_code is not ExitCode.HELD:
        environment.process_exit_code = int(_Run.exit_code)
