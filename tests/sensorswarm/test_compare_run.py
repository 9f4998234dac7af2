"""What a run of a comparison makes of a server that does not serve; the runner is a stub."""

from pathlib import Path

import pytest

from scenarios import duet, library, schema
from scenarios.duet import Task
from scenarios.endings import LostServerError, ServerError
from scenarios.interrupts import InterruptedRunError
from scenarios.subject import Own
from sensorswarm.compare_run import CandidateDiedError, RealRun
from wire.errors import SensorSwarmError, UnusableError

DIED = LostServerError("the server was killed by SIGSEGV: boom", was_ready=True)
EXITED = ServerError("the server ended with exit code 2: boom", was_ready=True)
MUTE = LostServerError("waited 30 s in vain", was_ready=False)
REFUSED = ServerError("no such option", was_ready=False)


def outcome(monkeypatch: pytest.MonkeyPatch, task: Task, error: SensorSwarmError) -> SensorSwarmError:
    def run(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("scenarios.runner.run", run)
    real = RealRun(schema.load(library.find("gate")), lambda _: Own(label="x"))
    with pytest.raises(SensorSwarmError) as caught:
        real(task, Path("nowhere"))
    return caught.value


@pytest.mark.parametrize("phase", [duet.FIRST, duet.AGAIN])
@pytest.mark.parametrize(
    ("error", "exit_code", "told"),
    [
        (DIED, 1, "candidate died in {}: the server was killed by SIGSEGV: boom"),
        (EXITED, 1, "candidate died in {}: the server ended with exit code 2: boom"),
        (MUTE, 2, "candidate does not serve: waited 30 s in vain"),
        (REFUSED, 2, "candidate does not serve: no such option"),
        (UnusableError("the swarm died"), 3, "the swarm died"),
        (InterruptedRunError("interrupted"), 3, "interrupted"),
        (SensorSwarmError("no such anomaly"), 2, "candidate (x): no such anomaly"),
    ],
)
def test_what_the_candidate_does_is_its_own_fault(
    monkeypatch: pytest.MonkeyPatch, phase: str, error: SensorSwarmError, exit_code: int, told: str
) -> None:
    """Who crashes must not pass for one of whom nothing can be said; whatever else died says nothing of it."""
    task = Task(phase, 3, "candidate", first=True)
    made = outcome(monkeypatch, task, error)
    assert (made.exit_code, str(made)) == (exit_code, told.format(task.name))
    assert isinstance(made, CandidateDiedError) == (exit_code == 1)


@pytest.mark.parametrize(
    "task",
    [
        Task(duet.FIRST, 1, "base", first=True),
        Task(duet.CONTROL, 1, "candidate", first=True),
        Task("set01", 1, "candidate", first=True),
    ],
    ids=lambda task: task.name,
)
@pytest.mark.parametrize(("error", "exit_code"), [(DIED, 3), (MUTE, 3), (EXITED, 2), (REFUSED, 2)])
def test_a_base_that_does_not_serve_fails_nobody(
    monkeypatch: pytest.MonkeyPatch, task: Task, error: SensorSwarmError, exit_code: int
) -> None:
    """Nor does a control's or a calibration's server, which is the base on both sides."""
    made = outcome(monkeypatch, task, error)
    assert made.exit_code == exit_code
    assert not isinstance(made, CandidateDiedError)
    assert str(error) in str(made)
