"""What the detector calls an anomaly, as data: defaults per quantity, and a TOML file that overrides them.

    silence_s = 60          # top level: simulated seconds; without it 60, or five of a sensor's own intervals

    [temperature]           # any quantity, ours or yours
    high = 45               # in the quantity's unit
    low = -30
    deadband = 0.5          # how far back inside high and low the value must come until the alert is cleared
    rate_per_minute = 3     # rise within a simulated minute
    stuck_s = 150           # simulated seconds without any change, and
    stuck_readings = 30     # as many equal readings at least; 2 unless said where stuck_s is given
    zscore = 40             # robust standard deviations of a change between two readings
    resolution = 0.01       # least step the sensor reports: the z-score's scale is never smaller
    # false switches a rule off: high = false

What a file or a table leaves out keeps its default.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from wire.errors import SensorSwarmError

RATE_WINDOW_S = 60.0  # simulated seconds: a rate is the rise above the lowest value of this window


class LimitsError(SensorSwarmError):
    """Limits that cannot be used."""


@dataclass(frozen=True, slots=True)
class QuantityLimits:
    """Limits of one quantity, in its unit; an infinite one is never passed."""

    high: float = math.inf
    low: float = -math.inf
    rate_per_minute: float = math.inf  # rise within RATE_WINDOW_S
    stuck_s: float = math.inf  # simulated seconds
    stuck_readings: float = 2  # equal ones, at least: where they are far apart, a few are chance
    deadband: float = 0.0  # high and low are cleared this far inside the limit
    zscore: float = math.inf  # robust standard deviations of the change since the last reading
    resolution: float = 0.0  # least step the sensor reports; a z-score needs one above 0


# "Stuck" must be longer than natural runs of one value at the sensor's resolution, a z-score greater than what real
# sensors show in days. Power has neither rate nor z-score: machines switch. Runs are longer in seconds and shorter in
# readings the further these are apart; docs/serve.md says how long they were, at 5, 30 and 60 s.
DEFAULTS: dict[str, QuantityLimits] = {
    "temperature": QuantityLimits(
        high=45,
        low=-30,
        rate_per_minute=3,
        stuck_s=150,
        stuck_readings=30,
        deadband=0.5,
        zscore=40,
        resolution=0.01,
    ),
    "humidity": QuantityLimits(
        high=95,
        low=1,
        rate_per_minute=10,
        stuck_s=400,
        stuck_readings=50,
        deadband=0.5,
        zscore=40,
        resolution=0.01,
    ),
    "co2": QuantityLimits(
        high=2000, low=200, rate_per_minute=300, stuck_s=120, stuck_readings=12, deadband=50, zscore=40, resolution=1
    ),
    "power": QuantityLimits(high=23_000, low=-1, stuck_s=30, stuck_readings=7, deadband=1, resolution=1),
}
_NONE = QuantityLimits()
_OFF: dict[str, float] = {item.name: getattr(_NONE, item.name) for item in fields(QuantityLimits)}
_POSITIVE = ("rate_per_minute", "stuck_s", "stuck_readings", "zscore", "resolution")


@dataclass(frozen=True, slots=True)
class Limits:
    """All the detector goes by; durations are simulated seconds."""

    silence_s: float = 60.0
    silence_intervals: float = 5.0  # of a sensor's own, where these are longer than silence_s; 0: silence_s as it is
    quantities: Mapping[str, QuantityLimits] = field(default_factory=lambda: DEFAULTS)

    def of(self, quantity: str) -> QuantityLimits:
        """Limits of a quantity; one that nobody named has none, and can only fall silent."""
        return self.quantities.get(quantity, _NONE)

    @property
    def unknown_silence_s(self) -> float:
        """How long a sensor may be silent whose interval is not known yet: taken for silence_s."""
        return self.silence_s * max(1.0, self.silence_intervals)

    def with_silence(self, silence_s: float) -> Limits:
        """Let every sensor be silent for exactly so long, whatever its interval."""
        return replace(self, silence_s=silence_s, silence_intervals=0.0)

    def with_stuck(self, quantity: str, stuck_s: float) -> Limits:
        """Change one quantity's stuck limit to exactly so many seconds, whatever the interval."""
        changed = replace(self.of(quantity), stuck_s=stuck_s, stuck_readings=_NONE.stuck_readings)
        return replace(self, quantities={**self.quantities, quantity: changed})


