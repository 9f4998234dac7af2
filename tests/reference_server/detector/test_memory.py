"""A detector that gets the memory of the one before it goes on as if there had been one all along."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_server.alert import Alert
from reference_server.detector import Detector
from reference_server.detector import memory as remembered
from reference_server.detector.memory import NOTHING, load
from reference_server.limits import Limits
from reference_server.readings import Readings

Make = Callable[..., Any]
START = 1_763_856_000.0
SENSORS = 3
STEPS = st.tuples(
    st.integers(0, SENSORS - 1),
    st.sampled_from([5.0, 5.0, 5.0, 1.0, 12.0, 70.0, 0.0, -3.0, -90.0]),
    st.sampled_from([0.0, 0.0, 0.01, -0.01, 0.5, 4.0, -4.0, 30.0, -30.0]),
)


def open_at_end(alerts: list[Alert]) -> set[tuple[str, Any]]:
    found: set[tuple[str, Any]] = set()
    for alert in alerts:
        (found.discard if alert.cleared else found.add)((alert.sensor, alert.kind))
    return found


def successor(detector: Detector, alerts: list[Alert], now: float) -> Detector:
    after = Detector(Limits(), memory=load(detector.memory(), time_scale=1.0))
    after.restore(open_at_end(alerts))
    after.resume(now)
    return after


@settings(deadline=None, max_examples=60)
@given(st.lists(STEPS, min_size=1, max_size=150), st.sets(st.integers(0, 150), max_size=4), st.integers(0, 40))
def test_a_restart_changes_no_verdict(walk: list[tuple[int, float, float]], restarts: set[int], past: int) -> None:
    """Whenever it comes, and how often: the same alerts as without it, from any past."""
    calm = [(sensor, 5.0, 0.01 * ((index + sensor) % 3 - 1)) for index in range(past) for sensor in range(SENSORS)]
    found: list[list[Alert]] = []
    for when in (set[int](), restarts):
        detector, alerts = Detector(Limits()), list[Alert]()
        ts, values = [START] * SENSORS, [20.0] * SENSORS
        for index, (sensor, step_s, change) in enumerate(calm + walk):
            if index - len(calm) in when:
                detector = successor(detector, alerts, START)
            ts[sensor] += step_s
            values[sensor] += change
            row = detector.sensors.row(f"b-1/temperature/{sensor}")
            alerts += detector.observe(Readings([row], [ts[sensor]], [0], [values[sensor]], [b"{}"]), START)
        found.append(alerts)
    assert found[0] == found[1]


def test_a_step_over_a_restart_is_seen(feed: Make) -> None:
    """The reading before it is known: without the memory the same step goes unseen."""
    before = feed()
    before.one(START, 20.0)
    memory = load(before.detector.memory(), time_scale=1.0)
    assert [alert.kind for alert in feed(memory=memory).one(START + 5, 35.0)] == ["rate"]
    assert feed().one(START + 5, 35.0) == []


def test_who_is_not_heard_again_does_not_fall_silent(feed: Make) -> None:
    """Buildings that are gone since, as after a change of the fleet, raise nothing."""
    before = feed()
    before.batch([("b-1/temperature/1", START, 20.0), ("b-2/temperature/1", START, 20.0)], START)
    after = feed(memory=load(before.detector.memory(), time_scale=1.0))
    after.detector.resume(START)
    after.one(START, 20.1)
    assert [alert.sensor for alert in after.detector.check(START + 3600)] == ["b-1/temperature/1"]


def test_what_cannot_be_used_is_nothing(feed: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another time scale, another version; broken bytes are said to be broken."""
    before = feed()
    before.one(START, 20.0)
    data = before.detector.memory()
    assert load(data, time_scale=60.0) is NOTHING
    for broken in (b"", data[:-40], data[:10], b"[]\n", b"{}\n", data + b"more"):
        with pytest.raises(ValueError, match="broken memory"):
            load(broken, time_scale=1.0)
    monkeypatch.setattr(remembered, "_FORMAT", 2)
    assert load(data, time_scale=1.0) is NOTHING


def test_only_so_many_are_remembered(feed: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that were heard first."""
    monkeypatch.setattr(remembered, "MAX_SENSORS", 1)
    before = feed()
    before.batch([("b-1/temperature/1", START, 20.0), ("b-2/temperature/1", START, 20.0)], START)
    after = feed(memory=load(before.detector.memory(), time_scale=1.0))
    alerts = after.batch([("b-1/temperature/1", START + 5, 35.0), ("b-2/temperature/1", START + 5, 35.0)], START + 5)
    assert [alert.sensor for alert in alerts] == ["b-1/temperature/1"]


def test_who_is_not_heard_in_one_life_is_known_in_the_next(feed: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two restarts in a row forget nothing; what is a day old is forgotten."""

    def third(second_ts: float) -> Any:
        first = feed()
        first.batch([("b-1/temperature/1", START, 20.0), ("b-2/temperature/1", START, 20.0)], START)
        second = feed(memory=load(first.detector.memory(), time_scale=1.0))
        second.batch([("b-1/temperature/1", second_ts, 20.0)], second_ts)
        return feed(memory=load(second.detector.memory(), time_scale=1.0))

    step = [("b-2/temperature/1", START + 10, 35.0)]
    assert [alert.kind for alert in third(START + 5).batch(step, START + 10)] == ["rate"]
    assert third(START + remembered.KEPT_S).batch(step, START + 10) == []
