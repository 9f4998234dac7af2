"""The detector: one alert per event, none on natural signals."""

from __future__ import annotations

import numpy as np
import pytest

from reference_server.alert import Alert
from reference_server.detector import Detector
from reference_server.limits import Limits
from wire.reading import Reading

START = 1_763_856_000.0


def readings(
    values: list[float], *, quantity: str = "temperature", step_s: float = 5.0, first: int = 0
) -> list[Reading]:
    return [
        Reading(f"b-1/{quantity}/1", START + (first + index) * step_s, first + index, value, "")
        for index, value in enumerate(values)
    ]


def judge(detector: Detector, items: list[Reading]) -> list[Alert]:
    """Observe each as it comes, and check silence as often."""
    alerts = []
    for item in items:
        alerts += detector.check(item.ts)
        alerts += detector.observe([item], item.ts)
    return alerts


def wobble(count: int, around: float = 20.0) -> list[float]:
    return [around + 0.01 * (index % 3) for index in range(count)]


# name, quantity, values at 5 s, expected [(kind, index of the reading that raises it, value, limit)]
EVENTS: list[tuple[str, str, list[float], list[tuple[str, int, float, float]]]] = [
    ("natural", "temperature", wobble(200), []),
    ("an outlying step of three resolutions", "temperature", [*wobble(20), 20.05, *wobble(20)], []),
    ("a spike of one sample", "temperature", [20.0, 20.1, 35.1, 20.0, 20.1, 20.2], [("rate", 2, 15.1, 3)]),
    ("a fall is no rise", "temperature", [35.0, 20.0, 20.1], []),
    ("just the allowed rise", "temperature", [20 + 0.25 * i for i in range(30)], []),
    ("a fire", "temperature", [20 + 1.0 * i for i in range(30)], [("rate", 4, 4.0, 3), ("high", 26, 46.0, 45)]),
    ("at the limit is not over it", "temperature", [45.0, 44.9], []),
    (
        "hot, cool, hot",
        "power",
        [1, 21_000, 21_100, 5, 22_000],
        [("high", 1, 21_000, 20_000), ("high", 4, 22_000, 20_000)],
    ),
    ("cold", "temperature", [-29.0, -31.0, -32.0, -29.0], [("low", 1, -31.0, -30)]),
    ("stuck once however long", "power", [500.0] * 60, [("stuck", 6, 30.0, 30)]),
    ("stuck twice", "power", [5.0] * 8 + [6.0] * 8, [("stuck", 6, 30.0, 30), ("stuck", 14, 30.0, 30)]),
    ("power may step", "power", [100.0, 3000.0, 100.0], []),
    ("another quantity has no limits", "pressure", [0.0, 1e9, -1e9, *[5.0] * 500], []),
]


@pytest.mark.parametrize(
    ("quantity", "values", "expected"), [event[1:] for event in EVENTS], ids=[e[0] for e in EVENTS]
)
def test_events(quantity: str, values: list[float], expected: list[tuple[str, int, float, float]]) -> None:
    """Each event raises its alert once, at the right reading, with what passed which limit."""
    items = readings(values, quantity=quantity)
    got = [(a.kind, a.ts, pytest.approx(a.value), a.limit) for a in judge(Detector(Limits()), items)]
    assert got == [(kind, items[index].ts, value, limit) for kind, index, value, limit in expected]


def test_batches_do_not_change_the_verdict() -> None:
    """Readings judged one by one or all at once give the same alerts."""
    items = readings([20.0, 35.0, 20.0, *[50.0] * 40])
    assert Detector(Limits()).observe(items, START) == _one_by_one(items)


def _one_by_one(items: list[Reading]) -> list[Alert]:
    detector = Detector(Limits())
    return [alert for item in items for alert in detector.observe([item], START)]


@pytest.mark.parametrize("seed", range(5))
def test_natural_signals_raise_nothing(seed: int) -> None:
    """A day's cycle with correlated noise at the sensor's resolution stays quiet for hours."""
    rng = np.random.default_rng(seed)
    count = 3 * 720
    noise = np.zeros(count)
    for index in range(1, count):
        noise[index] = 0.95 * noise[index - 1] + rng.normal(0, 0.03)
    cycle = 21 + 4 * np.sin(2 * np.pi * np.arange(count) * 5 / 86_400)
    items = readings([float(v) for v in np.round(cycle + noise, 2)])
    assert judge(Detector(Limits()), items) == []


def test_durations_are_simulated_seconds() -> None:
    """At ten times the pace everything takes a tenth of the wall-clock time, and means the same."""
    detector = Detector(Limits(), time_scale=10)
    stuck = judge(detector, readings([20.0] * 40, step_s=0.5))
    assert [(a.kind, a.ts - START, a.value) for a in stuck] == [("stuck", 15.0, 150.0)]
    (silent,) = detector.check(START + 19.5 + 6.1)
    assert (silent.kind, silent.ts - START, silent.limit) == ("silent", 19.5 + 6.0, 60.0)
    assert silent.value == pytest.approx(61.0)


def test_silence_is_told_once_and_again_after_the_sensor_came_back() -> None:
    """One alert per silence; hearing the sensor ends it."""
    detector = Detector(Limits())
    detector.observe(readings([20.0]), START)
    assert detector.check(START + 59) == []
    (alert,) = detector.check(START + 60)
    assert (alert.sensor, alert.building, alert.kind, alert.ts) == ("b-1/temperature/1", "b-1", "silent", START + 60)
    assert detector.check(START + 1000) == []
    detector.observe(readings([20.0], first=200), START + 1000)
    assert detector.check(START + 1059) == []
    assert [a.kind for a in detector.check(START + 1060)] == ["silent"]


def test_silence_waits_while_nothing_can_be_heard() -> None:
    """Without a broker nobody is silent, and afterwards every sensor has the whole limit again."""
    detector = Detector(Limits())
    detector.observe(readings([20.0]), START)
    detector.suspend()
    assert detector.check(START + 500) == []
    detector.resume(START + 500)
    assert detector.check(START + 559) == []
    assert [a.kind for a in detector.check(START + 560)] == ["silent"]


def test_a_publisher_whose_clock_is_off_is_not_silent() -> None:
    """Silence goes by when we heard it, not by the publisher's clock."""
    detector = Detector(Limits())
    alerts = []
    for item in readings(wobble(40)):
        alerts += detector.observe([item], item.ts + 300)
        alerts += detector.check(item.ts + 300.25)
    assert alerts == []


def test_a_gap_does_not_count_as_stuck() -> None:
    """The same value before and after a long gap proves nothing."""
    detector = Detector(Limits())
    items = readings([20.0, 20.0]) + readings([20.0, 20.0], first=100)
    assert detector.observe(items, START) == []


def test_duplicates_and_late_readings_are_not_judged() -> None:
    """What came before, or is late, must not look like a step or reset what holds."""
    detector = Detector(Limits())
    first = readings([20.0, 20.1, 50.0])
    assert [a.kind for a in detector.observe(first, START)] == ["high", "rate"]
    assert detector.observe([first[0], first[1], first[2]], START) == []
    assert detector.observe(readings([50.1], first=3), START) == []


def test_a_clock_set_back_starts_the_sensor_anew() -> None:
    """One reading from the future must not silence its sensor's alerts for ever."""
    detector = Detector(Limits())
    detector.observe(readings([20.0], first=10_000), START)
    assert [a.kind for a in detector.observe(readings([20.0, 50.0]), START)] == ["high", "rate"]
