"""False alarms are counted as the server would raise them."""

from dataclasses import replace

import pytest

from benchmarks._false_alarms import SENSORS, false_alarms, per_sensor_day
from reference_server.limits import Limits, QuantityLimits


@pytest.mark.parametrize(("interval_s", "hours"), [(60.0, 6), (600.0, 24)])
def test_a_healthy_fleet_raises_nothing(interval_s, hours):
    """Whatever the interval, also where readings come seldom and some are lost."""
    assert not false_alarms(hours, buildings=1, profile="mixed", interval_s=interval_s)


def test_what_passes_a_limit_is_counted_once_a_sensor():
    """A limit below everything is passed by every sensor of its quantity, for good."""
    limits = replace(Limits(), quantities={"co2": QuantityLimits(high=1.0)})
    found = false_alarms(0.1, buildings=2, interval_s=60.0, limits=limits)
    assert found == {("co2", "high"): 2 * SENSORS // 5}
    assert per_sensor_day(found, 32.0).split() == ["16", "0.5000", "co2", "high", "16"]
