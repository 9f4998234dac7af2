"""Many readings at once are judged as one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_server.detector import state as s
from reference_server.detector.conditions import Pace, judge_first, judge_one
from reference_server.detector.many import judge_many
from reference_server.limits import Limits

START = 1_763_856_000.0
SENSORS = 24
STEPS_S = [5.0, 5.0, 5.0, 5.0, 0.7, 4.9, 31.0, 59.0, 61.0, 400.0]
CHANGES = [0.0, 0.0, 0.0, 0.01, -0.01, 0.02, 1.0, -1.0, 4.0, -4.0, 30.0, -30.0, 2000.0, -2000.0]


def fresh(raised: Any, limits: Limits) -> s.State:
    state = s.State(limits, time_scale=1.0)
    state.admit([("temperature", "humidity", "co2", "power", "other")[row % 5] for row in range(SENSORS)])
    state.raised[:SENSORS] = raised
    return state


@settings(deadline=None, max_examples=20)
@given(
    st.integers(0, 1 << 32),
    st.sampled_from([0, 4, 9, len(CHANGES)]),
    st.booleans(),
    st.sampled_from([Limits(), Limits().with_silence(30)]),
)
def test_the_two_agree_to_the_last_bit(seed: int, wildness: int, restored: bool, limits: Limits) -> None:
    """Same conditions, rises, scores and memory after every step, from whatever was raised before."""
    rng = np.random.default_rng(seed)
    raised = rng.choice([0, s.RATE, s.STUCK, s.ZSCORE, s.HIGH, s.RATE | s.STUCK], SENSORS) if restored else 0
    one, many = fresh(raised, limits), fresh(raised, limits)
    pace = Pace.of(limits, 1.0)
    rows = rng.permutation(SENSORS)
    ts, values = np.full(SENSORS, START), np.full(SENSORS, 20.0)
    for state in (one, many):
        for row in rows.tolist():
            state.raised[row] = judge_first(state, pace, row, START, 20.0)
    for _ in range(120):
        ts = ts + rng.choice(STEPS_S[: 4 + wildness // 2], SENSORS)
        values = np.round(values + rng.choice(CHANGES[: 6 + wildness], SENSORS), 2)
        singly = [judge_one(one, pace, *case) for case in zip(rows.tolist(), ts.tolist(), values.tolist(), strict=True)]
        holds, rises, scores = judge_many(many, pace, rows, ts, values)
        assert singly == list(zip(holds.tolist(), rises.tolist(), scores.tolist(), strict=True))
        one.raised[rows] = many.raised[rows] = holds
        assert np.array_equal(one.past, many.past)
        assert np.array_equal(one.changes, many.changes)
