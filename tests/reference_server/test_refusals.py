"""Counts of what was refused."""

from __future__ import annotations

from reference_server.refusals import Refusals
from wire.dashboard import Close


def test_counts_by_code_without_ordinary_ends() -> None:
    """Each code has its count; going away and restarting refuse nobody."""
    refusals = Refusals()
    for code in (1008, Close.INVALID_TOKEN, 1000, 1001, 1012, 403, Close.POLICY):
        refusals.add(code)
    assert refusals.counts == {"403": 1, "1008": 2, "4500": 1}
