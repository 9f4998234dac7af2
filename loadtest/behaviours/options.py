"""Options of the behaviours: declared with the locustfile's others, and read into settings."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from loadtest.behaviours.mix import parse_mix
from wire.errors import SensorSwarmError

INTRUDER = "intruder"
KINDS = ("manager", "slow", "flaky", "commuter", INTRUDER)
DEFAULT = "manager=1"


@dataclass(frozen=True, slots=True)
class BehaviourSettings:
    """How clients behave; times are means in seconds."""

    weights: dict[str, float] = field(default_factory=lambda: {"manager": 1.0})
    slow_bytes_per_s: float = 2000.0
    flaky_mean_s: float = 30.0
    commuter_stay_s: float = 30.0
    commuter_away_s: float = 15.0
    churn_per_minute: float = 0.0


_NUMBERS = (
    ("--slow-bytes-per-s", "most a slow reader reads, in bytes a second"),
    ("--flaky-mean-s", "mean seconds until a flaky client drops its connection"),
    ("--commuter-stay-s", "mean seconds a commuter stays"),
    ("--commuter-away-s", "mean seconds a commuter is away"),
    ("--churn-per-minute", "clients a minute, over the whole swarm, that leave for good and are replaced; 0: none"),
)
_MAY_BE_0 = ("--churn-per-minute",)


def _field(name: str) -> str:
    return name.removeprefix("--").replace("-", "_")


def declare_behaviours(option: Any) -> None:  # noqa: ANN401 - the caller's own function, which takes what Locust's parser takes
    """Add the options; `option` is called with name, default and help."""
    defaults = BehaviourSettings()
    option("--behaviour", default=DEFAULT, help=f"kinds of clients by weight, such as manager=90,slow=10: {KINDS}")
    for name, text in _NUMBERS:
        option(name, type=float, default=getattr(defaults, _field(name)), help=text)


def read_behaviours(options: Any) -> BehaviourSettings:  # noqa: ANN401 - a namespace of Locust
    """Settings of a run; an option that is not there has its default.

    Raises:
        SensorSwarmError: an option that cannot be used.
    """
    numbers: dict[str, float] = {}
    for name, _ in _NUMBERS:
        value = float(getattr(options, _field(name), getattr(BehaviourSettings(), _field(name))))
        if not math.isfinite(value) or value < 0 or (value == 0 and name not in _MAY_BE_0):
            raise SensorSwarmError(f"{name} {value:g}: give a number above 0")
        numbers[_field(name)] = value
    return BehaviourSettings(weights=parse_mix(getattr(options, "behaviour", DEFAULT), KINDS), **numbers)
