"""The detector: one alert and one clear per event, none on natural signals."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_server.alert import Alert
from reference_server.detector import Detector
from reference_server.limits import Limits, QuantityLimits
from reference_server.readings import MANY, Readings

Make = Callable[..., Any]
START = 1_763_856_000.0
SENSOR = "b-1/temperature/1"
MINUTE = Limits().with_silence(60)  # whatever the interval


def brief(alerts: list[Alert]) -> list[tuple[str, float, str]]:
    return [(a.kind, a.ts - START, "clear" if a.cleared else "raise") for a in alerts]


def wobble(count: int, around: float = 20.0) -> list[float]:
    return [around + 0.01 * (index % 3) for index in range(count)]


# name, quantity, values at 5 s, expected [(kind, index of the reading, value, limit), ("kind cleared", index)]
EVENTS: list[tuple[str, str, list[float], list[tuple[Any, ...]]]] = [
    ("natural", "temperature", wobble(200), []),
    ("an outlying step of three resolutions", "temperature", [*wobble(40), 20.05, *wobble(20)], []),
    (
        "a spike of one sample",
        "temperature",
        [20.0, 20.1, 35.1, 20.0, 20.1, 20.2],
        [("rate", 2, 15.1, 3), ("rate cleared", 3)],
    ),
    ("a fall is no rise", "temperature", [35.0, 20.0, 20.1], []),
    (
        "but it is unlike the sensor's past",
        "temperature",
        [*wobble(40), 15.0, 15.0, 15.0],
        [("zscore", 40, 501, 40), ("zscore cleared", 41)],
    ),
    ("just the allowed rise", "temperature", [20 + 0.25 * i for i in range(30)], []),
    (
        "a fire",
        "temperature",
        [20 + 1.0 * i for i in range(30)],
        [("rate", 4, 4.0, 3), ("high", 26, 46.0, 45)],
    ),
    ("at the limit is not over it", "temperature", [45.0, 44.9], []),
    (
        "hot, not quite cool, cool, hot",
        "power",
        [1, 24_000, 23_000, 5, 25_000],
        [("high", 1, 24_000, 23_000), ("high cleared", 3), ("high", 4, 25_000, 23_000)],
    ),
    ("cold", "temperature", [-29.0, -31.0, -29.8, -29.0], [("low", 1, -31.0, -30), ("low cleared", 3)]),
    ("stuck once however long", "power", [500.0] * 60, [("stuck", 6, 30.0, 30)]),
    (
        "stuck twice",
        "power",
        [5.0] * 8 + [6.0] * 8,
        [("stuck", 6, 30.0, 30), ("stuck cleared", 8), ("stuck", 14, 30.0, 30)],
    ),
    ("power may step", "power", [100.0, 3000.0, 100.0], []),
    ("another quantity has no limits", "pressure", [0.0, 1e9, -1e9, *[5.0] * 500], []),
]


@pytest.mark.parametrize(
    ("quantity", "values", "expected"), [event[1:] for event in EVENTS], ids=[e[0] for e in EVENTS]
)
def test_events(feed: Make, quantity: str, values: list[float], expected: list[tuple[Any, ...]]) -> None:
    """Each event raises its alert once, at the right reading, with what passed which limit, and is cleared once."""
    alerts = feed(sensor=f"b-1/{quantity}/1").series(values, first_ts=START)
    got = [
        (f"{a.kind} cleared", a.ts) if a.cleared else (a.kind, a.ts, pytest.approx(a.value, rel=1e-4), a.limit)
        for a in alerts
    ]
    assert got == [(name, START + 5 * index, *rest) for name, index, *rest in expected]


def test_alerts_name_sensor_and_building(feed: Make) -> None:
    """An alert carries where it comes from."""
    (alert,) = feed().one(START, 50.0)
    assert alert == Alert("b-1", SENSOR, "high", START, 50.0, 45)


# A sensor's walk: changes of any size, equal values, gaps, clocks set back.
STEPS = st.tuples(
    st.integers(0, 40),  # sensor
    st.sampled_from([5.0, 5.0, 5.0, 1.0, 12.0, 70.0, 0.0, -3.0, -90.0]),
    st.sampled_from([0.0, 0.0, 0.01, -0.01, 0.5, 4.0, -4.0, 30.0, -30.0]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(STEPS, min_size=1, max_size=120), min_size=1, max_size=12), st.booleans())
def test_batches_do_not_change_the_verdict(batches: list[list[tuple[int, float, float]]], calm: bool) -> None:
    """Readings judged one by one or in batches of any size give the same alerts, sensor by sensor."""
    together, alone = Detector(Limits()), Detector(Limits())
    ts, values = dict.fromkeys(range(41), START), dict.fromkeys(range(41), 20.0)
    found: list[list[Alert]] = [[], []]
    for number, batch in enumerate(batches):
        now = START + number
        readings = Readings()
        # Calm traffic, each sensor's next reading, is what the fast path takes; begin with it, then the rest.
        calmly = [(sensor, 5.0, 0.01 * (sensor % 3 - 1)) for _ in range(9 if calm else 1) for sensor in range(41)]
        for sensor, step_s, change in calmly + batch:
            ts[sensor] += step_s
            values[sensor] += change
            row = together.sensors.row(f"b-1/temperature/{sensor}")
            assert alone.sensors.row(f"b-1/temperature/{sensor}") == row
            reading = Readings([row], [ts[sensor]], [0], [values[sensor]], [b"{}"])
            found[1] += alone.observe(reading, now)
            for column, item in zip(
                (readings.rows, readings.ts, readings.seqs, readings.values, readings.payloads),
                (row, ts[sensor], 0, values[sensor], b"{}"),
                strict=True,
            ):
                column.append(item)  # type: ignore[arg-type]
        found[0] += together.observe(readings, now)
    by_sensor = [sorted(alerts, key=lambda alert: alert.sensor) for alerts in found]  # stable: order kept within
    assert by_sensor[0] == by_sensor[1]


@settings(deadline=None)
@given(st.lists(st.floats(-0.25, 0.25), min_size=30, max_size=200), st.sampled_from(["high", "low"]))
def test_noise_about_a_limit_does_not_chatter(noise: list[float], kind: str) -> None:
    """Noise within the deadband gives one alert, and one clear when the value has gone back."""
    limits = Limits(quantities={"q": QuantityLimits(high=45, low=-45, deadband=0.5)})
    detector = Detector(limits)
    row = detector.sensors.row("b-1/q/1")
    sign = 1 if kind == "high" else -1
    values = [45.1, *(45 + item for item in noise), 44.0, 43.9]
    alerts: list[Alert] = []
    for index, value in enumerate(values):
        alerts += detector.observe(Readings([row], [START + index], [index], [sign * value], [b"{}"]), START + index)
    assert [(a.kind, a.cleared) for a in alerts] == [(kind, False), (kind, True)]


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 5.0, 5.0, 61.0, 200.0]), st.sampled_from([20.0, 20.01, 24.0, 46.0, -31.0])),
        max_size=150,
    )
)
def test_raise_and_clear_alternate(steps: list[tuple[float, float]]) -> None:
    """Whatever a sensor does, each of its conditions is raised, cleared, raised, ... in turn."""
    detector = Detector(Limits())
    row, ts = detector.sensors.row(SENSOR), START
    raised: set[str] = set()
    for step_s, value in steps:
        ts += step_s
        alerts = detector.check(ts) + detector.observe(Readings([row], [ts], [0], [value], [b"{}"]), ts)
        for alert in alerts:
            assert alert.cleared == (alert.kind in raised)
            raised ^= {alert.kind}
            assert math.isfinite(alert.value)


@pytest.mark.parametrize("seed", range(3))
def test_natural_signals_raise_nothing(seed: int) -> None:
    """A day's cycle with correlated noise at the sensor's resolution stays quiet for hours, many sensors at once."""
    rng = np.random.default_rng(seed)
    detector, sensors = Detector(Limits()), 2 * MANY
    rows = [detector.sensors.row(f"b-1/temperature/{index}") for index in range(sensors)]
    noise = np.zeros(sensors)
    for index in range(2 * 720):
        noise = 0.95 * noise + rng.normal(0, 0.03, sensors)
        values = np.round(21 + 4 * np.sin(2 * np.pi * index * 5 / 86_400) + noise, 2).tolist()
        ts = START + 5 * index
        assert detector.observe(Readings(rows, [ts] * sensors, [index] * sensors, values, [b""] * sensors), ts) == []


def test_durations_are_simulated_seconds(feed: Make) -> None:
    """At ten times the pace everything takes a tenth of the wall-clock time, and means the same."""
    fed = feed(time_scale=10)
    (stuck,) = fed.series([20.0] * 40, first_ts=START, step_s=0.5)
    assert (stuck.kind, stuck.ts - START, stuck.value, stuck.limit) == ("stuck", 15.0, 150.0, 150)
    (silent,) = fed.detector.check(START + 19.5 + 6.1)
    assert (silent.kind, silent.ts - START, silent.limit) == ("silent", 19.5 + 6.0, 60.0)
    assert silent.value == pytest.approx(61.0)


def test_silence_is_told_once_and_again_after_the_sensor_came_back(feed: Make) -> None:
    """One alert per silence; hearing the sensor clears it."""
    fed = feed(MINUTE)
    fed.one(START, 20.0)
    assert fed.detector.check(START + 59) == []
    assert fed.detector.look_at == START + 60
    (alert,) = fed.detector.check(START + 60)
    assert alert == Alert("b-1", SENSOR, "silent", START + 60, 60.0, 60.0)
    assert fed.detector.check(START + 1000) == []
    assert fed.detector.look_at == math.inf
    (back,) = fed.one(START + 1000, 20.1)
    assert back == Alert("b-1", SENSOR, "silent", START + 1000, 1000.0, 60.0, cleared=True)
    assert fed.detector.look_at == START + 1060
    assert fed.detector.check(START + 1059) == []
    assert [a.kind for a in fed.detector.check(START + 1060)] == ["silent"]


def test_the_next_look_is_when_the_first_sensor_may_be_silent(feed: Make) -> None:
    """No sensor falls silent before `look_at`, and looking then finds exactly those that are due."""
    fed = feed(MINUTE)
    for index in range(10):
        fed.batch([(f"b-1/temperature/{index}", START + index, 20.0)], START + index)
    found = []
    while fed.detector.look_at < math.inf:
        looked_at = fed.detector.look_at
        found += [(looked_at - START, a.sensor) for a in fed.detector.check(looked_at)]
    assert found == [(60.0 + index, f"b-1/temperature/{index}") for index in range(10)]


def test_silence_waits_while_nothing_can_be_heard(feed: Make) -> None:
    """Without a broker nobody is silent, and afterwards every sensor has the whole limit again."""
    fed = feed(MINUTE)
    fed.one(START, 20.0)
    fed.detector.suspend()
    assert fed.detector.check(START + 500) == []
    fed.detector.resume(START + 500)
    assert fed.detector.check(START + 559) == []
    assert [a.kind for a in fed.detector.check(START + 560)] == ["silent"]


# name, times of readings, time at which the sensor is told silent
SILENCES: list[tuple[str, list[float], float]] = [
    ("of one reading the interval is not known", [0], 300),
    ("quick ones have a minute", [0, 5], 65),
    ("as long as five intervals are no more than that", [0, 12, 24], 84),
    ("five intervals", [0, 60, 120], 420),
    ("one lost in between", [0, 60, 180, 240], 540),
    ("learned from the second on", [0, 250], 850),  # at most twice as long as before
    ("and more with every reading", [0, 250, 500, 750], 2000),
    ("an outage is no slower pace", [*range(0, 60, 5), 1000, 1005], 1065),
    ("even before another reading", [*range(0, 60, 5), 1000], 1120),
    ("a quick extra reading is forgotten", [0, 60, 61, 121, 181, 241], 541),
]


@pytest.mark.parametrize(("times", "silent_at"), [case[1:] for case in SILENCES], ids=[case[0] for case in SILENCES])
def test_patience_goes_by_the_sensors_own_interval(feed: Make, times: list[float], silent_at: float) -> None:
    """Unless the limit is given, a sensor is silent after a minute or five of its own intervals, the longer of them."""
    fed = feed()
    for number, at in enumerate(times):
        fed.one(START + at, 20.0 + 0.01 * (number % 2))
    assert fed.detector.check(START + silent_at - 0.1) == []
    (alert,) = fed.detector.check(START + silent_at)
    patience_s = silent_at - times[-1]
    assert (alert.kind, alert.ts, alert.value, alert.limit) == ("silent", START + silent_at, patience_s, patience_s)


def test_a_limit_that_is_given_is_kept(feed: Make) -> None:
    """Whoever says how long a sensor may be silent gets no other limit, however slow the sensor is."""
    fed = feed(Limits().with_silence(20))
    fed.series([20.0, 20.1], first_ts=START, step_s=15.0)
    assert [alert.kind for alert in fed.detector.check(START + 35)] == ["silent"]


def test_lost_readings_of_a_slow_sensor_are_no_silence(feed: Make) -> None:
    """A fleet at one reading a minute that loses some now and then raises nothing in a day."""
    rng = np.random.default_rng(3)
    fed = feed()
    for number in np.flatnonzero(rng.random(1440) > 0.014):  # the most that was measured
        ts = START + 60.0 * float(number)
        assert fed.detector.check(ts) == []
        assert fed.one(ts, 20.0 + 0.01 * (number % 7)) == []


# name, quantity, seconds between readings, equal readings until it is stuck
STUCK: list[tuple[str, str, float, int]] = [
    ("temperature, by seconds", "temperature", 5.0, 31),
    ("temperature, by readings", "temperature", 60.0, 30),
    ("humidity, by seconds", "humidity", 5.0, 81),
    ("humidity, by readings", "humidity", 60.0, 50),
    ("co2, by seconds", "co2", 5.0, 25),
    ("co2, by readings", "co2", 30.0, 12),
    ("power, by both", "power", 5.0, 7),
    ("power, by readings", "power", 60.0, 7),
    ("power every second", "power", 1.0, 31),
]


@pytest.mark.parametrize(
    ("quantity", "interval_s", "readings"), [case[1:] for case in STUCK], ids=[case[0] for case in STUCK]
)
def test_stuck_takes_seconds_and_readings(feed: Make, quantity: str, interval_s: float, readings: int) -> None:
    """A few equal readings far apart are chance: the limit is in readings where the interval is long."""
    fed = feed(sensor=f"b-1/{quantity}/1")
    value = {"temperature": 20.0, "humidity": 50.0, "co2": 500.0, "power": 500.0}[quantity]
    (alert,) = fed.series([value] * (readings + 3), first_ts=START, step_s=interval_s)
    assert (alert.kind, alert.ts) == ("stuck", START + (readings - 1) * interval_s)


def test_a_gap_proves_nothing(feed: Make) -> None:
    """The same value before and after a long gap is not stuck, and a change over the gap is no outlier."""
    fed = feed()
    fed.series([20.0, 20.0], first_ts=START)
    fed.detector.suspend()
    assert fed.series([20.0, 20.0], first_ts=START + 500) == []
    fed.series(wobble(40), first_ts=START + 1000)
    assert fed.series([18.0], first_ts=START + 2000) == []


def test_a_stuck_sensor_that_pauses_is_one_event(feed: Make) -> None:
    """A gap within a stuck run neither clears it nor raises it again."""
    fed = feed(sensor="b-1/power/1")
    fed.series([5.0] * 10, first_ts=START)
    fed.detector.suspend()
    fed.series([5.0] * 10, first_ts=START + 500)
    fed.series([6.0], first_ts=START + 600)
    assert brief(fed.alerts) == [("stuck", 30.0, "raise"), ("stuck", 600.0, "clear")]


def test_late_readings_are_not_judged(feed: Make) -> None:
    """What is late must not look like a step or reset what holds."""
    fed = feed()
    assert [a.kind for a in fed.series([20.0, 20.1, 50.0], first_ts=START)] == ["high", "rate"]
    assert fed.series([20.0, 20.1, 50.0], first_ts=START) == []
    assert fed.one(START + 15, 50.1) == []


def test_a_clock_set_back_starts_the_sensor_anew(feed: Make) -> None:
    """One reading from the future must not silence its sensor's alerts for ever."""
    fed = feed()
    fed.one(START + 50_000, 20.0)
    assert [a.kind for a in fed.series([20.0, 50.0], first_ts=START)] == ["high", "rate"]


