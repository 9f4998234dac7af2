"""Schedules: a rate that is kept, events in order, one anomaly at a time."""

from collections import Counter

import numpy as np
import pytest

from simulator.anomalies import KINDS
from simulator.layout import Layout
from simulator.schedule import ListedSchedule, RandomSchedule, event
from wire.clock import NS

DAY_NS = 86_400 * NS


def _random(layout: Layout, rate: float, seed: int = 0) -> RandomSchedule:
    rngs = [np.random.default_rng([seed, building]) for building in range(layout.buildings)]
    return RandomSchedule(layout, rngs, rate_per_sensor_day=rate, interval_s=5.0)


def test_the_rate_is_per_sensor_and_day():
    """2,000 sensors at one a day: within five standard deviations of 2,000 events, of every kind."""
    events = _random(Layout(10, 200), 1.0).until(DAY_NS)
    assert abs(len(events) - 2000) < 5 * 2000**0.5
    kinds = Counter(item.kind.name for item in events)
    assert set(kinds) == set(KINDS)
    assert kinds["spike"] > kinds["fire"]


@pytest.mark.parametrize("step_ns", [NS, 7 * NS, 3600 * NS])
def test_events_do_not_depend_on_when_we_ask(step_ns):
    """Asked once or often, the same events come in the order of time, each once."""
    layout = Layout(2, 10)
    end = 2 * 3600 * NS
    whole = _random(layout, 100).until(end)
    schedule = _random(layout, 100)
    parts = [item for at in range(0, end, step_ns) for item in schedule.until(min(at + step_ns, end))]
    assert parts == whole
    assert [item.at_ns for item in whole] == sorted(item.at_ns for item in whole)
    assert len(whole) > 20


def test_no_sensor_suffers_two_random_anomalies_at_once():
    """What is drawn for a sensor that already suffers does not happen."""
    free_at = {}
    for item in _random(Layout(1, 5), 2000).until(DAY_NS // 4):
        for hit in item.hits:
            assert free_at.get(hit.sensor, 0) <= item.at_ns
            free_at[hit.sensor] = item.at_ns + item.duration_ns
    assert len(free_at) == 5


def test_rate_zero_is_none():
    """No events, ever."""
    assert _random(Layout(2, 3), 0.0).until(1000 * DAY_NS) == []


def test_listed_events_come_in_order_each_once():
    """Whatever their order in the list."""
    layout = Layout(1, 5)
    events = [
        event(layout, kind=KINDS["spike"], cause=str(at), at_ns=at, building=0, column=0, interval_s=5.0)
        for at in (30, 10, 20)
    ]
    schedule = ListedSchedule(events)
    assert [item.at_ns for item in schedule.until(21)] == [10, 20]
    assert [item.at_ns for item in schedule.until(100)] == [30]
    assert schedule.until(100) == []
