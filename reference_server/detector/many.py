"""The same conditions for many sensors at once: `conditions.py` says what they are. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reference_server.detector import state as s
from reference_server.detector.conditions import CLEAR, Pace
from reference_server.detector.zscore import baselines
from reference_server.readings import Floats, Ints

_SLOTS = np.arange(s.SLOTS)
Bools = NDArray[np.bool_]
Bits = NDArray[np.uint8]


def judge_many(state: s.State, pace: Pace, rows: Ints, ts: Floats, values: Floats) -> tuple[Bits, Floats, Floats]:
    """Judge readings of as many sensors, each newer than its sensor's last, as `judge_one` does.

    Args:
        state: of all sensors; changed.
        pace: durations.
        rows: shape (readings,), no row twice, none without a past.
        ts: shape (readings,), Unix seconds.
        values: shape (readings,).

    Returns:
        Conditions that hold, rises and z-scores, each of shape (readings,).
    """
    past = state.past.take(rows, axis=0)
    bounds = state.bounds.take(state.kind.take(rows), axis=1)
    was = state.raised.take(rows)
    gap = _gaps(past, pace, ts)
    changes = values - past[:, s.VALUE]
    rises = values - _least(past, np.floor(ts / pace.slot_s), values)
    scores = np.abs(changes - past[:, s.MEDIAN]) / past[:, s.SCALE]
    scores[gap] = 0.0
    anew = (changes != 0) | gap
    raised = was.any()
    levels = bounds
    if raised:
        levels = _clearing(bounds, was)
        anew &= (changes != 0) | ((was & s.STUCK) == 0)
    past[anew, s.HELD] = ts[anew]
    runs = past[:, s.RUN]
    runs += 1.0
    runs[anew] = 1.0
    found = np.zeros((8, len(rows)), dtype=np.bool_)  # one line a bit
    np.greater(values, levels[s.B_HIGH], out=found[0])
    np.less(values, levels[s.B_LOW], out=found[1])
    np.greater(rises, levels[s.B_RATE], out=found[2])
    np.greater_equal(ts - past[:, s.HELD], bounds[s.B_STUCK], out=found[3])
    np.greater(scores, levels[s.B_ZSCORE], out=found[5])
    found[3] &= runs >= bounds[s.B_STUCK_READINGS]
    holds = np.packbits(found, axis=0, bitorder="little")[0]
    if raised:
        holds |= _still(past, bounds, was, gap=gap, ts=ts, changes=changes)
    past[:, s.TS] = ts
    past[:, s.VALUE] = values
    _remember(state, past, rows, changes, scored=~gap & (bounds[s.B_ZSCORE] < np.inf), bounds=bounds)
    state.past[rows] = past
    return holds, rises, scores


def _gaps(past: Floats, pace: Pace, ts: Floats) -> Bools:
    """Which readings come after a longer silence than their sensor's patience; learn patience, changing `past`."""
    steps_s, patience = ts - past[:, s.TS], past[:, s.PATIENCE]
    gaps: Bools = steps_s > patience
    slow = (steps_s > pace.brisk_s) | (patience > pace.silence_s)
    if np.count_nonzero(slow):  # quicker than any()
        learned = np.maximum(pace.silence_s, np.minimum(pace.silence_intervals * steps_s, 2.0 * patience))
        past[slow, s.PATIENCE] = learned[slow]
    return gaps


def _still(past: Floats, bounds: Floats, was: Bits, *, gap: Bools, ts: Floats, changes: Floats) -> Bits:
    """What was raised and stays so, whatever the levels say."""
    rate = ((was & s.RATE) != 0) & (ts < past[:, s.FULL])
    stuck = ((was & s.STUCK) != 0) & (changes == 0)
    zscore = ((was & s.ZSCORE) != 0) & (gap | (past[:, s.SCALE] == np.inf)) & (bounds[s.B_ZSCORE] < np.inf)
    still: Bits = rate.view(np.uint8) * np.uint8(s.RATE)
    still |= stuck.view(np.uint8) * np.uint8(s.STUCK)
    still |= zscore.view(np.uint8) * np.uint8(s.ZSCORE)
    return still


def _clearing(bounds: Floats, was: Bits) -> Floats:
    """The levels that count: of what is raised, those that clear it."""
    bounds = bounds.copy()
    bounds[s.B_HIGH] = np.where(was & s.HIGH, bounds[s.B_HIGH_CLEAR], bounds[s.B_HIGH])
    bounds[s.B_LOW] = np.where(was & s.LOW, bounds[s.B_LOW_CLEAR], bounds[s.B_LOW])
    bounds[s.B_RATE] = np.where(was & s.RATE, bounds[s.B_RATE] * CLEAR, bounds[s.B_RATE])
    bounds[s.B_ZSCORE] = np.where(was & s.ZSCORE, bounds[s.B_ZSCORE] * CLEAR, bounds[s.B_ZSCORE])
    return bounds


def _least(past: Floats, slot: Floats, values: Floats) -> Floats:
    """Put the values into their slots, changing `past`; give each window's least value."""
    minima = past[:, s.MINIMA :]
    advance = slot - past[:, s.SLOT]
    if (advance > 1).any():
        # Slots that were passed over without a reading: those 1 .. advance - 1 before the new one.
        back = (slot[:, None] - _SLOTS) % s.SLOTS
        minima[(back > 0) & (back < advance[:, None])] = np.inf
    which = np.arange(len(slot)), (slot % s.SLOTS).astype(np.intp)
    minima[which] = np.where(advance > 0, values, np.minimum(minima[which], values))
    past[:, s.SLOT] = slot
    least: Floats = minima.min(axis=1)
    return least


def _remember(state: s.State, past: Floats, rows: Ints, changes: Floats, *, scored: Bools, bounds: Floats) -> None:
    """Put the changes into their rings; compute again the baselines that are due."""
    count = past[:, s.COUNT]
    place = (count % s.CHANGES).astype(np.intp)
    if not scored.all():
        state.changes[rows[scored], place[scored]] = changes[scored]
    else:
        state.changes[rows, place] = changes
    count += scored
    (due,) = np.nonzero(scored & (count % s.REFRESH == 0) & (count >= s.CHANGES))
    if len(due):
        recent = state.changes[rows[due]].astype(np.float64)
        past[due, s.MEDIAN], past[due, s.SCALE] = baselines(recent, bounds[s.B_RESOLUTION, due])
