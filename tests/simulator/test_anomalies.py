"""Kinds of anomalies: what each does, what magnitude it takes, and which of them a detector's limits find."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.anomalies import KINDS, Cause, Conveyance, Fault, Layer, Moments, Scope
from simulator.anomalies.fire import release
from simulator.anomalies.noise import key_of, normals
from simulator.sensing import ELEMENTS
from wire.reading import QUANTITIES

# The default limits of the reference server's detector, stated again: a sudden rise, a ceiling, the longest hold.
RATE_PER_MINUTE = {"temperature": 3.0, "humidity": 10.0, "co2": 300.0}
HIGH = {"temperature": 45.0, "humidity": 95.0, "co2": 2000.0, "power": 23_000.0}
HOLD_S = {"temperature": 150.0, "humidity": 400.0, "power": 30.0, "co2": 120.0}
SILENCE_S = 60.0
USUAL = {"temperature": 22.0, "humidity": 42.0, "co2": 670.0, "power": 1200.0}


def _said(kind: str, since_s: float, *, value=20.0, magnitude=15.0, noise=1.5) -> float | None:
    fault = KINDS[kind].effect
    assert isinstance(fault, Fault)
    if fault.values is None:
        return None
    one = [np.array([number]) for number in (value, 19.0, since_s, 30.0, magnitude)]
    return float(fault.values(Moments(*one, noise=lambda: np.array([noise])))[0])


@pytest.mark.parametrize(
    ("kind", "since_s", "expected"),
    [
        ("spike", 0.0, 35.0),
        ("spike", 5.0, 35.0),
        ("bias", 20.0, 35.0),
        ("gain", 5.0, 300.0),
        ("drift", 0.0, 20.0),
        ("drift", 15.0, 27.5),
        ("noise_burst", 5.0, 42.5),
        ("out_of_range", 5.0, 15.0),
        ("stuck", 5.0, 19.0),
        ("dropout", 5.0, None),
        ("gateway_outage", 5.0, None),
    ],
)
def test_what_a_faulty_sensor_says(kind, since_s, expected):
    """Each kind's formula, at a value of 20 held at 19, a magnitude of 15 and a duration of 30 s."""
    assert _said(kind, since_s) == expected


def test_every_kind_stands_in_one_layer_and_layers_in_their_order():
    """The registry's order is the order in which kinds act: building, sensor, transport; stuck after all that adds."""
    layers = [kind.layer for kind in KINDS.values()]
    assert layers == sorted(layers, key=list(Layer).index)
    names = list(KINDS)
    assert max(map(names.index, ("gain", "bias", "drift", "noise_burst", "spike"))) < names.index("stuck")
    assert len(KINDS) == 19
    for kind in KINDS.values():
        expected = {Cause: Layer.PHYSICS, Fault: Layer.SENSOR, Conveyance: Layer.TRANSPORT}[type(kind.effect)]
        assert kind.layer is expected


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_default_faults_pass_a_limit(quantity):
    """Within the default duration each shows a rise within a minute, or a value above the ceiling."""
    for name in ("spike", "bias", "gain", "drift", "out_of_range"):
        kind = KINDS[name]
        usual = USUAL[quantity]
        said = _said(name, 30.0, value=usual, magnitude=kind.magnitudes[quantity])
        sudden = name != "drift" and said - usual > 1.1 * RATE_PER_MINUTE.get(quantity, np.inf)
        assert sudden or min(said, ELEMENTS[quantity].high) > HIGH[quantity], name


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_default_holds_and_silences_last_longer_than_healthy_ones(quantity):
    """Long enough to be told from a quiet sensor, and from a pause between two readings."""
    assert KINDS["stuck"].duration_s(quantity, 5.0) >= 1.9 * HOLD_S[quantity]
    assert KINDS["dropout"].duration_s(quantity, 5.0) >= SILENCE_S
    assert KINDS["gateway_outage"].duration_s(quantity, 5.0) >= SILENCE_S
    assert KINDS["delayed"].magnitudes[quantity] > SILENCE_S


