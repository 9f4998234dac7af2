"""Warming: a rise becomes a heat release, and neighbours feel it later and less."""

import math

import numpy as np
import pytest

from simulator.anomalies.fire import release
from simulator.heat import FELT_K, Rooms, warming


def _rooms(air: float, loss: float, wall: float) -> Rooms:
    return Rooms(*(np.full((1, 2), number) for number in (air, loss, wall, 75.0)))


def _steady(progress: float) -> float:
    return 1.0 if progress < 1 else 0.0


def test_without_losses_the_rise_is_the_energy_over_the_capacity():
    """A steady release of P for D seconds into a closed room of capacity C: P D / C."""
    course = warming(_rooms(5e5, 0.0, 0.0), (0, 0), neighbours=0, release=_steady, duration_s=100.0)
    assert course.heat_w_per_k == pytest.approx(5e5 / 100)
    assert course.neighbour_k.max() == 0


def test_with_losses_the_rise_is_the_exponential_of_the_textbook():
    """P / U (1 - exp(-U D / C)), within the error of 100 implicit steps."""
    air, loss, duration_s = 5e5, 250.0, 1500.0
    course = warming(_rooms(air, loss, 0.0), (0, 0), neighbours=0, release=_steady, duration_s=duration_s)
    assert float(course.zone_k.max()) == pytest.approx((1 - math.exp(-loss * duration_s / air)) / loss, rel=0.01)


def test_neighbours_warm_later_and_less():
    """What is felt next door begins after the onset and is a small part of the rise."""
    course = warming(_rooms(5e5, 250.0, 25.0), (0, 1), neighbours=2, release=release, duration_s=300.0)
    heat_w = 60 * course.heat_w_per_k
    here, beside = course.felt_s(course.zone_k, heat_w), course.felt_s(course.neighbour_k, heat_w)
    assert float(course.zone_k.max()) * heat_w == pytest.approx(60)
    assert 0 < here[0] < beside[0] < beside[1]
    assert FELT_K < float(course.neighbour_k.max()) * heat_w < 6
    assert course.felt_s(course.neighbour_k, heat_w / 100) is None
