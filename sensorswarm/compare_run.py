"""One run of a comparison: carried out, and refused when its files say that it proves nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reports.gate.metrics import read_figures
from scenarios import runner
from scenarios.duet import Task
from scenarios.schema import Scenario
from scenarios.subject import Subject
from wire.errors import SensorSwarmError, UnusableError

_OVERHEAD_S = 10.0  # processes start, clients go live, books are settled


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
            SensorSwarmError: a process refused its settings; says on which side.
        """
        server = self._server_of(task)
        try:
            runner.run(self._scenario, directory, tell=lambda _: None, server=server)
        except UnusableError:
            raise
        except SensorSwarmError as error:
            raise SensorSwarmError(f"{task.side} ({server.label}): {error}") from None
        unusable = read_figures(directory).unusable
        if unusable:
            raise UnusableError("; ".join(unusable))
