"""Numbers and kinds over a whole run."""

from hypothesis import given
from hypothesis import strategies as st

from loadtest.numbering import Numbering

WEIGHTS = {"manager": 3.0, "slow": 1.0}


@given(st.lists(st.sampled_from(["", "flaky"]), max_size=40))
def test_numbers_have_no_hole_and_kinds_follow_the_mix(asked):
    """Whoever asks, in whatever order: every number once, and who takes another's place takes no turn of the mix."""
    numbering = Numbering(WEIGHTS)
    dealt = [numbering.deal(kind) for kind in asked]
    assert [index for index, _ in dealt] == list(range(len(asked)))
    assert [kind for _, kind in dealt if kind == "flaky"] == [kind for kind in asked if kind]
    alone = Numbering(WEIGHTS)
    assert [kind for _, kind in dealt if kind != "flaky"] == [alone.deal()[1] for kind in asked if not kind]