def test_rise_across_many_empty_slots(feed: Make) -> None:
    """Readings further apart than a slot are still compared within the minute, and not beyond it."""
    fed = feed()
    assert fed.series([20.0, 22.0, 23.0], first_ts=START, step_s=29.0) == []  # 58 s
    assert [a.kind for a in fed.one(START + 59, 23.5)] == ["rate"]
    fed = feed()
    fed.detector.suspend()
    assert fed.series([20.0, 24.0, 28.0], first_ts=START, step_s=61.0) == []


@pytest.mark.parametrize(
    ("kind", "held", "gone"),
    [
        ("high", [46.0, 47.0, 44.8], [44.0]),
        ("low", [-31.0, -29.9], [-29.0]),
        ("rate", [20.0 + i for i in range(20)], [39.0] * 12 + [39.0]),
        ("stuck", [20.0] * 60, [20.1]),
        ("zscore", wobble(20), wobble(16)),
    ],
)
def test_what_was_raised_before_a_restart_is_not_raised_again(
    feed: Make, kind: str, held: list[float], gone: list[float]
) -> None:
    """A restored condition that goes on raises nothing; when it ends it is cleared, once."""
    fed = feed()
    fed.detector.restore([(SENSOR, kind)])
    fed.detector.resume(START)
    before = fed.series(held, first_ts=START)
    assert [a for a in before if a.kind == kind] == []
    after = fed.series(gone, first_ts=START + 5 * len(held))
    assert [(a.kind, a.cleared) for a in after if a.kind == kind] == [(kind, True)]