@pytest.mark.parametrize("interval_s", [0.1, 5.0, 600.0])
def test_defaults_grow_with_the_interval(interval_s):
    """A slow fleet still has at least one reading in each anomaly, and a spike is one or two."""
    for kind in KINDS.values():
        for quantity in kind.durations_s:
            assert kind.duration_s(quantity, interval_s) >= interval_s
            assert not kind.magnitudes or kind.refusal(kind.magnitudes[quantity]) is None
    assert KINDS["spike"].duration_s("co2", interval_s) <= 2 * interval_s


def test_physics_has_bounds_far_above_the_defaults():
    """What acts on the building is bounded; what is drawn at random, up to 1.5 times the default, lies within."""
    for kind in KINDS.values():
        bounded = kind.layer is Layer.PHYSICS and bool(kind.magnitudes)
        assert set(kind.most) == (set(kind.magnitudes) if bounded else set())
        assert all(most > 1.5 * kind.magnitudes[quantity] for quantity, most in kind.most.items())


@pytest.mark.parametrize(
    ("kind", "magnitude", "refused"),
    [
        ("spike", -3.0, None),
        ("spike", 0.0, "cannot be 0"),
        ("fire", -3.0, "must be above 0"),
        ("fire", 3.0, None),
        ("gain", 0.0, "must be above 0"),
        ("out_of_range", 0.0, None),
        ("duplicated", 1.5, "whole number"),
        ("duplicated", 101, "whole number"),
        ("duplicated", 2, None),
        ("clock_skewed", -30.0, None),
        ("stuck", 1.0, "means nothing to kind 'stuck'"),
        ("hvac_failure", 1.0, "means nothing"),
    ],
)
def test_magnitudes_that_make_no_sense_are_refused(kind, magnitude, refused):
    """A fire cannot cool, a copy cannot be half, and what has no strength takes none."""
    said = KINDS[kind].refusal(magnitude)
    assert said is None if refused is None else refused in said


def test_transport_faults_are_never_drawn():
    """They change what the books count, so they have to be asked for; all others have a share."""
    for kind in KINDS.values():
        assert (kind.weight > 0) == (kind.layer is not Layer.TRANSPORT)
    assert {kind.name for kind in KINDS.values() if kind.scope is Scope.BUILDING} == {
        *("gateway_outage", "hvac_failure", "humidity_leak"),
    }


def test_a_fire_grows_with_the_square_of_time():
    """NFPA 72: a quarter of the peak at half of the growth, steady from its end, nothing after the fire."""
    assert [release(part) for part in (0.0, 1 / 3, 2 / 3, 0.9, 1.0)] == pytest.approx([0, 0.25, 1, 1, 0])


@given(keys=st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=5), sample=st.integers(0, 2**40))
def test_noise_belongs_to_its_key_and_sample(keys, sample):
    """The same number whoever else is asked for along with it, and always finite."""
    together = normals(np.array(keys, dtype=np.uint64), sample)
    alone = [normals(np.array([key], dtype=np.uint64), sample)[0] for key in keys]
    assert together.tolist() == alone
    assert np.isfinite(together).all()


def test_noise_is_standard_normal_and_without_memory():
    """Mean, deviation, tails and neighbours of 20,000 samples as they should be, within five standard errors."""
    key = np.array([key_of(7, "noise_burst-b-0001-1", "b-0001/co2/0003")], dtype=np.uint64)
    drawn = np.concatenate([normals(key, sample) for sample in range(20_000)])
    assert abs(drawn.mean()) < 5 / 20_000**0.5
    assert abs(drawn.std() - 1) < 5 / 40_000**0.5
    assert abs((np.abs(drawn) > 1.96).mean() - 0.05) < 5 * (0.05 * 0.95 / 20_000) ** 0.5
    assert abs(np.corrcoef(drawn[1:], drawn[:-1])[0, 1]) < 5 / 20_000**0.5
    assert key_of(7, "a") != key_of(8, "a")
