"""Clocks of the swarm's processes, put together."""

import pytest

from reports.tables.clocks import Clocks, clocks, told
from wire.records import Clock


def one(process: str, how: str, *, clock: str = "a", offset_s: float = 0.0, bound_s: float = 0.0) -> Clock:
    return Clock(ts=1.0, process=process, clock=clock, how=how, offset_s=offset_s, bound_s=bound_s)


CASES = [
    ([], None, []),
    ([one("swarm", "unmeasured")], Clocks(0.0, 0.0, 0, 0), []),
    ([one("worker 0", "unmeasured"), one("worker 1", "unmeasured")], Clocks(0.0, 0.0, 0, 0), []),
    (
        [one("worker 0", "unmeasured"), one("worker 1", "unmeasured", clock="b")],
        Clocks(0.0, 0.0, 0, 2),
        ["clocks of 2 machines were not compared with the simulator's (--clock): latencies may be off by any amount"],
    ),
    (
        [
            one("worker 0", "one"),
            one("worker 1", "measured", clock="b", offset_s=-0.25, bound_s=0.0005),
            one("worker 1", "measured", clock="b", offset_s=-0.2501, bound_s=0.0003),
        ],
        Clocks(0.5, 250.1, 1, 0),
        [
            (
                "1 of the swarm's processes had another clock than the simulator, up to 250.1 ms off; "
                "set right to within 0.5 ms"
            )
        ],
    ),
]


@pytest.mark.parametrize(("comparisons", "expected", "notices"), CASES)
def test_the_worst_bound_counts_and_is_told(comparisons, expected, notices):
    """One clock is no news; two clocks are told with their bound, or that nobody compared them."""
    found = clocks(comparisons)
    assert found == expected
    assert told(found) == notices
