"""Small fleets of buildings without sensors."""

from collections.abc import Callable

import numpy as np
import pytest

from simulator.layout import Layout
from simulator.physics import City, Physics

MONDAY_S = 20_367 * 86_400.0  # 2025-10-06 00:00


@pytest.fixture(scope="session")
def make_physics() -> Callable[..., Physics]:
    """Make the physics of a fleet; `first` is the number of its first building."""

    def make(buildings=2, sensors=20, *, seed=0, first=0, profile="office", hour=9.0, interval_s=60.0, phase=0.5):
        layout = Layout(buildings, sensors)
        start_s = MONDAY_S + 3600 * hour
        rngs = [np.random.default_rng([seed, first + row]) for row in range(buildings)]
        return Physics(
            layout,
            rngs,
            City(np.random.default_rng([seed, 2**31]), start_s - Physics.lead_s),
            profile=profile,
            start_s=start_s,
            interval_s=interval_s,
            phase=np.full((buildings, sensors), phase),
        )

    return make
