"""Claims: what a user may see."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server.identity.claims import Identity


@pytest.mark.parametrize(
    ("claimed", "building", "seen"),
    [
        (["b-1"], "b-1", True),
        (["b-1"], "b-10", False),
        (["b-1"], "B-1", False),
        (["b-*"], "b-10", True),
        (["b-*"], "ab-1", False),
        (["b-*"], "b-1\n", True),
        (["*"], "anything", True),
        (["*-1"], "b-1", True),
        (["*-1"], "b-12", False),
        (["b.1"], "bx1", False),
        (["b?1*"], "bx1", False),
        (["[bc]*"], "b-1", False),
        (["[bc]*"], "[bc]-1", True),
        (["a|b*"], "b-1", False),
        (["x", "b-*", "c-*"], "c-2", True),
        ([], "b-1", False),
        ([""], "b-1", False),
    ],
)
def test_patterns(claimed: list[str], building: str, seen: bool) -> None:
    """Only `*` is special in a claim, and a claim covers whole names."""
    assert Identity("m-1", tuple(claimed), 2000.0).may_see(building) == seen


@given(st.lists(st.text(alphabet="ab-.[|", max_size=4), max_size=4), st.text(alphabet="ab-.[|", max_size=4))
def test_claims_without_a_star_are_names(claimed: list[str], building: str) -> None:
    """Without `*`, to be covered is to be named."""
    assert Identity("m-1", tuple(claimed), 0.0).may_see(building) == (building in claimed)
