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


def test_counts_by_reason() -> None:
    """One code may have several reasons; what came without one gets few fixed words."""
    refusals = Refusals()
    for code, reason in [(1008, "no hello in time"), (1008, "second hello"), (1008, "second hello")]:
        refusals.add(code, reason)
    for code in (1009, 403, Close.SLOW, 4999):
        refusals.add(code)
    assert refusals.by_reason == [
        (403, "forbidden", 1),
        (1008, "no hello in time", 1),
        (1008, "second hello", 2),
        (1009, "message too big", 1),
        (4008, "too slow", 1),
        (4999, "other", 1),
    ]
    assert refusals.counts == {"403": 1, "1008": 3, "1009": 1, "4008": 1, "4999": 1}
