"""Kinds of anomalies: what each does to a reading, and that its defaults can be detected."""

import pytest

from simulator.anomalies import KINDS, Moment
from wire.reading import QUANTITIES

RATE_PER_MINUTE = {"temperature": 3.0, "humidity": 10.0, "co2": 300.0}
HOLD_S = {"temperature": 150.0, "humidity": 400.0, "power": 30.0, "co2": 120.0}


@pytest.mark.parametrize(
    ("kind", "since_s", "expected"),
    [
        ("spike", 0.0, 35.0),
        ("spike", 5.0, 35.0),
        ("stuck", 5.0, 19.0),
        ("dropout", 5.0, None),
        ("fire", 0.0, 20.0),
        ("fire", 10.0, 20.0 + 15.0 / 4),
        ("fire", 20.0, 35.0),
        ("fire", 29.0, 35.0),
    ],
)
def test_effect(kind, since_s, expected):
    """Spike adds, stuck holds, dropout is silent, fire grows with the square of time up to its magnitude."""
    moment = Moment(value=20.0, held=19.0, since_s=since_s, duration_s=30.0, magnitude=15.0)
    assert KINDS[kind].effect(moment) == expected


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_default_spikes_and_fires_can_be_detected(quantity):
    """By rate of rise within a minute, or for power by the limit of 20 kW."""
    for kind in (KINDS["spike"], KINDS["fire"]):
        if quantity in kind.magnitudes:
            moment = Moment(0.0, 0.0, 60.0, kind.duration_s(quantity, 5.0), kind.magnitudes[quantity])
            assert kind.effect(moment) > 1.3 * RATE_PER_MINUTE.get(quantity, 15_000.0)


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_default_stuck_lasts_longer_than_healthy_runs(quantity):
    """Long enough to be told from a quiet sensor."""
    assert KINDS["stuck"].duration_s(quantity, 5.0) >= 1.9 * HOLD_S[quantity]


@pytest.mark.parametrize("interval_s", [0.1, 5.0, 600.0])
def test_defaults_grow_with_the_interval(interval_s):
    """A slow fleet still has at least one reading in each anomaly, and a spike is one or two."""
    for kind in KINDS.values():
        for quantity in kind.durations_s:
            assert kind.duration_s(quantity, interval_s) >= interval_s
    assert KINDS["spike"].duration_s("co2", interval_s) <= 2 * interval_s
