"""Options of the behaviours."""

from types import SimpleNamespace

import pytest

from loadtest.behaviours import KINDS
from loadtest.behaviours.intruder import INTRUDER
from loadtest.behaviours.options import KINDS as NAMES
from loadtest.behaviours.options import BehaviourSettings, declare_behaviours, read_behaviours
from wire.errors import SensorSwarmError


def test_what_is_declared_reads_as_the_defaults():
    """Declared defaults and those of the settings are the same."""
    declared = SimpleNamespace()
    declare_behaviours(lambda name, *, default, **_: setattr(declared, name[2:].replace("-", "_"), default))
    assert read_behaviours(declared) == read_behaviours(SimpleNamespace()) == BehaviourSettings()


def test_every_kind_that_can_be_named_can_be_made():
    """The registry and the option know the same kinds."""
    assert {*KINDS, INTRUDER} == set(NAMES)


@pytest.mark.parametrize(
    ("name", "value"),
    [("slow_bytes_per_s", 0), ("flaky_mean_s", -1), ("churn_per_minute", float("nan")), ("commuter_stay_s", "inf")],
)
def test_a_number_that_cannot_be_is_refused(name, value):
    """One line names the option."""
    with pytest.raises(SensorSwarmError, match="--" + name.replace("_", "-")):
        read_behaviours(SimpleNamespace(**{name: value}))
