"""The realism benchmark: bands are met or not as numbers say, and recordings are those of the fleet."""

import numpy as np
import pytest

from benchmarks import realism
from simulator.fleet import Fleet


@pytest.mark.parametrize(
    ("value", "inside"), [(20.91, True), (22.0, True), (24.17, True), (20.8, False), (24.3, False)]
)
def test_a_median_is_inside_or_not(value, inside):
    """Limits belong to the band; what was never computed is outside."""
    verdicts = {item.name: item for item in realism.judge({"temp.level/mean": [0.0, value, 100.0]})}
    assert verdicts["temp.level/mean"].inside is inside
    assert not verdicts["rh.level/mean"].inside
    assert len(verdicts) == 83


def test_a_recording_is_what_the_fleet_publishes():
    """Values, lost readings and times are those of the blocks of the same fleet."""
    fleet = Fleet(buildings=2, sensors=10, seed=4)
    recording = realism.record(fleet, seconds=1000)
    assert recording.values.shape == (200, 2, 10)
    assert np.diff(recording.t_s) == pytest.approx(5.0)
    for sample, block in zip(range(200), fleet.blocks(), strict=False):
        row = np.empty(20)
        row[block.sensor] = np.where(block.kept, block.value, np.nan)
        np.testing.assert_allclose(recording.values[sample].ravel(), row, rtol=1e-6)
    assert np.isnan(recording.values).any()
    assert np.isfinite(recording.complete(0, 0)[5:]).all()
    late_s = recording.stamps_s - 5.0 * np.arange(200)[:, None]
    assert (np.isnan(late_s) == np.isnan(recording.values[:, 0])).all()
    assert 0 <= np.nanmin(late_s) <= np.nanmax(late_s) < 2.5
