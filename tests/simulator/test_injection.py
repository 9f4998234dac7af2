"""Injection: the truth that is told is the change that is made."""

import json
from itertools import islice

import numpy as np
import pytest

from simulator.anomalies import KINDS, Layer
from simulator.causes import Causes
from simulator.fleet import Fleet
from simulator.heat import Rooms
from simulator.injection import Injector
from simulator.layout import Layout
from simulator.physics import Disturbances
from simulator.schedule import ListedSchedule, event
from wire.clock import NS

LAYOUT = Layout(2, 10)
PHASE_NS = np.arange(20, dtype=np.int64) * NS // 4  # 0, 0.25, ... 4.75 s
INTERVAL_NS = 5 * NS


def _event(kind: str, column: int, at_s: float, *, cause: str = "c", **how: float):
    return event(
        LAYOUT, kind=KINDS[kind], cause=cause, at_ns=round(at_s * NS), building=0, column=column, interval_s=5.0, **how
    )


def _injector(*events, seed: int = 0) -> Injector:
    causes = Causes(LAYOUT, Rooms.of(np.full((2, 2), 75.0)), PHASE_NS, INTERVAL_NS)
    return Injector(LAYOUT.roster(), PHASE_NS, INTERVAL_NS, [ListedSchedule(events)], causes=causes, seed=seed)


def _run(*events, seed: int = 0):
    """Values and kept flags of 20 samples, each of shape (samples, sensors), and the truths with their sample."""
    injector, disturbances = _injector(*events, seed=seed), Disturbances.of(LAYOUT)
    rows, flags, truths = [], [], []
    for sample in range(20):
        values, kept = np.full(20, float(sample)), np.ones(20, dtype=np.bool_)
        truths += [(sample, truth) for truth in injector.begin(disturbances)]
        injector.apply(values, kept)
        rows.append(values)
        flags.append(kept)
    return np.array(rows), np.array(flags), truths


def _series(kind: str, column: int, at_s: float, **how: float):
    return _run(_event(kind, column, at_s, **how))


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


def test_a_building_wide_outage_befalls_every_sensor_of_it():
    """All of the building and none of another, one truth each, of one cause."""
    _, kept, truths = _series("gateway_outage", 3, 10.0, duration_s=10.0)
    assert {sensor for _, sensor in np.argwhere(~kept).tolist()} == set(range(10))
    assert len({truth.sensor for _, truth in truths}) == len(truths) == 10
    assert {truth.cause for _, truth in truths} == {"c"}


def test_kinds_combine_on_one_sensor_in_the_order_of_the_registry():
    """Scale before offset, offset before a stuck register, whatever the order in which they began."""
    stuck = _event("stuck", 0, 20.0, cause="s", duration_s=15.0)
    bias = _event("bias", 0, 10.0, cause="b", duration_s=30.0, magnitude=100.0)
    gain = _event("gain", 0, 15.0, cause="g", duration_s=100.0, magnitude=2.0)
    values, _, truths = _run(gain, stuck, bias)
    assert values[:10, 0].tolist() == [0, 1, 102, 106, 108, 108, 108, 114, 16, 18]
    assert len(truths) == 3


def test_two_of_a_kind_at_once_both_count():
    """Two offsets on one sensor add up."""
    values, _, _ = _run(
        _event("bias", 0, 10.0, cause="one", duration_s=20.0, magnitude=100.0),
        _event("bias", 0, 15.0, cause="two", duration_s=5.0, magnitude=1000.0),
    )
    assert values[:7, 0].tolist() == [0, 1, 102, 1103, 104, 105, 6]


def test_a_noise_burst_follows_from_seed_and_cause():
    """Again the same; another seed or another cause is other noise."""
    burst = _event("noise_burst", 0, 10.0, duration_s=50.0, magnitude=3.0)
    first, again, other = (_run(burst, seed=seed)[0][:, 0] for seed in (1, 1, 2))
    assert first.tolist() == again.tolist()
    touched = np.flatnonzero(first != np.arange(20)).tolist()
    assert touched == list(range(2, 12))
    assert not np.any(first[touched] == other[touched])


def test_nothing_active_leaves_everything_alone():
    """Without events neither values nor flags nor the physics are touched, and nothing goes wrong on the way."""
    injector, disturbances = _injector(), Disturbances.of(LAYOUT)
    values, kept = np.arange(20.0), np.ones(20, dtype=np.bool_)
    assert injector.begin(disturbances) == []
    injector.apply(values, kept)
    assert not disturbances.active
    assert values.tolist() == list(range(20))
    assert kept.all()
    assert injector.transport(np.arange(20)) is None


def test_a_delay_is_told_with_the_block():
    """The readings befallen, by their place in the block, and by how much."""
    injector, disturbances = (
        _injector(_event("delayed", 3, 5.0, duration_s=5.0, magnitude=2.0)),
        Disturbances.of(LAYOUT),
    )
    told = []
    for _ in range(3):
        injector.begin(disturbances)
        transport = injector.transport(np.arange(20)[::-1].copy())
        told.append(transport and (transport.row.tolist(), transport.delay_ns.tolist()))
    assert told == [None, ([16], [2 * NS]), None]


def test_faults_change_exactly_what_their_truth_says(tmp_path):
    """Against the same fleet without, values differ or are missing where a truth says so, and nowhere else."""
    kinds = [kind for kind in KINDS.values() if kind.layer is Layer.SENSOR]
    path = tmp_path / "listed.json"
    path.write_text(json.dumps({"anomaly": [{"kind": kinds[n % len(kinds)].name, "at": 7.0 * n} for n in range(60)]}))
    sick, well = (Fleet(buildings=3, sensors=20, seed=5, anomalies=listed) for listed in (path, None))
    truths, changed, lost = [], set(), set()
    for one, other in islice(zip(sick.blocks(), well.blocks(), strict=False), 150):
        truths += one.truths
        for row in range(one.sensor.size):
            reading = sick.roster.sensors[int(one.sensor[row])].id, int(one.offset_ns[row])
            if one.value[row] != other.value[row] or one.kept[row] != other.kept[row]:
                changed.add(reading)
            if not other.kept[row]:
                lost.add(reading)
    assert {truth.kind for truth in truths} == {kind.name for kind in kinds}
    told = {(truth.sensor, at) for truth in truths for at in range(truth.start_ns, truth.end_ns + 1, 5 * NS)}
    assert changed <= told
    end_ns = 149 * 5 * NS
    certain = {"spike", "bias", "gain", "dropout", "gateway_outage"}
    sure = {(t.sensor, t.start_ns) for t in truths if t.kind in certain and t.start_ns < end_ns}
    assert sure - lost <= changed


def test_random_anomalies_follow_from_seed_and_building_alone():
    """Of every layer that is drawn; the first building of three suffers what it would suffer alone."""
    few, many = (Fleet(buildings=number, sensors=15, seed=4, anomaly_rate=600) for number in (1, 3))
    alone, along = (
        [truth for block in islice(fleet.blocks(), 300) for truth in block.truths if truth.building == "b-0001"]
        for fleet in (few, many)
    )
    assert alone == along
    assert {KINDS[truth.kind].layer for truth in alone} == {Layer.PHYSICS, Layer.SENSOR}
