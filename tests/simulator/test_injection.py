"""Injection: the truth that is told is the change that is made."""

from itertools import islice

import numpy as np
import pytest

from simulator.anomalies import KINDS
from simulator.fleet import Fleet
from simulator.injection import Injector
from simulator.layout import Layout
from simulator.schedule import ListedSchedule, event
from wire.clock import NS

LAYOUT = Layout(2, 10)
PHASE_NS = np.arange(20, dtype=np.int64) * NS // 4  # 0, 0.25, ... 4.75 s
INTERVAL_NS = 5 * NS


def _series(kind: str, column: int, at_s: float, **how: float):
    """Values and kept flags of 20 samples, each of shape (samples, sensors), and the truths with their sample."""
    item = event(
        LAYOUT, kind=KINDS[kind], cause="c", at_ns=round(at_s * NS), building=0, column=column, interval_s=5.0, **how
    )
    injector = Injector(LAYOUT.roster(), PHASE_NS, INTERVAL_NS, [ListedSchedule([item])])
    rows, flags, truths = [], [], []
    for sample in range(20):
        values, kept = np.full(20, float(sample)), np.ones(20, dtype=np.bool_)
        truths += [(sample, truth) for truth in injector.apply(values, kept)]
        rows.append(values)
        flags.append(kept)
    return np.array(rows), np.array(flags), truths


@pytest.mark.parametrize(
    ("at_s", "duration_s", "touched"),
    [
        (0.0, 5.0, [0]),  # phase 0.25: reading 0 at 0.25
        (0.25, 5.0, [0]),  # the onset itself counts
        (0.26, 5.0, [1]),
        (0.26, 9.99, [1]),  # the end does not count: reading 2 is meant at 10.25
        (0.26, 10.0, [1, 2]),
        (0.26, 0.001, [1]),  # at least one reading
        (12.0, 10.0, [3, 4]),
    ],
)
def test_touches_the_readings_within_the_time(at_s, duration_s, touched):
    """[at, at + duration) in the sensor's own time; the truth names the first and the last of them."""
    values, kept, truths = _series("spike", 1, at_s, duration_s=duration_s, magnitude=100.0)
    changed = np.argwhere(values != np.arange(20.0)[:, None])
    assert changed.tolist() == [[sample, 1] for sample in touched]
    assert kept.all()
    [(told_at, truth)] = truths
    assert told_at <= touched[0]
    assert (truth.start_ns, truth.end_ns) == tuple(
        int(PHASE_NS[1]) + k * INTERVAL_NS for k in (touched[0], touched[-1])
    )
    assert (truth.kind, truth.magnitude, truth.sensor) == ("spike", 100.0, "b-0001/humidity/0002")


def test_stuck_holds_the_first_value_it_touches():
    """The same value from onset to end, then the sensor is alive again."""
    values, _, _ = _series("stuck", 0, 10.0, duration_s=20.0)
    assert values[:, 0].tolist()[:8] == [0, 1, 2, 2, 2, 2, 6, 7]


def test_dropout_keeps_the_reading_back():
    """Readings within it are not kept, all others are."""
    _, kept, _ = _series("dropout", 3, 10.0, duration_s=10.0)
    assert np.argwhere(~kept).tolist() == [[2, 3], [3, 3]]


def test_fire_befalls_the_temperature_and_co2_sensors_of_one_zone():
    """One truth for each sensor touched, all of one cause; the magnitude given for one is scaled for the other."""
    values, _, truths = _series("fire", 5, 10.0, duration_s=30.0, magnitude=20.0)
    assert {truth.sensor for _, truth in truths} == {
        f"b-0001/{q}/{n}" for q, n in (("temperature", "0006"), ("co2", "0008"), ("temperature", "0010"))
    }
    assert len({truth.id for _, truth in truths}) == 3
    assert {truth.cause for _, truth in truths} == {"c"}
    assert {truth.magnitude for _, truth in truths} == {20.0, 1500.0}
    excess = values[:, 5] - np.arange(20)
    assert excess.max() == 20.0
    assert (np.diff(excess[2:8]) >= 0).all()


def test_random_anomalies_change_exactly_what_their_truth_says():
    """Against the same fleet without anomalies, values differ or are missing only where a truth says so."""
    sick = Fleet(buildings=2, sensors=20, seed=5, anomaly_rate=400)
    well = Fleet(buildings=2, sensors=20, seed=5, anomaly_rate=0)
    truths, changed = [], set()
    for one, other in islice(zip(sick.blocks(), well.blocks(), strict=False), 150):
        truths += one.truths
        for row in np.flatnonzero((one.value != other.value) | ~one.kept).tolist():
            changed.add((sick.roster.sensors[int(one.sensor[row])].id, int(one.offset_ns[row])))
    assert {truth.kind for truth in truths} == set(KINDS)
    told = {(truth.sensor, offset) for truth in truths for offset in range(truth.start_ns, truth.end_ns + 1, 5 * NS)}
    assert changed <= told
    strict = {(t.sensor, t.start_ns) for t in truths if t.kind in ("spike", "dropout") and t.start_ns < 740 * NS}
    assert strict <= changed
