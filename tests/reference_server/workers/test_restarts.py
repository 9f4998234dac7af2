"""How often and how soon a process that died is started again."""

from __future__ import annotations

from reference_server.workers.restarts import MOST_IN_A_ROW, STEADY_S, Restarts


def test_each_death_in_a_row_waits_longer_and_the_last_is_the_end() -> None:
    """Never for ever: what cannot start ends the server."""
    restarts = Restarts()
    delays = [restarts.delay_s(1.0) for _ in range(MOST_IN_A_ROW)]
    assert delays[-1] is None
    waits = [delay for delay in delays if delay is not None]
    assert len(waits) == MOST_IN_A_ROW - 1
    assert waits == sorted(waits)
    assert waits[0] < 1


def test_a_steady_life_is_forgiven() -> None:
    """A process that dies once a day is always started again at once."""
    restarts = Restarts()
    first = Restarts().delay_s(STEADY_S)
    assert first is not None
    assert [restarts.delay_s(STEADY_S) for _ in range(3 * MOST_IN_A_ROW)] == [first] * 3 * MOST_IN_A_ROW
