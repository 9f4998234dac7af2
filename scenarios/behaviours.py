"""What a scenario may say of how clients behave: one table a kind, each with the numbers that kind knows.

What they do stands in docs/swarm.md; here is only what may be said.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Weight = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
Mean = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]  # seconds


class _Kind(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    weight: Weight = 1.0

    @property
    def options(self) -> dict[str, float]:
        """The swarm's options that carry this kind's numbers."""
        return {}


class Manager(_Kind):
    """Keeps one dashboard open."""

    kind: Literal["manager"]


class Slow(_Kind):
    """Reads no faster than told."""

    kind: Literal["slow"]
    bytes_per_s: float = Field(default=2000.0, gt=0, le=1e9, allow_inf_nan=False)

    @property
    def options(self) -> dict[str, float]:
        """The swarm's options that carry this kind's numbers."""
        return {"--slow-bytes-per-s": self.bytes_per_s}


class Flaky(_Kind):
    """Drops its connection again and again."""

    kind: Literal["flaky"]
    mean_s: Mean = 30.0

    @property
    def options(self) -> dict[str, float]:
        """The swarm's options that carry this kind's numbers."""
        return {"--flaky-mean-s": self.mean_s}


class Commuter(_Kind):
    """Leaves politely and comes back."""

    kind: Literal["commuter"]
    stay_s: Mean = 30.0
    away_s: Mean = 15.0

    @property
    def options(self) -> dict[str, float]:
        """The swarm's options that carry this kind's numbers."""
        return {"--commuter-stay-s": self.stay_s, "--commuter-away-s": self.away_s}


class Intruder(_Kind):
    """Tries what it must not."""

    kind: Literal["intruder"]


KINDS: dict[str, type[_Kind]] = {
    "manager": Manager,
    "slow": Slow,
    "flaky": Flaky,
    "commuter": Commuter,
    "intruder": Intruder,
}
Behaviour = Annotated[Manager | Slow | Flaky | Commuter | Intruder, Field(discriminator="kind")]
