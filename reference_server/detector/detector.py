"""The detector: batches of readings in, alerts out; what raises and clears them is in `conditions.py`.

Each condition of a sensor is raised once and cleared once per event. Silence is found by the clock: nothing heard for
the sensor's patience by the server's clock (a publisher's may be off), cleared by the next reading.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from reference_server.alert import Alert, Kind
from reference_server.detector import state as s
from reference_server.detector.conditions import Pace, judge_first, judge_one
from reference_server.detector.many import judge_many
from reference_server.detector.memory import NOTHING, Memory, dump
from reference_server.limits import Limits
from reference_server.readings import MANY, Floats, Ints, Readings
from reference_server.sensors import Sensors

_KINDS: dict[int, Kind] = {
    s.HIGH: "high",
    s.LOW: "low",
    s.RATE: "rate",
    s.STUCK: "stuck",
    s.ZSCORE: "zscore",
    s.SILENT: "silent",
}
_BITS = {kind: bit for bit, kind in _KINDS.items()}
_REPEATED_S = 600.0  # what comes again reaches less far back; beyond that a clock was set back


class Detector:
    """All sensors.

    Args:
        limits: what is an anomaly.
        time_scale: simulated seconds per wall-clock second.
        sensors: gives readings their rows.
        memory: of the detector before this one.

    Attributes:
        look_at: Unix time at which `check` may next find a silent sensor, at the earliest; infinite for not at all.
    """

    def __init__(
        self, limits: Limits, *, time_scale: float = 1.0, sensors: Sensors | None = None, memory: Memory = NOTHING
    ) -> None:
        self.sensors = sensors if sensors is not None else Sensors()
        self.look_at = math.inf
        self._limits = limits
        self._time_scale = time_scale
        self._pace = Pace.of(limits, time_scale)
        self._state = s.State(limits, time_scale=time_scale)
        self._memory = memory
        self._suspended = False
        self._listening_since_ts = 0.0
        self._told: dict[str, float] = {}  # as in `restore`, of sensors that were not heard since
        self._repeating: dict[int, float] = {}  # the same by row, until a newer reading is heard

    def observe(self, readings: Readings, now: float) -> list[Alert]:
        """Judge readings, each sensor's in the order they came.

        One that is not newer than its sensor's last came too late to be judged; but where it lies further back than
        the rate's window, the sensor's clock was set back, and its past begins anew.

        Args:
            readings: with rows of `sensors`; values and times must be finite.
            now: server's Unix time in seconds at which they were heard.
        """
        if len(self.sensors) > self._state.known:
            self._admit()
        if not self._suspended:
            self.look_at = min(self.look_at, now + self._pace.silence_s)
        if len(readings) < MANY:
            return self._one_by_one(readings, range(len(readings)), now)
        if readings.one_each:
            rows, ts, _, values = readings.arrays
            return self._together(readings, None, rows, ts, values, now)
        found: list[Alert] = []
        for positions in readings.rounds():
            if len(positions) < MANY:
                found += self._one_by_one(readings, positions, now)
            else:
                rows, ts, _, values = readings.arrays
                found += self._together(readings, positions, rows[positions], ts[positions], values[positions], now)
        return found

    def _one_by_one(self, readings: Readings, positions: Iterable[int], now: float) -> list[Alert]:
        state, pace = self._state, self._pace
        raised_view, heard_view, past_view = state.raised_view, state.heard_view, state.past_view
        repeating = self._repeating
        alerts: list[Alert] = []
        all_rows, all_ts, all_values = readings.rows, readings.ts, readings.values
        for position in positions:
            row, ts, value = all_rows[position], all_ts[position], all_values[position]
            was = raised_view[row]
            last_ts = past_view[row * s.WIDTH]
            rise = score = 0.0
            if ts > last_ts > -math.inf:
                holds, rise, score = judge_one(state, pace, row, ts, value)
            elif last_ts - ts > pace.window_s or last_ts == -math.inf:
                holds = judge_first(state, pace, row, ts, value)
                if (told_ts := self._told.pop(self.sensors.ids[row], None)) is not None:
                    repeating[row] = told_ts
            else:
                holds = was & ~s.SILENT
            if row in repeating:
                holds = self._as_told(row, ts, was, holds)
            if holds != was:
                alerts += self._changes(now, row, was, holds, ts, value, rise, score)
                raised_view[row] = holds
            heard_view[row] = now
        return alerts

    def _together(
        self, readings: Readings, positions: Sequence[int] | None, rows: Ints, ts: Floats, values: Floats, now: float
    ) -> list[Alert]:
        """Judge readings of as many sensors; one that is not simply the next of its sensor makes it a loop."""
        state = self._state
        last_ts = state.past[rows, s.TS]
        new = ((ts > last_ts) & (last_ts > -math.inf)).all()
        if not new or (self._repeating and not self._repeating.keys().isdisjoint(rows.tolist())):
            return self._one_by_one(readings, range(len(readings)) if positions is None else positions, now)
        was = state.raised.take(rows)
        holds, rises, scores = judge_many(state, self._pace, rows, ts, values)
        alerts: list[Alert] = []
        changed = np.nonzero(holds != was)[0].tolist()
        for i in changed:
            columns = (rows[i], was[i], holds[i], ts[i], values[i], rises[i], scores[i])
            alerts += self._changes(now, *(column.item() for column in columns))
        if changed:
            state.raised[rows] = holds
        state.heard[rows] = now
        return alerts

    def _as_told(self, row: int, ts: float, was: int, holds: int) -> int:
        """What holds with a reading of a sensor that a restart told of: one that was judged before changes nothing."""
        if 0 <= self._repeating[row] - ts <= _REPEATED_S:
            return was & ~s.SILENT
        del self._repeating[row]
        return holds

    def _changes(
        self, now: float, row: int, was: int, holds: int, ts: float, value: float, rise: float, score: float
    ) -> Iterator[Alert]:
        """Say what began and what ceased with a reading, before it counts as heard."""
        limits = self._limits.of(self.sensors.quantities[row])
        held_s = ts - self._state.past_view[row * s.WIDTH + s.HELD]
        quiet_s = now - self._last_heard(row)
        patience_s = self._state.past_view[row * s.WIDTH + s.PATIENCE]  # from here on
        measures = {
            s.HIGH: (value, limits.high),
            s.LOW: (value, limits.low),
            s.RATE: (rise, limits.rate_per_minute),
            s.STUCK: (held_s * self._time_scale, limits.stuck_s),
            s.ZSCORE: (score, limits.zscore),
            s.SILENT: (quiet_s * self._time_scale, patience_s * self._time_scale),
        }
        for bit, kind in _KINDS.items():
            if (was ^ holds) & bit:
                measure, limit = measures[bit]
                yield Alert(
                    building=self.sensors.buildings[row],
                    sensor=self.sensors.ids[row],
                    kind=kind,
                    ts=ts,
                    value=measure,
                    limit=limit,
                    cleared=not holds & bit,
                )

    def _last_heard(self, row: int) -> float:
        """When the silence of a sensor began; one that only a restart told of has been heard of when we could hear."""
        return self._state.heard_view[row] or self._listening_since_ts

    def check(self, now: float) -> list[Alert]:
        """Find the sensors that fell silent, and set `look_at`.

        Args:
            now: server's Unix time in seconds.
        """
        state = self._state
        if self._suspended or not state.known:
            return []
        raised = state.raised[: state.known]
        due = np.maximum(state.heard[: state.known], self._listening_since_ts) + state.past[: state.known, s.PATIENCE]
        due[(raised & s.SILENT) != 0] = math.inf
        silent = np.nonzero(due <= now)[0]
        raised[silent] |= s.SILENT
        due[silent] = math.inf
        self.look_at = float(due.min())
        return [self._silent(row, now) for row in silent.tolist()]

    def _silent(self, row: int, now: float) -> Alert:
        last_heard = self._last_heard(row)
        last_ts = self._state.past_view[row * s.WIDTH]
        patience_s = self._state.past_view[row * s.WIDTH + s.PATIENCE]
        return Alert(
            building=self.sensors.buildings[row],
            sensor=self.sensors.ids[row],
            kind="silent",
            ts=(last_ts if last_ts > -math.inf else last_heard) + patience_s,
            value=(now - last_heard) * self._time_scale,
            limit=patience_s * self._time_scale,
        )

    def suspend(self) -> None:
        """Nothing can be heard: raise no silence."""
        self._suspended = True
        self.look_at = math.inf

    def resume(self, now: float) -> None:
        """We hear again: every sensor has its whole patience to be heard, counted from `now`."""
        self._suspended = False
        self._listening_since_ts = now
        self.look_at = now + self._pace.silence_s if self._state.known else math.inf

    def restore(self, conditions: Iterable[tuple[str, Kind]], told: Iterable[tuple[str, float]] = ()) -> None:
        """Take what was raised before a restart as raised: no second alert for the same event, a clear when it ends.

        The broker gives us again what we had not acknowledged. Readings up to the last one that an alert, or its end,
        tells of were judged, and everything that came of them was told: they change no condition.

        Call it before the first `resume`: until then silence is suspended, from then on these sensors too may fall
        silent.

        Args:
            conditions: sensor id and kind.
            told: sensor id, and time (Unix seconds) of that last reading.
        """
        self._told = dict(told)
        self.suspend()
        for sensor, kind in conditions:
            row = self.sensors.row(sensor)
            self._admit()
            self._state.raised[row] |= _BITS[kind]

    def memory(self) -> bytes:
        """What is remembered of the sensors, for the `memory` of the detector that comes next."""
        return dump(self._state, self.sensors.ids, self._memory, time_scale=self._time_scale)

    def _admit(self) -> None:
        first = self._state.known
        self._state.admit(self.sensors.quantities)
        self._memory.recall(self._state, self.sensors.ids[first:], first)
