"""One run of a comparison: carried out, and refused when its files say that it proves nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reports.gate.metrics import read_figures
from scenarios import runner
from scenarios.duet import Task
from scenarios.endings import ServerError
from scenarios.schema import Scenario
from scenarios.subject import Subject
from wire.errors import ExitCode, SensorSwarmError, UnusableError

_OVERHEAD_S = 10.0  # processes start, clients go live, books are settled


class CandidateDiedError(SensorSwarmError):
    """The candidate's server was ready and then ended by itself: the comparison has failed, however fast it was."""

    exit_code = ExitCode.GATE_FAILED


class RealRun:
    """Makes runs of a scenario, each with the server that its task asks for."""

    def __init__(self, scenario: Scenario, server_of: Callable[[Task], Subject]) -> None:
        self._scenario = scenario
        self._server_of = server_of

    @property
    def guess_s(self) -> float:
        """Seconds a run will about take."""
        scenario = self._scenario
        return (
            scenario.duration_s + scenario.drain_s + scenario.swarm.managers / scenario.swarm.spawn_rate + _OVERHEAD_S
        )

    def __call__(self, task: Task, directory: Path) -> None:
        """Carry one out; counts that failed are a result like any other.

        Raises:
            UnusableError: it proves nothing.
            CandidateDiedError: the candidate's server ended in the run.
            SensorSwarmError: a process refused its settings, and on which side; or the candidate does not serve.
        """
        server = self._server_of(task)
        try:
            runner.run(self._scenario, directory, tell=lambda _: None, server=server)
        except SensorSwarmError as error:
            if task.on_trial and isinstance(error, ServerError):
                raise _judged(task, error) from None
            if isinstance(error, UnusableError):
                raise
            raise SensorSwarmError(f"{task.side} ({server.label}): {error}") from None
        unusable = read_figures(directory).unusable
        if unusable:
            raise UnusableError("; ".join(unusable))


def _judged(task: Task, error: ServerError) -> SensorSwarmError:
    """What is wrong with the candidate itself, which must never pass for a measurement that says nothing."""
    if error.was_ready:
        return CandidateDiedError(f"candidate died in {task.name}: {error}")
    return SensorSwarmError(f"candidate does not serve: {error}")
