"""What sets of base against base say of a machine, on seeded synthetic ones."""

import numpy as np
import pytest

from sensorswarm.calibrate_figures import false_alarms, figures, rounded_up

BASE_MS = np.array([100.0, 200.0])
LIMITS = np.array([0.1, 0.15])


def noise(sd: float, *, count: int = 40) -> np.ndarray:
    """Differences of A/A pairs whose runs scatter by `sd`; shape (count, 2)."""
    return np.random.default_rng(1).normal(0, sd * np.sqrt(2), (count, 2))


@pytest.mark.parametrize("sd", [0.01, 0.05, 0.2])
def test_the_spread_of_runs_is_found_again(sd: float) -> None:
    """It is that of a run, not of a pair's difference."""
    found = figures(noise(sd, count=400), BASE_MS, ["a", "b"], pairs=8, seed=1)
    assert [found[name].run_sd for name in "ab"] == pytest.approx([sd, sd], rel=0.1)


def test_a_restless_machine_sees_less_and_more_pairs_see_more() -> None:
    """The smallest change grows with the spread, shrinks with the pairs, and is never below 1 ms."""
    changes = [
        figures(noise(sd), BASE_MS, ["a", "b"], pairs=pairs, seed=1)["a"].smallest_change
        for sd, pairs in ((0.05, 8), (0.1, 8), (0.05, 16), (1e-6, 8))
    ]
    calm, restless, more, quiet = changes
    assert more < calm < restless
    assert 0.01 <= quiet <= 0.015  # 1 ms of 100, and a step of the search


def test_the_smallest_change_is_indeed_seen() -> None:
    """In about nine of ten comparisons drawn from the same noise, by the same rule."""
    from reports.gate.rule import evaluate  # noqa: PLC0415 - the rule that decides, beside what is said of it

    change = figures(noise(0.05, count=400), BASE_MS, ["a", "b"], pairs=8, seed=1)["a"].smallest_change
    d = np.random.default_rng(2).normal(0, 0.05 * np.sqrt(2), (500, 2, 8))
    d[:, 0] += np.log1p(change)
    assert 0.85 <= evaluate(d, limits=np.zeros(2), base_ms=BASE_MS).flagged[:, 0].mean() <= 0.95


def test_false_alarms_are_counted_and_bounded() -> None:
    """None of calm sets, and the bound says how few they are; every one where the two sides differ."""
    calm = noise(0.03).reshape(5, 8, 2)
    found = false_alarms(list(calm), BASE_MS, LIMITS, seed=1)
    assert (found.flagged_sets, found.sets) == (0, 5)
    assert found.upper_bound == pytest.approx(1 - 0.025 ** (1 / 5))  # Clopper-Pearson at 0 of n
    assert found.resampled_rate <= found.resampled_upper_bound < 0.01
    biased = false_alarms(list(calm + 1), BASE_MS, LIMITS, seed=1)
    assert biased.flagged_sets == 5


@pytest.mark.parametrize(("change", "limit"), [(0.04, 0.04), (0.041, 0.05), (float("inf"), float("inf")), (0.29, 0.29)])
def test_limits_are_whole_per_cent_and_never_below(change: float, limit: float) -> None:
    """Rounded up, but not for the computer's sake."""
    assert rounded_up(change) == limit
