"""Split an order over processes, as their live clients are. Pure."""

from __future__ import annotations

from collections.abc import Sequence


def shares(count: int, live: Sequence[int]) -> list[int]:
    """How many of `count` each process takes: in proportion to its live clients, and never more than it has.

    What proportion leaves over goes to the largest remainders, the first of equal ones.
    """
    total = sum(live)
    if count >= total:
        return list(live)
    parts = [divmod(count * each, total) for each in live]
    taken = [whole for whole, _ in parts]
    by_remainder = sorted(range(len(live)), key=lambda at: -parts[at][1])
    for at in by_remainder[: count - sum(taken)]:
        taken[at] += 1
    return taken
