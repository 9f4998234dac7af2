"""Which runs make a series."""

import pytest

from reports.trend.choose import Candidate, choose
from reports.trend.model import LeftOut
from wire.errors import ExitCode, SensorSwarmError


@pytest.fixture
def candidate(dated):
    """A run directory as it was read."""

    def made(name, started_ts, **changes):
        return Candidate(name, started_ts, dated(name, {}, **changes).figures)

    return made


def names(chosen):
    return [run.name for run in chosen.runs]


def test_order_of_their_start(candidate):
    """Runs stand in the order in which they started, not of their names."""
    chosen = choose([candidate("a", 3.0), candidate("b", 1.0), candidate("c", 2.0)], folder="runs")
    assert (chosen.scenario, names(chosen), chosen.left_out) == ("gate", ["b", "c", "a"], [])


def test_the_scenario_that_most_share(candidate):
    """Others are left out with their scenario; another one can be asked for; of equally many the latest counts."""
    runs = [candidate(f"g{k}", float(k)) for k in range(3)] + [
        candidate(f"d{k}", 10.0 + k, scenario="demo") for k in range(2)
    ]
    chosen = choose(runs, folder="runs")
    assert names(chosen) == ["g0", "g1", "g2"]
    assert chosen.left_out == [LeftOut("d0", "its scenario is demo"), LeftOut("d1", "its scenario is demo")]
    assert names(choose(runs, folder="runs", scenario="demo")) == ["d0", "d1"]
    assert choose(runs[1:], folder="runs").scenario == "demo"


def test_what_cannot_be_used_is_named(candidate):
    """Unusable, undated and unreadable runs are left out with the reason, and count for no scenario."""
    bad = [candidate(f"x{k}", 5.0, scenario="demo", unusable=("the books do not balance",)) for k in range(3)]
    undated = Candidate("y", None, candidate("y", 0.0, scenario=None).figures)
    chosen = choose(
        [*bad, undated, Candidate("z", None, None, "cannot be read"), candidate("a", 1.0), candidate("b", 2.0)],
        folder="runs",
    )
    assert names(chosen) == ["a", "b"]
    reasons = {one.name: one.reason for one in chosen.left_out}
    assert reasons["x0"] == "the books do not balance"
    assert "run.json" in reasons["y"]
    assert reasons["z"] == "cannot be read"


def test_fewer_than_two_is_wrong_usage(candidate):
    """One usable run is exit code 2, and says what became of the others."""
    bad = candidate("x", 5.0, unusable=("killed",))
    with pytest.raises(
        SensorSwarmError, match=r"runs holds 1 usable run of gate \(1 other left out, such as x: killed"
    ):
        choose([candidate("a", 1.0), bad], folder="runs")


def test_none_that_can_be_used(candidate):
    """Runs of which none can be used are exit code 3 with the reason of one."""
    with pytest.raises(SensorSwarmError, match=r"x1 \(and 1 other run\): killed") as error:
        choose([candidate(f"x{k}", 5.0, unusable=("killed",)) for k in (1, 2)], folder="runs")
    assert error.value.exit_code == ExitCode.NOT_USABLE


@pytest.mark.parametrize(("asked", "said"), [("gaet", "did you mean gate"), ("crash", "there are gate")])
def test_a_scenario_that_is_not_there(candidate, asked, said):
    """The nearest one is named, or all."""
    with pytest.raises(SensorSwarmError, match=said) as error:
        choose([candidate("a", 1.0), candidate("b", 2.0)], folder="runs", scenario=asked)
    assert error.value.exit_code == ExitCode.USAGE
