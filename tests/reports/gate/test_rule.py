"""The rule: each of its conditions alone keeps a metric from being flagged."""

import math

import numpy as np
import pytest

from reports.gate.rule import evaluate

SLOWER = np.log1p(0.2) + np.linspace(-0.01, 0.01, 8)


def one(d, *, limit=0.1, base_ms=20.0, clock_bound_ms=0.0):
    return evaluate(np.array([d]), limits=np.array([limit]), base_ms=np.array([base_ms]), clock_bound_ms=clock_bound_ms)


@pytest.mark.parametrize(
    ("changes", "flagged", "cleared"),
    [
        ({}, True, False),
        ({"limit": 0.19}, True, False),
        ({"limit": 0.25}, False, True),  # too small a change
        ({"base_ms": 5.2}, True, False),
        ({"base_ms": 4.8}, False, True),  # 20 % of it is under 1 ms
        ({"clock_bound_ms": 1.9}, True, False),
        ({"clock_bound_ms": 2.1}, False, False),  # 4 ms, less than twice the clock bound: not ruled out either
        ({"clock_bound_ms": 2.1, "limit": 0.25}, False, True),
        ({"d": [*SLOWER[:7], -0.5]}, False, False),  # one pair in eight far the other way: could be chance
    ],
)
def test_each_condition_is_needed(changes, flagged, cleared):
    """Significance, size, absolute size and the clock: one that fails is enough."""
    found = one(**{"d": SLOWER} | changes)
    assert (bool(found.flagged[0]), bool(found.cleared[0])) == (flagged, cleared)


def test_metrics_share_the_level():
    """What one metric alone would be flagged for is not when three are judged: Holm."""
    d = np.log1p(0.2) + np.linspace(-0.01, 0.01, 8)
    d[0] = d[1] = -0.001
    assert float(one(d).p[0]) == pytest.approx(5 / 256)
    assert one(d).flagged[0]
    three = evaluate(np.array([d, -SLOWER, -SLOWER]), limits=np.full(3, 0.1), base_ms=np.full(3, 20.0))
    assert not three.flagged.any()
    only = evaluate(
        np.array([d, -SLOWER, -SLOWER]),
        limits=np.full(3, 0.1),
        base_ms=np.full(3, 20.0),
        family=np.array([True, False, False]),
    )
    assert only.flagged.tolist() == [True, False, False]
    assert not only.cleared[1:].any()


def test_nothing_is_flagged_and_cleared():
    """A metric is never both over its limit and ruled out to be."""
    rng = np.random.default_rng(1)
    d = rng.normal(rng.uniform(-0.2, 0.3, size=(500, 3, 1)), 0.05, size=(500, 3, 8))
    found = evaluate(d, limits=np.array([0.1, 0.15, 0.25]), base_ms=np.full(3, 20.0))
    assert found.flagged.any()
    assert found.cleared.any()
    assert not (found.flagged & found.cleared).any()
    assert (found.low <= found.effect).all()
    assert (found.effect <= found.high).all()
    assert found.confidence == pytest.approx(1 - 20 / 256)
    assert math.isclose(float(found.p.max()), 1.0)