def load(path: Path) -> Limits:
    """Read a limits file over the defaults.

    Raises:
        LimitsError: it cannot be read, is not TOML, or has an unknown key or a value that does not fit.
    """
    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except OSError as error:
        raise LimitsError(f"limits file {path}: {error.strerror}; give a TOML file to --limits") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LimitsError(f"limits file {path} is not TOML: {error}") from None
    return parse(content, where=f"limits file {path}")


def parse(content: Mapping[str, Any], *, where: str) -> Limits:
    """Build limits from parsed TOML; `where` names the source in errors.

    Raises:
        LimitsError: unknown key, or a value that does not fit.
    """
    limits = Limits()
    quantities = dict(limits.quantities)
    for key, value in content.items():
        if isinstance(value, dict):
            given = {name: _limit(name, item, where=f"{where}: {key}.{name}") for name, item in value.items()}
            if "stuck_s" in given:  # whoever gives seconds means them: as with silence_s
                given = {"stuck_readings": _NONE.stuck_readings, **given}
            changed = replace(quantities.get(key, _NONE), **given)
            _check(changed, where=f"{where}: {key}")
            quantities[key] = changed
        elif key == "silence_s":
            limits = limits.with_silence(_number(value, where=f"{where}: silence_s", positive=True))
        else:
            raise LimitsError(
                f"{where}: unknown key {key!r}; use silence_s, or a table per quantity like [temperature]"
            )
    return replace(limits, quantities=quantities)


def parse_stuck(text: str) -> tuple[str, float]:
    """Read QUANTITY=SECONDS.

    Raises:
        LimitsError: of another form, or not a positive number.
    """
    quantity, equals, seconds = text.partition("=")
    where = f"--stuck {text}"
    if not quantity or not equals:
        raise LimitsError(f"{where}: write QUANTITY=SECONDS, for example temperature=150")
    try:
        return quantity, _number(float(seconds), where=where, positive=True)
    except ValueError:
        raise LimitsError(f"{where}: {seconds!r} is no number of seconds") from None


def _check(limits: QuantityLimits, *, where: str) -> None:
    """What must hold between the limits of one quantity.

    Raises:
        LimitsError: it does not.
    """
    if limits.low >= limits.high:
        raise LimitsError(f"{where}.low = {limits.low:g} is not below high = {limits.high:g}")
    if not 0 <= limits.deadband < limits.high - limits.low:
        raise LimitsError(f"{where}.deadband = {limits.deadband:g}: must be from 0 and less than high - low")
    if limits.stuck_readings < _NONE.stuck_readings:
        raise LimitsError(
            f"{where}.stuck_readings = {limits.stuck_readings:g}: one reading is equal to none; give 2 or more"
        )
    if limits.zscore < math.inf and limits.resolution == 0:
        raise LimitsError(f"{where}.zscore needs {where.rpartition(' ')[2]}.resolution, the sensor's least step")


def _limit(name: str, value: object, *, where: str) -> float:
    if name not in _OFF:
        raise LimitsError(f"{where}: unknown key; use {', '.join(_OFF)}")
    if value is False:
        return _OFF[name]
    return _number(value, where=where, positive=name in _POSITIVE)


def _number(value: object, *, where: str, positive: bool) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise LimitsError(f"{where} = {value!r}: give a number, or false where a limit shall not apply")
    if positive and value <= 0:
        raise LimitsError(f"{where} = {value!r}: must be above 0")
    return float(value)
