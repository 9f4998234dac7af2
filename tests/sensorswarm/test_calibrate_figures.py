"""What sets of base against base say of a machine, on seeded synthetic ones."""

import numpy as np
import pytest

from reports.gate.noise import Noise, simulate
from sensorswarm.calibrate_figures import MetricFigures, false_alarms, figures, rounded_up

BASE_MS = np.array([100.0, 200.0])
LIMITS = np.array([0.1, 0.15])


def noise(sd: float, *, count: int = 40) -> np.ndarray:
    """Differences of A/A pairs whose runs scatter by `sd`; shape (count, 2)."""
    return np.random.default_rng(1).normal(0, sd * np.sqrt(2), (count, 2))


def found(sd: float, *, count: int = 40, pairs: int = 8, limits: tuple[float, float] = (0.1, 0.15)) -> MetricFigures:
    """Figures of the first of two metrics."""
    asked = dict(zip("ab", limits, strict=True))
    return figures(noise(sd, count=count), BASE_MS, asked, pairs=pairs, seed=1)["a"]


@pytest.mark.parametrize("sd", [0.01, 0.05, 0.2])
def test_the_spread_of_runs_is_found_again(sd: float) -> None:
    """It is that of a run, not of a pair's difference."""
    of_both = figures(noise(sd, count=400), BASE_MS, {"a": 0.1, "b": 0.15}, pairs=8, seed=1)
    assert [of_both[name].run_sd for name in "ab"] == pytest.approx([sd, sd], rel=0.1)


def test_a_restless_machine_sees_less_and_more_pairs_see_more() -> None:
    """The floor and the smallest change grow with the spread, shrink with the pairs; neither is ever below 1 ms."""
    calm, restless, more, quiet = (
        found(sd, pairs=pairs, limits=(0.01, 0.01)) for sd, pairs in ((0.05, 8), (0.1, 8), (0.05, 16), (1e-6, 8))
    )
    assert more.floor < calm.floor < restless.floor
    assert more.smallest_change < calm.smallest_change < restless.smallest_change
    assert 0.01 <= quiet.floor <= 0.015  # 1 ms of 100, and a step of the search
    assert quiet.limit <= quiet.smallest_change <= 0.025


@pytest.mark.parametrize(("sd", "limit"), [(0.05, 0.1), (0.05, 0.02), (0.03, 0.3), (0.15, 0.1)])
def test_the_smallest_change_is_indeed_seen(sd: float, limit: float) -> None:
    """By nine of ten whole jobs, both sets and the limits in force, be they asked for or raised; by the rule itself."""
    one = found(sd, count=400, limits=(limit, limit))
    assert one.limit == max(limit, rounded_up(one.floor))
    assert one.smallest_change > one.limit

    def seen(change: float) -> float:
        jobs = simulate(
            Noise(("a", "b"), np.diag([sd, sd]) ** 2, 0.0, np.empty((0, 2))),
            np.random.default_rng(2),
            comparisons=2000,
            pairs=8,
            effect=np.log1p([change, 0.0]),
            limits=np.array([one.limit, max(limit, one.limit)]),
            base_ms=BASE_MS,
        )
        return float(jobs.confirmed[:, 0].mean())

    assert 0.85 <= seen(one.smallest_change) <= 0.95
    assert seen(one.limit) < 0.4  # the limit itself is no change that is seen


def test_false_alarms_are_counted_and_bounded() -> None:
    """None of calm sets, and the bound says how few they are; every one where the two sides differ."""
    calm = noise(0.03).reshape(5, 8, 2)
    alarms = false_alarms(list(calm), BASE_MS, LIMITS, seed=1)
    assert (alarms.flagged_sets, alarms.sets) == (0, 5)
    assert alarms.upper_bound == pytest.approx(1 - 0.025 ** (1 / 5))  # Clopper-Pearson at 0 of n
    assert alarms.resampled_rate < 0.01
    biased = false_alarms(list(calm + 1), BASE_MS, LIMITS, seed=1)
    assert biased.flagged_sets == 5


@pytest.mark.parametrize(("change", "limit"), [(0.04, 0.04), (0.041, 0.05), (float("inf"), float("inf")), (0.29, 0.29)])
def test_limits_are_whole_per_cent_and_never_below(change: float, limit: float) -> None:
    """Rounded up, but not for the computer's sake."""
    assert rounded_up(change) == limit
