"""How many leave, and when."""

from hypothesis import given
from hypothesis import strategies as st

from loadtest.behaviours.churn import Churn


@given(st.floats(0, 600), st.lists(st.floats(0.01, 20), min_size=1, max_size=40))
def test_as_many_leave_as_the_rate_says(per_minute, pauses):
    """However the ticks fall, the number that left is the rate times the time, rounded down."""
    churn, now_ts, left = Churn(per_minute, 100.0), 100.0, 0
    for pause_s in pauses:
        now_ts += pause_s
        left += churn.due(100_000, now_ts)
    assert left in {int((now_ts - 100) * per_minute / 60), int((now_ts - 100) * (per_minute / 60))}


def test_who_cannot_leave_now_leaves_later():
    """With nobody live the departures wait."""
    churn = Churn(60.0, 0.0)
    assert churn.due(0, 3.0) == 0
    assert churn.due(2, 3.0) == 2
    assert churn.due(2, 3.5) == 1
