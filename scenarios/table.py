"""What every table of a scenario shares: unknown keys are refused, and durations are finite seconds."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]
PositiveSeconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]


class Table(BaseModel):
    """A table of a scenario."""

    model_config = ConfigDict(extra="forbid", frozen=True)
