"""What the terminal is told of a comparison."""

import math

from reports.gate.model import Decision
from sensorswarm.compare_outputs import WIDTH, table


def decision(metric: str, high: float) -> Decision:
    return Decision(
        metric, "held", "", 0.1, base_ms=0.2, candidate_ms=0.4, effect=0.0, low=0.0, high=math.log1p(high), p_holm=0.9
    )


def test_what_holds_for_its_size_alone_is_told() -> None:
    """Its row says how small a change is meant, on a line of a terminal's width."""
    head, small, within = table([decision("reconnect.p999", 1.0), decision("reading.p95", 0.05)])
    assert "held, or by less than 1 ms  0.20 to 0.40 ms" in small
    assert "held  " in within
    assert "or by less" not in within
    assert max(map(len, (head, small, within))) <= WIDTH
