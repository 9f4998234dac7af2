"""The noise model: it gives back what it was made of, and the gate's error rates on it are those promised."""

import numpy as np
import pytest

from reports.gate.noise import Noise, fit, simulate
from wire.errors import SensorSwarmError

METRICS = ("reading.p50", "reading.p95", "reading.p99")
COVARIANCE = np.array([[9, 9, 0], [9, 36, 30], [0, 30, 144]]) * 1e-4
LIMITS, BASE_MS = np.array([0.10, 0.15, 0.25]), np.array([20.0, 50.0, 80.0])
CLEAN = Noise(METRICS, COVARIANCE, 0.0, np.empty((0, 3)))
RESTLESS = Noise(METRICS, COVARIANCE, 0.08, np.array([[0.15, 0.30, 0.60]]))


def flat(noise, pairs, seed=1):
    """Differences of so many A/A pairs, shape (pairs, m)."""
    return noise.draw(np.random.default_rng(seed), comparisons=1, pairs=pairs)[0].T


def test_what_is_drawn():
    """Differences have twice a run's covariance, no effect, and keep metrics together; shape (n, m, K)."""
    d = CLEAN.draw(np.random.default_rng(1), comparisons=5000, pairs=8)
    assert d.shape == (5000, 3, 8)
    np.testing.assert_allclose(np.cov(np.swapaxes(d, 1, 2).reshape(-1, 3).T), 2 * COVARIANCE, atol=6e-4)
    assert np.abs(d.mean(axis=(0, 2))).max() < 3e-3


def test_contaminated_runs():
    """Either side may be slowed down, as often as the share says."""
    d = flat(Noise(METRICS, COVARIANCE * 1e-6, 0.08, np.array([[0.5, 0.5, 0.5]])), 20_000)[:, 0]
    assert np.mean(d > 0.25) == pytest.approx(0.08 * 0.92, abs=0.008)
    assert np.mean(d < -0.25) == pytest.approx(0.08 * 0.92, abs=0.008)


def test_fitted_to_its_own_draws():
    """A model fitted to many draws is the one they came from."""
    sizes = np.array([[0.3, 0.6, 1.2]])  # milder ones pass for usual scatter, which they widen
    noise = fit(flat(Noise(METRICS, COVARIANCE, 0.08, sizes), 4000), METRICS)
    assert list(noise.sd.values()) == pytest.approx([0.03, 0.06, 0.12], rel=0.05)
    assert noise.share == pytest.approx(0.08, abs=0.01)
    assert (noise.sizes.sum(axis=1) >= 0).all()
    assert np.median(noise.sizes, axis=0) == pytest.approx(sizes[0], rel=0.1)
    clean = fit(flat(CLEAN, 4000), METRICS)
    np.testing.assert_allclose(clean.covariance, COVARIANCE, atol=8e-4)
    assert clean.share < 0.005


def test_too_few_pairs_for_a_model():
    """A scatter guessed from a handful of pairs is refused."""
    with pytest.raises(SensorSwarmError, match="11 A/A pairs: a noise model needs at least 12"):
        fit(flat(CLEAN, 11), METRICS)


def rates(noise, slower, comparisons=2000):
    return simulate(
        noise,
        np.random.default_rng(5),
        comparisons=comparisons,
        pairs=8,
        effect=np.log1p(np.array(slower)),
        limits=LIMITS,
        base_ms=BASE_MS,
    )


def test_false_alarms_are_rare():
    """The same server twice: at most 1 % of jobs end red, and the fresh set is what makes it so."""
    same = rates(RESTLESS, [0, 0, 0])
    assert same.first.any()
    assert same.confirmed.any(axis=-1).mean() <= 0.001
    assert not (same.confirmed & ~same.first).any()


@pytest.mark.parametrize(("slower", "column"), [([0.2, 0, 0], 0), ([0, 0.3, 0], 1)])
def test_changes_are_seen(slower, column):
    """A fifth slower in the median, or 30 % in p95: nine of ten jobs end red."""
    assert rates(RESTLESS, slower).confirmed[:, column].mean() >= 0.9


def test_more_effect_is_seen_more_often():
    """Power rises with the effect, from nearly nothing to nearly all."""
    powers = [rates(RESTLESS, [slower, 0, 0], 500).confirmed[:, 0].mean() for slower in (0.05, 0.1, 0.15, 0.25)]
    assert powers == sorted(powers)
    assert powers[0] < 0.05
    assert powers[-1] > 0.95
