"""One way to ask for a fleet, whatever the command."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from simulator.export import Order
from simulator.fleet import Fleet
from simulator.order import FleetOrder
from simulator.session import Settings
from simulator.shard import Shard
from wire.errors import SensorSwarmError

ASKED = {"buildings": 3, "sensors": 6, "interval_s": 30.0, "seed": 5, "profile": "hotel", "anomaly_rate": 0.0}
START = datetime(2026, 1, 5, 9)  # noqa: DTZ001 - simulated time has no zone


def test_every_command_makes_the_fleet_that_was_asked_for():
    """All that is said of a fleet reaches it: a load's and an export's are one and the same, to the last bit."""
    expected = next(Fleet(**ASKED, start=START, shard=Shard(2, 3)).blocks())
    for order in (
        FleetOrder(**ASKED, start=START),
        Settings(**ASKED, start=START),
        Order(**ASKED, start=START, out=Path("x.csv")),
    ):
        block = next(order.make(Shard(2, 3)).blocks())
        np.testing.assert_array_equal(block.value, expected.value)
        np.testing.assert_array_equal(block.offset_ns, expected.offset_ns)


def test_the_list_of_anomalies_is_read(tmp_path):
    """A fleet is not made without what was ordered for it."""
    with pytest.raises(SensorSwarmError, match="No such file"):
        FleetOrder(anomalies=tmp_path / "none.toml").make()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"buildings": 0}, "--buildings 0 is out of range"),
        ({"sensors": -1}, "--sensors -1 is out of range"),
        ({"buildings": 10_000, "sensors": 10_000}, "--buildings times --sensors"),
        ({"seed": -1}, "--seed -1 is out of range"),
        ({"anomaly_rate": float("nan")}, "--anomaly-rate nan is out of range"),
    ],
)
def test_numbers_out_of_range_are_named(asked, told):
    """The same ranges for every command."""
    with pytest.raises(SensorSwarmError, match=told):
        FleetOrder(**asked).check_fleet()
