"""The plan of a duet: pairs, their order, what is left of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios import duet

PAIRS = st.integers(6, 25)
SEEDS = st.integers(0, 2**32)


@given(PAIRS, SEEDS)
def test_every_pair_has_both_sides_right_after_each_other(pairs: int, seed: int) -> None:
    """Whatever drifts between two pairs hits both sides; within a pair little can."""
    planned = duet.tasks(duet.FIRST, pairs=pairs, seed=seed)
    assert [task.pair for task in planned] == [number for number in range(1, pairs + 1) for _ in range(2)]
    for one, other in zip(planned[::2], planned[1::2], strict=True):
        assert {one.side, other.side} == {"base", "candidate"}
        assert (one.first, other.first) == (True, False)
    assert len({task.name for task in planned}) == 2 * pairs


@given(PAIRS, SEEDS)
def test_each_side_is_first_in_half_of_the_pairs(pairs: int, seed: int) -> None:
    """What the first run of a pair leaves to the second must not count for one side only."""
    first = [task.side for task in duet.tasks(duet.FIRST, pairs=pairs, seed=seed) if task.first]
    assert abs(first.count("base") - first.count("candidate")) <= pairs % 2


def test_the_order_comes_of_the_seed_and_the_phase() -> None:
    """The same again from the recorded seed, another one from another seed and in another phase."""
    orders = {
        tuple(task.side for task in duet.tasks(phase, pairs=20, seed=seed))
        for phase in (duet.FIRST, duet.AGAIN)
        for seed in range(5)
    }
    assert len(orders) == 10
    assert duet.tasks("first", pairs=8, seed=3) == duet.tasks("first", pairs=8, seed=3)


def test_either_side_may_lead_an_odd_number_of_pairs() -> None:
    """The pair left over is drawn too."""
    leads = {
        [task.side for task in duet.tasks("first", pairs=7, seed=seed) if task.first].count("base")
        for seed in range(40)
    }
    assert leads == {3, 4}


@given(SEEDS, st.sets(st.integers(0, 11)))
def test_a_pair_is_left_unless_it_is_whole(seed: int, over: set[int]) -> None:
    """An interrupted pair is made again from its first run: the machine may be another by then."""
    planned = duet.tasks("first", pairs=6, seed=seed)
    left = duet.left(planned, {planned[number].name for number in over})
    whole = {number for number in range(6) if {2 * number, 2 * number + 1} <= over}
    assert left == [task for position, task in enumerate(planned) if position // 2 not in whole]


@pytest.mark.parametrize(
    ("left", "took", "seconds"), [(4, [], 80.0), (4, [10.0, 14.0], 48.0), (0, [10.0], 0.0), (0, [], 0.0)]
)
def test_time_left_is_told_by_the_runs_made(left: int, took: list[float], seconds: float) -> None:
    """A guess serves only until there is a run."""
    assert duet.time_left_s(left, took, guess_s=20) == seconds


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ({"pairs": 6, "scenario": {"a": 1}}, r"another pairs \(8, now 6\)"),
        ({"pairs": 8, "scenario": {"a": 2}}, "another scenario: go on"),
        ({"pairs": 8, "scenario": {"a": 1}, "build": "make"}, "another build: go on"),
        ({"pairs": 8}, "another scenario: go on"),
    ],
)
def test_a_duet_is_gone_on_with_under_the_same_options_only(asked: dict[str, object], complaint: str) -> None:
    """What differs is named, with both values where they are short."""
    with pytest.raises(duet.DuetError, match=complaint):
        duet.check_same({"pairs": 8, "scenario": {"a": 1}}, asked, where="out")
    duet.check_same(asked, dict(asked), where="out")
