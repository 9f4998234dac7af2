"""Turns readings into alerts: too high, too low, rising too fast, stuck, silent. Pure.

Conditions, with t the intended time of a reading in SIMULATED seconds (wall-clock seconds times the time scale):

    high     value > high                        low      value < low
    rate     value - min(values of the last 60 s) > rate_per_minute, so that a single step counts in full
    stuck    the same value for stuck_s or longer; a gap longer than the silence limit starts anew
    silent   nothing heard for silence_s (by the server's clock, so that a publisher's clock that is off does not count)

One alert per sensor and condition: the next one can only come after the condition has ceased to hold.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush

from reference_server.alert import Alert, Kind
from reference_server.limits import RATE_WINDOW_S, Limits, QuantityLimits
from wire.reading import Reading

_HIGH, _LOW, _RATE, _STUCK, _SILENT = 1, 2, 4, 8, 16


class _Sensor:
    """What is remembered of one sensor. Times are wall-clock Unix seconds."""

    __slots__ = ("heard_ts", "held_since_ts", "limits", "minima", "raised", "ts", "value")

    def __init__(self, limits: QuantityLimits, reading: Reading) -> None:
        self.limits = limits
        self.raised = 0  # conditions that hold
        self.ts = self.held_since_ts = reading.ts  # the last reading's; the first with its value
        self.value = reading.value
        self.heard_ts = 0.0  # server's clock
        # (ts, value) that are or may become the window's minimum: both rise, so the first is the minimum.
        self.minima: list[tuple[float, float]] = []


class Detector:
    """All sensors.

    Args:
        limits: what is an anomaly.
        time_scale: simulated seconds per wall-clock second.
    """

    def __init__(self, limits: Limits, *, time_scale: float = 1.0) -> None:
        self._limits = limits
        self._time_scale = time_scale
        self._window_s = RATE_WINDOW_S / time_scale  # from here on wall-clock seconds
        self._silence_s = limits.silence_s / time_scale
        self._sensors: dict[str, _Sensor] = {}
        # (when to look, sensor), one entry per sensor that is not silent: a look costs only once per silence limit.
        self._looks: list[tuple[float, str]] = []
        self._suspended = False
        self._listening_since_ts = 0.0

    def observe(self, readings: Iterable[Reading], now: float) -> list[Alert]:
        """Judge readings in the order they came.

        One that is not newer than its sensor's last is a duplicate or came too late to be judged; but where it lies
        further back than the rate window, the sensor's clock was set back, and the sensor starts anew.

        Args:
            readings: any sensors; values and times must be finite.
            now: server's Unix time in seconds at which they were heard.
        """
        alerts: list[Alert] = []
        sensors = self._sensors
        for reading in readings:
            sensor = sensors.get(reading.sensor)
            if sensor is None or sensor.ts - reading.ts > self._window_s:
                sensor = self._meet(reading, sensor, now)
            elif sensor.raised & _SILENT:
                sensor.raised &= ~_SILENT
                heappush(self._looks, (now + self._silence_s, reading.sensor))
            sensor.heard_ts = now
            if reading.ts <= sensor.ts and sensor.minima:
                continue
            self._judge(sensor, reading, alerts)
        return alerts

    def _meet(self, reading: Reading, before: _Sensor | None, now: float) -> _Sensor:
        sensor = self._sensors[reading.sensor] = _Sensor(self._limits.of(reading.quantity), reading)
        if before is None or before.raised & _SILENT:
            heappush(self._looks, (now + self._silence_s, reading.sensor))
        return sensor

    def _judge(self, sensor: _Sensor, reading: Reading, alerts: list[Alert]) -> None:
        ts, value, limits = reading.ts, reading.value, sensor.limits
        holds = 0
        if value > limits.high:
            holds = _HIGH
        elif value < limits.low:
            holds = _LOW
        minima = sensor.minima
        oldest_ts = ts - self._window_s
        while minima and minima[0][0] < oldest_ts:
            del minima[0]
        while minima and minima[-1][1] >= value:
            del minima[-1]
        minima.append((ts, value))
        if value - minima[0][1] > limits.rate_per_minute:
            holds |= _RATE
        if value != sensor.value or ts - sensor.ts > self._silence_s:
            sensor.value = value
            sensor.held_since_ts = ts
        elif (ts - sensor.held_since_ts) * self._time_scale >= limits.stuck_s:
            holds |= _STUCK
        sensor.ts = ts
        began = holds & ~sensor.raised
        sensor.raised = holds
        if began:
            self._raise(began, sensor, reading, alerts)

    def _raise(self, began: int, sensor: _Sensor, reading: Reading, alerts: list[Alert]) -> None:
        limits = sensor.limits
        rise = reading.value - sensor.minima[0][1]
        held_s = (reading.ts - sensor.held_since_ts) * self._time_scale
        cases: tuple[tuple[int, Kind, float, float], ...] = (
            (_HIGH, "high", reading.value, limits.high),
            (_LOW, "low", reading.value, limits.low),
            (_RATE, "rate", rise, limits.rate_per_minute),
            (_STUCK, "stuck", held_s, limits.stuck_s),
        )
        for bit, kind, value, limit in cases:
            if began & bit:
                alerts.append(Alert(reading.building, reading.sensor, kind, reading.ts, value, limit))

    def check(self, now: float) -> list[Alert]:
        """Find the sensors that fell silent; call it several times per (wall-clock) silence limit.

        Args:
            now: server's Unix time in seconds.
        """
        alerts: list[Alert] = []
        if self._suspended:
            return alerts
        looks = self._looks
        while looks and looks[0][0] <= now:
            _, name = heappop(looks)
            sensor = self._sensors[name]
            due_ts = max(sensor.heard_ts, self._listening_since_ts) + self._silence_s
            if due_ts > now:
                heappush(looks, (due_ts, name))
                continue
            sensor.raised |= _SILENT
            alerts.append(
                Alert(
                    building=name.partition("/")[0],
                    sensor=name,
                    kind="silent",
                    ts=sensor.ts + self._silence_s,
                    value=(now - sensor.heard_ts) * self._time_scale,
                    limit=self._limits.silence_s,
                )
            )
        return alerts

    def suspend(self) -> None:
        """Nothing can be heard: raise no silence."""
        self._suspended = True

    def resume(self, now: float) -> None:
        """We hear again: every sensor has the whole silence limit to be heard, counted from `now`."""
        self._suspended = False
        self._listening_since_ts = now
