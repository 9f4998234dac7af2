"""The conditions that readings raise and clear. Pure.

With t a reading's intended time in SIMULATED seconds (wall-clock seconds times the time scale), and every condition
cleared by another level than it is raised by, or by an event, so that noise about a limit does not make it chatter:

              raised when                                         cleared when
    high      value > high                                        value <= high - deadband
    low       value < low                                         value >= low + deadband
    rate      value - least value of the last minute > limit      it is at most half the limit
    stuck     the same value for stuck_s and stuck_readings       the value changes
    zscore    z of the change (zscore.py) > limit                 it is at most half the limit

The last minute is counted in slots of 5 s: the 55 to 60 s up to and with the reading, so that a single step counts in
full.

The patience with a sensor is how long it may be silent: silence_s, or silence_intervals of its own intervals where that
is longer, for readings are lost now and then. The interval is learned from the time between two readings; the patience
at most doubles with a reading, so that an outage does not pass for a slower pace. A gap longer than the patience begins
"stuck" anew and makes no change for the z-score.

"Stuck" counts readings besides seconds: where readings are far apart, a few equal ones are chance.

What was raised before the memory of a sensor was lost (the process was killed, a clock set back) stays raised until
enough is known again to clear it: high and low at once, rate after a whole window, stuck at the next change, zscore
with the first baseline.

Here they are judged reading by reading; `many.py` does the same for a batch, and a property test holds the two
together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reference_server.detector import state as s
from reference_server.detector.zscore import baseline
from reference_server.limits import RATE_WINDOW_S, Limits

CLEAR = 0.5  # of the limit: where rate and zscore are cleared
_KEPT = s.RATE | s.STUCK | s.ZSCORE  # cannot be judged by one reading alone


@dataclass(frozen=True, slots=True)
class Pace:
    """Durations that hold for every sensor, in wall-clock seconds."""

    silence_s: float
    window_s: float
    slot_s: float
    silence_intervals: float  # of the sensor's own
    brisk_s: float  # readings at most this far apart need no patience beyond silence_s

    @classmethod
    def of(cls, limits: Limits, time_scale: float) -> Pace:
        """Pace of limits, whose durations are simulated seconds."""
        window_s = RATE_WINDOW_S / time_scale
        silence_s, intervals = limits.silence_s / time_scale, limits.silence_intervals
        brisk_s = silence_s / intervals if intervals else math.inf
        return cls(silence_s, window_s, window_s / s.SLOTS, intervals, brisk_s)


def judge_first(state: s.State, pace: Pace, row: int, ts: float, value: float) -> int:
    """Begin a sensor's past with a reading; give the conditions that hold."""
    state.begin(row)
    past, at = state.past_view, row * s.WIDTH
    bounds = state.bounds_of[state.kind_view[row]]
    was = state.raised_view[row]
    slot = math.floor(ts / pace.slot_s)
    past[at + s.TS] = past[at + s.HELD] = ts
    past[at + s.VALUE] = value
    past[at + s.RUN] = 1.0
    past[at + s.SLOT] = slot
    past[at + s.MINIMA + slot % s.SLOTS] = value
    if was & s.RATE:
        past[at + s.FULL] = ts + pace.window_s
    return _levels(bounds, was, value) | was & _KEPT


def judge_one(state: s.State, pace: Pace, row: int, ts: float, value: float) -> tuple[int, float, float]:
    """Judge a reading newer than its sensor's last; give the conditions that hold, the rise and the z-score."""
    past, at = state.past_view, row * s.WIDTH
    known: Sequence[float] = past[at : at + s.WIDTH].tolist()  # at once: cheaper than one by one
    last_ts, last, held_ts, full_ts, last_slot, count, median, scale, run, patience, *minima = known
    bounds = state.bounds_of[state.kind_view[row]]
    _, _, _, _, rate, stuck_s, stuck_readings, zscore, resolution = bounds
    was = state.raised_view[row]
    holds = _levels(bounds, was, value) if was or not bounds[s.B_LOW] <= value <= bounds[s.B_HIGH] else 0
    step_s = ts - last_ts
    gap = step_s > patience
    if step_s > pace.brisk_s or patience > pace.silence_s:
        past[at + s.PATIENCE] = max(pace.silence_s, min(pace.silence_intervals * step_s, 2.0 * patience))

    slot = math.floor(ts / pace.slot_s)
    here = slot % s.SLOTS
    if slot != last_slot:
        _empty(past, at, minima, slot, slot - int(last_slot))
        minima[here] = past[at + s.MINIMA + here] = value
        past[at + s.SLOT] = slot
    elif value < minima[here]:
        minima[here] = past[at + s.MINIMA + here] = value
    rise = value - min(minima)
    if rise > rate or (was & s.RATE and (rise > rate * CLEAR or ts < full_ts)):
        holds |= s.RATE

    if value != last or (gap and not was & s.STUCK):
        past[at + s.HELD] = ts
        past[at + s.RUN] = 1.0
    else:
        run += 1.0
        past[at + s.RUN] = run
        if was & s.STUCK or (run >= stuck_readings and ts - held_ts >= stuck_s):
            holds |= s.STUCK

    score = 0.0
    if zscore < math.inf:
        if gap:
            holds |= was & s.ZSCORE
        else:
            change = value - last
            score = abs(change - median) / scale
            if score > zscore or (was & s.ZSCORE and (score > zscore * CLEAR or scale == math.inf)):
                holds |= s.ZSCORE
            _remember(state, row, int(count), change, resolution)
    past[at + s.TS] = ts
    past[at + s.VALUE] = value
    return holds, rise, score


def _empty(past: memoryview[float], at: int, minima: list[float], slot: int, advance: int) -> None:
    """Empty the slots that were passed over without a reading."""
    for back in range(1, min(advance, s.SLOTS)):
        passed = (slot - back) % s.SLOTS
        minima[passed] = past[at + s.MINIMA + passed] = math.inf


def _levels(bounds: tuple[float, ...], was: int, value: float) -> int:
    if value > bounds[s.B_HIGH_CLEAR if was & s.HIGH else s.B_HIGH]:
        return s.HIGH
    return s.LOW if value < bounds[s.B_LOW_CLEAR if was & s.LOW else s.B_LOW] else 0


def _remember(state: s.State, row: int, count: int, change: float, resolution: float) -> None:
    past, at, first = state.past_view, row * s.WIDTH, row * s.CHANGES
    state.changes_view[first + count % s.CHANGES] = change
    count += 1
    past[at + s.COUNT] = count
    if count % s.REFRESH == 0 and count >= s.CHANGES:
        changes = state.changes_view[first : first + s.CHANGES].tolist()
        past[at + s.MEDIAN], past[at + s.SCALE] = baseline(changes, resolution)