def test_silence_from_before_a_restart(feed: Make) -> None:
    """A sensor still silent is not told again; heard, it is cleared. One with another alert may now fall silent."""
    fed = feed(MINUTE)
    fed.detector.restore([(SENSOR, "silent"), ("b-1/temperature/2", "high")])
    assert fed.detector.check(START) == []  # not listening yet
    fed.detector.resume(START)
    assert fed.detector.check(START + 59) == []
    (other,) = fed.detector.check(START + 60)
    assert (other.sensor, other.kind, other.ts, other.value) == ("b-1/temperature/2", "silent", START + 60, 60.0)
    (back,) = fed.one(START + 70, 20.0)
    assert (back.sensor, back.kind, back.cleared, back.value) == (SENSOR, "silent", True, 70.0)


@pytest.mark.parametrize("back_s", [0.0, 1.0, 300.0])
def test_what_was_judged_before_a_restart_changes_nothing(feed: Make, back_s: float) -> None:
    """Up to the reading that was told of last; from the next one on it is judged again."""
    fed = feed()
    fed.detector.restore([(SENSOR, "high")], [(SENSOR, START)])
    fed.detector.resume(START)
    assert fed.one(START - back_s, 20.0) == []
    assert brief(fed.one(START + 1, 20.0)) == [("high", 1.0, "clear")]


def test_a_clock_set_back_during_a_restart_silences_nobody(feed: Make) -> None:
    """What was told of is an hour ahead: nothing from before it is awaited."""
    fed = feed()
    fed.detector.restore([(SENSOR, "high")], [(SENSOR, START + 3600)])
    fed.detector.resume(START)
    assert brief(fed.one(START, 20.0)) == [("high", 0.0, "clear")]
    assert brief(fed.one(START + 1, -40.0)) == [("low", 1.0, "raise")]
