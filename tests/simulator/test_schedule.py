"""Schedules: a rate that is kept, events in order, one anomaly at a time."""

from collections import Counter

import numpy as np
import pytest

from simulator.anomalies import KINDS, Scope
from simulator.layout import Layout
from simulator.schedule import ListedSchedule, LiveSchedule, RandomSchedule, event, part
from wire.clock import NS

DAY_NS = 86_400 * NS


def _random(layout: Layout, rate: float, seed: int = 0) -> RandomSchedule:
    rngs = [np.random.default_rng([seed, building]) for building in range(layout.buildings)]
    return RandomSchedule(layout, rngs, rate_per_sensor_day=rate, interval_s=5.0)


def test_the_rate_is_per_sensor_and_day():
    """2,000 sensors at one a day: within five standard deviations of 2,000 events, of every kind that is drawn."""
    events = _random(Layout(10, 200), 1.0).until(DAY_NS)
    assert abs(len(events) - 2000) < 5 * 2000**0.5
    kinds = Counter(item.kind.name for item in events)
    assert set(kinds) == {kind.name for kind in KINDS.values() if kind.weight > 0}
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
    """What is drawn for a sensor that already suffers does not happen; what befalls a whole building does."""
    free_at = {}
    for item in _random(Layout(1, 5), 2000).until(DAY_NS // 4):
        for hit in item.hits if item.kind.scope is not Scope.BUILDING else ():
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


def test_what_is_asked_for_live_begins_with_the_next_sample():
    """At the beginning of the interval that is made next, once, whatever time the event itself names."""
    asked = event(Layout(1, 5), kind=KINDS["spike"], cause="x", at_ns=0, building=0, column=0, interval_s=5.0)
    schedule = LiveSchedule(5 * NS)
    assert schedule.until(5 * NS) == []
    schedule.ask(asked)
    assert len(schedule) == 1
    assert [item.at_ns for item in schedule.until(100 * NS)] == [95 * NS]
    assert len(schedule) == 0
    assert schedule.until(105 * NS) == []


def test_scopes_befall_a_sensor_a_zone_or_a_building():
    """A surge also shows at the main meter; a failing plant at temperatures, CO2 and the main meter."""
    layout = Layout(2, 15)

    def columns(kind: str, column: int) -> list[int]:
        item = event(layout, kind=KINDS[kind], cause="x", at_ns=0, building=1, column=column, interval_s=5.0)
        assert {hit.sensor // 15 for hit in item.hits} == {1}
        return sorted(hit.sensor % 15 for hit in item.hits)

    assert columns("spike", 6) == [6]
    assert columns("fire", 7) == [5, 7, 9]
    assert columns("window_open", 5) == [5, 6, 7, 9]
    assert columns("gateway_outage", 5) == list(range(15))
    assert columns("humidity_leak", 1) == [1, 6, 11]
    assert columns("power_surge", 8) == [3, 8]
    assert columns("power_surge", 3) == [3]
    assert columns("hvac_failure", 0) == [0, 2, 3, 4, 5, 7, 9, 10, 12, 14]


def test_a_part_of_the_fleet_suffers_what_is_its_own():
    """Events of other buildings are left out; the others name the same sensors by the part's own numbers."""
    layout = Layout(4, 5)
    events = [
        event(layout, kind=KINDS["fire"], cause=str(n), at_ns=n, building=n, column=2, interval_s=5.0) for n in range(4)
    ]
    ours = part(events, [1, 3], layout)
    assert [(item.cause, item.building) for item in ours] == [("1", 0), ("3", 1)]
    assert [[hit.sensor for hit in item.hits] for item in ours] == [[0, 2, 4], [5, 7, 9]]
    assert part(events, range(4), layout) == events
