"""Runs to series."""

import dataclasses

import numpy as np
import pytest

from reports.trend.series import check_metrics, differences, series_of
from wire.errors import SensorSwarmError


def only(runs, metric="reading.p50"):
    (series,) = series_of(runs, [metric], seed=0)
    return series


def test_a_change_names_its_run(nights):
    """The first run of the new segment, with the medians of both."""
    series = only(nights())
    (change,) = series.changes
    assert (change.index, change.run) == (6, "night-07")
    assert (change.before_ms, change.after_ms) == pytest.approx((20.05, 25.05))
    assert change.share == pytest.approx(25.05 / 20.05 - 1)
    assert [(one.first, one.last, one.runs) for one in series.segments] == [(0, 5, 6), (6, 11, 6)]


def test_gaps_are_left_out_not_filled(nights):
    """A run with too few messages has no value; change points are still named by their place among all runs."""
    values = [20.0, 20.5, None, 19.8, 20.2, 20.1, 19.9, None, None, 25.0, 25.3, 24.8, 25.1, 24.9, 25.2, None]
    series = only(nights(values_ms=values))
    assert np.flatnonzero(np.isnan(series.values_ms)).tolist() == [2, 7, 8, 15]
    assert series.n == 12
    assert [one.run for one in series.changes] == ["night-10"]
    assert [(one.first, one.last, one.runs) for one in series.segments] == [(0, 6, 6), (9, 14, 6)]


@pytest.mark.parametrize("values", [[None] * 4, [None, 20.0], [20.0, 30.0]])
def test_too_few_values(nights, values):
    """A series of nothing has no segment, one of little has one and no change."""
    series = only(nights(values_ms=values))
    known = [value for value in values if value]
    assert (series.n, len(series.segments), list(series.changes)) == (len(known), bool(known), [])


def test_a_metric_that_a_run_does_not_have(nights):
    """Nothing recorded is a gap like any other."""
    assert only(nights(), "alert.p99").n == 0


def test_metrics_do_not_change_each_other(nights):
    """A further metric leaves the others as they were."""
    runs = nights()
    both = series_of(runs, ["alert.p99", "reading.p50"], seed=0)
    assert both[1].changes == only(runs).changes


@pytest.mark.parametrize(
    ("name", "said"),
    [("reading.p98", "did you mean reading.p9"), ("alert.missing", "is no latency"), ("x", "begin with one of")],
)
def test_metrics_are_latencies(name, said):
    """Anything else is refused with the nearest name or the command for it."""
    with pytest.raises(SensorSwarmError, match=said):
        check_metrics(["reading.p50", name])


def test_metrics_once_each():
    """A metric given twice is drawn once; the order is kept."""
    assert check_metrics(["reading.p99", "reading.p50", "reading.p99"]) == ["reading.p99", "reading.p50"]


def test_what_else_differs(nights):
    """Settings, machine and versions that differ from the run before are named with the run; seeds are not."""
    runs = nights()[:5]
    other = {"seed": 8, "swarm": {"managers": 90}}
    for index, changes in ((2, {"settings": other}), (3, {"settings": other}), (4, {"settings": {**other, "seed": 9}})):
        runs[index] = dataclasses.replace(runs[index], figures=dataclasses.replace(runs[index].figures, **changes))
    runs[1] = dataclasses.replace(runs[1], figures=dataclasses.replace(runs[1].figures, machine={"cores": 4}))
    assert differences(runs) == [
        "Not as in the run before: settings (swarm) at night-03.",
        "Not as in the run before: machine (cores) at night-02, night-03.",
    ]
