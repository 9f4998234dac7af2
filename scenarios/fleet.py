"""What a scenario may say of a simulated fleet: the words and ranges of `simulate`, so that nothing is refused late."""

from __future__ import annotations

from datetime import date
from difflib import get_close_matches
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from scenarios.table import PositiveSeconds, Table
from wire.fleet import PROFILES, SPEEDS, start_of

LEAST_INTERVAL_S = 1e-3  # by the clock, between two readings of a sensor


def _profile(name: object) -> object:
    if name in PROFILES:
        return name
    near = get_close_matches(str(name), PROFILES, n=1, cutoff=0.5)
    remedy = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(PROFILES)}"
    raise ValueError(f"no building profile {name!r}; {remedy}")


def _start(value: object) -> object:
    """Text as `simulate --start` takes it; TOML has dates of its own."""
    if isinstance(value, date):
        value = value.isoformat()
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no date; write 2025-09-08 or 2025-09-08T09:00")  # noqa: TRY004 - for pydantic
    return start_of(value).isoformat()


class Fleet(Table):
    """A simulated fleet."""

    buildings: int = Field(ge=1, le=100_000)
    sensors: int = Field(ge=1, le=10_000)  # in EACH building
    interval_s: PositiveSeconds = 5.0  # simulated
    duration_s: PositiveSeconds  # by the clock
    anomaly_rate: float = Field(default=0.0, ge=0)  # expected per sensor-day, beside the [[anomaly]] tables
    connections: Literal["building", "one"] = "building"
    qos: Literal[0, 1] = 0
    payload: Literal["json", "senml", "senml-pack", "sparkplug", "cbor"] = "json"  # what the server can read, too
    profile: Annotated[str, BeforeValidator(_profile)] = "office"
    speed: float = Field(default=1.0, ge=SPEEDS[0], le=SPEEDS[1], allow_inf_nan=False)  # simulated seconds per second
    start: Annotated[str, BeforeValidator(_start)] | None = None  # simulated date and time; None: the simulator's own

    @model_validator(mode="after")
    def _not_too_fast(self) -> Fleet:
        if self.interval_s / self.speed < LEAST_INTERVAL_S:
            raise ValueError(
                f"speed = {self.speed:g} with interval_s = {self.interval_s:g} means a reading of each sensor every "
                f"{self.interval_s / self.speed * 1000:.3g} ms; the least is {LEAST_INTERVAL_S * 1000:g} ms"
            )
        return self

    @model_validator(mode="after")
    def _payload_can_be_carried(self) -> Fleet:
        if self.payload in ("senml-pack", "sparkplug") and self.qos:
            raise ValueError(f"payload = {self.payload!r} is published at QoS 0 only; leave out qos, or use 'senml'")
        if self.payload == "sparkplug" and self.connections == "one":
            raise ValueError("payload = 'sparkplug' needs connections = 'building': a death is the will of one")
        return self
